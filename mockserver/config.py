"""Configuration as typed structs: the one set of keys that TOML, marker, environment and constructor share."""

from __future__ import annotations

import typing

import msgspec

from .redaction import without

__all__ = [
    "AccessTokenFormat",
    "ClientSettings",
    "Consent",
    "IssuerSettings",
    "RefreshPolicy",
    "Settings",
    "SigningAlgorithm",
    "UserSettings",
]

AccessTokenFormat = typing.Literal["jwt", "opaque"]
Consent = typing.Literal["page", "auto"]
RefreshPolicy = typing.Literal["static", "rotate"]
SigningAlgorithm = typing.Literal["RS256", "ES256"]

Seconds = typing.Annotated[int, msgspec.Meta(ge=0)]
Positive = typing.Annotated[int, msgspec.Meta(gt=0)]


class ClientSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One client, in the words of RFC 7591. What is left out is as generous as most real servers are.

    Lifetimes are seconds; None takes the issuer's value.
    """

    client_id: str
    client_secret: str | None = None
    client_name: str | None = None
    grant_types: tuple[str, ...] | None = None
    token_endpoint_auth_method: str | tuple[str, ...] | None = None
    scope: str | None = None
    redirect_uris: tuple[str, ...] | None = None
    access_token_lifetime: Seconds | None = None
    refresh_token_lifetime: Seconds | None = None
    authorization_code_lifetime: Seconds | None = None
    access_token_format: AccessTokenFormat | None = None
    refresh_policy: RefreshPolicy | None = None
    id_token_signed_response_alg: SigningAlgorithm | None = None
    consent: Consent | None = None

    def __repr__(self) -> str:
        return without(self, "client_secret")


class UserSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One person who can log in. `claims` go into the ID token and userinfo; `sub` there replaces the username."""

    username: str
    password: str | None = None
    claims: dict[str, typing.Any] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        return without(self, "password")


class IssuerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one issuer decides. Lifetimes are seconds."""

    access_token_lifetime: Seconds = 3600
    refresh_token_lifetime: Seconds = 30 * 24 * 3600
    authorization_code_lifetime: Seconds = 600
    id_token_lifetime: Seconds = 3600
    access_token_format: AccessTokenFormat = "jwt"
    audience: str | None = None
    """`aud` of JWT access tokens; None: the issuer's API URL."""
    refresh_policy: RefreshPolicy = "rotate"
    id_token_signed_response_alg: SigningAlgorithm = "RS256"
    scopes_supported: tuple[str, ...] | None = None
    """Scopes this issuer knows; None: every scope."""
    require_pkce: bool = False
    consent: Consent = "page"
    """`page`: a person (or `approve`) decides; `auto`: /authorize approves at once."""
    profile: str = "rfc6749"
    clients: tuple[ClientSettings, ...] = ()
    users: tuple[UserSettings, ...] = ()


class Settings(IssuerSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole server: its default issuer's settings, further issuers, and what belongs to the process."""

    host: str = "127.0.0.1"
    port: typing.Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    https: bool = False
    allow_remote: bool = False
    """Let `host` be an address that other machines can reach."""
    issuer: str | None = None
    """The issuer URL when it is not what clients connect to (behind a proxy, in a container); None: the Host."""
    allow_hosts: tuple[str, ...] = ()
    """Host names (`name` or `name:port`) that may be asked besides loopback."""
    trust_proxy: bool = False
    """Believe `X-Forwarded-Host` and `X-Forwarded-Proto`."""
    body_limit: Positive = 1024 * 1024
    """Bytes of a request body at a protocol endpoint."""
    journal_size: Positive = 2000
    """Exchanges kept; older ones are dropped and counted."""
    issuers: dict[str, IssuerSettings] = msgspec.field(default_factory=dict)
