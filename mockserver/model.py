"""The vocabulary: who is registered, and what is kept about codes and tokens."""

from __future__ import annotations

import collections.abc as cabc
import enum
import hashlib
import typing

import msgspec

from .claims import ClaimsRequest
from .client_settings import ClientSettings
from .policies import Account
from .policies import Policies
from .policies import RequestEncoding
from .policies import SigningAlgorithm
from .redaction import without
from .scope import Scope

__all__ = [
    "AuthorizationRecord",
    "Client",
    "Confirmation",
    "Kind",
    "PushedRecord",
    "Registration",
    "Secret",
    "TokenRecord",
    "User",
]


# Ways to show that one has something, each with the digest of it: `x5t#S256` a certificate, `jkt` a key (RFC 7800 3.1)
Confirmation = tuple[tuple[str, str], ...]


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """One of a client's secrets. `expires_at` is seconds, UTC, by the server's clock; None: never."""

    value: str
    expires_at: float | None = None

    def __repr__(self) -> str:
        return without(self, "value")

    def is_live(self, now: float) -> bool:
        return self.expires_at is None or now < self.expires_at


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A registered client, every default resolved (RFC 7591 2)."""

    client_id: str
    secrets: tuple[Secret, ...]
    """The newest first, expired ones too; a public client has none."""
    jwks: cabc.Mapping[str, typing.Any] | None
    """Its public keys (RFC 7517 5)."""
    jwks_uri: str | None
    """Where this server publishes its public keys instead."""
    assertion_algorithms: tuple[str, ...]
    """What its assertions may be signed with."""
    certificate_name: tuple[str, str] | None = None
    """Who its certificate has to name (RFC 8705 2.1.2): `subject_dn`, `san_dns`, ..., and the name."""
    request_object_signing_alg: str | None = None
    """What its request objects are signed with (RFC 9101 10.5); None: whatever fits its keys."""
    authorization_details_types: tuple[str, ...] | None = None
    """Types that it may ask for (RFC 9396 10); None: any."""
    disabled: bool
    client_name: str
    grant_types: frozenset[str]
    auth_methods: tuple[str, ...]
    scope: Scope | None
    """What it may ask for; None: anything."""
    redirect_uris: tuple[str, ...] | None
    """Compared as `redirect_uri_policy` says (RFC 6749 3.1.2.3); None: any loopback URI."""
    policies: Policies
    """Its own, and the issuer's where it has none."""
    response_types: tuple[str, ...] = ("code",)
    """What it may ask the authorization endpoint for (RFC 7591 2), the words of each in alphabetical order."""
    post_logout_redirect_uris: tuple[str, ...] | None = None
    """Where it may have people sent who have logged out; None: any loopback URI."""
    sector: str | None = None
    """Whom it shares subjects with (OpenID Connect Core 8.1); None: with everybody."""
    access_token_signing_alg: SigningAlgorithm = "ES256"
    """Of JWTs."""
    dress: cabc.Callable[[str, dict[str, typing.Any], User | None], dict[str, typing.Any]] | None = None
    """What becomes of the claims of an `access_token` or `id_token` before it is signed; None: nothing."""

    def subject_of(self, user: User) -> str:
        """
        The `sub` by which this client knows a person: theirs, or one of its sector (OpenID Connect Core 8.1).

        The same in every run, so that a test may know it; a real server hashes a secret as well.
        """
        if self.sector is None:
            return user.subject
        return hashlib.sha256(f"{self.sector} {user.subject}".encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def client_secret(self) -> str | None:
        """The newest secret (RFC 6749 2.3.1); None for a public client."""
        return self.secrets[0].value if self.secrets else None

    def rotated(self, secret: str, until: float) -> tuple[Secret, ...]:
        """A new secret before the old ones, which end at `until` at the latest: seconds, UTC."""
        return (Secret(value=secret), *self.secrets_until(until))

    def secrets_until(self, end: float) -> tuple[Secret, ...]:
        return tuple(
            Secret(value=old.value, expires_at=end if old.expires_at is None else min(old.expires_at, end))
            for old in self.secrets
        )

    @property
    def request_encodings(self) -> tuple[RequestEncoding, ...]:
        """How it may encode token requests: what is set, or what its authentication methods cannot do without."""
        if self.policies.request_encodings is not None:
            return self.policies.request_encodings
        implied: dict[str, RequestEncoding] = {"client_secret_json": "json", "client_secret_query": "query"}
        return ("form", *(encoding for method, encoding in implied.items() if method in self.auth_methods))

    def __repr__(self) -> str:
        return without(self, "secrets")


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a client that registered itself, beside what is registered of every client (RFC 7591 3.2.1)."""

    token: str
    """The registration access token (RFC 7592 1)."""
    issued_at: int
    """When it was registered: seconds, UTC, by the server's clock."""
    settings: ClientSettings
    """What it asked for."""
    kept: cabc.Mapping[str, typing.Any]
    """Metadata that change nothing here and are told back as they came."""

    def __repr__(self) -> str:
        return without(self, "token", "settings")


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person who can log in."""

    username: str
    password: str
    claims: cabc.Mapping[str, typing.Any] = msgspec.field(default_factory=dict)
    account: Account = "active"
    """`locked` and `disabled` people cannot log in; `second_factor` needs a page more than a password."""

    def __repr__(self) -> str:
        return without(self, "password")

    @property
    def subject(self) -> str:
        """The `sub` claim: the username, unless the claims say otherwise."""
        return str(self.claims.get("sub", self.username))


class Kind(enum.StrEnum):
    """
    Kinds are kept apart: a refresh token is never looked up where codes are.

    Strings, since the hash of another enumeration is a call of Python at each look into the store.
    """

    CODE = "authorization code"
    ACCESS = "access token"
    REFRESH = "refresh token"
    PUSHED = "pushed authorization request"
    ASSERTION = "assertion"
    PROOF = "DPoP proof"


class PushedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a `request_uri` of this server stands for (RFC 9126 2.2)."""

    family: str
    client_id: str
    expires_at: float
    user: None = None
    """Nobody has logged in yet."""
    query: tuple[tuple[str, str], ...]
    """The parameters, as if they had been in the URL."""

    def __repr__(self) -> str:
        return without(self, "query")


class AuthorizationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What an authorization code stands for (RFC 6749 4.1.2)."""

    family: str
    client_id: str
    user: User
    asked: Scope
    """What the authorization request asked for; empty when it left the scope out."""
    scope: Scope
    """What was granted, of what was asked."""
    expires_at: float
    redirect_uri: str | None
    """As it was in the authorization request; None when it was left out, so that it may be left out again."""
    code_challenge: str | None
    code_challenge_method: str
    nonce: str | None
    auth_time: float
    acr: str | None = None
    """The authentication context class that the login met (OpenID Connect Core 2); None: none was asked for."""
    amr: tuple[str, ...] = ()
    """How the person showed who they are (RFC 8176)."""
    claims: ClaimsRequest | None = None
    """What was asked for one by one (OpenID Connect Core 5.5)."""
    authorization_details: tuple[cabc.Mapping[str, typing.Any], ...] = ()
    """What was granted in detail (RFC 9396)."""
    dpop_jkt: str | None = None
    """The key that its tokens are to be bound to (RFC 9449 10)."""
    audience: tuple[str, ...] = ()
    """What the tokens are to be for (RFC 8707); empty: nothing was said."""
    refresh: bool = True
    """Whether a refresh token goes with it (`refresh_token_when`)."""


class TokenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What an access or a refresh token stands for. Times are the server clock's, in seconds, UTC."""

    family: str
    client_id: str
    user: User | None
    scope: Scope
    grant_type: str
    issued_at: float
    expires_at: float
    auth_time: float | None = None
    acr: str | None = None
    amr: tuple[str, ...] = ()
    claims: ClaimsRequest | None = None
    audience: tuple[str, ...] = ()
    """What it is for (RFC 8707); empty: nothing was said."""
    further_claims: cabc.Mapping[str, typing.Any] | None = None
    """Further claims of it, as who acts for the person (RFC 8693 4.1)."""
    flaw: str = ""
    """The armed fault that made it one that nobody should take; empty: none."""
    authorization_details: tuple[cabc.Mapping[str, typing.Any], ...] = ()
    """What it is good for in detail (RFC 9396 9)."""
    cnf: Confirmation = ()
    """What whoever uses it must have (RFC 8705 3, RFC 9449 6); empty: nothing."""
