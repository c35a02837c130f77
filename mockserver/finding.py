"""What a client did that an RFC forbids, or that a real server would not forgive: one finding at one exchange."""

from __future__ import annotations

import typing

import msgspec

__all__ = ["SEVERITIES", "Finding", "Severity"]

Severity = typing.Literal["note", "warning", "error"]

SEVERITIES: tuple[Severity, ...] = typing.get_args(Severity)
"""The least first."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """
    One thing that the client did wrong.

    `id` never changes its meaning, and each has a page in the reference. An `error` breaks what a clause says must be,
    or is refused by real servers; a `warning` breaks what it says should be; a `note` is advice.
    """

    id: str
    name: str
    severity: Severity
    clause: str
    seen: str
    """A sentence that says what was seen, without secrets."""
    remedy: str
    exchange: int
    """The number of its exchange in the journal."""

    def __str__(self) -> str:
        return f"{self.id} {self.name} ({self.severity}): {self.seen} ({self.clause}); {self.remedy}"

    def words(self) -> dict[str, str]:
        """For a file or a stream: all but the number of the exchange, which it belongs to."""
        return {
            "id": self.id,
            "name": self.name,
            "severity": self.severity,
            "clause": self.clause,
            "seen": self.seen,
            "remedy": self.remedy,
        }

    @property
    def headline(self) -> str:
        """In one line beside the exchange: what was seen, without the remedy."""
        return f"{self.id} {self.name}: {self.seen} ({self.clause})"
