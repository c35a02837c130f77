"""What belongs to an access key id."""

from __future__ import annotations

import datetime as dt

import msgspec

from ..errors import ConfigurationError
from ..redaction import without

__all__ = ["AccessKey"]


class _Secret(msgspec.Struct, frozen=True):
    secret: str


class AccessKey(_Secret, frozen=True, kw_only=True):
    """
    What belongs to an access key id: the secret, and for a session its token and end.

    `expires` is judged by the server's clock: seconds since the epoch, or a datetime with a time zone.
    """

    session_token: str | None = None
    expires: float | dt.datetime | None = None
    active: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.expires, dt.datetime) and self.expires.tzinfo is None:
            raise ConfigurationError("AccessKey(expires=...): the datetime has no time zone; write datetime.UTC")

    def __repr__(self) -> str:
        return without(self, "secret", "session_token")

    @property
    def ends_at(self) -> float | None:
        """Seconds since the epoch, UTC."""
        return self.expires.timestamp() if isinstance(self.expires, dt.datetime) else self.expires
