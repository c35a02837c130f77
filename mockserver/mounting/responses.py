"""`responses`, and moto and pytest-responses, which use it: a mounted host is let through to the real adapter."""

from __future__ import annotations

import functools
import types
import typing

from .patching import Library
from .patching import Patch
from .patching import attribute
from .patching import expect
from .urls import is_mounted

__all__ = ["RESPONSES"]


def _patches(module: types.ModuleType) -> list[Patch]:
    mock = attribute(module, "RequestsMock")
    answer = expect(mock, "_on_request", "self", "adapter", "request")
    return [Patch(mock, "_on_request", _letting_through(answer, attribute(module, "_real_send")))]


def _letting_through(answer: typing.Any, real_send: typing.Any) -> typing.Any:
    @functools.wraps(answer)
    def on_request(self: object, adapter: object, request: typing.Any, **options: typing.Any) -> object:
        if is_mounted(request.url):
            options.pop("retries", None)
            return real_send(adapter, request, **options)
        return answer(self, adapter, request, **options)

    return on_request


RESPONSES = Library("responses", "responses", "0.25 to 0.26", _patches)
