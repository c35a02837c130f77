"""What has to be different around a test that talks to a server on loopback, and is put back afterwards."""

from __future__ import annotations

import _socket
import collections.abc as cabc
import contextlib
import os
import socket
import sys
import typing

import pytest

__all__ = ["prepared"]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@contextlib.contextmanager
def prepared() -> cabc.Generator[None]:
    """Loopback is kept out of proxies, plain http on it is allowed, and pytest-socket lets it through."""
    with pytest.MonkeyPatch.context() as patch, _loopback_sockets():
        for name in ("NO_PROXY", "no_proxy"):
            hosts = [host for host in os.environ.get(name, "").split(",") if host]
            patch.setenv(name, ",".join(dict.fromkeys([*hosts, *_LOOPBACK])))
        # oauthlib and Authlib refuse http URLs otherwise, on loopback too
        patch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        yield


@contextlib.contextmanager
def _loopback_sockets() -> cabc.Generator[None]:
    guard = sys.modules.get("pytest_socket")
    if guard is None:
        yield
        return
    before = (socket.socket, socket.getaddrinfo, socket.gethostbyname)
    guard.enable_socket()
    connect = socket.socket.connect
    if socket.socket is not before[0] or connect.__name__ != "connect":
        _let_loopback_through(connect, blocked=socket.socket is not before[0], guard=guard)
    try:
        yield
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]
        socket.socket, socket.getaddrinfo, socket.gethostbyname = before  # type: ignore[misc]


def _let_loopback_through(connect: cabc.Callable[..., None], *, blocked: bool, guard: typing.Any) -> None:
    """`connect`: what pytest-socket had in place; it goes on judging every other address."""

    def guarded(self: socket.socket, address: typing.Any) -> None:
        host = address[0] if isinstance(address, tuple) else None
        if host in _LOOPBACK:
            return _socket.socket.connect(self, address)
        if blocked:
            raise guard.SocketConnectBlockedError(list(_LOOPBACK), host)
        return connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign, assignment]
