"""Configuration as typed structs: the one set of keys that TOML, marker, environment and constructor share."""

from __future__ import annotations

import typing

import msgspec

from .policies import AccessTokenFormat
from .policies import AccessTokenPolicy
from .policies import Account
from .policies import AssertionAudiences
from .policies import BasicEncoding
from .policies import BearerMethod
from .policies import BearerMethods
from .policies import BothAtOnce
from .policies import ClientCertificates
from .policies import CodeChallengeMethod
from .policies import CodeLength
from .policies import Consent
from .policies import ExpiresInForm
from .policies import Policies
from .policies import Positive
from .policies import RateLimit
from .policies import RedirectUriPolicy
from .policies import RefreshPolicy
from .policies import RefreshPolicyName
from .policies import RefreshPolicySettings
from .policies import RefreshTokenWhen
from .policies import RequestEncoding
from .policies import RequestEncodings
from .policies import ScopeInResponse
from .policies import ScopePolicy
from .policies import ScopeSeparator
from .policies import Seconds
from .policies import ServerCertificate
from .policies import SigningAlgorithm
from .policies import TokenMethod
from .quirks import Names
from .quirks import Profile
from .redaction import without

__all__ = [
    "ClientKeywords",
    "ClientSettings",
    "IssuerSettings",
    "ParameterRules",
    "Profile",
    "Rules",
    "Settings",
    "UserSettings",
]


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
    """Where it may be called back (`redirect_uri_policy`); left out, any `http` or `https` URI on loopback."""

    access_token_lifetime: Seconds | None = None
    refresh_token_lifetime: Seconds | None = None
    authorization_code_lifetime: Seconds | None = None
    id_token_lifetime: Seconds | None = None
    access_token_policy: AccessTokenPolicy | None = None
    access_token_format: AccessTokenFormat | None = None
    refresh_policy: RefreshPolicy | None = None
    refresh_token_limit: Positive | None = None
    id_token_signed_response_alg: SigningAlgorithm | None = None
    basic_encoding: BasicEncoding | None = None
    both_at_once: BothAtOnce | None = None
    burn_code_on_invalid_client: bool | None = None
    request_encodings: RequestEncodings | None = None
    client_assertion_audiences: AssertionAudiences | None = None
    client_assertion_lifetime: Positive | None = None
    consent: Consent | None = None
    redirect_uri_policy: RedirectUriPolicy | None = None
    repeat_redirect_uri: bool | None = None
    redirect_uri_https_only: bool | None = None
    require_state: bool | None = None
    state_min_length: Positive | None = None
    state_max_length: Positive | None = None
    login_page_lifetime: Seconds | None = None
    authorization_code_length: CodeLength | None = None
    refresh_token_when: RefreshTokenWhen | None = None
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
    refresh_token_limit: int | None
    id_token_signed_response_alg: SigningAlgorithm | None
    basic_encoding: BasicEncoding | None
    both_at_once: BothAtOnce | None
    burn_code_on_invalid_client: bool | None
    request_encodings: typing.Sequence[RequestEncoding] | None
    client_assertion_audiences: typing.Sequence[str] | None
    client_assertion_lifetime: int | None
    consent: Consent | None
    redirect_uri_policy: RedirectUriPolicy | None
    repeat_redirect_uri: bool | None
    redirect_uri_https_only: bool | None
    require_state: bool | None
    state_min_length: int | None
    state_max_length: int | None
    login_page_lifetime: int | None
    authorization_code_length: int | None
    refresh_token_when: RefreshTokenWhen | None
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
    account: Account = "active"
    """`locked` and `disabled` people are refused; `second_factor`: one more page, and no password grant."""
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
    offline_scopes: tuple[str, ...] = ("offline_access",)
    """Scopes of which one brings a refresh token, for `refresh_token_when`."""
    token_endpoint_methods: typing.Annotated[tuple[TokenMethod, ...], msgspec.Meta(min_length=1)] = ("POST",)
    """HTTP methods of the token endpoint (RFC 6749 3.2: POST)."""
    token_endpoint_auth_methods_supported: tuple[str, ...] | None = None
    """How clients may authenticate that say nothing of it; none: the secret in the header or in the body."""
    grant_types_supported: tuple[str, ...] | None = None
    """Grants of clients that say nothing of them; none: all."""
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
