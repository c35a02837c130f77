"""How a provider says it: a profile is data, `shape` applies it at both edges of the pass."""

from __future__ import annotations

from .files import DEFAULT
from .files import available
from .profile import PATHS
from .profile import Profile
from .profile import load
from .profile import overrides
from .profile import resolved
from .profile import variables_in
from .profile import where
from .shape import endpoint_at
from .shape import read
from .shape import shape

__all__ = [
    "DEFAULT",
    "PATHS",
    "Profile",
    "available",
    "endpoint_at",
    "load",
    "overrides",
    "read",
    "resolved",
    "shape",
    "variables_in",
    "where",
]
