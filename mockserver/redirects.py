"""Where a browser may be sent back to: a client's redirect URIs and the ways to compare them (RFC 6749 3.1.2)."""

from __future__ import annotations

import re
import urllib.parse

from .errors import InvalidRequest
from .model import Client
from .policies import RedirectUriPolicy
from .registration import is_loopback
from .registration import malformed_uri

__all__ = ["check_post_logout_redirect_uri", "check_redirect_uri", "too_wide"]

# Where URIs are not compared as a whole: RFC 3986 2 knows no others, and an encoded letter hides what it is.
_PLAIN = re.compile(r"[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]+")
# RFC 3986 3.3: dot segments, also encoded, and what a server may decode to a separator
_TRICKS = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?=/|$)|%(?:2f|5c|25|00)", re.IGNORECASE)
# RFC 8252 7.3: the literal addresses, not the name localhost
_LOOPBACK = re.compile(r"(https?://(?:127(?:\.[0-9]{1,3}){3}|\[::1\]))(?::[0-9]{1,5})?((?:[/?].*)?)", re.DOTALL)
_VARIABLE = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}")
_SEGMENT = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+"
_PORTS = {"http": 80, "https": 443}
_COMPARED = {
    "exact": "character by character (RFC 6749 3.1.2.3, RFC 9700 2.1)",
    "prefix": "from the beginning (redirect_uri_policy='prefix')",
    "host": "by scheme, host and port (redirect_uri_policy='host')",
    "template": "segment by segment, and {name} stands for one of letters, digits and -._~"
    " (redirect_uri_policy='template')",
    "loopback": "character by character, but for the port of 127.0.0.1 and [::1] (RFC 8252 7.3)",
}


def check_redirect_uri(asked: str | None, client: Client) -> str:
    """
    The URI that the browser is sent back to.

    Raises `InvalidRequest`, which must then be shown and never redirected (RFC 6749 3.1.2.4).
    """
    registered, policy = client.redirect_uris, client.policies.redirect_uri_policy
    if asked is None:
        # RFC 6749 3.1.2.3: may be left out only if exactly one was registered, in full
        if registered is not None and len(registered) == 1 and policy in ("exact", "loopback"):
            return registered[0]
        count = "any loopback URI" if registered is None else f"{len(registered)} redirect URIs"
        part = "" if policy in ("exact", "loopback") else f" under redirect_uri_policy={policy!r}"
        raise InvalidRequest(
            "redirect_uri is missing.",
            hint=f"redirect_uri may only be left out when exactly one is registered in full; client"
            f" {client.client_id!r} has {count}{part} (RFC 6749 3.1.2.3)",
        )
    wrong = malformed_uri(asked)
    if wrong is not None:
        raise InvalidRequest(
            f"redirect_uri {wrong}.", hint=f"redirect_uri {asked!r} {wrong} (RFC 6749 3.1.2, RFC 3986 2)"
        )
    if registered is None:
        if not _on_this_machine(asked):
            raise InvalidRequest(
                "redirect_uri is not registered.",
                hint=f"redirect_uri {asked!r} is not on this machine; to register it:"
                f" oauthmock.client(redirect_uris=[{asked!r}])",
            )
    elif not any(_fits(asked, uri, policy) for uri in registered):
        raise InvalidRequest(
            "redirect_uri is not registered.",
            hint=f"redirect_uri {asked!r} is none of {', '.join(map(repr, registered))}: they are compared"
            f" {_COMPARED[policy]}; to register it: oauthmock.client(redirect_uris=[{asked!r}])",
        )
    if client.policies.redirect_uri_https_only and not _is_safe(asked):
        raise InvalidRequest(
            "redirect_uri is not an https URI.",
            hint=f"redirect_uri {asked!r} is not https, and redirect_uri_https_only is set; http is taken on loopback"
            " alone (RFC 8252 8.3)",
        )
    return asked


def check_post_logout_redirect_uri(asked: str, client: Client) -> str:
    """
    Where the browser goes after logging out (OpenID Connect RP-Initiated Logout 3).

    Raises `InvalidRequest`, which must then be shown and never redirected (4).
    """
    wrong, registered = malformed_uri(asked), client.post_logout_redirect_uris
    if wrong is None and (asked in registered if registered is not None else _on_this_machine(asked)):
        return asked
    known = "any loopback URI" if registered is None else ", ".join(map(repr, registered)) or "nothing"
    raise InvalidRequest(
        "post_logout_redirect_uri is not registered.",
        hint=f"post_logout_redirect_uri {asked!r} {wrong or 'is not registered'}; client {client.client_id!r} has"
        f" {known}, and they are compared character by character (OpenID Connect RP-Initiated Logout 3); to register"
        f" it: oauthmock.client(post_logout_redirect_uris=[{asked!r}])",
    )


def too_wide(uri: str, policy: RedirectUriPolicy, *, https_only: bool) -> str | None:
    """Why an entry of `redirect_uris` would let in what nobody can mean, or nothing, and what to write; or None."""
    wrong = malformed_uri(uri)
    if wrong is not None:
        return f"{wrong}; write an absolute URI without fragment (RFC 6749 3.1.2)"
    parts = urllib.parse.urlsplit(uri)
    variables = "{" in uri or "}" in uri
    if variables and policy != "template":
        return f"has a template and redirect_uri_policy is {policy!r}; set redirect_uri_policy='template'"
    if https_only and not _is_safe(uri):
        return "is not https, and redirect_uri_https_only is set; write https, or http on loopback (RFC 8252 8.3)"
    if policy in ("exact", "loopback"):
        return None
    if not parts.hostname or "@" in parts.netloc or "{" in parts.netloc or not _PLAIN.fullmatch(_filled(uri)):
        return f"has no plain host to compare; for {policy!r} write scheme, host and path: 'https://app.example/cb'"
    if policy == "prefix" and parts.path in ("", "/"):
        return "would let in every path of the host; write a path, or set redirect_uri_policy='host'"
    if _TRICKS.search(parts.path):
        return "has dot segments or encoded separators, which are never taken; write the path as it is"
    if "{" in _filled(uri) or "}" in _filled(uri) or (variables and not _whole_segments(parts)):
        return (
            "has braces that are no template; {name} stands for one whole segment of the path:"
            " 'https://app.example/account/{account}/callback'"
        )
    return None


def _fits(asked: str, registered: str, policy: RedirectUriPolicy) -> bool:
    if asked == registered and policy != "template":
        return True
    if policy == "exact":
        return False
    if policy == "loopback":
        ours, theirs = _LOOPBACK.fullmatch(registered), _LOOPBACK.fullmatch(asked)
        return ours is not None and theirs is not None and ours.groups() == theirs.groups()
    if not _PLAIN.fullmatch(asked) or _origin(asked) is None or _origin(asked) != _origin(registered):
        return False
    if policy == "host":
        return True
    if _TRICKS.search(urllib.parse.urlsplit(asked).path):
        return False
    if policy == "prefix":
        return _below_origin(asked).startswith(_below_origin(registered))
    literal = (re.escape(piece) for piece in _VARIABLE.split(_below_origin(registered)))
    return re.fullmatch(_SEGMENT.join(literal), _below_origin(asked)) is not None


def _origin(uri: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port as URIs compare them (RFC 3986 6.2.2.1, 6.2.3); None with a user, or without a host."""
    parts = urllib.parse.urlsplit(uri)
    if not parts.hostname or "@" in parts.netloc or "%" in parts.netloc:
        return None
    scheme = parts.scheme.lower()
    return scheme, parts.hostname.lower(), _PORTS.get(scheme) if parts.port is None else parts.port


def _below_origin(uri: str) -> str:
    """Path and query, an empty path as `/`."""
    parts = urllib.parse.urlsplit(uri)
    return f"{parts.path or '/'}?{parts.query}" if "?" in uri else parts.path or "/"


def _filled(uri: str) -> str:
    """A template with a word in place of each variable."""
    return _VARIABLE.sub("x", uri)


def _whole_segments(parts: urllib.parse.SplitResult) -> bool:
    segments = [segment for segment in parts.path.split("/") if "{" in segment]
    return bool(segments) and "{" not in parts.query and all(map(_VARIABLE.fullmatch, segments))


def _on_this_machine(uri: str) -> bool:
    parts = urllib.parse.urlsplit(uri)
    return parts.scheme in ("http", "https") and is_loopback(parts.hostname or "") and "@" not in parts.netloc


def _is_safe(uri: str) -> bool:
    return urllib.parse.urlsplit(uri).scheme == "https" or _on_this_machine(uri)
