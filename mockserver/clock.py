"""The server's time, which a test may move without touching its own."""

from __future__ import annotations

import threading
import time

__all__ = ["Clock"]


class Clock:
    """
    Two readings of one clock, both in seconds since the epoch, UTC.

    `now()` judges what the server issued: wall time plus what the test advanced. `peer()` judges what the client
    made (assertions, signatures) and fills the `Date` header: wall time plus `skew`. Wall time is `time.time()` at
    each call, so that time-machine and freezegun carry both readings.
    """

    __slots__ = ("_advanced", "_lock", "_skewed")

    def __init__(self) -> None:
        self._advanced = 0.0
        self._skewed = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return time.time() + self._advanced

    def peer(self) -> float:
        return time.time() + self._skewed

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Let time pass for the server alone: tokens age, the client's clock stands. Negative values go back."""
        with self._lock:
            self._advanced += seconds + 60 * (minutes + 60 * (hours + 24 * days))

    def skew(self, *, seconds: float = 0, minutes: float = 0) -> None:
        """Set how far the server's wall clock is ahead of the client's (negative: behind). Replaces an earlier skew."""
        self._skewed = seconds + 60 * minutes

    def __repr__(self) -> str:
        return f"Clock(advanced={self._advanced:g}s, skew={self._skewed:g}s)"
