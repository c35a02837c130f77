"""Octets between two sockets, both ways."""

from __future__ import annotations

import selectors
import socket
from contextlib import suppress

__all__ = ["splice"]

_PIECE = 64 * 1024


class _Flow:
    """One way: octets of `source` that `sink` has yet to take, and its end, which is passed on."""

    __slots__ = ("ended", "pending", "sink", "source")

    def __init__(self, source: socket.socket, sink: socket.socket, pending: bytes) -> None:
        self.source = source
        self.sink = sink
        self.pending = pending
        self.ended = False

    def move(self, ready: dict[socket.socket, int]) -> None:
        """Send or receive, whichever is its turn and can be done without waiting. Raises OSError."""
        with suppress(BlockingIOError):
            if self.pending and ready.get(self.sink, 0) & selectors.EVENT_WRITE:
                self.pending = self.pending[self.sink.send(self.pending) :]
            elif not self.pending and ready.get(self.source, 0) & selectors.EVENT_READ:
                self.pending = self.source.recv(_PIECE)
                self.ended = not self.pending
        if self.ended:
            self.sink.shutdown(socket.SHUT_WR)


def splice(client: socket.socket, server: socket.socket, first: bytes, idle_seconds: float) -> None:
    """
    Pass octets on until both sides have ended, one has broken off, or nothing has moved for `idle_seconds`.

    `first` is for the server, ahead of what the client sends. A side that has ended may still receive. No more is read
    of one side than the other takes. Both sockets are non-blocking, and left to be closed by the caller.
    """
    flows = [_Flow(client, server, first), _Flow(server, client, b"")]
    with selectors.DefaultSelector() as selector, suppress(OSError, ValueError):
        while flows:
            _register(selector, flows)
            ready = {key.fileobj: events for key, events in selector.select(idle_seconds)}
            if not ready:
                return
            for flow in flows:
                flow.move(ready)  # type: ignore[arg-type]  # what was registered is what comes back
            flows = [flow for flow in flows if not flow.ended]


def _register(selector: selectors.BaseSelector, flows: list[_Flow]) -> None:
    """Wait for what each flow needs next, and for nothing else: an end that was seen would be seen for ever."""
    wanted: dict[socket.socket, int] = {}
    for flow in flows:
        sock, event = (flow.sink, selectors.EVENT_WRITE) if flow.pending else (flow.source, selectors.EVENT_READ)
        wanted[sock] = wanted.get(sock, 0) | event
    for key in list(selector.get_map().values()):
        if key.fileobj not in wanted:
            selector.unregister(key.fileobj)
    for sock, events in wanted.items():
        if sock not in selector.get_map():
            selector.register(sock, events)
        elif selector.get_key(sock).events != events:
            selector.modify(sock, events)
