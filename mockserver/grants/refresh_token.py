"""The refresh token grant (RFC 6749 6)."""

from __future__ import annotations

import typing

from ..context import Context
from ..credentials import origin
from ..errors import InvalidGrant
from ..errors import InvalidRequest
from ..errors import InvalidScope
from ..messages import Issue
from ..messages import TokenRequest
from ..model import Kind
from ..model import TokenRecord
from ..registration import narrowed_audience
from ..scope import Scope

name: typing.Final = "refresh_token"
parameters: typing.Final = frozenset({"refresh_token"})


def issue(request: TokenRequest, context: Context) -> Issue:
    """A new access token; by policy `rotate` also a new refresh token in place of the old one."""
    value = request.parameters.get("refresh_token")
    client = request.client
    if value is None:
        raise InvalidRequest(
            "refresh_token is missing.", hint="the grant needs the parameter refresh_token (RFC 6749 6)"
        )
    found = context.store.find(Kind.REFRESH, value)
    if found is None or not isinstance(found.record, TokenRecord):
        raise _refused(f"this issuer never issued the refresh token: {origin(value)}")
    record = found.record
    # RFC 6749 6: bound to the client to which it was issued
    if record.client_id != client.client_id:
        raise _refused(
            f"the refresh token was issued to client {record.client_id!r}, not to {client.client_id!r} (RFC 6749 6)"
        )
    if not found.alive:
        raise _refused("the refresh token has been revoked")
    now = context.clock.now()
    if now >= record.expires_at:
        raise _refused(f"the refresh token expired {now - record.expires_at:.0f} s ago (refresh_token_lifetime)")
    scope = _narrowed(request.scope, record.scope)
    audience = narrowed_audience(request.audience, record.audience)
    rotate = client.policies.refresh_policy == "rotate"
    if rotate:
        taken = context.store.take(Kind.REFRESH, value)
        if taken is None or taken.taken:
            raise _refused(
                "the refresh token has been used before; under refresh_policy 'rotate' each works once: keep the new"
                " one"
            )
    return Issue(
        client=client,
        user=record.user,
        scope=scope,
        grant_type=name,
        client_auth=request.client_auth,
        issuer=request.issuer,
        family=record.family,
        refresh_token=None if rotate else value,
        refresh_scope=record.scope,
        audience=audience,
        refresh_audience=record.audience,
        auth_time=record.auth_time,
        # OpenID Connect Core 12.2: the same person, without a nonce
        id_token="openid" in scope and record.user is not None,
    )


def _narrowed(asked: Scope | None, granted: Scope) -> Scope:
    if asked is None:
        return granted
    if not asked <= granted:
        # RFC 6749 6: must not include any scope not originally granted
        extra = " ".join(token for token in str(asked).split() if token not in granted)
        raise InvalidScope(
            "The requested scope exceeds what was granted.",
            hint=f"scope {extra!r} was not granted ({str(granted)!r} was): a refresh can narrow a scope and never"
            " widen it (RFC 6749 6)",
        )
    return asked


def _refused(hint: str) -> InvalidGrant:
    return InvalidGrant("The refresh token is invalid, expired, revoked or another client's.", hint=hint)
