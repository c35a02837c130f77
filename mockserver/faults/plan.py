"""Which faults are armed, and where: a place, a number of times."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import threading

import msgspec

from .barrier import Barrier
from .kinds import Fail
from .kinds import Fault
from .kinds import Hold
from .kinds import NeverAnswer

__all__ = ["Armed", "FaultPlan", "Place"]


class Place(msgspec.Struct, frozen=True):
    """Where a fault strikes: an endpoint of an issuer; for a protected path also the path."""

    issuer: str
    endpoint: str
    path: str | None = None

    def __str__(self) -> str:
        where = f"{self.endpoint} {self.path}" if self.path else self.endpoint
        return f"{where} of issuer {self.issuer!r}" if self.issuer else where


class Armed(msgspec.Struct, kw_only=True):
    """A fault, where it waits and how often it will strike."""

    fault: Fault
    place: Place
    times: int
    optional: bool
    hits: int = 0
    barrier: Barrier | None = None
    """Where the requests wait that a `hold` has struck."""

    def strike(self) -> bool:
        """Whether it strikes once more; whoever asks holds the plan's lock."""
        if self.hits >= self.times or not (self.barrier is None or self.barrier.join()):
            return False
        self.hits += 1
        return True

    def __str__(self) -> str:
        return f"{self.fault} at {self.place}, hit {self.hits} of {self.times} times"


class FaultPlan:
    """The faults armed since the last reset."""

    def __init__(self) -> None:
        self._armed: list[Armed] = []
        self._held: list[cabc.Callable[[], object]] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def arm(self, fault: Fault, place: Place, *, times: int, optional: bool) -> Armed:
        barrier = Barrier(fault.n) if isinstance(fault, Hold) else None
        armed = Armed(fault=fault, place=place, times=times, optional=optional, barrier=barrier)
        with self._lock:
            self._armed.append(armed)
        return armed

    def disarm(self, armed: Armed) -> None:
        """Take it out, hit or not."""
        with self._lock:
            self._armed = [other for other in self._armed if other is not armed]

    def strike(self, stage: str, place: Place) -> list[Armed]:
        """
        The faults that strike a request here and now, in the order in which they were armed.

        Of one kind the first strikes alone, and so does the first that answers in place of the endpoint; the next
        waits for the next request.
        """
        if not self._armed:
            return []
        struck: dict[str, Armed] = {}
        with self._lock:
            for armed in self._armed:
                fault = armed.fault
                if fault.stage != stage or fault.name in struck or not _covers(armed.place, place):
                    continue
                if armed.strike():
                    struck[fault.name] = armed
                    if isinstance(fault, Fail | NeverAnswer):
                        break
        return list(struck.values())

    def unused(self) -> list[Armed]:
        """Faults that were never hit although the test armed them (`optional` ones aside)."""
        with self._lock:
            return [armed for armed in self._armed if not armed.hits and not armed.optional]

    def pause(self, seconds: float) -> None:
        """Hold a request back in real time; `end` lets go of it early."""
        self._ended.wait(seconds)

    @contextlib.contextmanager
    def until_end(self, let_go: cabc.Callable[[], object]) -> cabc.Iterator[None]:
        """While the block waits for something else, `end` calls `let_go`; at once when the plan is over already."""
        with self._lock:
            self._held.append(let_go)
            if self._ended.is_set():
                let_go()
        try:
            yield
        finally:
            # `end` has the lock while it calls: nobody is let go of who has gone on already
            with self._lock:
                self._held.remove(let_go)

    def begin(self) -> None:
        """The server is started again."""
        self._ended.clear()

    def end(self) -> None:
        """The plan is over (reset, stop): whoever is held back goes on."""
        with self._lock:
            self._ended.set()
            for let_go in self._held:
                let_go()

    def __iter__(self) -> cabc.Iterator[Armed]:
        with self._lock:
            return iter(list(self._armed))


def _covers(armed: Place, place: Place) -> bool:
    return (armed.issuer, armed.endpoint) == (place.issuer, place.endpoint) and armed.path in (None, place.path)
