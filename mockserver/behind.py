"""The application behind a guard: called with everything at and below its path, its answer as a reply that streams."""

from __future__ import annotations

import collections.abc as cabc
import io
import typing

import msgspec

from .admission import Door
from .admission import Visit
from .incoming import Incoming
from .messages import Reply

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["Recorded", "call"]

_REPLY_KEPT = 64 * 1024


def call(door: Door, visit: Visit, environ: WSGIEnvironment, incoming: Incoming) -> Reply:
    """
    What the application answers, as far as its head; the rest streams.

    SCRIPT_NAME grows by the door's path and PATH_INFO loses it (PEP 3333), as octets: what was percent-encoded need not
    be UTF-8.
    """
    assert door.app is not None
    info = environ.get("PATH_INFO", "")
    below = _below(info, door.path.encode().decode("latin-1"), visit.request.issuer)
    inner = {
        **environ,
        "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + info[: len(info) - len(below)],
        "PATH_INFO": below,
        "wsgi.input": io.BufferedReader(incoming, 64 * 1024),
        "wsgi.input_terminated": True,
        "AUTH_TYPE": visit.guards[-1] if visit.guards else "",
        "REMOTE_USER": visit.caller or "",
    }
    return _Answer(door.app(inner, start := _Start()), start).reply()


def _below(info: str, path: str, issuer: str) -> str:
    for prefix in (f"/{issuer}{path}" if issuer else path, path):
        if info == prefix or info.startswith(prefix + "/"):
            return info[len(prefix) :]
    return info


class _Start:
    """`start_response`, and `write`, which PEP 3333 has for old applications."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.written: list[bytes] = []

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: typing.Any = None, /
    ) -> cabc.Callable[[bytes], object]:
        if self.status and exc_info is None:
            raise AssertionError("start_response was called twice without exc_info (PEP 3333)")
        self.status, self.headers = status, list(headers)
        return self.written.append


class _Answer:
    """What the application returned, read until it has called `start_response`."""

    def __init__(self, result: cabc.Iterable[bytes], start: _Start) -> None:
        self._result = result
        self._start = start
        self.whole = isinstance(result, list | tuple)

    def reply(self) -> Reply:
        pieces = iter(self._result)
        first: list[bytes] = []
        try:
            # PEP 3333: it may be called as late as for the first piece
            while not self._start.status:
                first.append(next(pieces))
        except StopIteration:
            self.close()
            raise AssertionError("the application never called start_response (PEP 3333)") from None
        except BaseException:
            self.close()
            raise
        self._pieces = self._all(first, pieces)
        return Reply(status=int(self._start.status[:3]), headers=tuple(self._start.headers), stream=self)

    def _all(self, first: list[bytes], rest: cabc.Iterator[bytes]) -> cabc.Iterator[bytes]:
        for piece in first:
            yield from self._written()
            yield piece
        for piece in rest:
            yield from self._written()
            yield piece
        yield from self._written()

    def _written(self) -> cabc.Iterator[bytes]:
        while self._start.written:
            yield self._start.written.pop(0)

    def __iter__(self) -> cabc.Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        close = getattr(self._result, "close", None)
        if close is not None:
            close()


class Recorded:
    """
    A reply's stream, of which `done` is told once: with its first octets, before the last of them leaves.

    The client knows the end by Content-Length, or by what the server sends after the last piece.
    """

    def __init__(self, reply: Reply, method: str, done: cabc.Callable[[Reply, BaseException | None], object]) -> None:
        assert reply.stream is not None
        self._reply = reply
        self._stream = reply.stream
        self._done: cabc.Callable[[Reply, BaseException | None], object] | None = done
        length = next((value for name, value in reply.headers if name.lower() == "content-length"), "")
        self._left = int(length) if length.isascii() and length.isdigit() else None
        # RFC 9112 6.3: the head is all of it
        if method == "HEAD" or reply.status in (204, 304):
            self._left = 0
        self._begins = b""

    def pieces(self) -> cabc.Iterable[bytes]:
        """For the WSGI server: in one piece what the application had in one, so that the length is known."""
        if not getattr(self._stream, "whole", False):
            return self
        try:
            return [b"".join(self)]
        finally:
            self.close()

    def __iter__(self) -> cabc.Iterator[bytes]:
        try:
            for piece in self._stream:
                if len(self._begins) < _REPLY_KEPT:
                    self._begins += piece[: _REPLY_KEPT - len(self._begins)]
                if self._left is not None:
                    self._left -= len(piece)
                    if self._left <= 0:
                        self._tell()
                yield piece
        except GeneratorExit:
            raise
        except BaseException as error:
            self._tell(error)
            raise
        self._tell()

    def close(self) -> None:
        self._tell()
        close = getattr(self._stream, "close", None)
        if close is not None:
            close()

    def _tell(self, error: BaseException | None = None) -> None:
        if self._done is not None:
            done, self._done = self._done, None
            done(msgspec.structs.replace(self._reply, body=self._begins, stream=None), error)
