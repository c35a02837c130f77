"""A client as typed structs: the keys that TOML, marker, constructor and `oauthmock.client(...)` share (RFC 7591 2)."""

from __future__ import annotations

import typing

import msgspec

from .policies import AccessTokenFormat
from .policies import AccessTokenPolicy
from .policies import AssertionAudiences
from .policies import AuthorizedParty
from .policies import BasicEncoding
from .policies import BearerMethod
from .policies import BearerMethods
from .policies import BothAtOnce
from .policies import ClaimsByScope
from .policies import CodeLength
from .policies import Consent
from .policies import ExpiresInForm
from .policies import IdTokenAlgorithm
from .policies import IdTokenClaims
from .policies import MacAlgorithm
from .policies import Positive
from .policies import RateLimit
from .policies import RedirectUriPolicy
from .policies import RefreshPolicy
from .policies import RefreshPolicyName
from .policies import RefreshPolicySettings
from .policies import RefreshTokenWhen
from .policies import RequestEncoding
from .policies import RequestEncodings
from .policies import ResponseType
from .policies import RevocationCascade
from .policies import ScopeInResponse
from .policies import ScopePolicy
from .policies import ScopeSeparator
from .policies import Seconds
from .policies import SigningAlgorithm
from .policies import SubjectType
from .redaction import without

__all__ = ["ClientKeywords", "ClientSettings"]


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
    tls_client_auth_subject_dn: str | None = None
    """Whose certificate is its own, for `tls_client_auth`: the subject as RFC 4514 writes it (RFC 8705 2.1.2)."""
    tls_client_auth_san_dns: str | None = None
    """Instead of the subject: a DNS name in the certificate's `subjectAltName`."""
    tls_client_auth_san_uri: str | None = None
    """Instead of the subject: a URI in the certificate's `subjectAltName`."""
    tls_client_auth_san_ip: str | None = None
    """Instead of the subject: an IP address in the certificate's `subjectAltName`."""
    tls_client_auth_san_email: str | None = None
    """Instead of the subject: an email address in the certificate's `subjectAltName`."""
    request_object_signing_alg: str | None = None
    """Algorithm of its request objects (RFC 9101 10.5); left out, any that fits its keys. `none`: unsigned."""
    authorization_details_types: tuple[str, ...] | None = None
    """Types that its `authorization_details` may have (RFC 9396 10); left out, any that the issuer has."""
    client_secret_expires_at: Seconds | None = None
    """When its secrets expire: seconds since the epoch, UTC; 0 or left out, never."""
    disabled: bool = False
    """Refused wherever it shows itself, as if an administrator had switched it off."""
    response_types: tuple[ResponseType, ...] | None = None
    """What it may ask the authorization endpoint for; left out, all of the issuer's `response_types_supported`."""
    redirect_uris: tuple[str, ...] | None = None
    """Where it may be called back (`redirect_uri_policy`); left out, any `http` or `https` URI on loopback."""
    sector_identifier_uri: str | None = None
    """Its host is the sector of `subject_type = "pairwise"`, and it is not fetched; left out, the redirect URIs'."""
    post_logout_redirect_uris: tuple[str, ...] | None = None
    """Where people may be sent who have logged out, exactly; left out, any `http` or `https` URI on loopback."""

    access_token_lifetime: Seconds | None = None
    refresh_token_lifetime: Seconds | None = None
    authorization_code_lifetime: Seconds | None = None
    id_token_lifetime: Seconds | None = None
    device_code_lifetime: Positive | None = None
    device_code_interval: Seconds | None = None
    backchannel_lifetime: Positive | None = None
    backchannel_interval: Seconds | None = None
    access_token_policy: AccessTokenPolicy | None = None
    access_token_format: AccessTokenFormat | None = None
    refresh_policy: RefreshPolicy | None = None
    refresh_token_limit: Positive | None = None
    id_token_signed_response_alg: IdTokenAlgorithm | None = None
    id_token_claims: IdTokenClaims | None = None
    id_token_audience: tuple[str, ...] | None = None
    id_token_azp: AuthorizedParty | None = None
    userinfo_signed_response_alg: SigningAlgorithm | MacAlgorithm | None = None
    authorization_signed_response_alg: SigningAlgorithm | MacAlgorithm | None = None
    subject_type: SubjectType | None = None
    claims_by_scope: ClaimsByScope | None = None
    introspection_signed_response_alg: SigningAlgorithm | None = None
    revocation_cascade: RevocationCascade | None = None
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
    dpop_bound_access_tokens: bool | None = None
    dpop_nonce: bool | None = None
    dpop_nonce_lifetime: Positive | None = None
    dpop_proof_lifetime: Positive | None = None
    require_signed_request_object: bool | None = None
    require_pushed_authorization_requests: bool | None = None
    pushed_authorization_request_lifetime: Positive | None = None
    tls_client_certificate_bound_access_tokens: bool | None = None

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
    tls_client_auth_subject_dn: str | None
    tls_client_auth_san_dns: str | None
    tls_client_auth_san_uri: str | None
    tls_client_auth_san_ip: str | None
    tls_client_auth_san_email: str | None
    request_object_signing_alg: str | None
    authorization_details_types: typing.Sequence[str] | None
    client_secret_expires_at: int | None
    disabled: bool
    response_types: typing.Sequence[ResponseType] | None
    redirect_uris: typing.Sequence[str] | None
    sector_identifier_uri: str | None
    post_logout_redirect_uris: typing.Sequence[str] | None

    access_token_lifetime: int | None
    refresh_token_lifetime: int | None
    authorization_code_lifetime: int | None
    id_token_lifetime: int | None
    device_code_lifetime: int | None
    device_code_interval: int | None
    backchannel_lifetime: int | None
    backchannel_interval: int | None
    access_token_policy: AccessTokenPolicy | None
    access_token_format: AccessTokenFormat | None
    refresh_policy: RefreshPolicyName | RefreshPolicySettings | typing.Mapping[str, typing.Any] | None
    refresh_token_limit: int | None
    id_token_signed_response_alg: IdTokenAlgorithm | None
    id_token_claims: IdTokenClaims | None
    id_token_audience: typing.Sequence[str] | None
    id_token_azp: AuthorizedParty | None
    userinfo_signed_response_alg: SigningAlgorithm | MacAlgorithm | None
    authorization_signed_response_alg: SigningAlgorithm | MacAlgorithm | None
    subject_type: SubjectType | None
    claims_by_scope: ClaimsByScope | None
    introspection_signed_response_alg: SigningAlgorithm | None
    revocation_cascade: RevocationCascade | None
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
    dpop_bound_access_tokens: bool | None
    dpop_nonce: bool | None
    dpop_nonce_lifetime: int | None
    dpop_proof_lifetime: int | None
    require_signed_request_object: bool | None
    require_pushed_authorization_requests: bool | None
    pushed_authorization_request_lifetime: int | None
    tls_client_certificate_bound_access_tokens: bool | None
