"""One socket: octets in and out, each wait bounded; plain or TLS."""

from __future__ import annotations

import math
import os
import select
import socket
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from .limits import Limits

_PIECE = 64 * 1024
_NO_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
_HAS_POLL = hasattr(select, "poll")  # not on Windows; select.select takes no descriptor above 1023
_READ = select.POLLIN if _HAS_POLL else 1
_WRITE = select.POLLOUT if _HAS_POLL else 4


def _plain_socket() -> type[socket.socket]:
    for cls in socket.socket.__mro__:
        if cls.__module__ == "socket":
            return cls
    return socket.socket


# pytest-socket swaps `socket.socket` for a subclass whose constructor raises, and `socket.socket.accept()` looks the
# class up anew each time: the class of the standard library is kept here, even when the swap came before this import.
Socket = _plain_socket()


class ClientDisconnected(ConnectionError):
    """The client went away before the request was read or the answer was taken."""


class Channel:
    """The octets of one connection. `pending` is what was received and belongs to nobody yet.

    Any thread may call `shut`, and `wait` while no octets are being read; everything else belongs to the worker that
    serves the connection. The socket never blocks: Python polls before each call on a socket with a timeout, here only
    what would block is waited for.
    """

    __slots__ = ("_limits", "_secured", "_send_seconds", "ended", "pending", "sock")

    # On the class because freezegun replaces clocks that are attributes of modules, and a frozen one never times out.
    now = staticmethod(time.monotonic)

    def __init__(self, sock: socket.socket, limits: Limits) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.pending = b""
        self.ended = False
        self._secured = False
        self._limits = limits
        self._send_seconds = max(limits.idle_seconds, limits.body_seconds)

    def secure(self, context: ssl.SSLContext) -> bytes | None:
        """Make it TLS: the handshake, within `handshake_seconds`; gives the client's certificate in DER, if any.

        Raises OSError when the handshake fails or takes too long.
        """
        deadline = self.now() + self._limits.handshake_seconds
        secured = context.wrap_socket(self.sock, server_side=True, do_handshake_on_connect=False)
        self.sock = secured
        self._secured = True
        if self.ended:
            raise ConnectionAbortedError  # `shut` came while the descriptor changed hands
        while True:
            try:
                secured.do_handshake()
                return secured.getpeercert(binary_form=True)
            except OSError as error:
                self._until_ready(error, _READ, deadline - self.now())

    def wait(self, seconds: float) -> bool:
        """Whether octets (or the end) have arrived unread, at the latest after `seconds`."""
        try:
            # What TLS has deciphered already does not show in the socket.
            return (self._secured and self.sock.pending() > 0) or _ready(self.sock, _READ, seconds)  # type: ignore[attr-defined]
        except (OSError, ValueError):
            return False

    def receive(self, seconds: float) -> bytes:
        """The next octets, at the latest after `seconds`; b"" when the client has gone. Raises TimeoutError."""
        if self.pending:
            data, self.pending = self.pending, b""
            return data
        while True:
            try:
                return self.sock.recv(_PIECE)
            except (OSError, ValueError) as error:
                try:
                    self._until_ready(error, _READ, seconds)
                except TimeoutError:
                    raise
                except (OSError, ValueError):
                    return b""

    def send(self, data: bytes) -> None:
        """Hand all octets to the kernel. Raises `ClientDisconnected`, also when nobody takes them for too long."""
        if self.ended:
            raise ClientDisconnected("the connection has been shut")
        rest: bytes | memoryview = data
        try:
            while rest:
                try:
                    sent = self.sock.send(rest)
                except OSError as error:
                    self._until_ready(error, _WRITE, self._send_seconds)
                    continue
                if sent == len(rest):
                    return
                rest = memoryview(rest)[sent:]
        except (OSError, ValueError) as error:
            raise ClientDisconnected(str(error)) from error

    def until_gone(self, seconds: float) -> None:
        """Throw away what comes until the client has gone, or `shut` was called, at the latest after `seconds`."""
        deadline = self.now() + seconds
        with suppress(TimeoutError):
            while self.receive(deadline - self.now()):
                pass

    def linger(self) -> None:
        """Say that no more comes, then throw away what the client still sends, bounded in octets and time.

        Closing a socket with unread octets resets the connection, and the client loses the answer that it has not read.
        """
        limits = self._limits
        deadline = self.now() + limits.linger_seconds
        left = limits.linger_bytes
        with suppress(OSError, ValueError):
            if self._secured:
                with suppress(OSError, ValueError):
                    # The alert goes out; the peer's own is not waited for (RFC 8446, 6.1).
                    self.sock.unwrap()  # type: ignore[attr-defined]
            Socket.shutdown(self.sock, socket.SHUT_WR)
            while left > 0 and _ready(self.sock, _READ, deadline - self.now()):
                # Socket.recv, not the method: what comes through TLS is thrown away unread as well.
                got = len(Socket.recv(self.sock, 4 * _PIECE))
                if not got:
                    return
                left -= got

    def shut(self) -> None:
        """End both directions now: a worker that waits in `receive` or `send` comes back."""
        self.ended = True
        with suppress(OSError):
            # Socket.shutdown, not the method: SSLSocket.shutdown drops its SSL object under the worker's feet.
            Socket.shutdown(self.sock, socket.SHUT_RDWR)

    def reset(self) -> None:
        """End the connection by a TCP reset (RFC 9293, 3.10.7.4), and give the descriptor back."""
        self.ended = True
        with suppress(OSError):
            # What is left unsent after zero seconds is a reset, and no end of the stream goes before it.
            Socket.setsockopt(self.sock, socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            Socket.close(self.sock)

    def close(self) -> None:
        """Give the descriptor back. Shut first: a forked child may hold a copy, which keeps the connection open."""
        self.shut()
        self.sock.close()

    def _until_ready(self, error: OSError | ValueError, event: int, seconds: float) -> None:
        """Wait for what made a call fail; raises `error` when waiting cannot help, TimeoutError when it takes long."""
        if self._secured:
            import ssl  # imported already: there is an SSL socket

            if isinstance(error, ssl.SSLWantReadError):
                event = _READ
            elif isinstance(error, ssl.SSLWantWriteError):
                event = _WRITE
            else:
                raise error
        elif not isinstance(error, BlockingIOError):
            raise error
        if not _ready(self.sock, event, seconds):
            raise TimeoutError


def _ready(sock: socket.socket, event: int, seconds: float) -> bool:
    """Whether a socket can be read from (or written to) without blocking, at the latest after `seconds`."""
    seconds = max(0.0, seconds)
    if not _HAS_POLL:
        wanted = ([sock], []) if event == _READ else ([], [sock])
        return any(select.select(*wanted, [], seconds))
    poll = select.poll()
    poll.register(sock, event)
    return bool(poll.poll(math.ceil(seconds * 1000)))
