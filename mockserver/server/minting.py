"""Tokens and codes without a dance, as a test asks for them."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

from ..errors import ConfigurationError
from ..messages import Issue
from ..model import AuthorizationRecord
from ..model import Client
from ..model import User
from ..pkce import check_challenge
from ..policies import Seconds
from ..registration import allowed_scope
from ..registration import default_scope
from ..registration import has_refresh
from ..registration import parse_scope
from ..scope import Scope
from ..stores import new_family
from ..tokens import mint
from ..tokens import store_code
from .handles import IssuerState

if typing.TYPE_CHECKING:
    from ..context import Context
    from ..ledger import IssuedToken

__all__ = ["code", "grant", "registered_user"]


def grant(
    issuer: IssuerState,
    client: Client,
    *,
    user: str | None,
    scope: str | None,
    access_token_lifetime: int | None,
    refresh_token_lifetime: int | None,
) -> IssuedToken:
    """See `RegisteredClient.grant`."""
    context = issuer.context
    person = _person(context, user)
    _, token = mint(
        Issue(
            client=client,
            user=person,
            scope=_granted(scope, client, context),
            grant_type="authorization_code",
            client_auth="",
            issuer=issuer.identifier,
            family=new_family(),
            # As if a code had been redeemed for it
            taken=True,
            refresh="refresh_token" in client.grant_types,
            auth_time=context.clock.now(),
            amr=("pwd",),
            access_token_lifetime=_seconds("access_token_lifetime", access_token_lifetime),
            refresh_token_lifetime=_seconds("refresh_token_lifetime", refresh_token_lifetime),
        ),
        context,
    )
    return token


def code(
    context: Context,
    client: Client,
    *,
    user: str | None,
    scope: str | None,
    redirect_uri: str | None,
    code_challenge: str | None,
    code_challenge_method: str | None,
    nonce: str | None,
    access_type: str | None,
    lifetime: int | None,
) -> str:
    """See `RegisteredClient.issue_code`."""
    now = context.clock.now()
    granted = _granted(scope, client, context)
    seconds = _seconds("lifetime", lifetime)
    record = AuthorizationRecord(
        family=new_family(),
        client_id=client.client_id,
        user=_person(context, user),
        asked=granted,
        scope=granted,
        expires_at=now + (client.policies.authorization_code_lifetime if seconds is None else seconds),
        redirect_uri=redirect_uri,
        code_challenge=code_challenge,
        code_challenge_method=check_challenge(code_challenge, code_challenge_method, required=False),
        nonce=nonce,
        auth_time=now,
        amr=("pwd",),
        refresh=has_refresh(client, granted, access_type, context.settings.offline_scopes),
    )
    return store_code(record, context, length=client.policies.authorization_code_length)


def _granted(scope: str | None, client: Client, context: Context) -> Scope:
    """What a test asks for, separated by spaces whatever the client's requests have between two scopes."""
    asked = parse_scope(scope)
    return default_scope(client, context.settings) if asked is None else allowed_scope(asked, client, context.settings)


def _seconds(key: str, value: int | None) -> int | None:
    """A lifetime as a test wrote it, held to what the setting of that name may be. Raises `ConfigurationError`."""
    try:
        return msgspec.convert(value, Seconds | None)
    except msgspec.ValidationError:
        raise ConfigurationError(
            f"{key} = {value!r}: write whole seconds from 0 (expired at once) to 2**53, or leave it out"
        ) from None


def registered_user(context: Context, username: str) -> User:
    """Raises `ConfigurationError` for somebody who is not registered."""
    if username not in context.users:
        known: cabc.Iterable[str] = map(repr, context.users)
        raise ConfigurationError(
            f"no user is called {username!r} (registered: {', '.join(known) or 'none'}); register:"
            f" oauthmock.user({username!r})"
        )
    return context.users[username]


def _person(context: Context, username: str | None) -> User:
    return context.default_user() if username is None else registered_user(context, username)
