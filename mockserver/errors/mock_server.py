"""What can be wrong with how the mock is used: errors for the person who runs it."""

from __future__ import annotations

__all__ = [
    "AlreadyRegistered",
    "ConfigurationError",
    "MockServerError",
    "NothingRecorded",
    "PortInUse",
    "ServerNotRunning",
    "UnexpectedPage",
    "UnknownLayout",
    "UnmountedHostError",
]


class MockServerError(Exception):
    """The mock was used wrongly. Never on the wire; every message ends in the remedy."""


class ConfigurationError(MockServerError):
    """A setting is unknown, of the wrong type or contradicts another; `key` names the one to change."""

    def __init__(self, message: str, *, key: str | None = None) -> None:
        super().__init__(message)
        self.key = key


class AlreadyRegistered(ConfigurationError):
    """A client or user of that name exists."""


class PortInUse(MockServerError):
    """Somebody else listens on the port that was asked for."""


class ServerNotRunning(MockServerError):
    """A URL was asked of a server that was not started, or that has been stopped."""


class UnmountedHostError(MockServerError):
    """
    While something is mounted, an HTTP client was about to connect to a host that is neither mounted nor on loopback.

    No OSError, so that no client takes it for a network that will recover, and retries.
    """


class UnknownLayout(MockServerError):
    """An HTTP client is of a version whose inside is not known, so it cannot be led to mounted hosts."""


class NothingRecorded(MockServerError):
    """`tokens.last` or `journal.last` was asked for and there is none yet."""


class UnexpectedPage(MockServerError):
    """`approve` or `deny` met an error page, or was given a URL that is not this server's."""
