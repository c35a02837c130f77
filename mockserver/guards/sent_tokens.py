"""Access tokens as requests have them (RFC 6750 2)."""

from __future__ import annotations

import re

import msgspec

from ..errors import InvalidToken
from ..policies import BearerMethod
from ..redaction import without
from ..request import Pairs
from ..request import Request

__all__ = ["BODILESS", "Found", "check_form", "everywhere"]

_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 2.1
# RFC 6750 2.2: a body has a meaning with the request's method; RFC 9110 9.3.1, 9.3.2 and 9.3.5: with these it has none
BODILESS = ("GET", "HEAD", "DELETE")


class Found(msgspec.Struct, frozen=True):
    """A token as the request has it. Not yet believed."""

    method: BearerMethod
    token: str
    dpop: bool = False
    """It came as one that is bound to a key (RFC 9449 7.1)."""

    def __repr__(self) -> str:
        return without(self, "token")


def everywhere(request: Request, scheme: str, headers: list[str] | None = None) -> list[Found]:
    """In the order of RFC 6750 2: header, form, URL. `headers` are those of Authorization, where somebody has them."""
    found = _in_header(request.authorizations() if headers is None else headers, scheme)
    if request.encoding == "form" and request.method not in BODILESS:
        found += _in_parameters("body", request.form)
    if request.query:
        found += _in_parameters("query", request.query)
    return found


def _in_header(headers: list[str], scheme: str) -> list[Found]:
    for value in headers:
        word, _, token = value.strip(" \t").partition(" ")
        # RFC 9110 11.1: the scheme is case-insensitive
        if word.lower() == scheme.lower():
            return [Found("header", token.strip(" \t"))]
        if word.lower() == "dpop" and scheme == "Bearer":
            return [Found("header", token.strip(" \t"), dpop=True)]
    return []


def _in_parameters(place: BearerMethod, pairs: Pairs) -> list[Found]:
    return [Found(place, value) for name, value in pairs if name == "access_token" and value]


def check_form(found: Found) -> None:
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
