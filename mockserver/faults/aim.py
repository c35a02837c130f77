"""Which of the requests to its endpoint a fault strikes, and how often."""

from __future__ import annotations

import random

import msgspec

from .fault import Occasion

__all__ = ["Aim"]


class Aim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    Counted are the requests to its endpoint that are of its client and grant, whatever else becomes of them.

    Raises ValueError for what can never be.
    """

    client: str | None = None
    """Only requests of this client; at an API, those with one of its tokens."""
    grant: str | None = None
    """Only requests for this grant; at an API, those with a token that came of it."""
    nth: int | None = None
    """The first request that is struck, counted from 1; left out, the first, or with `every` the last of as many."""
    times: int | None = None
    """How many are struck; left out, one, or with `every` or `chance` any number."""
    every: int | None = None
    """From there on only each so-manieth."""
    always: bool = False
    """Strike any number of requests, until it is disarmed."""
    chance: float | None = None
    """Strike each of them with this probability, more than 0 and less than 1."""
    seed: int = 0
    """What `chance` is decided by, and the noise of `garbage`: the same in every run."""
    optional: bool = False
    """Whether the test may pass although nothing was struck."""

    def __post_init__(self) -> None:
        if self.times is not None and self.times < 1:
            raise ValueError(f"times = {self.times}: a fault strikes at least once; write times=1 or more")
        for name in ("nth", "every"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} = {value}: requests are counted from 1; write {name}=1 or more")
        if self.always and self.times is not None:
            raise ValueError(f"times = {self.times} and always exclude each other; drop one")
        if self.chance is not None and not 0 < self.chance < 1:
            raise ValueError(f"chance = {self.chance:g}: write more than 0 and less than 1, e.g. 0.3")

    @property
    def limit(self) -> int | None:
        """How many requests are struck; None: any number."""
        if self.always or (self.times is None and (self.every is not None or self.chance is not None)):
            return None
        return self.times or 1

    def covers(self, occasion: Occasion) -> bool:
        return self.client in (None, occasion.client_id) and self.grant in (None, occasion.grant_type)

    def is_due(self, number: int, dice: random.Random) -> bool:
        """Whether the so-manieth request, counted from 1, is one to strike."""
        first, every = self.nth or self.every or 1, self.every or 1
        if number < first or (number - first) % every:
            return False
        return self.chance is None or dice.random() < self.chance
