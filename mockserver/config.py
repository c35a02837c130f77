"""Configuration as typed structs: the one set of keys that TOML, marker, environment and constructor share."""

from __future__ import annotations

import typing

import msgspec

from .client_settings import ClientSettings
from .policies import Account
from .policies import ClientCertificates
from .policies import CodeChallengeMethod
from .policies import Introspection
from .policies import Policies
from .policies import Positive
from .policies import RegistrationPolicy
from .policies import ResponseMode
from .policies import ResponseType
from .policies import Revocation
from .policies import ServerCertificate
from .policies import SigningAlgorithm
from .policies import TokenMethod
from .quirks import Names
from .quirks import Profile
from .redaction import without

__all__ = [
    "IssuerSettings",
    "ParameterRules",
    "Profile",
    "Rules",
    "Settings",
    "TrustedIssuer",
    "UserSettings",
]


class UserSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One person who can log in. `claims` go into the ID token and userinfo."""

    username: str
    """The name to log in with."""
    password: str | None = None
    """For the password grant; left out, a random one. The login page asks for none."""
    account: Account = "active"
    """`locked` and `disabled` people are refused; `second_factor`: one more page, and no password grant."""
    claims: dict[str, typing.Any] = msgspec.field(default_factory=dict)
    """Claims of the ID token and of userinfo; `sub` replaces the username."""

    def __repr__(self) -> str:
        return without(self, "password")


class TrustedIssuer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody whose assertions about people are believed (RFC 7521 3)."""

    jwks: dict[str, typing.Any] | None = None
    """Public keys of its JWTs (RFC 7517 5)."""
    certificate: str | None = None
    """The certificate of its SAML assertions, PEM."""


class ParameterRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Parameters that are demanded beyond the RFCs'. A name may begin with its place, `query:`, `body:` or `header:`.

    Without one it is where the endpoint has its parameters: the query at `authorize`, the body at the token endpoint.
    """

    required: tuple[str, ...] = ()
    """Those without which a request is refused."""
    allowed: tuple[str, ...] | None = None
    """Those that may be sent besides the RFCs', the required and the fixed ones; none: any, which are ignored."""
    fixed: Names = {}
    """Those that must have exactly this value."""
    status: typing.Annotated[int, msgspec.Meta(ge=400, le=499)] = 400
    """Status of the refusal of a request that lacks one of them; at `authorize` the browser is sent back instead."""


class Rules(Policies, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules of an issuer that a profile may have otherwise: the policies, and what is the same for every client."""

    audience: str | None = None
    """`aud` of access tokens for which neither `resource` nor `audience` was asked; None: the issuer's API URL."""
    scopes_supported: tuple[str, ...] | None = None
    """Scopes this issuer knows; None: every scope."""
    require_pkce: bool = False
    """Refuse authorization requests without `code_challenge`."""
    code_challenge_methods_supported: tuple[CodeChallengeMethod, ...] = ("S256", "plain")
    """Methods of PKCE (RFC 7636 4.2); where there are none, `code_challenge` means nothing."""
    authorization_details_types_supported: tuple[str, ...] | None = None
    """Types that `authorization_details` may have (RFC 9396 10); none: any. Where there is none, it means nothing."""
    authorization_response_iss_parameter_supported: bool = False
    """Say in every callback, by `iss`, whose answer it is (RFC 9207)."""
    request_parameter_supported: bool = True
    """Take authorization requests as a JWT that the client signed, in `request` (RFC 9101)."""
    pushed_authorization_requests: bool = True
    """Take authorization requests at `/par` before the browser is sent (RFC 9126)."""
    dpop_signing_alg_values_supported: tuple[SigningAlgorithm, ...] = (
        *("ES256", "ES384", "ES512", "EdDSA"),
        *("PS256", "PS384", "PS512", "RS256", "RS384", "RS512"),
    )
    """What DPoP proofs may be signed with (RFC 9449 5.1); where there is nothing, DPoP means nothing."""
    offline_scopes: tuple[str, ...] = ("offline_access",)
    """Scopes of which one brings a refresh token, for `refresh_token_when`."""
    token_endpoint_methods: typing.Annotated[tuple[TokenMethod, ...], msgspec.Meta(min_length=1)] = ("POST",)
    """HTTP methods of the token endpoint (RFC 6749 3.2: POST)."""
    token_endpoint_auth_methods_supported: tuple[str, ...] | None = None
    """How clients may authenticate that say nothing of it; none: the secret in the header or in the body."""
    grant_types_supported: tuple[str, ...] | None = None
    """Grants of clients that say nothing of them; none: all."""
    protected_resource_metadata: bool = False
    """Serve metadata of what is protected, and name them in challenges (RFC 9728), as MCP servers do."""
    registration: RegistrationPolicy = "open"
    """Whether clients may register themselves (RFC 7591): anybody, with an initial access token, or nobody."""
    initial_access_tokens: tuple[str, ...] = ()
    """What `registration = "initial_access_token"` asks for; `oauthmock.initial_access_token()` makes others."""
    registered_secret_lifetime: Positive | None = None
    """Seconds for which the secret of a client that registers itself is good; None: for ever."""
    software_statement_jwks: dict[str, typing.Any] | None = None
    """Public keys of whoever vouches for clients that register themselves (RFC 7591 2.3); None: nobody does."""
    backchannel_authentication: bool = True
    """Whether clients can ask people who are not at their screen (OpenID Connect CIBA, poll mode)."""
    device_authorization: bool = True
    """Whether devices without a browser can ask for codes (RFC 8628)."""
    introspection: Introspection = "any"
    """Which tokens a client may introspect: `any`, or its `own`, others being inactive; `off`: no endpoint."""
    revocation: Revocation = "any"
    """Which tokens can be revoked: `any`, or only a `refresh_token`; `off`: no endpoint."""
    response_types_supported: typing.Annotated[tuple[ResponseType, ...], msgspec.Meta(min_length=1)] = (
        *("code", "id_token", "code id_token"),
    )
    """What the authorization endpoint gives; `token` and its like, which RFC 9700 2.1.2 warns of, must be named."""
    response_modes_supported: typing.Annotated[tuple[ResponseMode, ...], msgspec.Meta(min_length=1)] = (
        *("query", "fragment", "form_post"),
    )
    """How a browser may be sent back; those with `jwt` in a signed JWT (JARM)."""
    claims_parameter_supported: bool = True
    """Whether `claims` asks for claims one by one (OIDC Core 5.5); otherwise it means nothing."""
    acr_values_supported: tuple[str, ...] | None = None
    """Authentication context classes of logins, the weakest first; None: whichever is asked for."""
    end_session: bool = True
    """Whether clients can have people log out (OpenID Connect RP-Initiated Logout)."""
    single_sign_on: bool = False
    """Let in whoever is logged in and has consented without showing a page, as `prompt=none` does at any time."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose scripts may ask the token, revocation, userinfo, key and discovery endpoints; `*`: any (CORS)."""
    trusted_issuers: dict[str, TrustedIssuer] = {}
    """Issuers of assertions (`iss`) and of tokens that may be exchanged, and their keys; clients may use their own."""
    parameters: dict[str, ParameterRules] = {}
    """Rules for parameters, by `authorize`, `token` (every grant), the name of a grant, or `api`."""


class IssuerSettings(Rules, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one issuer decides, and how it says it."""

    profile: str = "rfc6749"
    """The provider's way of saying things: by name, or the path of a TOML file."""
    variables: Names = {}
    """What the profile's variables stand for: `{ tenant = "contoso" }`; `version` chooses one of its versions."""
    paths: Names = {}
    """Endpoint -> path below the issuer, for those that are elsewhere; `refresh` makes one for refreshing alone."""
    parameter_names: dict[str, Names] = {}
    """By `authorize`, `token` or `refresh` (which has those of `token` too): request parameter -> the RFC's name."""
    grant_type_names: Names = {}
    """The value of `grant_type` that this provider has -> the RFC's: `client_credential` for `client_credentials`."""
    response_names: Names = {}
    """The RFC's member of a token answer -> the name it goes by; `data.access_token` puts it into an object `data`."""
    callback_names: Names = {}
    """The RFC's parameter of a callback (`code`, `state`, `error`, ...) -> the name it goes by."""
    case_insensitive_parameters: bool = False
    """Take request parameters whatever their case; otherwise names are exact."""
    clients: tuple[ClientSettings, ...] = ()
    """Clients that are registered from the start."""
    users: tuple[UserSettings, ...] = ()
    """Users who are registered from the start."""
    faults: tuple[dict[str, typing.Any], ...] = ()
    """Faults that are armed from the start, and again after each reset: `fault`, `endpoint` and what they take."""


class Settings(IssuerSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole server: its default issuer's settings, further issuers, and what belongs to the process."""

    host: str = "127.0.0.1"
    """Address to bind."""
    port: typing.Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    """Port to bind; 0 takes any that is free."""
    https: bool = False
    """Serve TLS with a certificate of a throw-away CA."""
    server_certificate: ServerCertificate = "good"
    """Which certificate it shows: `good`, or one that clients must refuse: `untrusted`, `wrong_host`, `expired`."""
    client_certificates: ClientCertificates = "off"
    """Whether clients are asked for one of the throw-away CA's certificates: `off`, `optional`, `required`."""
    allow_remote: bool = False
    """Let `host` be an address that other machines can reach."""
    issuer: str | None = None
    """The issuer URL when it is not what clients connect to (behind a proxy, in a container); None: the Host."""
    allow_hosts: tuple[str, ...] = ()
    """Host names (`name` or `name:port`) besides loopback that may be asked, and reached while something is mounted."""
    trust_proxy: bool = False
    """Believe `X-Forwarded-Host` and `X-Forwarded-Proto`."""
    body_limit: Positive = 1024 * 1024
    """Bytes of a request body at a protocol endpoint."""
    journal_size: Positive = 2000
    """Exchanges kept; older ones are dropped and counted."""
    issuers: dict[str, IssuerSettings] = msgspec.field(default_factory=dict)
    """Further issuers, by first path segment; each takes over the server's own issuer settings."""
