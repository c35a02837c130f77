"""What every guard is."""

from __future__ import annotations

import collections.abc as cabc
import typing

from ..admission import Admission
from ..admission import Visit
from ..context import Context
from ..errors import OAuthError

__all__ = ["Guard"]


class Guard(typing.Protocol):
    """
    How a protected path checks its caller: `protect(path, guard=...)`.

    A guard is a value. What it has to remember it keeps in the issuer's `memory`, which a reset empties.
    """

    @property
    def name(self) -> str: ...
    @property
    def has_challenge(self) -> bool: ...

    def check(self, visit: Visit, context: Context) -> Admission:
        """Let the request in, or raise: a `Refusal` in the words of the scheme, or an error of RFC 6750."""
        ...

    def challenge(self, visit: Visit, context: Context) -> OAuthError | None:
        """What a request without credentials is told; None where the scheme has no challenge."""
        ...

    def secrets(self) -> cabc.Iterable[str]:
        """What it knows and nobody may see."""
        ...
