"""What stands where a mount patches other people's libraries."""

from __future__ import annotations

import collections.abc as cabc
import importlib
import pathlib

import mockserver.mounting
from mockserver.mounting import LIBRARIES
from mockserver.mounting.patching import Library
from mockserver.mounting.shadowing import Shadow

__all__ = ["MODULES", "Snapshot", "is_ours", "snapshot"]

_OURS = pathlib.Path(mockserver.mounting.__file__).parent
MODULES = {library.module: importlib.import_module(library.module) for library in LIBRARIES}

Snapshot = dict[tuple[type, str], object]


def _of(library: Library) -> cabc.Iterator[tuple[type, str]]:
    return ((patch.owner, patch.name) for patch in library.patches(MODULES[library.module]))


def snapshot() -> Snapshot:
    """What stands now where a mount patches."""
    return {(owner, name): vars(owner).get(name) for library in LIBRARIES for owner, name in _of(library)}


def is_ours(value: object) -> bool:
    """Whether an attribute is of our making."""
    function = getattr(value, "__func__", value)
    code = getattr(function, "__code__", None)
    return isinstance(value, Shadow) or (code is not None and pathlib.Path(code.co_filename).parent == _OURS)
