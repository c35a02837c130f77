"""How a provider says it: a profile is data, `shape` applies it at both edges of the pass."""

from __future__ import annotations

from .description import Description
from .description import Fact
from .description import describe
from .dimensions import DIMENSIONS
from .dimensions import dimension
from .dimensions import leaves
from .files import DEFAULT
from .files import available
from .profile import PATHS
from .profile import Profile
from .profile import load
from .profile import overrides
from .profile import resolved
from .profile import variables_in
from .profile import where
from .reading import endpoint_at
from .reading import read
from .shape import refusal
from .shape import shape

__all__ = [
    "DEFAULT",
    "DIMENSIONS",
    "Description",
    "Fact",
    "PATHS",
    "Profile",
    "available",
    "describe",
    "dimension",
    "endpoint_at",
    "leaves",
    "load",
    "overrides",
    "read",
    "refusal",
    "resolved",
    "shape",
    "variables_in",
    "where",
]
