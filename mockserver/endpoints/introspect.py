"""The introspection endpoint (RFC 7662): what a token stands for, as JSON or as a signed JWT (RFC 9701)."""

from __future__ import annotations

import hashlib
import typing

from ..clientauth import authenticate
from ..clientauth import client_secret_bearer
from ..context import Context
from ..credentials import origin
from ..errors import InvalidClient
from ..errors import OAuthError
from ..errors import ResourceError
from ..guards import bearer
from ..ledger import claims_of
from ..messages import Authenticated
from ..messages import Presented
from ..messages import Reply
from ..model import Kind
from ..model import TokenRecord
from ..policies import BearerMethod
from ..request import Request
from ..scope import Scope
from . import refusal
from .issued import Asked
from .issued import asked

__all__ = ["answer", "identify", "refuse"]

_JWT: typing.Final = "application/token-introspection+jwt"
_IN_HEADER: typing.Final[tuple[BearerMethod, ...]] = ("header",)
_INACTIVE = {"active": False}


def identify(presented: tuple[Presented, ...], request: Request, context: Context) -> Authenticated:
    """
    RFC 7662 2.1: a client as at the token endpoint, or who has an access token of this issuer.

    A public client only says who it is, which protects nothing from token scanning (RFC 7662 4).
    """
    if [one.method for one in presented] == [client_secret_bearer.name] and not presented[0].client_id:
        by_secret = (client_secret_bearer.name in client.auth_methods for client in context.clients.values())
        if not any(by_secret):
            token = bearer.check(request, context, scope=Scope(), methods=_IN_HEADER).record
            return Authenticated(client=context.clients[token.client_id], method="bearer")
    caller = authenticate(presented, request, context)
    if caller.method == "none":
        raise InvalidClient(
            "Client authentication failed: this endpoint is not for public clients.",
            hint=f"client {caller.client.client_id!r} is public: it only says who it is, and the introspection endpoint"
            " wants that shown (RFC 7662 2.1)",
        )
    return caller


def refuse(error: OAuthError) -> Reply:
    """RFC 7662 2.3: who came with an access token is refused as RFC 6750 3.1 says."""
    return refusal.to_bearer(error) if isinstance(error, ResourceError) else refusal.to_client(error)


def answer(request: Request, caller: Authenticated, context: Context) -> Reply:
    """RFC 7662 2.2; a token that is not active is not told from one that nobody issued."""
    token = asked(request, caller, context)
    why = _inactive(token, caller, context)
    members: dict[str, typing.Any] = _INACTIVE if why else _members(token, request, context)
    why = f"inactive: {why}" if why else f"active: {token.name}"
    if not any(_JWT in value.lower() for value in request.header_values("accept")):
        return Reply.of_json(members, why=why)
    # RFC 9701 5: for who asked, and only what they asked for
    key = context.keys.signing(caller.client.policies.introspection_alg)
    claims = {
        "iss": context.issuer_url(request),
        "aud": caller.client.client_id,
        "iat": int(context.clock.now()),
        "token_introspection": members,
    }
    return Reply(
        status=200,
        body=key.sign(claims, typ="token-introspection+jwt").encode(),
        headers=(("Content-Type", _JWT), ("Cache-Control", "no-store"), ("Pragma", "no-cache")),
        why=why,
    )


def _inactive(token: Asked, caller: Authenticated, context: Context) -> str:
    """Why it is not active for this client; empty when it is."""
    record = token.record
    if record is None:
        return f"this issuer never issued the token: {origin(token.token)}"
    if context.settings.introspection == "own" and record.client_id != caller.client.client_id:
        # RFC 7662 2.2: whoever may not know of this token is told that it is not active
        return f"it is {token.name}, and introspection is 'own'"
    if not token.alive:
        return f"{token.name}, which has been revoked"
    if record.flaw:
        return f"{token.name}, issued with a flaw by the armed fault {record.flaw}"
    late = context.clock.now() - record.expires_at
    if late >= 0:
        return f"{token.name}, which expired {late:.0f} s ago (server clock)"
    if token.kind is Kind.REFRESH and _used_up(token, context):
        return f"{token.name}, which has been used"
    return ""


def _used_up(token: Asked, context: Context) -> bool:
    """A refresh token that another took the place of."""
    entry = context.store.find(Kind.REFRESH, token.token)
    return entry is not None and entry.uses > 0


def _members(token: Asked, request: Request, context: Context) -> dict[str, typing.Any]:
    record = token.record
    assert record is not None, "what nobody issued is not active"
    issuer = context.issuer_url(request)
    audience = record.audience or (context.audience(issuer),)
    more = record.further_claims or {}
    members: dict[str, typing.Any] = {
        **more,
        "active": True,
        "client_id": record.client_id,
        "exp": int(record.expires_at),
        "iat": int(record.issued_at),
        "nbf": int(record.issued_at),
        "sub": _subject(record, context),
        "aud": audience[0] if len(audience) == 1 else list(audience),
        "iss": issuer,
        "jti": _jti(token.token),
    }
    if record.scope:
        members["scope"] = str(record.scope)
    if record.cnf:
        # RFC 8705 3.2, RFC 9449 6.2
        members["cnf"] = dict(record.cnf)
    if record.authorization_details:
        # RFC 9396 9.2
        members["authorization_details"] = list(record.authorization_details)
    if record.auth_time is not None:
        # RFC 9470 6.2
        members["auth_time"] = int(record.auth_time)
    if record.acr is not None:
        members["acr"] = record.acr
    if record.user is not None:
        members["username"] = record.user.username
    if token.kind is Kind.ACCESS:
        # RFC 7662 2.2: as in the token answer; a refresh token has no type, and must not pass for an access token
        members["token_type"] = "DPoP" if "jkt" in dict(record.cnf) else "Bearer"
    return members


def _subject(record: TokenRecord, context: Context) -> str:
    """As in the token: of a client that has pairwise subjects, its own."""
    client = context.clients.get(record.client_id)
    if record.user is None:
        return str((record.further_claims or {}).get("sub", record.client_id))
    return record.user.subject if client is None else client.subject_of(record.user)


def _jti(token: str) -> str:
    """That of a JWT; of an opaque token a name that tells nothing of it, the same each time."""
    claims = claims_of(token) or {}
    return str(claims.get("jti") or f"oam_{hashlib.blake2b(token.encode(), digest_size=16).hexdigest()}")
