"""The threads of a server: each accepts for itself and serves what it accepted; a spare one is always in accept."""

from __future__ import annotations

import errno
import itertools
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

from .channel import Channel
from .channel import Socket
from .connection import Connection
from .connection import Service

if TYPE_CHECKING:
    from collections.abc import Callable

# Two at the start: the first connection then needs no new thread. Above eight, one that comes back ends.
_FIRST_THREADS = 2
_SPARE_THREADS = 8
_JOIN_SECONDS = 1.0
_BROKEN = (errno.EBADF, errno.EINVAL, errno.ENOTSOCK)
_RETRY_SECONDS = 0.05
_MOST_DEATHS = 8  # in a row, before no more threads are started: whatever kills them will not go away


class Acceptors:
    """One listening socket and its threads, from start to `stop`; never started again."""

    def __init__(self, listener: socket.socket, service: Service) -> None:
        self._listener = listener
        self._family = int(listener.family)
        self._service = service
        self._port: int = listener.getsockname()[1]
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._names = itertools.count(1)
        self._numbers = itertools.count(1)
        self._threads: set[threading.Thread] = set()
        self._connections: set[Connection] = set()
        self._spare = 0  # threads that are in accept, or about to be
        self._deaths = 0  # workers that died since one last served a connection
        for _ in range(min(_FIRST_THREADS, service.limits.threads)):
            self._start_one()

    @property
    def running(self) -> bool:
        """Whether connections are being accepted; False in a forked child, which has none of the threads."""
        if self._stopped.is_set() or self._process != os.getpid():
            return False
        return any(thread.is_alive() for thread in tuple(self._threads))

    def finish_connections(self) -> None:
        """End idle connections now and the others after their answer; no waiting."""
        if self._process != os.getpid():
            return  # in a forked child: these are the parent's
        # The lock keeps a descriptor from being closed, and given out again, between looking and shutting.
        with self._lock:
            for connection in self._connections:
                connection.finish_soon()

    def stop(self) -> None:
        """Stop listening, shut all connections, wait for the threads (bounded: one may be stuck in the application)."""
        if self._process != os.getpid():
            # In a forked child: shutting down would end the parent's server, which shares these sockets.
            self._listener.close()
            return
        with self._lock:
            if self._stopped.is_set():
                return
            self._stopped.set()
            for connection in self._connections:
                connection.shut()
            threads = self._threads - {threading.current_thread()}
        try:
            self._wake(len(threads))
            deadline = Channel.now() + _JOIN_SECONDS
            for thread in threads:
                thread.join(max(0.0, deadline - Channel.now()))
        finally:
            self._listener.close()

    def _wake(self, count: int) -> None:
        """Bring threads back from accept."""
        try:
            # Before close, as a forked child may hold a copy of the descriptor: the port would stay open.
            self._listener.shutdown(socket.SHUT_RDWR)
            if sys.platform == "linux":
                return
        except OSError:
            pass
        # Elsewhere a shut listener does not come back from accept: each thread is given a connection.
        address = self._listener.getsockname()
        for _ in range(count):
            knock = Socket(self._family, socket.SOCK_STREAM)
            try:
                knock.settimeout(_JOIN_SECONDS)
                knock.connect_ex(address)
            except OSError:
                pass
            finally:
                knock.close()

    def _start_one(self) -> None:
        """Start a thread, counted as spare; when none can be had, the present ones go on."""
        try:
            # Started with the lock held, so that `stop` finds no thread that it cannot join yet.
            with self._lock:
                if self._stopped.is_set() or len(self._threads) >= self._service.limits.threads:
                    return
                name = f"oauthmock-{self._port}-{next(self._names)}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                thread.start()
                self._threads.add(thread)
                self._spare += 1
        except RuntimeError as error:
            self._service.report(error)

    def _work(self) -> None:
        serving = False
        replace = True
        try:
            while (accepted := self._accept()) is not None:
                connection = self._open(*accepted)
                if connection is None:
                    break
                serving = True
                try:
                    connection.serve()
                finally:
                    self._close(connection)
                serving = False
                with self._lock:
                    self._deaths = 0
                    if self._spare >= _SPARE_THREADS:
                        serving = True  # not spare when it ends
                        break
                    self._spare += 1
            replace = False
        except BaseException as error:  # a worker never dies silently
            self._service.report(error)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())
                if not serving:
                    self._spare -= 1
                self._deaths += replace
                replace = replace and self._spare < 1 and self._deaths < _MOST_DEATHS
            if replace:
                self._start_one()

    def _accept(self) -> tuple[socket.socket, tuple[str, int]] | None:
        """The next connection; None when the server has stopped or its listener has broken."""
        accept: Callable[[], tuple[int, tuple[str, int]]] = self._listener._accept  # type: ignore[attr-defined]
        while not self._stopped.is_set():
            try:
                descriptor, address = accept()
            except OSError as error:
                if self._stopped.is_set():
                    break
                if error.errno in _BROKEN:
                    self._service.report(error)
                    break
                # No descriptor or memory left, say: others may give some back.
                self._stopped.wait(_RETRY_SECONDS)
                continue
            # Not accept(): it builds a `socket.socket`, which pytest-socket may have swapped (see channel.py).
            sock = Socket(self._family, socket.SOCK_STREAM, 0, fileno=descriptor)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                sock.close()  # some systems refuse it for a peer that has gone again
                continue
            return sock, address
        return None

    def _open(self, sock: socket.socket, address: tuple[str, int]) -> Connection | None:
        """Enter a connection in the books, and see to a successor in accept; None when the server has stopped."""
        connection = Connection(sock, (address[0], address[1]), next(self._numbers), self._service)
        with self._lock:
            if self._stopped.is_set():
                connection.close()
                return None
            self._connections.add(connection)
            self._spare -= 1
            last = self._spare < 1
        if last:
            self._start_one()
        return connection

    def _close(self, connection: Connection) -> None:
        with self._lock:
            self._connections.discard(connection)
            connection.close()
