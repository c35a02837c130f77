"""What can be wrong with a request: errors that travel on the wire, in the words of the protocol."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

__all__ = [
    "AccessDenied",
    "AuthorizationPending",
    "ExpiredLoginHintToken",
    "ExpiredToken",
    "Inaccessible",
    "InsufficientScope",
    "InvalidBindingMessage",
    "InvalidClient",
    "InvalidClientMetadata",
    "InvalidGrant",
    "InvalidRedirectUri",
    "InvalidRequest",
    "InvalidRequestUri",
    "InvalidScope",
    "InvalidSoftwareStatement",
    "InvalidTarget",
    "InvalidToken",
    "MissingToken",
    "OAuthError",
    "Redirection",
    "ResourceError",
    "ServerError",
    "SlowDown",
    "TooManyRequests",
    "UnapprovedSoftwareStatement",
    "UnauthorizedClient",
    "UnknownUserId",
    "UnsupportedGrantType",
    "UnsupportedResponseType",
    "UnsupportedTokenType",
]


class Redirection(msgspec.Struct, frozen=True):
    """Where an authorization error may be sent: a redirect URI that was checked, and the state to hand back."""

    uri: str
    state: str | None
    names: cabc.Mapping[str, str] = {}
    """The RFC's parameters of a callback -> what they are called there."""
    mode: str = "query"
    """`query`, `fragment` (OAuth 2.0 Multiple Response Types 2.1) or `form_post` (Form Post Response Mode 2)."""
    secured: cabc.Callable[[tuple[tuple[str, str], ...]], tuple[tuple[str, str], ...]] | None = None
    """What becomes of the parameters: one parameter, a signed JWT (JARM 2.1); None: they stay as they are."""
    issuer: str | None = None
    """Who answers, where the answer says so (RFC 9207 2)."""

    def named(self, parameters: cabc.Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """The same parameters by the names that the client expects."""
        return tuple((self.names.get(name, name), value) for name, value in parameters)


class OAuthError(Exception):
    """
    A refusal in the words of the protocol, raised anywhere in the pass and caught in one place (`app`).

    `error` and `description` go to the wire; `hint` goes to the tester (journal, report, a page in a browser), never to
    the client. `redirection` is set
    once client and redirect URI are known to be good, so that a browser may be sent back (RFC 6749 4.1.2.1).
    """

    error: typing.ClassVar[str] = "invalid_request"
    status: int = 400

    def __init__(
        self,
        description: str = "",
        *,
        hint: str = "",
        status: int | None = None,
        scheme: str | None = None,
        allow: str | None = None,
    ) -> None:
        super().__init__(description or self.error)
        self.description = description
        self.hint = hint or description
        self.scheme = scheme
        self.allow = allow
        self.attributes: dict[str, str] = {}
        """What a challenge has besides: `algs` of proofs (RFC 9449 7.1), what a login must be like (RFC 9470 3)."""
        self.redirection: Redirection | None = None
        if status is not None:
            self.status = status

    def __str__(self) -> str:
        """For the tester, to whom a verb raises it."""
        return self.hint or self.error

    def body(self) -> dict[str, str]:
        """The members of an error answer (RFC 6749 5.2)."""
        members = {"error": self.error}
        if self.description:
            members["error_description"] = self.description
        return members

    def headers(self) -> list[tuple[str, str]]:
        """What the status demands beside the body: `Allow` with 405, the challenge with 401 (RFC 9110 15.5)."""
        return [("Allow", self.allow)] if self.allow else []


class InvalidRequestUri(OAuthError):
    """RFC 9101 6.2.3: the request_uri is unknown, used, expired, another client's or not of this server."""

    error = "invalid_request_uri"


class InvalidRequest(OAuthError):
    """RFC 6749 4.1.2.1, 5.2: missing, repeated or malformed."""

    error = "invalid_request"


class InvalidClient(OAuthError):
    """
    RFC 6749 5.2: client authentication failed.

    `scheme` is set when the client tried the Authorization header: only then must the answer carry a challenge.
    """

    error = "invalid_client"
    status = 401

    def headers(self) -> list[tuple[str, str]]:
        challenge = [("WWW-Authenticate", f'{self.scheme} realm="token endpoint"')] if self.scheme else []
        return [*super().headers(), *challenge]


class InvalidGrant(OAuthError):
    """RFC 6749 5.2: the code, refresh token or password is wrong, used, expired or another client's."""

    error = "invalid_grant"


class UnauthorizedClient(OAuthError):
    """RFC 6749 4.1.2.1, 5.2: this client may not use this grant or response type."""

    error = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    """RFC 6749 5.2: the server does not have this grant."""

    error = "unsupported_grant_type"


class InvalidScope(OAuthError):
    """RFC 6749 4.1.2.1, 5.2: the scope is unknown, malformed or wider than what was granted."""

    error = "invalid_scope"


class InvalidTarget(OAuthError):
    """RFC 8707 2: the resource is no absolute URI, unknown, or not among those that were authorized."""

    error = "invalid_target"


class InvalidRedirectUri(OAuthError):
    """RFC 7591 3.2.2: a redirect URI of a client that registers itself cannot be one."""

    error = "invalid_redirect_uri"


class InvalidClientMetadata(OAuthError):
    """RFC 7591 3.2.2: what a client registers itself with cannot be, or contradicts itself."""

    error = "invalid_client_metadata"


class InvalidSoftwareStatement(OAuthError):
    """RFC 7591 3.2.2: the software statement is no signed JWT of whom it names."""

    error = "invalid_software_statement"


class UnapprovedSoftwareStatement(OAuthError):
    """RFC 7591 3.2.2: nobody is trusted to vouch for clients."""

    error = "unapproved_software_statement"


class AccessDenied(OAuthError):
    """RFC 6749 4.1.2.1: the person said no."""

    error = "access_denied"
    status = 403


class UnsupportedResponseType(OAuthError):
    """RFC 6749 4.1.2.1: this server answers the authorization request with a code only."""

    error = "unsupported_response_type"


class AuthorizationPending(OAuthError):
    """RFC 8628 3.5: the person has not decided yet; the client asks again."""

    error = "authorization_pending"


class SlowDown(OAuthError):
    """RFC 8628 3.5: as `authorization_pending`, and from now on the client waits five seconds longer."""

    error = "slow_down"


class ExpiredToken(OAuthError):
    """RFC 8628 3.5: the device code has expired, and the client has to begin anew."""

    error = "expired_token"


class UnknownUserId(OAuthError):
    """OpenID Connect CIBA 13: the hint means nobody."""

    error = "unknown_user_id"


class ExpiredLoginHintToken(OAuthError):
    """OpenID Connect CIBA 13: the `login_hint_token` has expired."""

    error = "expired_login_hint_token"


class InvalidBindingMessage(OAuthError):
    """OpenID Connect CIBA 13: the `binding_message` cannot be shown."""

    error = "invalid_binding_message"


class UnsupportedTokenType(OAuthError):
    """RFC 7009 2.2.1: tokens of this kind are not revoked here."""

    error = "unsupported_token_type"


class ServerError(OAuthError):
    """RFC 6749 4.1.2.1: the mock itself broke; the traceback fails the test that caused it."""

    error = "server_error"
    status = 500


class TooManyRequests(OAuthError):
    """
    RFC 6585 4: too many requests in a time; `retry_after` is seconds (RFC 9110 10.2.3).

    RFC 6749 5.2 has no code for it; that of 4.1.2.1 for a server which is busy for now fits best.
    """

    error = "temporarily_unavailable"
    status = 429

    def __init__(self, description: str, *, hint: str, retry_after: int) -> None:
        super().__init__(description, hint=hint)
        self.retry_after = retry_after

    def headers(self) -> list[tuple[str, str]]:
        return [*super().headers(), ("Retry-After", str(self.retry_after))]


class Inaccessible(OAuthError):
    """Nothing is served there (404), not with this method (405) or not under this host name (421; RFC 9110 15.5)."""

    status = 404


class ResourceError(OAuthError):
    """
    RFC 6750 3: a refusal of the protected resource; `scope` is what the path needs.

    `resource_metadata` is set where the resource has metadata, to their URL (RFC 9728 5.1).
    """

    resource_metadata: str | None = None

    def __init__(self, description: str = "", *, hint: str = "", scope: str | None = None) -> None:
        super().__init__(description, hint=hint)
        self.scope = scope


class InvalidToken(ResourceError):
    """RFC 6750 3.1: the access token is expired, revoked, malformed or unknown."""

    error = "invalid_token"
    status = 401


class InsufficientScope(ResourceError):
    """RFC 6750 3.1: the token is good but may not do this."""

    error = "insufficient_scope"
    status = 403


class MissingToken(ResourceError):
    """RFC 6750 3.1: a request without credentials is challenged without an error code."""

    status = 401

    def body(self) -> dict[str, str]:
        return {}
