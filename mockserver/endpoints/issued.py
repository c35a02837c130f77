"""The token that a request to the introspection or the revocation endpoint is about."""

from __future__ import annotations

import collections.abc as cabc

import msgspec

from ..context import Context
from ..errors import InvalidRequest
from ..messages import Authenticated
from ..model import Kind
from ..model import TokenRecord
from ..redaction import without
from ..request import Request
from .token import parameters_of

__all__ = ["Asked", "asked", "known"]

# RFC 7009 2.1: the hint helps to look the token up, and never hides it
_HINTS = {"access_token": Kind.ACCESS, "refresh_token": Kind.REFRESH}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it was sent, and what this issuer knows of it."""

    token: str
    kind: Kind = Kind.ACCESS
    record: TokenRecord | None = None
    """None: this issuer never issued it."""
    alive: bool = False
    """It has not been revoked; it may have expired."""

    def __repr__(self) -> str:
        return without(self, "token")

    @property
    def name(self) -> str:
        """What it is, for a hint."""
        article = "an" if self.kind is Kind.ACCESS else "a"
        return f"{article} {self.kind.value} of client {self.record.client_id!r}" if self.record else "an unknown token"


def asked(request: Request, caller: Authenticated, context: Context) -> Asked:
    """What `token` is, whatever `token_type_hint` says (RFC 7009 2.1, RFC 7662 2.1). Raises `InvalidRequest`."""
    parameters = parameters_of(request, caller.client)
    token = parameters.get("token")
    if token is None:
        raise InvalidRequest("token is missing.", hint="the body has no parameter token (RFC 7009 2.1, RFC 7662 2.1)")
    return known(token, parameters.get("token_type_hint"), context)


def known(token: str, hint: str | None, context: Context) -> Asked:
    """A token, looked up as what the hint says first and then as what else it may be."""
    first = _HINTS.get(hint or "")
    kinds: cabc.Iterable[Kind] = sorted(_HINTS.values(), key=lambda kind: kind is not first)
    for kind in kinds:
        found = context.store.find(kind, token)
        if found is not None and isinstance(found.record, TokenRecord):
            return Asked(token=token, kind=kind, record=found.record, alive=found.alive)
    return Asked(token=token)
