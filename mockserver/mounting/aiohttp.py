"""aiohttp. There is no public hook between its pool and the network, so a private method of the connector is used."""

from __future__ import annotations

import asyncio
import functools
import types
import typing

from .patching import Library
from .patching import Patch
from .patching import attribute
from .patching import expect
from .routes import ROUTES

__all__ = ["AIOHTTP"]


def _patches(module: types.ModuleType) -> list[Patch]:
    connector = attribute(module, "TCPConnector")
    create = expect(connector, "_create_connection", "self", "req", "traces", "timeout")
    return [Patch(connector, "_create_connection", _redirecting(create))]


def _redirecting(create: typing.Any) -> typing.Any:
    @functools.wraps(create)
    async def redirected(self: typing.Any, req: typing.Any, traces: typing.Any, timeout: typing.Any) -> object:
        url = req.url
        route = ROUTES.find(url.scheme, url.raw_host, url.port)
        if route is None:
            if req.proxy:
                ROUTES.find(None, req.proxy.raw_host, req.proxy.port)
            return await create(self, req, traces, timeout)
        # An application's proxy is left out for a mounted host, and its request is no longer one to a proxy.
        req.proxy = None
        async with asyncio.timeout(timeout.sock_connect):
            _, protocol = await asyncio.get_running_loop().create_connection(self._factory, *route.address)
        return protocol

    return redirected


AIOHTTP = Library("aiohttp.connector", "aiohttp", "3.9 to 3.14", _patches)
