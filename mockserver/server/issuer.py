"""The verbs of one issuer: register, protect, look; those of the person at the browser are apart."""

from __future__ import annotations

import collections.abc as cabc
import copy
import itertools
import typing

from .. import registry
from ..client_settings import ClientKeywords
from ..config import UserSettings
from ..credentials import new_secret
from ..errors import ConfigurationError
from ..errors import ServerNotRunning
from ..guards import Bearer
from ..guards import Guard
from ..jwk import BadKey
from ..jwk import public_keys
from ..keys import SigningKey
from ..model import User
from ..policies import Account
from ..states import SeenState
from ..states import seen_states
from . import doors
from .belongings import belongings
from .client import RegisteredClient
from .handles import Protected
from .identity_provider import IdentityProvider
from .issuing import Issuing
from .judged import Judged
from .minting import registered_user
from .variant import Variant

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from ..app import Application
    from ..journal import Exchange
    from ..variants import Cell
    from .belongings import Certify

__all__ = ["Issuer"]

# Ids differ in every test of a process: a connector that caches by client_id must not meet yesterday's token.
_SERIAL = itertools.count(1)


class Issuer(Issuing, Judged):
    """One authorization server with its protected API, below one URL."""

    def __init__(
        self, name: str, app: Application, base: cabc.Callable[[], str], certify: Certify | None = None
    ) -> None:
        super().__init__(name, app)
        self._base = base
        self._certify_as = certify

    # -- where it is ---------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The issuer identifier (RFC 8414 2), below which discovery is. Raises `ServerNotRunning`."""
        return self.context.issuer_at(self.base_url)

    @property
    def base_url(self) -> str:
        """What all paths are below: the issuer identifier, where the profile does not give that a path of its own."""
        return self.context.url_below(self.context.fixed_issuer or self._base())

    @property
    def identifier(self) -> str:
        """`iss` of what is minted without a request: the URL, or `http://localhost` for an application not served."""
        return self.context.issuer_at(self._base_anywhere())

    @property
    def token_url(self) -> str:
        return self._url_of("token")

    @property
    def refresh_url(self) -> str:
        """Where the refresh grant is served: the token URL, unless `paths` has a `refresh` of its own."""
        return self._url_of("refresh" if "refresh" in self.context.paths else "token")

    @property
    def authorize_url(self) -> str:
        return self._url_of("authorize")

    @property
    def userinfo_url(self) -> str:
        return self._url_of("userinfo")

    @property
    def backchannel_authentication_url(self) -> str:
        """Where clients ask people who are elsewhere (CIBA 7). Raises like `introspection_url`."""
        return self._url_of("backchannel_authentication")

    @property
    def device_authorization_url(self) -> str:
        """Where devices ask for codes (RFC 8628 3.1). Raises like `introspection_url`."""
        return self._url_of("device_authorization")

    @property
    def device_url(self) -> str:
        """Where a person enters the code of a device (RFC 8628 3.3). Raises like `introspection_url`."""
        return self._url_of("device")

    @property
    def introspection_url(self) -> str:
        """Where tokens are introspected (RFC 7662). Raises `ConfigurationError` where that is switched off."""
        return self._url_of("introspect")

    @property
    def revocation_url(self) -> str:
        """Where tokens are revoked (RFC 7009). Raises like `introspection_url`."""
        return self._url_of("revoke")

    @property
    def end_session_url(self) -> str:
        """Where clients send people to log out (RP-Initiated Logout 2). Raises like `introspection_url`."""
        return self._url_of("end_session")

    @property
    def jwks_url(self) -> str:
        return self._url_of("jwks")

    @property
    def par_url(self) -> str:
        """Where authorization requests are pushed (RFC 9126 2)."""
        return self._url_of("par")

    @property
    def registration_url(self) -> str:
        """Where clients register themselves (RFC 7591 3). Raises like `introspection_url`."""
        return self._url_of("register")

    @property
    def api_url(self) -> str:
        """The protected echo: any path below it, any method, Bearer."""
        return f"{self.base_url}/api"

    @property
    def callback_url(self) -> str:
        """A redirect URI that answers, for connectors that follow redirects by themselves."""
        return f"{self.base_url}/callback"

    @property
    def openid_configuration_url(self) -> str:
        """OpenID Connect Discovery 4."""
        return self._url_of("openid_configuration")

    @property
    def authorization_server_url(self) -> str:
        """The metadata document of RFC 8414 3, where the well-known part precedes the issuer's path."""
        base = self.base_url
        origin = base.removesuffix(f"/{self._name}") if self._name else base
        below = self.url.removeprefix(origin).rstrip("/")
        return f"{origin}/.well-known/oauth-authorization-server{below}"

    # -- who is registered ---------------------------------------------------------------------------------------------

    def client(
        self,
        client_id: str | None = None,
        **settings: typing.Unpack[ClientKeywords],
    ) -> RegisteredClient:
        """
        Register a client (RFC 7591 2). What is named is strict, what is not is as generous as most real servers.

        Without arguments: every grant, the secret by Basic or in the body, any scope as asked, any loopback redirect
        URI. Lifetimes are seconds. A client that shows itself by a key or a certificate and brings none is given one.
        Raises `ConfigurationError` that names the key and the nearest right value.
        """
        name = f"client-{next(_SERIAL)}" if client_id is None else client_id
        own = registry.checked(name, settings)
        own, given = belongings(
            own, self.context.settings, self._certify_as, asks_certificates=self.context.asks_certificates
        )
        published = [self._base_anywhere() + path for path in self.context.published]
        registered = registry.client(own, self.context.settings, published)
        self.context.register(registered)
        return RegisteredClient(self, registered, given)

    @property
    def registrations(self) -> tuple[RegisteredClient, ...]:
        """The clients that registered themselves since the last reset (RFC 7591), in order."""
        return tuple(RegisteredClient(self, self.context.clients[name]) for name in list(self.context.registrations))

    def initial_access_token(self) -> str:
        """A token to register with where `registration = "initial_access_token"` (RFC 7591 1.2), good until a reset."""
        token = new_secret("ia")
        self.context.initial_access_tokens.add(token)
        return token

    def publish_jwks(self, path: str, jwks: cabc.Mapping[str, typing.Any]) -> str:
        """
        Serve a client's public keys at this path, and return the URL for `client(jwks_uri=...)`.

        A second call for the same path replaces the keys, as a rotation does. Raises `ConfigurationError` for a path
        that is taken, and for what is no JWK Set of public keys (RFC 7517 5).
        """
        self._check_free(f"publish_jwks({path!r})", path)
        try:
            public_keys(jwks)
        except BadKey as error:
            raise ConfigurationError(f"publish_jwks({path!r}): {error}") from None
        self.context.published[path] = copy.deepcopy(jwks)
        return self._base_anywhere() + path

    def user(
        self, username: str, *, password: str | None = None, account: Account = "active", **claims: typing.Any
    ) -> User:
        """
        Register a person; every further keyword is a claim (`email=`, `roles=`, `sub=`).

        Without a password they get one, in `.password`. An `account` that is `locked` or `disabled` lets nobody in,
        `second_factor` asks for one page more. Raises `AlreadyRegistered`.
        """
        person = registry.user(UserSettings(username=username, password=password, account=account, claims=claims))
        self.context.enrol(person)
        return person

    def change_user(self, username: str, *, password: str | None = None, account: Account | None = None) -> User:
        """
        Change a registered person's password or account; None leaves it as it is. Tokens that they gave stay good.

        Raises `ConfigurationError` for somebody who is not registered.
        """
        old = registered_user(self.context, username)
        person = registry.user(
            UserSettings(
                username=username,
                password=old.password if password is None else password,
                account=old.account if account is None else account,
                claims=dict(old.claims),
            )
        )
        self.context.change_user(person)
        return person

    def identity_provider(self, issuer: str) -> IdentityProvider:
        """
        Trust an issuer of assertions, who is made up with a key pair: `identity_provider("https://idp.example")`.

        A second call for the same name replaces the keys, as a rotation does.
        """
        return IdentityProvider(self, issuer, SigningKey.generate("ES256"))

    # -- the protected API ---------------------------------------------------------------------------------------------

    def protect(
        self,
        path: str,
        *,
        scope: str = "",
        json: typing.Any = None,
        status: int = 200,
        headers: cabc.Mapping[str, str] | None = None,
        challenge: bool = False,
        guard: Guard | None = None,
        app: WSGIApplication | None = None,
    ) -> Protected:
        """
        Serve a JSON answer at exactly this path, any method, for a Bearer token that has `scope`.

        `guard`: another way to check who is asking. `app`: a WSGI application that answers instead, at this path and at
        everything below. `headers` are sent with the JSON answer: `status=307, headers={"Location": ...}`.

        `challenge`: the first request to it, whoever sends it, is answered with 401 and the challenge even if its token
        is good, so that the client has to repeat it.

        A second call for the same path replaces the first. Raises `ConfigurationError` for a path that the protocol
        uses itself, and for arguments that contradict each other.
        """
        self._check_free(f"protect({path!r})", path)
        if guard is not None and scope:
            raise ConfigurationError(f"protect({path!r}): a scope is a Bearer token's; write guard=Bearer(scope=...)")
        door = doors.door(
            path,
            Bearer(scope=scope) if guard is None else guard,
            self.context,
            answer=doors.fixed(path, status=status, json=json, headers=headers),
            app=app,
            challenge=challenge,
        )
        self.context.protect(door)
        return Protected(self, door.path)

    @property
    def echo(self) -> WSGIApplication:
        """A WSGI application that says what arrived, to be put behind a guard: `protect("/v1", app=oauthmock.echo)`."""
        return doors.echo

    # -- what happened, and what shall go wrong ------------------------------------------------------------------------

    @property
    def states(self) -> tuple[SeenState, ...]:
        """The states of the authorization requests to this issuer since the last reset, in order."""
        return seen_states(self.state.journal, self._name)

    def variant(self, cell: Cell) -> Variant:
        """One cell of the matrix with a client, a user and settings of its own."""
        return Variant(self, cell)

    def _check_free(self, what: str, path: str) -> None:
        if not path.startswith("/") or "?" in path or "#" in path:
            raise ConfigurationError(f"{what}: write a path that begins with / and has no query or fragment")
        if path in (*self.context.paths.values(), "/callback"):
            raise ConfigurationError(f"{what}: the protocol is served there; choose another path")

    def _judged(self) -> cabc.Iterable[Exchange]:
        return [exchange for exchange in self.state.journal if exchange.issuer == self._name]

    def _url_of(self, endpoint: str) -> str:
        return self.context.url_of(endpoint, self.base_url)

    def _base_anywhere(self) -> str:
        try:
            return self.base_url
        except ServerNotRunning:
            return self.context.url_below("http://localhost")
