"""How an error is put: as JSON to a client, as a page or a redirect to a browser."""

from __future__ import annotations

import urllib.parse

from ..errors import InvalidRequest
from ..errors import OAuthError
from ..errors import ResourceError
from ..messages import Pairs
from ..messages import Reply
from ..pages import render

__all__ = ["PAGE_HEADERS", "redirect", "to_bearer", "to_browser", "to_client"]

PAGE_HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    # Nothing from outside, no framing (RFC 9700 4.16), no sniffing, no code in a Referer (RFC 9700 4.2.4)
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
)


def to_client(error: OAuthError) -> Reply:
    """RFC 6749 5.2: status, challenge, JSON members."""
    return Reply.of_json(error.body(), status=error.status, headers=error.headers(), why=error.hint, accepted=False)


def to_bearer(error: OAuthError) -> Reply:
    """RFC 6750 3: what is wrong with the request or its token is said in the challenge and repeated in the body."""
    if not isinstance(error, ResourceError | InvalidRequest):
        return to_client(error)
    attributes = {"realm": "api", **error.body(), "scope": getattr(error, "scope", None)}
    challenge = ", ".join(f'{name}="{value}"' for name, value in attributes.items() if value)
    return Reply.of_json(
        error.body(),
        status=error.status,
        headers=[("WWW-Authenticate", f"Bearer {challenge}"), *error.headers()],
        why=error.hint,
        accepted=False,
    )


def to_browser(error: OAuthError) -> Reply:
    """Back to the client where that is safe (RFC 6749 4.1.2.1), else a page that goes nowhere (3.1.2.4)."""
    if error.redirection is not None:
        back = error.redirection
        parameters = back.named((*error.body().items(), *_state(back.state)))
        return redirect(back.uri, parameters, error.hint, accepted=False)
    page = render("error.html", error=error.error, description=error.description, hint=error.hint, status=error.status)
    return Reply(
        status=error.status,
        body=page.encode(),
        headers=(*PAGE_HEADERS, *error.headers()),
        why=error.hint,
        accepted=False,
    )


def redirect(uri: str, parameters: Pairs, why: str, *, accepted: bool = True) -> Reply:
    """Send the browser back; a query that the redirect URI has is kept (RFC 6749 3.1.2)."""
    # quote, not quote_plus: some callbacks take a + for a +
    added = urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)
    joint = "" if uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    # What is not ASCII is encoded as browsers do it (RFC 3987 3.1); the rest stays as it was registered.
    location = urllib.parse.quote(uri, safe="%:/?#[]@!$&'()*+,;=~") + joint + added
    headers = (("Location", location), ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"))
    return Reply(status=302, headers=headers, why=why, accepted=accepted)


def _state(state: str | None) -> Pairs:
    return () if state is None else (("state", state),)
