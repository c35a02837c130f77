"""What an issuer decides for all its clients and a client may have otherwise."""

from __future__ import annotations

import typing

import msgspec

__all__ = [
    "AccessTokenFormat",
    "AccessTokenPolicy",
    "Account",
    "AssertionAudiences",
    "AuthorizedParty",
    "BasicEncoding",
    "BearerMethod",
    "BearerMethods",
    "BothAtOnce",
    "ClaimsByScope",
    "ClientCertificates",
    "CodeChallengeMethod",
    "CodeLength",
    "Consent",
    "ExpiresInForm",
    "IdTokenAlgorithm",
    "IdTokenClaims",
    "MacAlgorithm",
    "Policies",
    "Introspection",
    "Positive",
    "RateLimit",
    "RedirectUriPolicy",
    "RefreshPolicy",
    "RefreshPolicyName",
    "RefreshPolicySettings",
    "RefreshTokenWhen",
    "RegistrationPolicy",
    "RequestEncoding",
    "RequestEncodings",
    "Revocation",
    "RevocationCascade",
    "ResponseMode",
    "ResponseType",
    "ScopeInResponse",
    "ScopePolicy",
    "ScopeSeparator",
    "Seconds",
    "ServerCertificate",
    "SigningAlgorithm",
    "SubjectType",
    "TokenMethod",
]

AccessTokenFormat = typing.Literal["jwt", "opaque"]
AccessTokenPolicy = typing.Literal["new", "same", "one_live"]
Account = typing.Literal["active", "locked", "disabled", "second_factor"]
AuthorizedParty = typing.Literal["when_several", "always"]
BasicEncoding = typing.Literal["either", "raw", "form"]
BearerMethod = typing.Literal["header", "body", "query"]
BothAtOnce = typing.Literal["reject", "prefer_header", "prefer_body"]
ClaimsByScope = typing.Literal["when_named", "always", "never"]
ClientCertificates = typing.Literal["off", "optional", "required"]
CodeChallengeMethod = typing.Literal["S256", "plain"]
Consent = typing.Literal["page", "auto"]
ExpiresInForm = typing.Literal["number", "string", "float", "milliseconds", "negative", "null", "missing"]
MacAlgorithm = typing.Literal["HS256", "HS384", "HS512"]
IdTokenClaims = typing.Literal["all", "requested"]
Introspection = typing.Literal["any", "own", "off"]
RedirectUriPolicy = typing.Literal["exact", "prefix", "host", "template", "loopback"]
RefreshPolicyName = typing.Literal[
    "static",
    "omit",
    "fixed_life",
    "rotate",
    "rotate_grace",
    "rotate_revoke_family",
    "rotate_every",
    "prolong_same",
    "by_client_type",
]
RefreshTokenWhen = typing.Literal[
    "always", "offline_access", "offline_access_each_time", "access_type", "first_access_type", "never"
]
RegistrationPolicy = typing.Literal["open", "initial_access_token", "off"]
RequestEncoding = typing.Literal["form", "json", "multipart", "query"]
Revocation = typing.Literal["any", "refresh_token", "off"]
RevocationCascade = typing.Literal["token", "family", "both", "user"]
ResponseMode = typing.Literal["query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"]
ResponseType = typing.Literal[
    "code", "id_token", "token", "code id_token", "code token", "id_token token", "code id_token token"
]
ScopeInResponse = typing.Literal["always", "when_different", "never"]
ScopePolicy = typing.Literal["reject", "drop", "default"]
ScopeSeparator = typing.Literal[" ", ",", ";", "|"]
ServerCertificate = typing.Literal["good", "untrusted", "wrong_host", "expired"]
SigningAlgorithm = typing.Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]
# Also by the client's secret, or not at all
IdTokenAlgorithm = typing.Literal[SigningAlgorithm, MacAlgorithm, "none"]
SubjectType = typing.Literal["public", "pairwise"]
TokenMethod = typing.Literal["GET", "POST"]

# 2**53: the largest integer that every JSON parser reads exactly (RFC 8259 6)
Seconds = typing.Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Positive = typing.Annotated[int, msgspec.Meta(ge=1, le=2**53)]
CodeLength = typing.Annotated[int, msgspec.Meta(ge=64, le=16384)]
AssertionAudiences = typing.Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
RequestEncodings = typing.Annotated[tuple[RequestEncoding, ...], msgspec.Meta(min_length=1)]
BearerMethods = typing.Annotated[tuple[BearerMethod, ...], msgspec.Meta(min_length=1)]


class RateLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many requests within so many seconds of the server's clock."""

    requests: typing.Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    seconds: typing.Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class RefreshPolicySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of a refresh token that is used, where a name does not say all of it."""

    policy: RefreshPolicyName
    seconds: Positive | None = None
    """`rotate_grace`: how long a used token stays good, by default 30. `rotate_every`: the age at which a use
    replaces it, by default a day."""
    uses: Positive | None = None
    """`rotate_grace`: how often it may come again in that time, by default once."""
    public: RefreshPolicyName | None = None
    """`by_client_type`: the policy for clients without a secret, by default `rotate`."""
    confidential: RefreshPolicyName | None = None
    """`by_client_type`: the policy for the others, by default `static`."""


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
    device_code_lifetime: Positive = 1800
    """Seconds within which a person has to enter the code of a device (RFC 8628 3.2)."""
    device_code_interval: Seconds = 5
    """Seconds that a device has to wait between two token requests (RFC 8628 3.2)."""
    backchannel_lifetime: Positive = 120
    """Seconds within which a person who is asked over the backchannel has to decide (CIBA 7.3)."""
    backchannel_interval: Seconds = 5
    """Seconds that a client has to wait there between two token requests (CIBA 7.3)."""
    access_token_policy: AccessTokenPolicy = "new"
    """`new`: a token for each request; `same`: the same one until it expires; `one_live`: a new one ends the others."""
    access_token_format: AccessTokenFormat = "jwt"
    """`jwt`: RFC 9068, signed with ES256; `opaque`: random, begins with `oam_at_`."""
    refresh_policy: RefreshPolicy = "rotate"
    """What becomes of a refresh token that is used: it is kept, replaced at each use or at times; see the how-to."""
    refresh_token_limit: Positive | None = None
    """So many refresh tokens a client may have for a person; one more ends the oldest; none: any number."""
    id_token_signed_response_alg: IdTokenAlgorithm = "RS256"
    """Algorithm of ID tokens; `HS256` and its like sign with the client's secret, `none` is for a client alone."""
    id_token_claims: IdTokenClaims = "all"
    """Claims of an ID token: `all` that userinfo has, or only those that were `requested` (OIDC Core 5.4, 5.5)."""
    id_token_audience: tuple[str, ...] = ()
    """Further audiences of ID tokens, beside the client."""
    id_token_azp: AuthorizedParty = "when_several"
    """When an ID token has `azp`: where it has several audiences (OIDC Core 2), or always."""
    userinfo_signed_response_alg: SigningAlgorithm | MacAlgorithm | None = None
    """Algorithm of userinfo as a JWT (OIDC Core 5.3.2); None: it is JSON."""
    authorization_signed_response_alg: SigningAlgorithm | MacAlgorithm = "RS256"
    """Algorithm of authorization responses in a JWT, for `response_modes_supported` that have one (JARM 4)."""
    subject_type: SubjectType = "public"
    """`pairwise`: a client knows people by a `sub` of its own, which others of its sector share (OIDC Core 8)."""
    claims_by_scope: ClaimsByScope = "when_named"
    """Whether the scopes `profile`, `email`, `address`, `phone` govern their claims (OIDC Core 5.4); see the how-to."""
    introspection_signed_response_alg: SigningAlgorithm | None = None
    """Algorithm of introspection answers for who asks for a JWT (RFC 9701 6); None: that of ID tokens."""
    revocation_cascade: RevocationCascade = "family"
    """What else revoking ends: nothing (`token`); of a refresh token its access tokens (`family`), of either the other
    (`both`), or all that the client has of the person (`user`)."""
    basic_encoding: BasicEncoding = "either"
    """How Basic credentials are read: `form`, each half form-urlencoded first (RFC 6749 2.3.1), `raw`, or `either`."""
    both_at_once: BothAtOnce = "reject"
    """A secret in header and body at once: refused (RFC 6749 2.3), or one of them counts."""
    burn_code_on_invalid_client: bool = False
    """A token request whose client authentication fails uses up its code, so that a second attempt cannot have it."""
    request_encodings: RequestEncodings | None = None
    """How token requests may be encoded; none: `form`, and what the client's authentication methods imply."""
    client_assertion_audiences: AssertionAudiences = ("issuer", "token_endpoint")
    """`aud` of client assertions, one of: `issuer`, `token_endpoint` (the URL that was asked), or a value as it is."""
    client_assertion_lifetime: Positive = 3600
    """Seconds that the `exp` of a client assertion may be ahead, and its `iat` ago."""
    consent: Consent = "page"
    """`page`: a person (or `approve`) decides; `auto`: /authorize approves at once."""
    redirect_uri_policy: RedirectUriPolicy = "exact"
    """How `redirect_uris` are compared: whole, by beginning, by host, `{name}` for a segment, or any loopback port."""
    repeat_redirect_uri: bool = True
    """Demand at the token endpoint the `redirect_uri` of the code's request (RFC 6749 4.1.3); OAuth 2.1 does not."""
    redirect_uri_https_only: bool = False
    """Refuse redirect URIs that are not `https`; on loopback `http` is taken all the same (RFC 8252 8.3)."""
    require_state: bool = False
    """Refuse authorization requests without `state`."""
    state_min_length: Positive | None = None
    """Fewest characters of a `state`, where there is one; None: any number."""
    state_max_length: Positive | None = None
    """Most characters of a `state`; None: any number."""
    login_page_lifetime: Seconds | None = None
    """Seconds after which pressing a button of the login page only shows it again; None: never."""
    authorization_code_length: CodeLength | None = None
    """So many characters, with `+ / = %` among them; None: 50 that need no encoding."""
    refresh_token_when: RefreshTokenWhen = "always"
    """Whether a code brings a refresh token: by scope `offline_access`, by `access_type=offline`; see the how-to."""
    scope_policy: ScopePolicy = "reject"
    """What of a scope that is unknown or not allowed: `reject` it, `drop` it, or grant the `default` scope instead."""
    require_scope: bool = False
    """Refuse requests that leave `scope` out (RFC 6749 3.3); a code and a refresh token have theirs."""
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
    dpop_bound_access_tokens: bool = False
    """Refuse token requests without a DPoP proof (RFC 9449 5.2); a proof binds the tokens in any case."""
    dpop_nonce: bool = False
    """Demand a nonce of this server in DPoP proofs, and give another with each answer (RFC 9449 8, 9)."""
    dpop_nonce_lifetime: Positive = 300
    """Seconds for which such a nonce is good."""
    dpop_proof_lifetime: Positive = 60
    """Seconds that the `iat` of a DPoP proof may be ago, or ahead."""
    require_signed_request_object: bool = False
    """Refuse authorization requests that are not a JWT signed by the client (RFC 9101 10.5)."""
    require_pushed_authorization_requests: bool = False
    """Refuse authorization requests that were not pushed (RFC 9126 5, 6)."""
    pushed_authorization_request_lifetime: Positive = 60
    """Seconds for which a pushed authorization request is good (`expires_in`)."""
    tls_client_certificate_bound_access_tokens: bool = False
    """Bind tokens to the client certificate of the token request, without which it is refused (RFC 8705 3)."""

    @property
    def introspection_alg(self) -> SigningAlgorithm:
        """`introspection_signed_response_alg` with its default: the one of ID tokens, where that is of a public key."""
        of_id_tokens = self.id_token_signed_response_alg
        if self.introspection_signed_response_alg is not None:
            return self.introspection_signed_response_alg
        if of_id_tokens not in typing.get_args(SigningAlgorithm):
            return "RS256"
        return typing.cast("SigningAlgorithm", of_id_tokens)

    @property
    def refresh(self) -> RefreshPolicySettings:
        """`refresh_policy` with its numbers filled in."""
        given = self.refresh_policy
        rule = given if isinstance(given, RefreshPolicySettings) else RefreshPolicySettings(policy=given)
        seconds, uses = _REFRESH_DEFAULTS.get(rule.policy, (None, None))
        return msgspec.structs.replace(rule, seconds=rule.seconds or seconds, uses=rule.uses or uses)

    def refresh_of(self, *, public: bool) -> RefreshPolicySettings:
        """The policy that holds for a client, by whether it is public."""
        rule = self.refresh
        if rule.policy != "by_client_type":
            return rule
        name = (rule.public or "rotate") if public else (rule.confidential or "static")
        return Policies(refresh_policy=name).refresh


# Seconds and uses of the policies that have them
_REFRESH_DEFAULTS: dict[str, tuple[int | None, int | None]] = {
    "rotate_grace": (30, 1),
    "rotate_every": (24 * 3600, None),
}
