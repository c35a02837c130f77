"""How a provider says it: a profile is data, `shape` applies it at both edges of the pass."""

from __future__ import annotations

from .profile import PATHS
from .profile import Profile
from .profile import available
from .profile import load
from .profile import resolved
from .shape import endpoint_at
from .shape import read
from .shape import shape

__all__ = ["PATHS", "Profile", "available", "endpoint_at", "load", "read", "resolved", "shape"]
