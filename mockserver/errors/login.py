"""What the authorization endpoint refuses because of the login, or for a test (OpenID Connect Core 3.1.2.6)."""

from __future__ import annotations

from .protocol import OAuthError

__all__ = [
    "ConsentRequired",
    "LoginRequired",
    "Refused",
    "RequestNotSupported",
    "RequestUriNotSupported",
    "UnmetAuthenticationRequirements",
]


class LoginRequired(OAuthError):
    """OpenID Connect Core 3.1.2.6: `prompt=none` was asked for, and a page would have to be shown."""

    error = "login_required"


class ConsentRequired(OAuthError):
    """OpenID Connect Core 3.1.2.6: `prompt=none` was asked for, and the person has not consented to that much yet."""

    error = "consent_required"


class UnmetAuthenticationRequirements(OAuthError):
    """OpenID Connect Core Error Code unmet_authentication_requirements 2: no login here is of that class."""

    error = "unmet_authentication_requirements"


class RequestNotSupported(OAuthError):
    """OpenID Connect Core 3.1.2.6: request objects are not supported."""

    error = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    """OpenID Connect Core 3.1.2.6: request objects by reference are not supported."""

    error = "request_uri_not_supported"


class Refused(OAuthError):
    """RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6: whatever code a test wants to travel to the client."""

    def __init__(self, error: str, description: str, *, hint: str) -> None:
        super().__init__(description, hint=hint)
        self.code = error

    def body(self) -> dict[str, str]:
        return {**super().body(), "error": self.code}
