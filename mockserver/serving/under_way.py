"""How many TLS handshakes are under way: who asks what became of them has to wait for them first."""

from __future__ import annotations

import contextlib
import threading
import typing

if typing.TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["UnderWay"]


class UnderWay:
    """Counts what has begun and not ended, for any number of threads."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """As long as the block lasts, one more is under way."""
        with self._changed:
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def settled(self, seconds: float) -> bool:
        """Whether none is under way, now or within `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, seconds)
