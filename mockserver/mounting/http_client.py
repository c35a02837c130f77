"""
`http.client`, on which `urllib.request` stands, and its descendants urllib3 (requests, botocore, msal, google-auth,
Authlib, ...) and httplib2, which override `connect` with their own.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import http.client
import socket
import types
import typing

from .patching import Library
from .patching import Patch
from .patching import attribute
from .patching import expect
from .routes import ROUTES

__all__ = ["HTTPLIB2", "STANDARD", "URLLIB3"]


def _standard(module: types.ModuleType) -> list[Patch]:
    classes = {scheme: _real(attribute(module, f"{scheme.upper()}Connection")) for scheme in ("http", "https")}
    return [*_connects(classes), _afresh(classes["http"], "putrequest")]


def _urllib3(module: types.ModuleType) -> list[Patch]:
    # Not by the module's names, which vcrpy exchanges while a cassette is in use.
    found = {
        cls.__name__: cls
        for cls in _descendants(attribute(module, "_HTTPConnection"))
        if cls.__module__ == "urllib3.connection"
    }
    classes = {
        scheme: found.get(name) or _real(attribute(module, name))
        for scheme, name in (("http", "HTTPConnection"), ("https", "HTTPSConnection"))
    }
    # It has noted things about the request before it calls `putrequest`.
    return [*_connects(classes), _afresh(classes["http"], "request")]


def _httplib2(module: types.ModuleType) -> list[Patch]:
    return _connects(
        {scheme: attribute(module, f"{scheme.upper()}ConnectionWithTimeout") for scheme in ("http", "https")}
    )


def _connects(classes: cabc.Mapping[str, type]) -> list[Patch]:
    return [
        Patch(cls, "connect", _redirecting(expect(cls, "connect", "self"), scheme)) for scheme, cls in classes.items()
    ]


def _redirecting(connect: typing.Any, scheme: str) -> typing.Any:
    @functools.wraps(connect)
    def redirected(self: typing.Any) -> None:
        # Behind a proxy the tunnel's end is the host that is meant.
        tunnel = getattr(self, "_tunnel_host", None)
        host, port = (tunnel, self._tunnel_port) if tunnel else (self.host, self.port)
        route = ROUTES.find(_scheme(self, scheme), host, port)
        if route is None:
            if tunnel:
                ROUTES.find(None, self.host, self.port)
            connect(self)
            return
        self.sock = socket.create_connection(route.address, _timeout(self.timeout))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # urllib3: there is no TLS to be verified
        self.is_verified = True

    return redirected


def _timeout(own: object) -> float | None:
    """Seconds, or none; whatever else a library has is its word for the default, which a proxy's tunnel is dug with."""
    return own if own is None or isinstance(own, int | float) else socket.getdefaulttimeout()


def _scheme(connection: typing.Any, scheme: str) -> str:
    """The scheme of the origin that is asked: a tunnel is dug for https, from a plain connection to the proxy too."""
    return "https" if getattr(connection, "_tunnel_host", None) else scheme


def _afresh(cls: type, name: str) -> Patch:
    """A pooled connection to the real host, from before the mount, is not used again."""
    send = expect(cls, name, "self", "method", "url")

    @functools.wraps(send)
    def sent(self: typing.Any, *arguments: typing.Any, **keywords: typing.Any) -> typing.Any:
        sock = getattr(self, "sock", None)
        if ROUTES and sock is not None and _is_astray(self, sock):
            self.close()
        return send(self, *arguments, **keywords)

    return Patch(cls, name, sent)


def _is_astray(connection: typing.Any, sock: typing.Any) -> bool:
    """Whether an open connection to a mounted host does not end at its listener."""
    scheme = "https" if isinstance(connection, http.client.HTTPSConnection) or hasattr(sock, "cipher") else "http"
    if not ROUTES.mounted(scheme, connection.host, connection.port):
        return False
    route = ROUTES.find(scheme, connection.host, connection.port)
    try:
        return route is not None and sock.getpeername()[:2] != route.address
    except OSError:  # closed by the peer: the client will see to it
        return False


def _real(cls: typing.Any) -> typing.Any:
    """The class behind a stub of vcrpy, which keeps it as `_baseclass`."""
    return getattr(cls, "_baseclass", cls)


def _descendants(cls: type) -> cabc.Iterator[type]:
    child: type
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)


STANDARD = Library("http.client", None, "those of Python 3.11 to 3.13", _standard)
URLLIB3 = Library("urllib3.connection", "urllib3", "1.26 to 2.8", _urllib3)
HTTPLIB2 = Library("httplib2", "httplib2", "0.22 to 0.32", _httplib2)
