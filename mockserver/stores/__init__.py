"""Where codes and tokens are kept: a protocol with atomic verbs, and one implementation in memory."""

from __future__ import annotations

from .memory import MemoryStore
from .store import Entry
from .store import Record
from .store import Store
from .store import new_family

__all__ = ["Entry", "MemoryStore", "Record", "Store", "new_family"]
