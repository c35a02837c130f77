"""vcrpy: requests to mounted hosts are neither recorded, since cassettes are committed, nor played back."""

from __future__ import annotations

import collections.abc as cabc
import types
import typing

from .patching import Library
from .patching import Patch
from .shadowing import shadowed
from .urls import is_mounted

__all__ = ["VCR"]


def _patches(module: types.ModuleType) -> list[Patch]:
    return [shadowed(module, "Cassette", "_before_record_request", _unless_mounted)]


def _unless_mounted(before: cabc.Callable[[typing.Any], typing.Any]) -> cabc.Callable[[typing.Any], typing.Any]:
    return lambda request: None if is_mounted(request.uri) else before(request)


VCR = Library("vcr.cassette", "vcrpy", "6.0 to 9.4", _patches)
