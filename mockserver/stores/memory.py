"""Codes and tokens in memory, under one lock."""

from __future__ import annotations

import collections.abc as cabc
import functools
import hashlib
import threading

import msgspec

from ..model import Kind
from .store import Entry
from .store import Record

__all__ = ["MemoryStore"]

# At so many claims the expired ones are swept out.
_SWEEP_AT = 10_000


class MemoryStore:
    """
    A `Store` in dictionaries. One lock guards every verb: each is a few dictionary operations.

    Keys are 16-byte digests: a long-lived server keeps 100,000 tokens without keeping their text.
    """

    __slots__ = ("_claimed", "_dead", "_ended", "_lock", "_records", "_sweep_at", "_taken")

    def __init__(self) -> None:
        self._records: dict[Kind, dict[bytes, Record]] = {kind: {} for kind in Kind}
        # Use counts and first uses of what has been taken
        self._taken: dict[Kind, dict[bytes, tuple[int, float]]] = {kind: {} for kind in Kind}
        # When what was ended by itself ended; None for what was revoked
        self._ended: dict[Kind, dict[bytes, float | None]] = {kind: {} for kind in Kind}
        self._claimed: dict[Kind, dict[bytes, float]] = {kind: {} for kind in Kind}
        self._dead: set[str] = set()
        self._sweep_at = _SWEEP_AT
        self._lock = threading.Lock()

    def find(self, kind: Kind, value: str) -> Entry | None:
        key = _digest(value)
        with self._lock:
            return self._entry(kind, key)

    def take(self, kind: Kind, value: str, *, now: float) -> Entry | None:
        key = _digest(value)
        with self._lock:
            entry = self._entry(kind, key)
            if entry is not None:
                first_use = now if entry.first_use is None else entry.first_use
                self._taken[kind][key] = (entry.uses + 1, first_use)
            return entry

    def claim(self, kind: Kind, value: str, *, now: float, expires_at: float) -> bool:
        key = _digest(value)
        with self._lock:
            claimed = self._claimed[kind]
            if claimed.get(key, now) > now:
                return False
            if len(claimed) >= self._sweep_at:
                self._claimed[kind] = claimed = {k: until for k, until in claimed.items() if until > now}
                self._sweep_at = max(_SWEEP_AT, 2 * len(claimed))
            claimed[key] = expires_at
            return True

    def kill(self, family: str) -> None:
        with self._lock:
            self._dead.add(family)

    def kill_all(self, client_id: str, username: str | None) -> None:
        with self._lock:
            self._dead |= {
                record.family
                for records in self._records.values()
                for record in records.values()
                if record.client_id == client_id and (record.user.username if record.user else None) == username
            }

    def revoke(self, kind: Kind, value: str) -> None:
        key = _digest(value)
        with self._lock:
            self._ended[kind][key] = None

    def expire(self, kind: Kind, value: str, *, now: float) -> None:
        key = _digest(value)
        with self._lock:
            self._ended[kind].setdefault(key, now)

    def prolong(self, kind: Kind, value: str, *, expires_at: float) -> bool:
        key = _digest(value)
        with self._lock:
            entry = self._entry(kind, key)
            if entry is None or not entry.alive:
                return False
            self._ended[kind].pop(key, None)
            self._records[kind][key] = msgspec.structs.replace(self._records[kind][key], expires_at=expires_at)
            return True

    def put_if_alive(
        self, family: str, records: cabc.Iterable[tuple[Kind, str, Record]], *, taken: bool = False
    ) -> bool:
        keyed = [(kind, _digest(value), record) for kind, value, record in records]
        with self._lock:
            if family in self._dead and not taken:
                return False
            for kind, key, record in keyed:
                self._records[kind].setdefault(key, record)
            return True

    def _entry(self, kind: Kind, key: bytes) -> Entry | None:
        record = self._records[kind].get(key)
        if record is None:
            return None
        alive = record.family not in self._dead
        uses, first_use = self._taken[kind].get(key, (0, None))
        if key in self._ended[kind]:
            end = self._ended[kind][key]
            if end is None:
                alive = False
            elif end < record.expires_at:
                record = msgspec.structs.replace(record, expires_at=end)
        return Entry(record, uses, first_use, alive)


# A client sends a token many times
@functools.lru_cache(maxsize=256)
def _digest(value: str) -> bytes:
    return hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).digest()
