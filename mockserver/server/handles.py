"""What the verbs hand out: a registered client, an endpoint that can be made to fail, a protected path."""

from __future__ import annotations

import collections.abc as cabc
import json
import typing

from ..errors import ConfigurationError
from ..faults import Delay
from ..faults import Fail
from ..faults import Fault
from ..faults import Place
from ..messages import Issue
from ..model import AuthorizationRecord
from ..model import Client
from ..model import User
from ..pkce import check_challenge
from ..registration import allowed_scope
from ..registration import default_scope
from ..registration import parse_scope
from ..scope import Scope
from ..stores import new_family
from ..tokens import mint
from ..tokens import store_code

if typing.TYPE_CHECKING:
    from ..app import State
    from ..context import Context
    from ..journal import Exchange
    from ..ledger import IssuedToken

__all__ = ["EndpointHandle", "IssuerState", "Protected", "RegisteredClient"]


class IssuerState(typing.Protocol):
    """What a handle needs of the issuer that made it."""

    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def identifier(self) -> str: ...
    @property
    def token_url(self) -> str: ...
    @property
    def state(self) -> State: ...
    @property
    def context(self) -> Context: ...


class RegisteredClient:
    """A client as the server knows it; its attributes are the settings of the code under test."""

    def __init__(self, issuer: IssuerState, client: Client) -> None:
        self._issuer = issuer
        self._client = client

    @property
    def client_id(self) -> str:
        return self._client.client_id

    @property
    def client_secret(self) -> str:
        """Raises `ConfigurationError` for a public client, which has none."""
        if self._client.client_secret is None:
            raise ConfigurationError(
                f"client {self.client_id!r} is public (token_endpoint_auth_method 'none') and has no secret; leave it"
                " out, or register another method"
            )
        return self._client.client_secret

    @property
    def token_endpoint_auth_method(self) -> tuple[str, ...]:
        return self._client.auth_methods

    @property
    def grant_types(self) -> frozenset[str]:
        return self._client.grant_types

    @property
    def scope(self) -> str | None:
        """The registered scope; None when the client may ask for anything."""
        return None if self._client.scope is None else str(self._client.scope)

    def grant(
        self,
        *,
        user: str | None = None,
        scope: str | None = None,
        access_token_lifetime: int | None = None,
        refresh_token_lifetime: int | None = None,
    ) -> IssuedToken:
        """
        Mint an access and a refresh token as if `user` (None: the first registered) had been through the dance.

        For connectors that start from a stored refresh token. Lifetimes are seconds. Raises `InvalidScope` for a scope
        that the client may not have, `ConfigurationError` for an unknown user.
        """
        context = self._issuer.context
        person = _person(context, user)
        mint(
            Issue(
                client=self._client,
                user=person,
                scope=_granted(scope, self._client, context),
                grant_type="authorization_code",
                client_auth="",
                issuer=self._issuer.identifier,
                family=new_family(),
                refresh="refresh_token" in self._client.grant_types,
                auth_time=context.clock.now(),
                access_token_lifetime=access_token_lifetime,
                refresh_token_lifetime=refresh_token_lifetime,
            ),
            context,
        )
        return context.ledger.last

    def issue_code(
        self,
        *,
        user: str | None = None,
        scope: str | None = None,
        redirect_uri: str | None = None,
        code_challenge: str | None = None,
        code_challenge_method: str | None = None,
        nonce: str | None = None,
        lifetime: int | None = None,
    ) -> str:
        """
        Make an authorization code as if `user` had approved. `lifetime` is seconds.

        Where `redirect_uri` is given, the token request must repeat it. Raises like `grant`.
        """
        context = self._issuer.context
        now = context.clock.now()
        granted = _granted(scope, self._client, context)
        record = AuthorizationRecord(
            family=new_family(),
            client_id=self.client_id,
            user=_person(context, user),
            asked=granted,
            scope=granted,
            expires_at=now + (self._client.policies.authorization_code_lifetime if lifetime is None else lifetime),
            redirect_uri=redirect_uri,
            code_challenge=code_challenge,
            code_challenge_method=check_challenge(code_challenge, code_challenge_method, required=False),
            nonce=nonce,
            auth_time=now,
        )
        return store_code(record, context)

    def store_in_secretsmanager(self, name: str, *, region_name: str = "us-east-1") -> str:
        """
        Put client_id, client_secret and token_url as JSON into AWS Secrets Manager (moto's, in a test).

        Returns the secret's ARN.
        Raises `ConfigurationError` when boto3 is not installed.
        """
        try:
            import boto3
        except ImportError:
            raise ConfigurationError("boto3 is not installed; pip install 'pytest-oauthmock[aws]'") from None
        secret = {
            "client_id": self.client_id,
            "client_secret": self._client.client_secret,
            "token_url": self._issuer.token_url,
        }
        secrets_manager = boto3.client("secretsmanager", region_name=region_name)
        created = secrets_manager.create_secret(Name=name, SecretString=json.dumps(secret))
        return str(created["ARN"])

    def __repr__(self) -> str:
        return f"<RegisteredClient {self.client_id!r} by {' or '.join(self._client.auth_methods)}>"


class EndpointHandle:
    """An endpoint of an issuer: where it is, what it saw, and how to make it fail."""

    def __init__(self, issuer: IssuerState, place: Place) -> None:
        self._issuer = issuer
        self._place = place

    @property
    def url(self) -> str:
        """Where it is. Raises `ServerNotRunning`."""
        context = self._issuer.context
        return self._issuer.url + ("/api" if self._place.endpoint == "api" else context.paths[self._place.endpoint])

    def fail(
        self,
        status: int,
        *,
        times: int = 1,
        retry_after: int | None = None,
        error: str | None = None,
        optional: bool = False,
    ) -> None:
        """
        Answer the next `times` requests with `status`, doing nothing else; the one after is served as ever.

        `retry_after` is seconds. Under pytest a fault that is never hit fails the test, unless `optional`.
        """
        if not 400 <= status <= 599:
            raise ConfigurationError(f"fail({status}): a failure has a status from 400 to 599; choose one, e.g. 503")
        self._arm(Fail(status=status, retry_after=retry_after, error=error), times, optional)

    def delay(self, seconds: float, *, times: int = 1, optional: bool = False) -> None:
        """Do the work of the next `times` requests but hold the answers back for `seconds` of real time."""
        if not seconds > 0:
            raise ConfigurationError(f"delay({seconds}): seconds must be more than 0")
        self._arm(Delay(seconds=seconds), times, optional)

    @property
    def exchanges(self) -> list[Exchange]:
        """What reached this endpoint, in order of arrival."""
        return [
            exchange
            for exchange in self._issuer.state.journal.at(self._place.endpoint)
            if exchange.issuer == self._place.issuer and self._place.path in (None, exchange.path)
        ]

    def _arm(self, fault: Fault, times: int, optional: bool) -> None:
        if times < 1:
            raise ConfigurationError(f"times = {times}: a fault strikes at least once; write times=1 or more")
        self._issuer.state.faults.arm(fault, self._place, times=times, optional=optional)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._place}>"


class Protected(EndpointHandle):
    """A path that a token opens."""

    def __init__(self, issuer: IssuerState, path: str) -> None:
        super().__init__(issuer, Place(issuer.name, "protected", path))
        self.path = path

    @property
    def url(self) -> str:
        return self._issuer.url + self.path


def _granted(scope: str | None, client: Client, context: Context) -> Scope:
    """What a test asks for, separated by spaces whatever the client's requests have between two scopes."""
    asked = parse_scope(scope)
    return default_scope(client, context.settings) if asked is None else allowed_scope(asked, client, context.settings)


def _person(context: Context, username: str | None) -> User:
    if username is None:
        return context.default_user()
    if username not in context.users:
        known: cabc.Iterable[str] = map(repr, context.users)
        raise ConfigurationError(
            f"no user is called {username!r} (registered: {', '.join(known) or 'none'}); register:"
            f" oauthmock.user({username!r})"
        )
    return context.users[username]
