"""respx: what it calls a pass-through, for mounted hosts."""

from __future__ import annotations

import functools
import types
import typing

from .patching import Library
from .patching import Patch
from .patching import attribute
from .patching import expect
from .urls import is_mounted

__all__ = ["RESPX"]


def _patches(module: types.ModuleType) -> list[Patch]:
    mocker, through = attribute(module, "Mocker"), attribute(module, "PassThrough")
    handler = expect(mocker, "handler", "cls", "httpx_request")
    async_handler = expect(mocker, "async_handler", "cls", "httpx_request")

    @functools.wraps(handler)
    def handle(cls: object, httpx_request: typing.Any) -> object:
        if is_mounted(httpx_request.url):
            raise through("mounted", request=httpx_request, origin=None)
        return handler(cls, httpx_request)

    @functools.wraps(async_handler)
    async def async_handle(cls: object, httpx_request: typing.Any) -> object:
        if is_mounted(httpx_request.url):
            raise through("mounted", request=httpx_request, origin=None)
        return await async_handler(cls, httpx_request)

    return [
        Patch(mocker, "handler", classmethod(handle)),
        Patch(mocker, "async_handler", classmethod(async_handle)),
    ]


RESPX = Library("respx.mocks", "respx", "0.21 to 0.23", _patches)
