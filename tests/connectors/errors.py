"""What can go wrong for a connector, as its users catch it. No message has a secret in it."""

from __future__ import annotations

__all__ = [
    "Busy",
    "CallbackRejected",
    "ConnectorError",
    "Downgraded",
    "FormError",
    "LoginFailed",
    "NeedsConsent",
    "NoToken",
    "NotAuthorized",
    "Refused",
    "TimedOut",
]


class ConnectorError(Exception):
    """Anything that a connector raises."""


class FormError(ConnectorError):
    """A field of the form cannot be so; nothing was sent."""


class TimedOut(ConnectorError):
    """Nobody answered in time: the server, or the person at the browser."""


class LoginFailed(ConnectorError):
    """The authorization server sent the person back with an error (RFC 6749 4.1.2.1)."""

    def __init__(self, error: str) -> None:
        super().__init__(f"the authorization server answered {error}")
        self.error = error


class CallbackRejected(ConnectorError):
    """The callback does not belong to this login, or is malformed."""


class Refused(ConnectorError):
    """The token endpoint said no (RFC 6749 5.2)."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(f"the token endpoint answered {status} {error}".rstrip())
        self.status = status
        self.error = error


class NeedsConsent(Refused):
    """The refresh token is no longer good: somebody has to log in again."""


class Busy(Refused):
    """Too many requests; nothing is asked before `retry_after` seconds are over (RFC 6585 4)."""

    def __init__(self, status: int, error: str, retry_after: float) -> None:
        super().__init__(status, error)
        self.retry_after = retry_after


class NoToken(ConnectorError):
    """The answer is a success and has no token where the form says that it is."""


class NotAuthorized(ConnectorError):
    """The API refused the credentials, or asks for a scheme that the connector does not have (RFC 9110 15.5.2)."""


class Downgraded(ConnectorError):
    """The API wants the request sent again without TLS."""
