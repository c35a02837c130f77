"""Bearer tokens at a protected resource (RFC 6750)."""

from __future__ import annotations

import re

from ..context import Context
from ..credentials import origin
from ..errors import InsufficientScope
from ..errors import InvalidRequest
from ..errors import InvalidToken
from ..errors import MissingToken
from ..messages import Request
from ..model import Kind
from ..model import TokenRecord
from ..scope import Scope

__all__ = ["check"]

# b64token, RFC 6750 2.1
_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def check(request: Request, context: Context, *, scope: Scope, in_form: bool = False) -> TokenRecord:
    """
    What the request's access token stands for. `in_form`: it may also be the form parameter `access_token` (2.2).

    Raises `MissingToken`, `InvalidRequest`, `InvalidToken` or `InsufficientScope` (RFC 6750 3.1).
    """
    needed = str(scope) or None
    token = _presented(request, needed, in_form=in_form)
    entry = context.store.find(Kind.ACCESS, token)
    if entry is None or not isinstance(entry.record, TokenRecord):
        raise InvalidToken("The access token is unknown.", hint=f"this issuer never issued the token: {origin(token)}")
    record = entry.record
    if not entry.alive:
        raise InvalidToken("The access token was revoked.", hint="the token has been revoked")
    late = context.clock.now() - record.expires_at
    if late >= 0:
        raise InvalidToken("The access token expired.", hint=f"the token expired {late:.0f} s ago (server clock)")
    if not scope <= record.scope:
        missing = " ".join(name for name in str(scope).split() if name not in record.scope)
        raise InsufficientScope(
            "The request requires higher privileges than provided by the access token.",
            hint=f"the token of client {record.client_id!r} has scope {str(record.scope)!r}; this path also needs"
            f" {missing!r}",
            scope=needed,
        )
    return record


def _presented(request: Request, needed: str | None, *, in_form: bool) -> str:
    headers = request.header_values("authorization")
    if len(headers) > 1:
        raise InvalidRequest(
            "The Authorization header is repeated.",
            hint=f"the Authorization header came {len(headers)} times (RFC 6750 3.1)",
        )
    tokens = [_from_header(headers[0], needed)] if headers else []
    if in_form and request.encoding == "form":
        in_body = request.parameters().get("access_token")
        tokens += [in_body] if in_body else []
    if not tokens:
        raise MissingToken(
            hint="the request has no Authorization header (RFC 6750 2.1)",
            scope=needed,
        )
    if len(tokens) > 1:
        # RFC 6750 2: must not use more than one method to transmit the token
        raise InvalidRequest("The access token was sent twice.", hint="the token is in header and body (RFC 6750 2)")
    return tokens[0]


def _from_header(value: str, needed: str | None) -> str:
    scheme, _, token = value.strip(" \t").partition(" ")
    token = token.strip(" \t")
    # RFC 9110 11.1: the scheme is case-insensitive
    if scheme.lower() != "bearer":
        raise MissingToken(
            hint=f"the Authorization header has the scheme {scheme[:20]!r}; this API takes Bearer (RFC 6750 2.1)",
            scope=needed,
        )
    if not _B64TOKEN.fullmatch(token):
        raise InvalidToken(
            "The access token is malformed.",
            hint="what follows Bearer is empty or has a character that a token cannot have (RFC 6750 2.1)",
        )
    if token in ("None", "null", "undefined"):
        raise InvalidToken(
            "The access token is malformed.",
            hint=f"the token is the word {token!r}: the client sent a variable that was never set",
        )
    return token
