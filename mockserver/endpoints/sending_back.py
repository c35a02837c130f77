"""How a browser is sent back to the client: by a redirect, or by a page whose form posts itself."""

from __future__ import annotations

import base64
import collections.abc as cabc
import hashlib
import re
import urllib.parse

from ..errors import Redirection
from ..messages import Reply
from ..pages import PAGE_HEADERS
from ..pages import render
from ..request import Pairs

__all__ = ["send_back"]

# Not form.submit(): a parameter may be called "submit" and would stand in for the method
_SCRIPT = "HTMLFormElement.prototype.submit.call(document.forms[0])"
_SCRIPT_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode("ascii")
# What a Content-Security-Policy can name as a host; it has no way to write an IPv6 address
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?")


def send_back(
    back: Redirection,
    parameters: Pairs,
    why: str,
    *,
    accepted: bool = True,
    signed: cabc.Callable[[Pairs], Pairs] = lambda pairs: pairs,
) -> Reply:
    """Parameters and state to the redirect URI, by the client's names and in the response mode that it asked for."""
    state = () if back.state is None else (("state", back.state),)
    # RFC 9207 2; in a JWT it is a claim
    issuer = () if back.issuer is None or back.secured is not None else (("iss", back.issuer),)
    named = signed(back.named((*parameters, *state, *issuer)))
    named = named if back.secured is None else back.secured(named)
    if back.mode == "form_post":
        return _form(back.uri, named, why, accepted=accepted)
    return _redirect(back.uri, named, why, accepted=accepted, fragment=back.mode == "fragment")


def _redirect(uri: str, parameters: Pairs, why: str, *, accepted: bool, fragment: bool) -> Reply:
    """A query that the redirect URI has is kept (RFC 6749 3.1.2)."""
    # quote, not quote_plus: some callbacks take a + for a +
    added = urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)
    joint = "" if not added else "#" if fragment else "" if uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    headers = (
        ("Location", _ascii(uri) + joint + added),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
    )
    return Reply(status=302, headers=headers, why=why, accepted=accepted, sent_back=True)


def _form(uri: str, parameters: Pairs, why: str, *, accepted: bool) -> Reply:
    """OAuth 2.0 Form Post Response Mode 2: it posts itself, and by its button where there is no JavaScript."""
    page = render("form_post.html", action=_ascii(uri), parameters=parameters, script=_SCRIPT)
    policy = dict(PAGE_HEADERS)["Content-Security-Policy"]
    headers = {
        **dict(PAGE_HEADERS),
        "Content-Security-Policy": f"{policy}; script-src 'sha256-{_SCRIPT_HASH}'; form-action {_form_action(uri)}",
        # The Origin of the POST would be null without it, and some callbacks look at that
        "Referrer-Policy": "strict-origin",
        "Pragma": "no-cache",
    }
    return Reply(
        status=200, body=page.encode(), headers=tuple(headers.items()), why=why, accepted=accepted, sent_back=True
    )


def _form_action(uri: str) -> str:
    parts = urllib.parse.urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if _HOST.fullmatch(parts.netloc) else f"{parts.scheme}:"


def _ascii(uri: str) -> str:
    """What is not ASCII is encoded as browsers do it (RFC 3987 3.1); the rest stays as it was registered."""
    return urllib.parse.quote(uri, safe="%:/?#[]@!$&'()*+,;=~")
