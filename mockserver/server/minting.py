"""Tokens and codes without a dance, as a test asks for them."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

from .. import registry
from ..client_settings import ClientSettings
from ..errors import ConfigurationError
from ..faults import Flaw
from ..faults import Forge
from ..messages import Issue
from ..model import AuthorizationRecord
from ..model import Client
from ..model import User
from ..pkce import check_challenge
from ..policies import AccessTokenFormat
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

__all__ = ["Wanted", "code", "grant", "registered_user", "token"]


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


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A token as `Issuer.issue_token` was asked for it."""

    subject: str | None
    client_id: str
    scope: str
    audience: str | cabc.Sequence[str] | None
    lifetime: int
    access_token_format: AccessTokenFormat | None
    token: typing.Literal["access_token", "id_token"]
    flaw: Flaw | None
    claims: cabc.Mapping[str, typing.Any]
    headers: cabc.Mapping[str, typing.Any]
    without: cabc.Sequence[str]


def token(issuer: IssuerState, wanted: Wanted) -> str:
    """See `Issuer.issue_token`."""
    context = issuer.context
    client = context.clients.get(wanted.client_id)
    client = client or registry.client(ClientSettings(client_id=wanted.client_id), context.settings)
    if wanted.access_token_format is not None:
        policies = msgspec.structs.replace(client.policies, access_token_format=wanted.access_token_format)
        client = msgspec.structs.replace(client, policies=policies)
    person = None if wanted.subject is None else _by_subject(context, wanted.subject)
    if wanted.token == "id_token" and person is None:
        raise ConfigurationError("issue_token(token='id_token'): an ID token tells of a person; name a subject")
    named = (wanted.audience,) if isinstance(wanted.audience, str) else tuple(wanted.audience or ())
    lifetime = _seconds("lifetime", wanted.lifetime)
    issue = Issue(
        client=msgspec.structs.replace(
            client, policies=msgspec.structs.replace(client.policies, id_token_lifetime=lifetime)
        ),
        user=person,
        scope=parse_scope(wanted.scope) or Scope(),
        grant_type="authorization_code" if person else "client_credentials",
        client_auth="",
        issuer=issuer.identifier,
        family=new_family(),
        taken=True,
        audience=named,
        refresh=False,
        auth_time=context.clock.now() if person else None,
        id_token=wanted.token == "id_token",
        access_token_lifetime=lifetime,
    )
    tokens, _ = mint(_otherwise(issue, wanted), context)
    return tokens.access_token if wanted.token == "access_token" else str(tokens.id_token)


def _otherwise(issue: Issue, wanted: Wanted) -> Issue:
    """With a flaw, or with claims and headers that are meant as they are."""
    if wanted.flaw is None and not (wanted.claims or wanted.headers or wanted.without):
        return issue
    try:
        forge = Forge(
            flaw=wanted.flaw or "wrong",
            token=wanted.token,
            claims=dict(wanted.claims),
            headers=dict(wanted.headers),
            without=tuple(wanted.without),
        )
    except ValueError as error:
        raise ConfigurationError(f"issue_token(flaw={wanted.flaw!r}): {error}") from None
    spoilt = forge.spoilt(issue)
    return spoilt if wanted.flaw else msgspec.structs.replace(spoilt, flaw="")


def _by_subject(context: Context, subject: str) -> User:
    """Who is registered with this username or `sub`, or somebody of that name."""
    known = (user for user in context.users.values() if subject in (user.username, user.subject))
    return next(known, None) or User(username=subject, password="")


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
