"""Which faults are armed: for a place, for some of its requests, for a number of times."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import random
import threading
import typing

import msgspec

from .aim import Aim
from .arrival import Hold
from .arrival import InPlace
from .barrier import Barrier
from .fault import Fault
from .fault import Occasion
from .fault import Place

__all__ = ["Armed", "FaultPlan"]


class Armed(msgspec.Struct, kw_only=True):
    """A fault, where it waits, whom it strikes and how often."""

    fault: Fault
    place: Place
    aim: Aim
    hits: int = 0
    """How many requests it has struck."""
    barrier: Barrier | None = None
    """Where the requests wait that a `hold` has struck."""
    _disarm: cabc.Callable[[Armed], None]
    _dice: random.Random
    _counted: int = 0

    @property
    def optional(self) -> bool:
        """Whether a test may pass although it was never hit."""
        return self.aim.optional

    def disarm(self) -> None:
        """Let it strike nobody any more: the outage is over."""
        self._disarm(self)

    def table(self) -> dict[str, typing.Any]:
        """As TOML and JSON have it: what `arm` makes the same fault of, at the same issuer."""
        where = {"endpoint": self.place.endpoint} | ({"path": self.place.path} if self.place.path else {})
        keys: dict[str, typing.Any] = {}
        for part in (self.fault, self.aim):
            # By JSON, which has lists where Python has tuples
            keys |= msgspec.json.decode(msgspec.json.encode(part))
        return {"fault": self.fault.name, **where, **keys}

    def _covers(self, occasion: Occasion) -> bool:
        """Whether a request is one of those that it could strike."""
        return self.place.covers(occasion.place) and self.aim.covers(occasion)

    def _count(self) -> int:
        """The number of a request that it could strike; who counts holds the plan's lock, as does who strikes."""
        self._counted += 1
        return self._counted

    def _strike(self, number: int) -> bool:
        """Whether it strikes the request of this number."""
        if self.hits == self._limit or not self.aim.is_due(number, self._dice):
            return False
        if self.barrier is not None and not self.barrier.join():
            return False
        self.hits += 1
        return True

    @property
    def _limit(self) -> int | None:
        return self.fault.n if isinstance(self.fault, Hold) else self.aim.limit

    def __str__(self) -> str:
        of = [f"client {self.aim.client!r}"] if self.aim.client else []
        of += [f"grant {self.aim.grant!r}"] if self.aim.grant else []
        limit = "" if self._limit is None else f" of {self._limit}"
        return f"{self.fault} at {self.place}{f' for {chr(32).join(of)}' if of else ''}, hit {self.hits}{limit} times"

    def __repr__(self) -> str:
        return f"<Armed: {self}>"


class FaultPlan:
    """The faults armed since the last reset."""

    def __init__(self) -> None:
        self._armed: list[Armed] = []
        self._held: list[cabc.Callable[[], object]] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def arm(self, fault: Fault, place: Place, aim: Aim | None = None) -> Armed:
        aim = aim or Aim()
        barrier = Barrier(fault.n) if isinstance(fault, Hold) else None
        dice = random.Random(aim.seed)  # noqa: S311 - which requests fail is no secret
        armed = Armed(fault=fault, place=place, aim=aim, barrier=barrier, _disarm=self.disarm, _dice=dice)
        with self._lock:
            self._armed.append(armed)
        return armed

    def disarm(self, armed: Armed) -> None:
        """Take it out, hit or not."""
        with self._lock:
            self._armed = [other for other in self._armed if other is not armed]

    def count(self, occasion: Occasion) -> dict[int, int]:
        """A request came: its number for each fault, of whatever stage, that could strike it."""
        with self._lock:
            here = [armed for armed in self._armed if armed._covers(occasion)]
            return {id(armed): armed._count() for armed in here}

    def strike(self, stage: str, occasion: Occasion, numbers: dict[int, int] | None = None) -> list[Armed]:
        """
        The faults that strike a request here and now, in the order in which they were armed.

        Of one kind the first strikes alone, and so does the first that answers in place of the endpoint; the next
        waits for the next request. `numbers` is what `count` said; a fault that was armed since counts from here.
        """
        if not self._armed:
            return []
        numbers = {} if numbers is None else numbers
        struck: dict[str, Armed] = {}
        replaced = False
        with self._lock:
            here = [armed for armed in self._armed if armed.fault.stage == stage and armed._covers(occasion)]
            numbers |= {id(armed): armed._count() for armed in here if id(armed) not in numbers}
            for armed in here:
                fault = armed.fault
                if not replaced and fault.name not in struck and armed._strike(numbers[id(armed)]):
                    struck[fault.name] = armed
                    replaced = isinstance(fault, InPlace)
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

    def __bool__(self) -> bool:
        """Whether anything is armed."""
        return bool(self._armed)

    def __iter__(self) -> cabc.Iterator[Armed]:
        with self._lock:
            return iter(list(self._armed))
