"""requests-mock: what it calls real HTTP, for mounted hosts."""

from __future__ import annotations

import functools
import types
import typing

from .patching import Library
from .patching import Patch
from .patching import attribute
from .patching import expect
from .urls import is_mounted

__all__ = ["REQUESTS_MOCK"]


def _patches(module: types.ModuleType) -> list[Patch]:
    adapter, real = attribute(module, "Adapter"), attribute(module, "_RunRealHTTP")
    send = expect(adapter, "send", "self", "request")

    @functools.wraps(send)
    def sent(self: object, request: typing.Any, **options: typing.Any) -> object:
        if is_mounted(request.url):
            raise real
        return send(self, request, **options)

    return [Patch(adapter, "send", sent)]


REQUESTS_MOCK = Library("requests_mock.adapter", "requests-mock", "1.11 to 1.12", _patches)
