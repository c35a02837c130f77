"""pytest-httpx: what it calls not to be mocked, for mounted hosts."""

from __future__ import annotations

import collections.abc as cabc
import types
import typing

from .patching import Library
from .patching import Patch
from .shadowing import shadowed
from .urls import is_mounted

__all__ = ["PYTEST_HTTPX"]


def _patches(module: types.ModuleType) -> list[Patch]:
    return [shadowed(module, "_HTTPXMockOptions", "should_mock", _unless_mounted)]


def _unless_mounted(should_mock: cabc.Callable[[typing.Any], bool]) -> cabc.Callable[[typing.Any], bool]:
    return lambda request: not is_mounted(request.url) and should_mock(request)


PYTEST_HTTPX = Library("pytest_httpx._options", "pytest-httpx", "0.32 to 0.36", _patches)
