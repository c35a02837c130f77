"""Configuration as typed structs: the one set of keys that TOML, marker, environment and constructor share."""

from __future__ import annotations

import typing

import msgspec

from .redaction import without

__all__ = [
    "AccessTokenFormat",
    "AccessTokenPolicy",
    "BasicEncoding",
    "BothAtOnce",
    "BearerMethod",
    "ClientKeywords",
    "ClientSettings",
    "Consent",
    "ExpiresInForm",
    "IssuerSettings",
    "ParameterRules",
    "Policies",
    "Profile",
    "RateLimit",
    "RefreshPolicy",
    "RefreshPolicyName",
    "RefreshPolicySettings",
    "ScopeInResponse",
    "ScopePolicy",
    "ScopeSeparator",
    "RequestEncoding",
    "Settings",
    "SigningAlgorithm",
    "UserSettings",
]

AccessTokenPolicy = typing.Literal["new", "same", "one_live"]
AccessTokenFormat = typing.Literal["jwt", "opaque"]
BearerMethod = typing.Literal["header", "body", "query"]
Consent = typing.Literal["page", "auto"]
ExpiresInForm = typing.Literal["number", "string", "float", "milliseconds", "negative", "null", "missing"]
RefreshPolicyName = typing.Literal[
    "static", "omit", "fixed_life", "rotate", "rotate_grace", "rotate_revoke_family", "rotate_every"
]
ScopeInResponse = typing.Literal["always", "when_different", "never"]
ScopePolicy = typing.Literal["reject", "drop", "default"]
ScopeSeparator = typing.Literal[" ", ",", ";", "|"]
SigningAlgorithm = typing.Literal["RS256", "ES256"]

# 2**53: the largest integer that every JSON parser reads exactly (RFC 8259 6)
Seconds = typing.Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Positive = typing.Annotated[int, msgspec.Meta(gt=0)]
BearerMethods = typing.Annotated[tuple[BearerMethod, ...], msgspec.Meta(min_length=1)]


class RateLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many requests within so many seconds of the server's clock."""

    requests: typing.Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    seconds: typing.Annotated[int, msgspec.Meta(ge=1, le=2**53)]


BasicEncoding = typing.Literal["either", "raw", "form"]
BothAtOnce = typing.Literal["reject", "prefer_header", "prefer_body"]
RequestEncoding = typing.Literal["form", "json", "multipart", "query"]
Names = dict[str, str]


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Where a provider serves what, and under which names; the settings of an issuer overlay the first five keys.

    What is not listed keeps its name.
    """

    name: str
    paths: Names
    """Endpoint -> path below the issuer."""
    parameter_names: dict[str, Names] = {}
    """By `authorize`, `token` or `refresh`: the provider's request parameter -> the RFC's."""
    response_names: Names = {}
    """The RFC's member of a token answer -> the provider's; a dot stands for an object inside the object."""
    callback_names: Names = {}
    """The RFC's parameter of a callback -> the provider's."""
    case_insensitive_parameters: bool = False


class RefreshPolicySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of a refresh token that is used, where a name does not say all of it."""

    policy: RefreshPolicyName
    seconds: Positive | None = None
    """`rotate_grace`: how long a used token stays good, by default 30. `rotate_every`: its age at which it is replaced,
    by default a day."""
    uses: Positive | None = None
    """`rotate_grace`: how often it may come again in that time, by default once."""


RefreshPolicy = RefreshPolicyName | RefreshPolicySettings


class Policies(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What an issuer does for all its clients, and does otherwise for a client that says so. Lifetimes are seconds.

    `ClientSettings` and `ClientKeywords` have each of these keys too; a house test compares them.
    """

    access_token_lifetime: Seconds = 3600
    """Seconds for which an access token is good (`expires_in`)."""
    refresh_token_lifetime: Seconds = 30 * 24 * 3600
    """Seconds for which a refresh token is good."""
    authorization_code_lifetime: Seconds = 600
    """Seconds within which a code is to be redeemed."""
    id_token_lifetime: Seconds = 3600
    """Seconds from `iat` to `exp` of an ID token."""
    access_token_policy: AccessTokenPolicy = "new"
    """`new`: a token for each request; `same`: the same one until it expires; `one_live`: a new one ends the others."""
    access_token_format: AccessTokenFormat = "jwt"
    """`jwt`: RFC 9068, signed with ES256; `opaque`: random, begins with `oam_at_`."""
    refresh_policy: RefreshPolicy = "rotate"
    """What becomes of a refresh token that is used: it is kept, replaced at each use or at times; see the how-to."""
    id_token_signed_response_alg: SigningAlgorithm = "RS256"
    """Algorithm of ID tokens."""
    basic_encoding: BasicEncoding = "either"
    """How Basic credentials are read: `form`, each half form-urlencoded first (RFC 6749 2.3.1), `raw`, or `either`."""
    both_at_once: BothAtOnce = "reject"
    """A secret in header and body at once: refused (RFC 6749 2.3), or one of them counts."""
    burn_code_on_invalid_client: bool = False
    """A token request whose client authentication fails uses up its code, so that a second attempt cannot have it."""
    request_encodings: tuple[RequestEncoding, ...] | None = None
    """How token requests may be encoded; none: `form`, and what the client's authentication methods imply."""
    client_assertion_audiences: tuple[str, ...] = ("issuer", "token_endpoint")
    """`aud` of client assertions, one of: `issuer`, `token_endpoint` (the URL that was asked), or a value as it is."""
    client_assertion_lifetime: Positive = 3600
    """Seconds that the `exp` of a client assertion may be ahead, and its `iat` ago."""
    consent: Consent = "page"
    """`page`: a person (or `approve`) decides; `auto`: /authorize approves at once."""
    scope_policy: ScopePolicy = "reject"
    """What of a scope that is unknown or not allowed: `reject` it, `drop` it, or grant the `default` scope instead."""
    require_scope: bool = False
    """Refuse requests that leave `scope` out (RFC 6749 3.3)."""
    default_scope: str | None = None
    """Scope of a request that leaves it out, space-separated; None: all that the client or the issuer has."""
    scope_separator: ScopeSeparator = " "
    """What stands between two scopes, in requests and in answers."""
    scope_in_response: ScopeInResponse = "always"
    """When an answer says which scope was granted; `when_different`: only where it is not what was asked."""
    bearer_methods_supported: BearerMethods = ("header",)
    """Where the protected API takes an access token: `header`, `body` (a form, not with GET), `query` (RFC 9728 2)."""
    expires_in_form: ExpiresInForm = "number"
    """How the token answer states a lifetime: right (`number`), or in one of the wrong ways that servers have."""
    token_rate_limit: RateLimit | None = None
    """`{ requests = N, seconds = S }`: a client's token requests beyond N within S seconds are answered 429."""
    audiences: tuple[str, ...] | None = None
    """What `resource` (RFC 8707) and `audience` may name; none: anything."""

    @property
    def refresh(self) -> RefreshPolicySettings:
        """`refresh_policy` with its numbers filled in."""
        given = self.refresh_policy
        rule = given if isinstance(given, RefreshPolicySettings) else RefreshPolicySettings(policy=given)
        seconds, uses = _REFRESH_DEFAULTS.get(rule.policy, (None, None))
        return RefreshPolicySettings(policy=rule.policy, seconds=rule.seconds or seconds, uses=rule.uses or uses)


# Seconds and uses of the policies that have them
_REFRESH_DEFAULTS: dict[str, tuple[int | None, int | None]] = {
    "rotate_grace": (30, 1),
    "rotate_every": (24 * 3600, None),
}


class ClientSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One client, in the words of RFC 7591. What is left out is as generous as most real servers are.

    Of the keys that an issuer has too, None takes the issuer's value.
    """

    client_id: str
    """Its identifier: printable, not empty."""
    client_secret: str | tuple[str, ...] | None = None
    """Its secret, or several that are good at once; left out, a confidential client is given a random one."""
    client_name: str | None = None
    """Its name on the consent page; left out, the `client_id`."""
    grant_types: tuple[str, ...] | None = None
    """Grants that it may use; left out, all."""
    token_endpoint_auth_method: str | tuple[str, ...] | None = None
    """One method or several; left out, the secret in the header or in the body."""
    scope: str | None = None
    """Scope that it may ask for, space-separated; left out, any."""
    jwks: dict[str, typing.Any] | None = None
    """Its public keys, for `private_key_jwt` (RFC 7517 5)."""
    jwks_uri: str | None = None
    """Where its public keys are: a URL of this server, from `oauthmock.publish_jwks`. It fetches no other."""
    token_endpoint_auth_signing_alg: str | None = None
    """Algorithm of its assertions; left out, any that fits its keys."""
    client_secret_expires_at: Seconds | None = None
    """When its secrets expire: seconds since the epoch, UTC; 0 or left out, never."""
    disabled: bool = False
    """Refused wherever it shows itself, as if an administrator had switched it off."""
    redirect_uris: tuple[str, ...] | None = None
    """Compared character by character; left out, any `http` or `https` URI on loopback."""

    access_token_lifetime: Seconds | None = None
    refresh_token_lifetime: Seconds | None = None
    authorization_code_lifetime: Seconds | None = None
    id_token_lifetime: Seconds | None = None
    access_token_policy: AccessTokenPolicy | None = None
    access_token_format: AccessTokenFormat | None = None
    refresh_policy: RefreshPolicy | None = None
    id_token_signed_response_alg: SigningAlgorithm | None = None
    basic_encoding: BasicEncoding | None = None
    both_at_once: BothAtOnce | None = None
    burn_code_on_invalid_client: bool | None = None
    request_encodings: tuple[RequestEncoding, ...] | None = None
    client_assertion_audiences: tuple[str, ...] | None = None
    client_assertion_lifetime: Positive | None = None
    consent: Consent | None = None
    scope_policy: ScopePolicy | None = None
    require_scope: bool | None = None
    default_scope: str | None = None
    scope_separator: ScopeSeparator | None = None
    scope_in_response: ScopeInResponse | None = None
    bearer_methods_supported: BearerMethods | None = None
    expires_in_form: ExpiresInForm | None = None
    token_rate_limit: RateLimit | None = None
    audiences: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return without(self, "client_secret")


class ClientKeywords(typing.TypedDict, total=False):
    """The keywords of `oauthmock.client(...)`: the keys of `ClientSettings` besides `client_id`."""

    client_secret: str | typing.Sequence[str] | None
    client_name: str | None
    grant_types: typing.Sequence[str] | None
    token_endpoint_auth_method: str | typing.Sequence[str] | None
    scope: str | None
    jwks: typing.Mapping[str, typing.Any] | None
    jwks_uri: str | None
    token_endpoint_auth_signing_alg: str | None
    client_secret_expires_at: int | None
    disabled: bool
    redirect_uris: typing.Sequence[str] | None

    access_token_lifetime: int | None
    refresh_token_lifetime: int | None
    authorization_code_lifetime: int | None
    id_token_lifetime: int | None
    access_token_policy: AccessTokenPolicy | None
    access_token_format: AccessTokenFormat | None
    refresh_policy: RefreshPolicyName | RefreshPolicySettings | typing.Mapping[str, typing.Any] | None
    id_token_signed_response_alg: SigningAlgorithm | None
    basic_encoding: BasicEncoding | None
    both_at_once: BothAtOnce | None
    burn_code_on_invalid_client: bool | None
    request_encodings: typing.Sequence[RequestEncoding] | None
    client_assertion_audiences: typing.Sequence[str] | None
    client_assertion_lifetime: int | None
    consent: Consent | None
    scope_policy: ScopePolicy | None
    require_scope: bool | None
    default_scope: str | None
    scope_separator: ScopeSeparator | None
    scope_in_response: ScopeInResponse | None
    bearer_methods_supported: typing.Sequence[BearerMethod] | None
    expires_in_form: ExpiresInForm | None
    token_rate_limit: RateLimit | typing.Mapping[str, int] | None
    audiences: typing.Sequence[str] | None


class UserSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One person who can log in. `claims` go into the ID token and userinfo."""

    username: str
    """The name to log in with."""
    password: str | None = None
    """For the password grant; left out, a random one. The login page asks for none."""
    claims: dict[str, typing.Any] = msgspec.field(default_factory=dict)
    """Claims of the ID token and of userinfo; `sub` replaces the username."""

    def __repr__(self) -> str:
        return without(self, "password")


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


class IssuerSettings(Policies, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one issuer decides: the policies, and what is the same for every client."""

    audience: str | None = None
    """`aud` of access tokens for which neither `resource` nor `audience` was asked; None: the issuer's API URL."""
    scopes_supported: tuple[str, ...] | None = None
    """Scopes this issuer knows; None: every scope."""
    require_pkce: bool = False
    """Refuse authorization requests without `code_challenge`."""
    profile: str = "rfc6749"
    """The provider's way of saying things, by name."""
    parameters: dict[str, ParameterRules] = {}
    """Rules for parameters, by `authorize`, `token` (every grant) or the name of a grant."""
    paths: Names = {}
    """Endpoint -> path below the issuer, for those that are elsewhere; `refresh` makes one for refreshing alone."""
    parameter_names: dict[str, Names] = {}
    """By `authorize`, `token` or `refresh` (which has those of `token` too): request parameter -> the RFC's name."""
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


class Settings(IssuerSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole server: its default issuer's settings, further issuers, and what belongs to the process."""

    host: str = "127.0.0.1"
    """Address to bind."""
    port: typing.Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    """Port to bind; 0 takes any that is free."""
    https: bool = False
    """Serve TLS with a certificate of a throw-away CA."""
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
    """Further issuers, by first path segment; each takes over the server's own issuer settings."""
