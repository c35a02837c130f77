"""The authorization request (RFC 6749 4.1.1), and where it asks to be called back."""

from __future__ import annotations

import math
import re
import typing
import urllib.parse

from ..registration import is_loopback
from .case import Case
from .case import Rule
from .history import History

__all__ = ["RULES"]

_LEAST_BITS = 64
_ALPHABETS = ((r"[0-9]*", 10), (r"[0-9a-f]*|[0-9A-F]*", 16), (r"[a-z]*|[A-Z]*", 26), (r"[0-9a-z]*|[0-9A-Z]*", 36))


def _no_state(case: Case, history: History) -> str | None:
    parameters = case.exchange.parameters
    if parameters.get("state"):
        return None
    instead = " (PKCE is there, which RFC 9700 2.1 lets stand for it)" if parameters.get("code_challenge") else ""
    return f"the authorization request of client {case.exchange.client_id!r} has no state{instead}"


def _reused_state(case: Case, history: History) -> str | None:
    return _came_before(case, history, "state")


def _short_state(case: Case, history: History) -> str | None:
    state = case.exchange.parameters.get("state", "")
    bits = _bits(state)
    if not state or bits >= _LEAST_BITS:
        return None
    return f"the state has {len(state)} characters and can hold {bits:.0f} bits at most; fewer than {_LEAST_BITS}"


def _no_pkce(case: Case, history: History) -> str | None:
    client = case.client
    if client is None or case.exchange.parameters.get("code_challenge"):
        return None
    if case.exchange.parameters.get("response_type") != "code":
        return None
    must = "must use PKCE" if client.auth_methods == ("none",) else "should use PKCE"
    kind = "public" if client.auth_methods == ("none",) else "confidential"
    return f"the authorization request has no code_challenge; client {client.client_id!r} is {kind} and {must}"


def _plain_pkce(case: Case, history: History) -> str | None:
    parameters = case.exchange.parameters
    if not parameters.get("code_challenge") or parameters.get("code_challenge_method", "plain") != "plain":
        return None
    said = "code_challenge_method is plain" if "code_challenge_method" in parameters else "no code_challenge_method"
    return f"{said}: the challenge is the verifier, in the URL"


def _reused_challenge(case: Case, history: History) -> str | None:
    return _came_before(case, history, "code_challenge")


def _reused_nonce(case: Case, history: History) -> str | None:
    return _came_before(case, history, "nonce")


def _http_redirect_uri(case: Case, history: History) -> str | None:
    scheme, host = _redirect(case)
    if scheme != "http" or is_loopback(host):
        return None
    return f"redirect_uri is http://{host}/..., which is not on loopback"


def _localhost_redirect_uri(case: Case, history: History) -> str | None:
    scheme, host = _redirect(case)
    return "redirect_uri has the host localhost" if scheme == "http" and host == "localhost" else None


def _unowned_scheme(case: Case, history: History) -> str | None:
    scheme, _ = _redirect(case)
    if scheme in ("", "http", "https", "urn") or "." in scheme:
        return None
    return f"redirect_uri has the scheme {scheme!r}, which any app may register"


def _implicit_grant(case: Case, history: History) -> str | None:
    asked = case.exchange.parameters.get("response_type", "").split()
    return f"response_type is {' '.join(asked)!r}: the access token would be in a URL" if "token" in asked else None


def _came_before(case: Case, history: History, name: str) -> str | None:
    value = case.exchange.parameters.get(name)
    before = history.states.get((case.context.name, name, value)) if value else None
    return None if before is None else f"the {name} of the login that ended with #{before} came again"


def _redirect(case: Case) -> tuple[str, str]:
    try:
        parts = urllib.parse.urlsplit(case.exchange.parameters.get("redirect_uri", ""))
        return parts.scheme, parts.hostname or ""
    except ValueError:
        return "", ""


def _bits(text: str) -> float:
    """What a text could hold if all of it were random, from the characters that it is made of."""
    size = next((size for pattern, size in _ALPHABETS if re.fullmatch(pattern, text)), 64)
    return len(text) * math.log2(min(size, max(2, len(set(text)) ** 2)))


RULES: typing.Final = (
    Rule(
        "OAM021",
        "no_state",
        "warning",
        "RFC 6749 10.12",
        "send a random state that is bound to the browser's session, and compare it at the callback",
        at="authorize",
        judge=_no_state,
    ),
    Rule(
        "OAM022",
        "reused_state",
        "error",
        "RFC 6749 10.12",
        "make a new state for every login, and forget it when it has come back",
        at="authorize",
        judge=_reused_state,
    ),
    Rule(
        "OAM023",
        "short_state",
        "warning",
        "RFC 6749 10.12",
        "take it from a cryptographic source: secrets.token_urlsafe(32)",
        at="authorize",
        judge=_short_state,
    ),
    Rule(
        "OAM024",
        "no_pkce",
        "warning",
        "RFC 9700 2.1.1",
        "send code_challenge with S256 and the verifier with the code (RFC 7636)",
        at="authorize",
        judge=_no_pkce,
    ),
    Rule(
        "OAM025",
        "plain_pkce",
        "error",
        "RFC 7636 4.2",
        "send code_challenge_method=S256 and the SHA-256 of the verifier",
        at="authorize",
        judge=_plain_pkce,
    ),
    Rule(
        "OAM026",
        "reused_challenge",
        "error",
        "RFC 7636 4.1",
        "make a new verifier for every authorization request",
        at="authorize",
        judge=_reused_challenge,
    ),
    Rule(
        "OAM027",
        "reused_nonce",
        "error",
        "OpenID Connect Core 15.5.2",
        "make a new nonce for every login, and compare it with the ID token's",
        at="authorize",
        judge=_reused_nonce,
    ),
    Rule(
        "OAM028",
        "http_redirect_uri",
        "error",
        "RFC 9700 2.6",
        "use https; http is for native apps on loopback",
        at="authorize",
        judge=_http_redirect_uri,
    ),
    Rule(
        "OAM029",
        "localhost_redirect_uri",
        "note",
        "RFC 8252 8.3",
        "use http://127.0.0.1:PORT/ or http://[::1]:PORT/, and listen there alone",
        at="authorize",
        judge=_localhost_redirect_uri,
    ),
    Rule(
        "OAM030",
        "unowned_scheme",
        "error",
        "RFC 8252 7.1",
        "use a scheme made of a domain that is yours, in reverse: com.example.app:/callback",
        at="authorize",
        judge=_unowned_scheme,
    ),
    Rule(
        "OAM031",
        "implicit_grant",
        "error",
        "RFC 9700 2.1.2",
        "ask for response_type=code, with PKCE",
        at="authorize",
        judge=_implicit_grant,
    ),
)
