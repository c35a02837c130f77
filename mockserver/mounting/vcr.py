"""vcrpy: requests to mounted hosts are neither recorded, since cassettes are committed, nor played back."""

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

__all__ = ["VCR"]


def _patches(module: types.ModuleType) -> list[Patch]:
    cassette = attribute(module, "Cassette")
    made = expect(cassette, "__init__", "self")
    if "_before_record_request" not in made.__code__.co_names:
        raise UnknownLayout("Cassette has no _before_record_request")
    return [Patch(cassette, "_before_record_request", Shadow("_before_record_request", _unless_mounted))]


def _unless_mounted(before: cabc.Callable[[typing.Any], typing.Any]) -> cabc.Callable[[typing.Any], typing.Any]:
    return lambda request: None if is_mounted(request.uri) else before(request)


VCR = Library("vcr.cassette", "vcrpy", "6.0 to 9.4", _patches)
