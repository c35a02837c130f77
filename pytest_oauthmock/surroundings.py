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

__all__ = ["Surroundings"]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_USING = {"oauthmock", "oauthmock_server"}


class Surroundings:
    """
    The surroundings of one test: loopback is kept out of proxies, plain http on it is allowed, and pytest-socket lets
    it through. `prepare` may be called often; it acts once, for a test that uses the mock.

    It is called from within the setup and call phases, because pytest-socket arms itself at the beginning of a test's
    setup and disarms itself at the beginning of its teardown.
    """

    def __init__(self, item: pytest.Item) -> None:
        self._in_use = bool(_USING & {*getattr(item, "fixturenames", ())})
        self._environment = contextlib.ExitStack()
        self._sockets = contextlib.ExitStack()
        self._prepared = False

    def prepare(self, *, asked: bool = False) -> None:
        """`asked`: a fixture of the mock was requested by name while the test ran."""
        if self._prepared or not (self._in_use or asked):
            return
        self._prepared = True
        patch = self._environment.enter_context(pytest.MonkeyPatch.context())
        for name in ("NO_PROXY", "no_proxy"):
            hosts = [host for host in os.environ.get(name, "").split(",") if host]
            patch.setenv(name, ",".join(dict.fromkeys([*hosts, *_LOOPBACK])))
        # oauthlib and Authlib refuse http URLs otherwise, on loopback too
        patch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        guard = sys.modules.get("pytest_socket")
        if guard is not None:
            _open_loopback(guard, self._sockets.enter_context(pytest.MonkeyPatch.context()))

    def restore_sockets(self) -> None:
        """Before pytest-socket lifts its own restrictions, as it does when a teardown begins."""
        self._sockets.close()

    def restore(self) -> None:
        """Put the rest back, after the fixtures were torn down."""
        self._environment.close()


def _open_loopback(guard: typing.Any, patch: pytest.MonkeyPatch) -> None:
    """
    Let loopback through pytest-socket, and nothing else.

    Sockets stay enabled afterwards: pytest-socket disables them anew at the beginning of the next test.
    """
    disabled = socket.socket
    guard.enable_socket()
    connect = socket.socket.connect
    if socket.socket is not disabled:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, _only_loopback(name, guard))
        resolve = socket.getaddrinfo
        patch.setattr(socket, "getaddrinfo", _resolving_loopback(resolve, guard))
    elif connect.__qualname__ != _socket.socket.connect.__qualname__:
        # allow-hosts: pytest-socket goes on judging every other address
        patch.setattr(socket.socket, "connect", _loopback_or(connect))


def _only_loopback(name: str, guard: typing.Any) -> cabc.Callable[..., typing.Any]:
    real = getattr(_socket.socket, name)

    def guarded(self: socket.socket, *arguments: typing.Any) -> typing.Any:
        address = arguments[-1]  # sendto has flags in between
        if isinstance(address, tuple) and address[0] not in _LOOPBACK:
            self.close()
            raise guard.SocketConnectBlockedError(list(_LOOPBACK), address[0])
        return real(self, *arguments)

    return guarded


def _resolving_loopback(resolve: cabc.Callable[..., typing.Any], guard: typing.Any) -> cabc.Callable[..., typing.Any]:
    def guarded(host: typing.Any, *arguments: typing.Any, **keywords: typing.Any) -> typing.Any:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if name is not None and name not in _LOOPBACK:
            raise guard.SocketConnectBlockedError(list(_LOOPBACK), name)
        return resolve(host, *arguments, **keywords)

    return guarded


def _loopback_or(connect: cabc.Callable[..., None]) -> cabc.Callable[..., None]:
    def guarded(self: socket.socket, address: typing.Any) -> None:
        if isinstance(address, tuple) and address[0] in _LOOPBACK:
            return _socket.socket.connect(self, address)
        return connect(self, address)

    return guarded
