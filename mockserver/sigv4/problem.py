"""What is wrong with a signed request, before it is said in a service's words."""

from __future__ import annotations

import collections.abc as cabc
import typing

__all__ = ["Kind", "Problem"]

Kind = typing.Literal[
    "missing",
    "both",
    "algorithm",
    "malformed",
    "date",
    "query",
    "scope_region",
    "scope_service",
    "unknown_key",
    "bad_token",
    "expired_token",
    "skewed",
    "not_yet",
    "expired_url",
    "unsigned_headers",
    "no_hash",
    "bad_hash",
    "payload",
    "mismatch",
    "body",
    "length",
    "chunk_size",
    "checksum",
]


class Problem(Exception):
    """
    `hint` is for the tester; `message` goes to the client where AWS says more than the kind, and `members` with it.
    """

    def __init__(
        self, kind: Kind, hint: str, *, message: str | None = None, members: cabc.Mapping[str, str] | None = None
    ) -> None:
        super().__init__(hint)
        self.kind: Kind = kind
        self.hint = hint
        self.message = message
        self.members = dict(members or {})
