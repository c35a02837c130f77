"""
httpcore, on which httpx stands, and httpcore2, on which httpx2 stands: their network backends, which are public.
"""

from __future__ import annotations

import functools
import ssl
import types
import typing
import weakref

from .patching import Library
from .patching import Patch
from .patching import attribute
from .patching import expect
from .routes import ROUTES
from .routes import Route

__all__ = ["HTTPCORE", "HTTPCORE2"]

_PARAMETERS = ("self", "host", "port", "timeout", "local_address", "socket_options")


def _patches(module: types.ModuleType) -> list[Patch]:
    patches = []
    for name in ("SyncBackend", "AnyIOBackend", "TrioBackend"):
        # Without anyio or trio a stub stands there that cannot connect.
        backend = attribute(module, name)
        if "connect_tcp" in vars(backend):
            connect = expect(backend, "connect_tcp", *_PARAMETERS)
            patches.append(Patch(backend, "connect_tcp", (_sync if name == "SyncBackend" else _async)(connect)))
    for pool, connection in (("ConnectionPool", "HTTPConnection"), ("AsyncConnectionPool", "AsyncHTTPConnection")):
        direct = attribute(module, connection)
        patches.append(_afresh(direct))
        for cls in (attribute(module, pool), *attribute(module, pool).__subclasses__()):
            if "create_connection" in vars(cls):
                create = expect(cls, "create_connection", "self", "origin")
                patches.append(Patch(cls, "create_connection", _around_proxies(create, direct)))
    return patches


def _sync(connect: typing.Any) -> typing.Any:
    @functools.wraps(connect)
    def redirected(self: object, host: str, port: int, timeout: float | None = None, **options: typing.Any) -> object:
        route = ROUTES.find(None, host, port)
        if route is None:
            return connect(self, host, port, timeout, **options)
        stream = connect(self, *route.address, timeout, socket_options=options.get("socket_options"))
        write = stream.write

        def start_tls(*_: object, **__: object) -> object:
            _check(route, "https", host, port)
            stream.write = write
            return stream

        def first_write(*arguments: typing.Any, **keywords: typing.Any) -> object:
            _check(route, "http", host, port)
            stream.write = write
            return write(*arguments, **keywords)

        stream.start_tls, stream.write = start_tls, first_write
        return stream

    return redirected


def _async(connect: typing.Any) -> typing.Any:
    @functools.wraps(connect)
    async def redirected(
        self: object, host: str, port: int, timeout: float | None = None, **options: typing.Any
    ) -> object:
        route = ROUTES.find(None, host, port)
        if route is None:
            return await connect(self, host, port, timeout, **options)
        stream = await connect(self, *route.address, timeout, socket_options=options.get("socket_options"))
        write = stream.write

        async def start_tls(*_: object, **__: object) -> object:
            _check(route, "https", host, port)
            stream.write = write
            return stream

        async def first_write(*arguments: typing.Any, **keywords: typing.Any) -> object:
            _check(route, "http", host, port)
            stream.write = write
            return await write(*arguments, **keywords)

        stream.start_tls, stream.write = start_tls, first_write
        return stream

    return redirected


def _check(route: Route, scheme: str, host: str, port: int) -> None:
    """Raises `UnmountedHostError` for the other scheme than the one that is mounted."""
    if route.origin.scheme != scheme:
        ROUTES.find(scheme, host, port)


def _around_proxies(create: typing.Any, direct: typing.Any) -> typing.Any:
    """A client that was made while a proxy was set goes to mounted origins without it."""

    @functools.wraps(create)
    def created(self: typing.Any, origin: typing.Any) -> object:
        if not _is_mounted(origin) or not _has_proxy(self):
            return create(self, origin)
        # A context is asked for and never used; one that loads the system's authorities takes 20 ms.
        backend = getattr(self, "_network_backend", None)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return direct(origin=origin, ssl_context=context, network_backend=backend)

    return created


def _afresh(connection: type) -> Patch:
    """A pooled connection to the real host, from before the mount, is not used again."""
    can_handle = expect(connection, "can_handle_request", "self", "origin")
    expect(connection, "info", "self")
    ours: weakref.WeakSet[typing.Any] = weakref.WeakSet()

    @functools.wraps(can_handle)
    def can_handle_request(self: typing.Any, origin: typing.Any) -> object:
        if _is_mounted(origin) and self not in ours:
            if self.info() != "CONNECTING":
                return False
            ours.add(self)
        return can_handle(self, origin)

    return Patch(connection, "can_handle_request", can_handle_request)


def _is_mounted(origin: typing.Any) -> bool:
    return ROUTES.mounted(origin.scheme.decode(), origin.host, origin.port)


def _has_proxy(pool: typing.Any) -> bool:
    return "Proxy" in type(pool).__name__ or "SOCKS" in type(pool).__name__ or getattr(pool, "_proxy", None) is not None


HTTPCORE = Library("httpcore", "httpcore", "1.0", _patches)
HTTPCORE2 = Library("httpcore2", "httpcore2", "2.16", _patches)
