"""The store protocol: what grants and minting may do to state, each verb one atomic step."""

from __future__ import annotations

import collections.abc as cabc
import secrets
import typing

import msgspec

from ..model import AuthorizationRecord
from ..model import Kind
from ..model import PushedRecord
from ..model import TokenRecord

__all__ = ["Entry", "Record", "Store", "new_family"]

Record = AuthorizationRecord | PushedRecord | TokenRecord


class Entry(msgspec.Struct, frozen=True):
    """What the store knows about a token at one instant. Times are seconds, UTC, by the server's clock."""

    record: Record
    uses: int
    """How often it has been taken before."""
    first_use: float | None
    """When it was taken first."""
    alive: bool
    """Neither it nor its family has been ended."""


class Store(typing.Protocol):
    """
    Codes and tokens by kind and value. Values are not kept: implementations store a digest.

    Every write is one atomic verb, because the races that a mock must win (fifty redemptions of one code, a rotation
    against a revocation) are lost between a read and a write.
    """

    def find(self, kind: Kind, value: str) -> Entry | None:
        """Look without touching."""

    def take(self, kind: Kind, value: str, *, now: float) -> Entry | None:
        """Mark as taken and say what it was before: exactly one caller gets `uses=0`."""

    def claim(self, kind: Kind, value: str, *, now: float, expires_at: float) -> bool:
        """Remember a value that must not come twice until it expires: exactly one caller gets True (RFC 7523 3)."""

    def kill(self, family: str) -> None:
        """End everything the family has and everything it would still be given."""

    def kill_all(self, client_id: str, username: str | None) -> None:
        """End every family that a client has of a person; None: those that it has of nobody."""

    def revoke(self, kind: Kind, value: str) -> None:
        """End one code or token."""

    def expire(self, kind: Kind, value: str, *, now: float) -> None:
        """Let one code or token expire now, if it has not expired yet."""

    def prolong(self, kind: Kind, value: str, *, expires_at: float) -> bool:
        """Let one code or token that has not been ended live until then; False where there is none."""

    def put_if_alive(
        self, family: str, records: cabc.Iterable[tuple[Kind, str, Record]], *, taken: bool = False
    ) -> bool:
        """
        Add all records, or none and return False when the family has been killed. What is there already stays as it is.

        `taken`: the caller took the code or token for them while the family lived. Then they are added to a dead family
        as well, dead like it: of rivals for one code the winner is answered, and has nothing of it.
        """


def new_family() -> str:
    """A name for everything that one authorization brings forth."""
    return secrets.token_hex(8)
