"""pytest-httpx: what it calls not to be mocked, for mounted hosts."""

from __future__ import annotations

import collections.abc as cabc
import types
import typing

from ..errors import UnknownLayout
from .patching import Library
from .patching import Patch
from .patching import attribute
from .patching import expect
from .shadowing import Shadow
from .urls import is_mounted

__all__ = ["PYTEST_HTTPX"]


def _patches(module: types.ModuleType) -> list[Patch]:
    options = attribute(module, "_HTTPXMockOptions")
    made = expect(options, "__init__", "self")
    if "should_mock" not in made.__code__.co_varnames:
        raise UnknownLayout("_HTTPXMockOptions has no should_mock")
    return [Patch(options, "should_mock", Shadow("should_mock", _unless_mounted))]


def _unless_mounted(should_mock: cabc.Callable[[typing.Any], bool]) -> cabc.Callable[[typing.Any], bool]:
    return lambda request: not is_mounted(request.url) and should_mock(request)


PYTEST_HTTPX = Library("pytest_httpx._options", "pytest-httpx", "0.32 to 0.36", _patches)
