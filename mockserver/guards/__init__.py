"""How a protected API checks its caller."""

from __future__ import annotations

from . import bearer

__all__ = ["bearer"]
