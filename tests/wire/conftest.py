"""Sockets, a server in a block, and a reader of whole answers."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from mockserver.serving import Server

GUARD = 5.0  # seconds: no test waits longer for a socket, an event or a thread
DATE = re.compile(rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: the header without Date, which is checked for its form when it is there."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Client:
    """A raw client: sends octets, reads answers by their framing."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sock.settimeout(GUARD)
        self._buffer = b""

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def _more(self) -> bool:
        piece = self.sock.recv(65536)
        self._buffer += piece
        return bool(piece)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            if not self._more():
                raise EOFError(self._buffer)
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    def _exactly(self, size: int) -> bytes:
        pieces, have = [self._buffer], len(self._buffer)
        while have < size:
            piece = self.sock.recv(1 << 20)
            if not piece:
                raise EOFError(b"".join(pieces))
            pieces.append(piece)
            have += len(piece)
        joined = b"".join(pieces)
        self._buffer = joined[size:]
        return joined[:size]

    def answer(self, *, to_head: bool = False) -> Answer:
        """The next answer; `to_head`: to a HEAD request, so without a body."""
        head = self._until(b"\r\n\r\n").decode("latin-1")
        status, *lines = head.split("\r\n")
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        for name, value in headers:
            assert name != "Date" or DATE.fullmatch(value.encode()), value
        values = {name.lower(): value for name, value in headers}
        body = b""
        code = int(status.split(" ")[1])
        if to_head or code < 200 or code in (204, 304):
            pass
        elif values.get("transfer-encoding") == "chunked":
            while size := int(self._until(b"\r\n"), 16):
                body += self._exactly(size)
                assert self._exactly(2) == b"\r\n"
            assert self._exactly(2) == b"\r\n"
        elif "content-length" in values:
            body = self._exactly(int(values["content-length"]))
        else:
            while self._more():
                pass
            body, self._buffer = self._buffer, b""
        return Answer(status=status, headers=[pair for pair in headers if pair[0] != "Date"], body=body)

    def rest(self) -> bytes:
        """Everything up to the end of the connection; raises ConnectionResetError on a reset."""
        while self._more():
            pass
        rest, self._buffer = self._buffer, b""
        return rest


class Net:
    """Starts servers and connects clients; all are gone after the test."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    guard = GUARD

    def serve(self, app: Callable[..., Iterable[bytes]] | None = None, **options: Any) -> Server:
        return self._stack.enter_context(Server(app or echo, **options))

    def connect(self, server: Server) -> Client:
        return Client(self._stack.enter_context(socket.create_connection((server.host, server.port), timeout=GUARD)))

    def wrap(self, sock: socket.socket) -> Client:
        """A client on a socket that the test made."""
        return Client(self._stack.enter_context(sock))

    @staticmethod
    def answer(status: str, headers: list[tuple[str, str]], body: bytes = b"") -> Answer:
        """Any answer, for comparison."""
        return Answer(status=f"HTTP/1.1 {status}", headers=headers, body=body)

    @staticmethod
    def ok(body: bytes, *more: tuple[str, str]) -> Answer:
        """What `echo` answers."""
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), *more]
        return Answer(status="HTTP/1.1 200 OK", headers=headers, body=body)

    @staticmethod
    def refusal(status: str, reason: str) -> Answer:
        """What the server itself answers."""
        body = reason.encode() + b"\n"
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ]
        return Answer(status=f"HTTP/1.1 {status}", headers=headers, body=body)


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answers method, path and the whole body, with Content-Length."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} ".encode(), body]


@pytest.fixture
def net() -> Iterator[Net]:
    """Servers and clients that end with the test."""
    with ExitStack() as stack:
        yield Net(stack)
