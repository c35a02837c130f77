"""The proxy itself: a listener on loopback and a thread for each connection."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import socket
import threading
import types
import typing

from ..errors import UnmountedHostError
from ..serving import Limits
from ..serving.channel import Channel
from ..serving.channel import ClientDisconnected
from ..serving.parser import Head
from ..serving.parser import Refused
from ..serving.response import STATUS_LINES
from ..serving.response import Response
from . import asked
from .tunnel import splice
from .ways import Ways

__all__ = ["Proxy"]

_HOST = "127.0.0.1"
_BACKLOG = 512
# How often a listener that nothing wakes looks whether it is to end, and how long threads are waited for
_LOOK_SECONDS = 0.5
_JOIN_SECONDS = 1.0
_CONNECT_SECONDS = 10.0
# As long as the server lets a client wait for an answer that does not come
_IDLE_SECONDS = 3600.0
_LIMITS = Limits(header_block=64 * 1024, url=64 * 1024)
_OF_A_PROXY = {403: "403 Forbidden", 502: "502 Bad Gateway", 504: "504 Gateway Timeout"}


class Proxy:
    """
    Tunnels (RFC 9110 9.3.6) and forwards requests over plain HTTP (RFC 9112 3.2.2), to where `ways` lead.

    A host to which none leads is answered with 403, and `refused` is told why; it is called in the proxy's threads and
    must not raise. Use it as a context manager.
    """

    def __init__(
        self,
        ways: Ways,
        *,
        refused: cabc.Callable[[str], object] = lambda why: None,
        limits: Limits = _LIMITS,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        self.port = 0
        self._ways = ways
        self._refused = refused
        self._limits = limits
        self._idle_seconds = idle_seconds
        self._listener: socket.socket | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._open: set[Channel] = set()

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self.port}"

    def start(self) -> typing.Self:
        """Listen on a free port."""
        self._listener = socket.create_server((_HOST, 0), backlog=_BACKLOG)
        self._listener.settimeout(_LOOK_SECONDS)
        self.port = self._listener.getsockname()[1]
        self._start(self._accept, self._listener)
        return self

    def stop(self) -> None:
        """Close the port and every connection, and wait, a second at most, for the threads."""
        with self._lock:
            self._stopped.set()
            for channel in self._open:
                channel.shut()
            threads = set(self._threads)
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept, where the system has it so
            deadline = Channel.now() + _JOIN_SECONDS
            for thread in threads:
                thread.join(max(0.0, deadline - Channel.now()))
            self._listener.close()

    def __enter__(self) -> typing.Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self, work: cabc.Callable[[socket.socket], None], sock: socket.socket) -> None:
        """In a thread of its own. Raises RuntimeError when none can be had."""

        def run() -> None:
            try:
                work(sock)
            finally:
                with self._lock:
                    self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=f"oauthmock-proxy-{self.port}", daemon=True)
        with self._lock:
            thread.start()
            self._threads.add(thread)

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopped.is_set():
            try:
                sock, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                # No descriptor left, say: others may give some back.
                self._stopped.wait(_LOOK_SECONDS)
                continue
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._start(self._serve, sock)
            except (OSError, RuntimeError):
                sock.close()

    def _serve(self, sock: socket.socket) -> None:
        with self._entered(sock) as channel:
            try:
                request = asked.read(channel, self._limits)
                if request is not None:
                    self._lead(channel, request)
            except Refused as refused:
                _answer(channel, refused.status, refused.reason, refused.head)
            except ClientDisconnected:
                pass

    def _lead(self, channel: Channel, request: asked.Asked) -> None:
        try:
            address = self._ways.find(request.scheme, request.host, request.port)
        except UnmountedHostError as error:
            self._refused(str(error))
            _answer(channel, 403, str(error), request.of_client)
            return
        try:
            server = socket.create_connection(address, _CONNECT_SECONDS)
        except OSError as error:
            status = 504 if isinstance(error, TimeoutError) else 502
            why = f"cannot connect to {request.host} port {request.port}: {error.strerror or error}"
            _answer(channel, status, why, request.of_client)
            return
        with self._entered(server) as onwards:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if request.head is None:
                channel.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            splice(channel.sock, onwards.sock, (request.head or b"") + request.rest, self._idle_seconds)

    @contextlib.contextmanager
    def _entered(self, sock: socket.socket) -> cabc.Iterator[Channel]:
        """A socket that `stop` knows of, closed at the end."""
        channel = Channel(sock, self._limits)
        with self._lock:
            self._open.add(channel)
            if self._stopped.is_set():
                channel.shut()
        try:
            yield channel
        finally:
            with self._lock:
                self._open.discard(channel)
                channel.close()


def _answer(channel: Channel, status: int, reason: str, head: Head) -> None:
    """The proxy's own answer, and the end of the connection."""
    line = STATUS_LINES.get(status) or _OF_A_PROXY[status]
    response = Response(channel, head.method, head.version, lambda: False)
    with contextlib.suppress(ClientDisconnected):
        response.give(line, [("Content-Type", "text/plain; charset=utf-8")], f"{reason}\n".encode())
    channel.linger()
