"""A grant of a provider's own, as its profile declares it: required parameters, and what comes of it."""

from __future__ import annotations

from ..context import Context
from ..errors import InvalidGrant
from ..errors import InvalidRequest
from ..messages import Issue
from ..messages import TokenRequest
from ..model import Kind
from ..model import TokenRecord
from ..model import User
from ..quirks import DeclaredGrant
from ..registration import allowed_scope
from ..stores import new_family

__all__ = ["issue_declared"]


def issue_declared(request: TokenRequest, declared: DeclaredGrant, context: Context) -> Issue:
    """What the declaration says; the parameters must be there and are not judged."""
    for parameter in (*declared.required, *filter(None, (declared.person, declared.token))):
        if parameter not in request.parameters:
            raise InvalidRequest(
                f"{parameter} is missing.",
                hint=f"the grant {request.grant_type!r} needs the parameter {parameter} (the profile"
                f" {context.profile.name!r}, grants)",
            )
    exchanged = _exchanged(request, declared, context) if declared.outcome == "exchange" else None
    user = exchanged.user if exchanged else None
    if declared.outcome == "person":
        user = _person(request, declared, context)
    scope = exchanged.scope if exchanged else allowed_scope(request.scope, request.client, context.settings)
    return request.granted(
        user,
        scope,
        audience=exchanged.audience if exchanged else request.audience,
        family=exchanged.family if exchanged else new_family(),
        refresh=declared.refresh,
        access_token_lifetime=declared.lifetime,
        auth_time=exchanged.auth_time if exchanged else None,
    )


def _exchanged(request: TokenRequest, declared: DeclaredGrant, context: Context) -> TokenRecord:
    """What the access token stands for that is to go on as another one."""
    found = context.store.find(Kind.ACCESS, request.parameters[declared.token])
    if found is None or not isinstance(found.record, TokenRecord) or not found.alive:
        raise _refused(f"{declared.token} is no access token of this issuer, or has been revoked")
    if found.record.client_id != request.client.client_id:
        raise _refused(f"{declared.token} was issued to client {found.record.client_id!r}")
    if context.clock.now() >= found.record.expires_at:
        late = context.clock.now() - found.record.expires_at
        raise _refused(f"{declared.token} expired {late:.0f} s ago: it must be exchanged while it is good")
    return found.record


def _person(request: TokenRequest, declared: DeclaredGrant, context: Context) -> User:
    if not declared.person:
        return context.default_user()
    username = request.parameters[declared.person]
    user = context.users.get(username)
    if user is None or user.account != "active":
        raise _refused(f"{declared.person} is {username!r}, who is not registered or must not log in")
    return user


def _refused(hint: str) -> InvalidGrant:
    return InvalidGrant("The grant is invalid.", hint=hint)
