"""Bearer tokens at a protected resource (RFC 6750)."""

from __future__ import annotations

import collections.abc as cabc
import re

import msgspec

from ..context import Context
from ..credentials import origin
from ..errors import InsufficientScope
from ..errors import InvalidRequest
from ..errors import InvalidToken
from ..errors import MissingToken
from ..model import Kind
from ..model import TokenRecord
from ..policies import BearerMethod
from ..redaction import without
from ..request import Request
from ..scope import Scope

__all__ = ["Passed", "check"]

# b64token, RFC 6750 2.1
_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
# RFC 6750 2.2: a body has a meaning with the request's method; RFC 9110 9.3.1, 9.3.2 and 9.3.5: with these it has none
_BODILESS = ("GET", "HEAD", "DELETE")
_CLAUSES: dict[BearerMethod, str] = {"header": "2.1", "body": "2.2", "query": "2.3"}


class Passed(msgspec.Struct, frozen=True):
    """What a good access token stands for, and where in the request it was."""

    record: TokenRecord
    method: BearerMethod


class _Found(msgspec.Struct, frozen=True):
    """A token as the request has it. Not yet believed."""

    method: BearerMethod
    token: str

    def __repr__(self) -> str:
        return without(self, "token")


def check(
    request: Request, context: Context, *, scope: Scope, methods: cabc.Collection[BearerMethod] | None = None
) -> Passed:
    """
    What the request's access token stands for.

    `methods`: where it may be; None leaves that to the token's client (`bearer_methods_supported`).
    Raises `MissingToken`, `InvalidRequest`, `InvalidToken` or `InsufficientScope` (RFC 6750 3.1).
    """
    needed = str(scope) or None
    found = _presented(request, context, needed, methods)
    _check_form(found)
    record = _alive(found.token, context)
    if not scope <= record.scope:
        missing = " ".join(name for name in str(scope).split() if name not in record.scope)
        raise InsufficientScope(
            "The request requires higher privileges than provided by the access token.",
            hint=f"the token of client {record.client_id!r} has scope {str(record.scope)!r}; this path also needs"
            f" {missing!r}",
            scope=needed,
        )
    return Passed(record, found.method)


def _presented(
    request: Request, context: Context, needed: str | None, methods: cabc.Collection[BearerMethod] | None
) -> _Found:
    """The one token that counts, from the places that are switched on."""
    headers = request.header_values("authorization")
    if len(headers) > 1:
        raise InvalidRequest(
            "The Authorization header is repeated.",
            hint=f"the Authorization header came {len(headers)} times (RFC 6750 3.1)",
        )
    everywhere = [*_in_header(headers), *_in_body(request), *_in_query(request)]
    setting = methods is None
    if methods is None:
        methods = _methods_of(everywhere, context)
    # A parameter where none is taken is the application's own; a Bearer header means nothing else
    counted = [found for found in everywhere if found.method in methods or found.method == "header"]
    if len(counted) > 1:
        # RFC 6750 2: must not use more than one method to transmit the token
        places = " and ".join(dict.fromkeys(found.method for found in counted))
        raise InvalidRequest(
            "The access token was sent more than once.",
            hint=f"the request has {len(counted)} access tokens, in {places} (RFC 6750 2); send one",
        )
    if not counted and request.encoding == "form" and "body" in methods:
        for problem in request.problems:
            raise problem
    if not counted or counted[0].method not in methods:
        raise MissingToken(hint=_why_none(request, headers, everywhere, methods, setting=setting), scope=needed)
    if counted[0].method != "header":
        # A control character is said as such
        request.parameter("access_token", of=counted[0].method)
    return counted[0]


def _in_header(headers: list[str]) -> list[_Found]:
    for value in headers:
        scheme, _, token = value.strip(" \t").partition(" ")
        # RFC 9110 11.1: the scheme is case-insensitive
        if scheme.lower() == "bearer":
            return [_Found("header", token.strip(" \t"))]
    return []


def _in_body(request: Request) -> list[_Found]:
    if request.encoding != "form" or request.method in _BODILESS:
        return []
    return [_Found("body", value) for name, value in request.form if name == "access_token" and value]


def _in_query(request: Request) -> list[_Found]:
    return [_Found("query", value) for name, value in request.query if name == "access_token" and value]


def _methods_of(everywhere: list[_Found], context: Context) -> tuple[BearerMethod, ...]:
    """The places that the client of the first token that is known may use; the issuer's when none is."""
    for found in everywhere:
        entry = context.store.find(Kind.ACCESS, found.token)
        client = context.clients.get(entry.record.client_id) if entry else None
        if client is not None:
            return client.policies.bearer_methods_supported
    return context.settings.bearer_methods_supported


def _why_none(
    request: Request,
    headers: list[str],
    everywhere: list[_Found],
    methods: cabc.Collection[BearerMethod],
    *,
    setting: bool,
) -> str:
    if everywhere:
        place = everywhere[0].method
        wider = [*methods, place]
        remedy = f"; to allow it: bearer_methods_supported={wider!r}" if setting else ""
        return (
            f"the access token is in the {place} (RFC 6750 {_CLAUSES[place]}), where it is not taken; it is taken in"
            f" the {' or '.join(methods)}{remedy}"
        )
    if any(name == "access_token" and value for name, value in request.form):
        how = f"the body of a {request.method}" if request.encoding == "form" else "a JSON body"
        return f"the access token is in {how}, where RFC 6750 2.2 has no place for it: the header is one"
    if headers:
        scheme, space, _ = headers[0].strip(" \t").partition(" ")
        said = f"the scheme {scheme[:20]!r}" if space or len(scheme) <= len("Bearer token") else "no scheme"
        return f"the Authorization header has {said}; this API takes Bearer (RFC 6750 2.1)"
    return "the request has no Authorization header (RFC 6750 2.1)"


def _check_form(found: _Found) -> None:
    token = found.token
    if not _B64TOKEN.fullmatch(token):
        what = "what follows Bearer" if found.method == "header" else "access_token"
        raise InvalidToken(
            "The access token is malformed.",
            hint=f"{what} is empty or has a character that a token cannot have (RFC 6750 2.1)",
        )
    if token in ("None", "null", "undefined"):
        raise InvalidToken(
            "The access token is malformed.",
            hint=f"the token is the word {token!r}: the client sent a variable that was never set",
        )


def _alive(token: str, context: Context) -> TokenRecord:
    entry = context.store.find(Kind.ACCESS, token)
    if entry is None or not isinstance(entry.record, TokenRecord):
        raise InvalidToken("The access token is unknown.", hint=f"this issuer never issued the token: {origin(token)}")
    if not entry.alive:
        raise InvalidToken("The access token was revoked.", hint="the token has been revoked")
    late = context.clock.now() - entry.record.expires_at
    if late >= 0:
        raise InvalidToken("The access token expired.", hint=f"the token expired {late:.0f} s ago (server clock)")
    return entry.record
