"""Where requests wait for each other."""

from __future__ import annotations

import threading

__all__ = ["Barrier"]


class Barrier:
    """
    What `hold` hands out: requests wait here until `size` of them are together, or until somebody opens it.

    Once open it stays open, and holds nobody.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._together = 0
        self._open = False
        self._changed = threading.Condition()

    @property
    def together(self) -> int:
        """How many requests are waiting, or were when it opened: nobody leaves before, so that it is the most."""
        return self._together

    def wait_for(self, count: int = 1, *, timeout: float = 5) -> None:
        """
        Block until `count` requests have come together here.

        `timeout` is in real seconds. Raises TimeoutError that says how many there were.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._together >= count, timeout):
                raise TimeoutError(f"{self._together} of {count} requests came together within {timeout:g} s")

    def open(self) -> None:
        """Let those who wait go on, and hold nobody any more."""
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def join(self) -> bool:
        """Count a request in, unless the barrier is open. The last that is missing opens it."""
        with self._changed:
            if self._open:
                return False
            self._together += 1
            self._open = self._together >= self.size
            self._changed.notify_all()
            return True

    def stay(self, timeout: float) -> None:
        """Wait until it is open; whoever has waited `timeout` real seconds opens it for all."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._open, timeout):
                self._open = True
                self._changed.notify_all()

    def __repr__(self) -> str:
        state = "open" if self._open else "closed"
        return f"<Barrier, {state}, {self._together} of {self.size} together>"
