"""How often each client asked, for a limit of so many requests within so many seconds."""

from __future__ import annotations

import math
import threading

from .clock import Clock
from .policies import RateLimit

__all__ = ["Rates"]


class Rates:
    """
    The times of the requests that were taken, per client, as far back as a limit looks. Safe in threads.

    The window slides: a request is forgotten `seconds` after it came. One that was turned away does not count, so that
    a client which retries too early is not kept out for longer.
    """

    __slots__ = ("_lock", "_taken")

    def __init__(self) -> None:
        self._taken: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def admit(self, client_id: str, limit: RateLimit, clock: Clock) -> int | None:
        """Take a request and return None, or return the seconds, rounded up, after which one is taken again."""
        with self._lock:
            # The clock is read under the lock, so that times are in order
            now = clock.now()
            # A test may have set the clock back: what lies further ahead than the window is as good as past
            recent = [time for time in self._taken.get(client_id, ()) if abs(now - time) < limit.seconds]
            self._taken[client_id] = recent
            if len(recent) < limit.requests:
                recent.append(now)
                return None
            return max(1, math.ceil(min(recent) + limit.seconds - now))

    def __repr__(self) -> str:
        return f"<Rates of {len(self._taken)} clients>"
