"""One issuer's state, passed explicitly to whoever needs a piece of it."""

from __future__ import annotations

import collections
import collections.abc as cabc
import functools
import typing
import urllib.parse
from secrets import token_bytes

import msgspec

from . import certificates
from .admission import Door
from .admission import Memory
from .clock import Clock
from .config import IssuerSettings
from .config import Profile
from .config import TrustedIssuer
from .dpop import Judge
from .errors import AlreadyRegistered
from .errors import ConfigurationError
from .jwk import Key
from .jwk import public_keys
from .keys import KeySet
from .ledger import Ledger
from .model import Client
from .model import Kind
from .model import Registration
from .model import User
from .nonces import new_nonce
from .nonces import nonce_age
from .policies import IdTokenAlgorithm
from .policies import Policies
from .policies import SigningAlgorithm
from .rates import Rates
from .request import Request
from .scope import Scope
from .sessions import Sessions
from .stores import Store
from .waiting import Waiting

__all__ = ["Context"]

_REMEMBERED = 2000
_ANYBODY = User(username="user", password="")


class Context(msgspec.Struct, kw_only=True):
    """
    What one issuer knows: its settings, who is registered, its store and keys, beside the server's clock and ledger.

    A reset replaces the context: a request that is still under way then writes into the old one, which nobody reads.
    """

    name: str
    """Its first path segment, `""` for none; or the origin that it is mounted at."""
    settings: IssuerSettings
    fixed_issuer: str | None
    """The URL that the `issuer` setting gives the server, or None: it is taken from each request's Host."""
    clock: Clock
    store: Store
    keys: KeySet
    seed: bytes = msgspec.field(default_factory=functools.partial(token_bytes, 32))
    """What successors of refresh tokens are derived from."""
    ledger: Ledger
    profile: Profile
    """Where this issuer serves what, and under which names."""
    clients: dict[str, Client] = msgspec.field(default_factory=dict)
    registrations: dict[str, Registration] = msgspec.field(default_factory=dict)
    """Of the clients that registered themselves, by `client_id`."""
    initial_access_tokens: set[str] = msgspec.field(default_factory=set)
    """What may be registered with (RFC 7591 1.2), beside those of the settings."""
    users: dict[str, User] = msgspec.field(default_factory=dict)
    doors: dict[str, Door] = msgspec.field(default_factory=dict)
    """What is protected, by path."""
    accepts: tuple[Context, ...] = ()
    """Other issuers whose tokens the protected API takes, instead of its own."""
    asks_certificates: bool = False
    """Whether clients that connect to it are asked for certificates."""
    published: dict[str, cabc.Mapping[str, typing.Any]] = msgspec.field(default_factory=dict)
    """Clients' JWK Sets by path below the issuer: what a `jwks_uri` may name."""
    unchallenged: dict[str, Door] = msgspec.field(default_factory=dict)
    """Doors, by path, whose first request is still to come and is to be challenged."""
    memory: Memory = msgspec.field(default_factory=Memory)
    """What guards take once: a nonce with its counter, a signature."""
    token_rates: Rates = msgspec.field(default_factory=Rates)
    """How often each client asked for tokens, for `token_rate_limit`."""
    identity_providers: dict[str, TrustedIssuer] = msgspec.field(default_factory=dict)
    """Whose assertions are believed, beside those of `trusted_issuers`."""
    devices: Waiting = msgspec.field(default_factory=Waiting)
    """Device codes whose person has not decided yet, or has (RFC 8628)."""
    backchannel: Waiting = msgspec.field(default_factory=Waiting)
    """Likewise, authentication requests of CIBA."""
    consents: dict[tuple[str, str], Scope] = msgspec.field(default_factory=dict)
    """Who has consented to what, by username and `client_id`."""
    sessions: Sessions = msgspec.field(default_factory=Sessions)
    """Who is logged in, at which browser."""
    handed_out: collections.deque[tuple[str, str, str]] = msgspec.field(
        default_factory=lambda: collections.deque(maxlen=_REMEMBERED)
    )
    """Secrets that are kept nowhere else in text, for the search for leaks: kind, name, value."""

    def token_issuers(self) -> tuple[Context, ...]:
        """Whose tokens the protected API takes."""
        return self.accepts or (self,)

    def consent(self, user: User, client: Client, scope: Scope) -> bool:
        """Note that a person consents to a client's having a scope, and say whether it is the first time."""
        # Of two that come at once both may be the first, as with two windows of a browser
        before = self.consents.get((user.username, client.client_id))
        self.consents[user.username, client.client_id] = Scope((*(before or ()), *scope))
        return before is None

    def has_consent(self, user: User, client: Client, scope: Scope) -> bool:
        """Whether a person has consented to all of that before."""
        before = self.consents.get((user.username, client.client_id))
        return before is not None and scope <= before

    def protect(self, door: Door) -> None:
        """Put a door at its path, in place of the one that was there."""
        self.doors[door.path] = door
        self.unchallenged.pop(door.path, None)
        if door.challenge is not None:
            self.unchallenged[door.path] = door

    @property
    def paths(self) -> cabc.Mapping[str, str]:
        """Where each endpoint is, below the base URL."""
        return self.profile.paths

    @property
    def refresh_path(self) -> str:
        """Where the refresh grant is served: at the token endpoint, unless it has an endpoint of its own."""
        return self.paths.get("refresh", self.paths["token"])

    def issuer_url(self, request: Request) -> str:
        """This issuer's identifier as the client reached it (RFC 8414 2)."""
        return self.issuer_at(self.base_url(request))

    def base_url(self, request: Request) -> str:
        """What the paths are below, as the client reached it; of a provider with several hosts, at its own."""
        origin = self.fixed_issuer or request.origin
        return self.url_below(self.profile.origin if self._is_elsewhere(origin) else origin)

    def _is_elsewhere(self, origin: str) -> bool:
        """Whether it is one of the provider's further hosts, which have some of its endpoints."""
        return origin in self.profile.origins.values() or origin in self.profile.other_origins

    def url_below(self, origin: str) -> str:
        return f"{origin.rstrip('/')}/{self.segment}".rstrip("/")

    @property
    def segment(self) -> str:
        """The first path segment below which this issuer is; of a mount none, which has an origin to itself."""
        return "" if self.mounted else self.name

    @property
    def mounted(self) -> bool:
        """Whether it answers at an origin of its own."""
        return "://" in self.name

    def issuer_at(self, base: str) -> str:
        """The issuer identifier of who is served below `base`."""
        return self._at(base, "issuer") + self.profile.issuer_path

    def url_of(self, endpoint: str, base: str) -> str:
        """The URL of an endpoint below `base`, or at its own host where `base` is the provider's real origin."""
        if endpoint not in self.paths:
            raise ConfigurationError(f"the endpoint {endpoint!r} is switched off by the settings; switch it on")
        return self._at(base, endpoint) + self.paths[endpoint]

    def _at(self, base: str, what: str) -> str:
        return self.profile.origins.get(what, base) if base == self.profile.origin else base

    def audience(self, issuer_url: str) -> str:
        """`aud` of access tokens (RFC 9068 3): the API behind this issuer, unless the settings name another."""
        return self.settings.audience or f"{issuer_url.removesuffix(self.profile.issuer_path)}/api"

    def register(self, client: Client) -> None:
        """Raises `AlreadyRegistered`."""
        if client.client_id in self.clients:
            raise AlreadyRegistered(
                f"client {client.client_id!r} is registered already; choose another client_id, or reset() first"
            )
        self.clients[client.client_id] = client

    def change(self, client: Client) -> None:
        """Replace what is registered under its `client_id`."""
        self.clients[client.client_id] = client

    def client_keys(self, client: Client) -> cabc.Mapping[str, typing.Any] | None:
        """A client's JWK Set (RFC 7591 2): its own, or the one that is published at its `jwks_uri` now."""
        if client.jwks_uri is None:
            return client.jwks
        return self.published.get(self.path_below(client.jwks_uri))

    def client_certificates(self, client: Client) -> tuple[bytes, ...]:
        """The certificates among a client's keys, in DER (RFC 8705 2.2); none where the keys are wrong."""
        try:
            return certificates.registered(self.client_keys(client) or {})
        except certificates.BadCertificate:
            return ()

    def assertion_audiences(self, request: Request, client: Client) -> list[str]:
        """What `aud` of a client's assertion may be (RFC 7523 3), as the client reached this issuer."""
        issuer = self.issuer_url(request)
        asked = self.asked_at(request)
        words = {"issuer": [issuer], "token_endpoint": [asked]}
        if request.path not in (self.paths["token"], self.refresh_path):
            # RFC 9126 2: at other endpoints clients may mean the token endpoint all the same
            words["token_endpoint"].append(self.url_of("token", self.base_url(request)))
        policies = client.policies.client_assertion_audiences
        return [url for audience in policies for url in words.get(audience, [audience])]

    def proof_judge(self, request: Request, policies: Policies, at: str) -> Judge:
        """By what a DPoP proof is judged `at` a place: nonces of one are not good at another (RFC 9449 9)."""
        realm, raw = f"DPoP {at}", request.target.partition("?")[0]
        now = self.clock.now()

        def knows(nonce: str) -> bool:
            age = nonce_age(nonce, self.seed, realm, now=now)
            return age is not None and age < policies.dpop_nonce_lifetime

        reached = dict.fromkeys(filter(None, (request.origin, self.fixed_issuer)))
        return Judge(
            algorithms=self.settings.dpop_signing_alg_values_supported,
            now=self.clock.peer(),
            lifetime=policies.dpop_proof_lifetime,
            # RFC 9112 3.2.2: a proxy asks by the whole URL
            urls=[origin.rstrip("/") + raw for origin in reached] if raw.startswith("/") else [raw],
            claim=functools.partial(self.store.claim, Kind.PROOF),
            new_nonce=functools.partial(new_nonce, self.seed, realm, now=now) if policies.dpop_nonce else None,
            knows_nonce=knows,
        )

    def asked_at(self, request: Request) -> str:
        """The URL of a request, without its query; of a provider with several hosts, at the one that was asked."""
        home = None if self._is_elsewhere(request.origin) else self.fixed_issuer
        return self.url_below(home or request.origin) + request.path

    def path_below(self, url: str) -> str:
        """The path of a URL, below this issuer."""
        path = urllib.parse.urlsplit(url).path
        return path.removeprefix(f"/{self.segment}") if self.segment else path

    def enrol(self, user: User) -> None:
        """Raises `AlreadyRegistered`."""
        if user.username in self.users:
            raise AlreadyRegistered(
                f"user {user.username!r} is registered already; choose another username, or reset() first"
            )
        self.users[user.username] = user

    def change_user(self, user: User) -> None:
        """Replace what is registered under their `username`."""
        self.users[user.username] = user

    def secrets(self) -> list[str]:
        """What must not be shown and cannot be told by its shape, as tokens can: client secrets and passwords."""
        registered = [secret.value for client in self.clients.values() for secret in client.secrets]
        guarded = [secret for door in list(self.doors.values()) for secret in door.secrets()]
        passwords = (user.password for user in self.users.values())
        registering = (
            *self.initial_access_tokens,
            *self.settings.initial_access_tokens,
            *(each.token for each in list(self.registrations.values())),
        )
        return [secret for secret in (*registered, *passwords, *guarded, *registering) if secret]

    def passwords(self) -> dict[str, str]:
        """The passwords of people by their names."""
        return {user.username: user.password for user in self.users.values()}

    def person(self, subject: str | None, client: Client | None) -> User | None:
        """Who goes by this `sub` at a client."""
        people = {**self.users, **({} if self.users else {_ANYBODY.username: _ANYBODY})}.values()
        return next((p for p in people if (p.subject if client is None else client.subject_of(p)) == subject), None)

    def trusted(self, issuer: str) -> TrustedIssuer | None:
        """Whose assertions are believed; None for everybody else."""
        return self.identity_providers.get(issuer) or self.settings.trusted_issuers.get(issuer)

    def trusted_names(self) -> list[str]:
        return [*self.settings.trusted_issuers, *self.identity_providers]

    def known_as(self, name: str) -> User | None:
        """Whom a `sub` or a username means."""
        return self.person(name, None) or self.users.get(name)

    def verifying_keys(self) -> tuple[Key, ...]:
        """What this issuer's own JWTs are verified with."""
        return public_keys(self.keys.jwks(self.signing_algorithms()))

    def default_user(self) -> User:
        """Who logs in when nobody is named: the user who was registered first, else a stranger called `user`."""
        return next(iter(self.users.values()), _ANYBODY)

    def signing_algorithms(self) -> tuple[SigningAlgorithm, ...]:
        """The algorithms whose keys are published: ES256 for access tokens, and what else is signed with a key."""
        used = {
            *(*self.id_token_algorithms(), *self.userinfo_algorithms()),
            *(*self.response_algorithms(), *self.introspection_algorithms()),
        }
        others = (alg for alg in typing.get_args(SigningAlgorithm) if alg != "ES256" and alg in used)
        return ("ES256", *others)

    def introspection_algorithms(self) -> set[SigningAlgorithm]:
        """What introspection answers are signed with (RFC 9701 6), for some client or other."""
        return {self.settings.introspection_alg, *(c.policies.introspection_alg for c in self.clients.values())}

    def id_token_algorithms(self) -> set[IdTokenAlgorithm]:
        """What ID tokens are signed with, for some client or other."""
        return {policies.id_token_signed_response_alg for policies in self._policies()}

    def userinfo_algorithms(self) -> set[str]:
        """What userinfo is signed with, for some client or other; empty: for none."""
        return {alg for policies in self._policies() if (alg := policies.userinfo_signed_response_alg) is not None}

    def response_algorithms(self) -> set[str]:
        """What authorization responses are signed with, where that may be asked for."""
        if not any(mode.endswith("jwt") for mode in self.settings.response_modes_supported):
            return set()
        return {policies.authorization_signed_response_alg for policies in self._policies()}

    def _policies(self) -> list[Policies]:
        return [self.settings, *(client.policies for client in self.clients.values())]
