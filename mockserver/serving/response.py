"""What a WSGI application answers, to octets."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Iterable
    from types import TracebackType
    from wsgiref.types import WSGIApplication
    from wsgiref.types import WSGIEnvironment

    from .channel import Channel

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# The answers of the server's own (RFC 9110, 15; RFC 6585); the enumeration in `http` takes 2 ms to import.
STATUS_LINES = {
    400: "400 Bad Request",
    408: "408 Request Timeout",
    413: "413 Content Too Large",
    414: "414 URI Too Long",
    431: "431 Request Header Fields Too Large",
    500: "500 Internal Server Error",
    501: "501 Not Implemented",
    505: "505 HTTP Version Not Supported",
}


def http_date() -> str:
    """The wall clock as an IMF-fixdate (RFC 9110, 5.6.7)."""
    return _imf_fixdate(int(time.time()))


@functools.lru_cache(maxsize=2)
def _imf_fixdate(second: int) -> str:
    t = time.gmtime(second)
    return (
        f"{_DAYS[t.tm_wday]}, {t.tm_mday:02d} {_MONTHS[t.tm_mon - 1]} {t.tm_year:04d}"
        f" {t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d} GMT"
    )


class Response:
    """One answer. `run` calls the application and sends what it says; `started` tells whether octets
    went out, `done` whether all did.

    `persist` is asked once, when the head is built: whether the connection goes on. `keep` is the outcome.
    """

    __slots__ = (
        "_channel", "_chunked", "_close", "_code", "_dated", "_declared", "_foreign", "_head_only", "_lines", "_modern",
        "_persist", "_written", "done", "keep", "started",
    )  # fmt: skip

    def __init__(self, channel: Channel, method: str, version: str, persist: Callable[[], bool]) -> None:
        self._channel = channel
        self._head_only = method == "HEAD"
        self._modern = version != "1.0"
        self._persist = persist
        self._lines: list[str] = []
        self._code = 200
        self._declared: int | None = None
        self._dated = self._close = self._foreign = False
        self._chunked = False
        self._written = 0
        self.keep = False
        self.started = False
        self.done = False

    def run(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        """Call the application, send its answer, close its iterable. Raises what it raises, or `ClientDisconnected`."""
        result = app(environ, self.start_response)
        try:
            length = getattr(result, "__len__", None)
            if type(result) in (list, tuple) or (length is not None and length() == 1):
                # PEP 3333: with one piece the length of the body is known.
                self._whole(b"".join(result))
            else:
                for piece in result:
                    if piece or self._head_only:
                        self.write(piece)
                    if self.started and (self._head_only or self._bodiless()):
                        break
                self._finish()
            self.done = True
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def give(self, status: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        """An answer of the server's own."""
        self.start_response(status, list(headers))
        self._whole(body)

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        """PEP 3333. Raises ValueError for a header that would break the head, AssertionError when called twice."""
        if exc_info is not None:
            try:
                if self.started and exc_info[1] is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # a frame in its own traceback is a cycle
        elif self._lines:
            raise AssertionError("start_response was called twice without exc_info (PEP 3333)")
        code = int(status[:3])
        declared = None
        dated = close = foreign = False
        lines = ["HTTP/1.1 " + status]
        for name, value in headers:
            low = name.lower()
            if low == "content-length":
                if code < 200 or code == 204:
                    continue  # RFC 9110, 8.6
                declared = int(value) if value.isascii() and value.isdigit() else None
                foreign = foreign or declared is None
            elif low == "date":
                dated = True
            elif low == "transfer-encoding":
                foreign = True
            elif low == "connection" and "close" in value.lower():
                close = True
            lines.append(f"{name}: {value}")
        text = "\r\n".join(lines)
        # RFC 9110, 5.5: one CR and one LF between two lines, and none anywhere else.
        breaks = len(lines) - 1
        if text.count("\r") != breaks or text.count("\n") != breaks or "\0" in text:
            raise ValueError("a status or header contains CR, LF or NUL")
        if not text.isascii():
            text.encode("latin-1")  # UnicodeEncodeError is a ValueError; raised while the application is still there
        self._lines, self._code, self._declared = lines, code, declared
        self._dated, self._close, self._foreign = dated, close, foreign
        return self.write

    def write(self, data: bytes) -> None:
        """Send a piece of the body at once, after the head if that is still to go."""
        head = b"" if self.started else self._head(None)
        self._written += len(data)
        if self._head_only or self._bodiless():
            data = b""
        elif self._chunked and data:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        if head or data:
            self.started = True
            self._channel.send(head + data)

    def _whole(self, body: bytes) -> None:
        """Head and body, if nothing has been written yet, in one send."""
        if self.started:
            if body:
                self.write(body)
            self._finish()
            return
        length = len(body)
        if self._declared not in (None, length) and not self._head_only and not self._bodiless():
            self._foreign = True  # sent as the application wants it, but no client can tell where it ends
        head = self._head(length)
        if not self._head_only and not self._bodiless():
            head += body
        self.started = True
        self._channel.send(head)

    def _finish(self) -> None:
        if not self.started:
            self._whole(b"")
        elif self._head_only or self._bodiless():
            pass
        elif self._chunked:
            self._channel.send(b"0\r\n\r\n")
        elif self._declared is not None and self._written != self._declared:
            self.keep = False  # the client counts differently: the next answer would be taken for a part of this one

    def _bodiless(self) -> bool:
        return self._code in (204, 304) or self._code < 200  # RFC 9112, 6.3

    def _head(self, length: int | None) -> bytes:
        """The head; `length` is Content-Length, or None if it is not known. Decides on framing and `keep`."""
        lines = self._lines
        if not lines:
            raise AssertionError("the application wrote before it called start_response (PEP 3333)")
        keep = not self._close and not self._foreign and self._persist()
        if self._declared is None and not self._foreign and self._code != 304 and not self._bodiless():
            if self._head_only and length == 0 and self._modern:
                pass  # RFC 9110, 8.6: not a length that GET would not have
            elif length is not None:
                lines.append(f"Content-Length: {length}")
            elif self._modern:
                self._chunked = True
                lines.append("Transfer-Encoding: chunked")
            else:
                keep = keep and self._head_only  # RFC 9112, 6.3: the end of the connection is the end of the body
        if not self._dated:
            lines.append("Date: " + http_date())
        if not keep:
            if not self._close:
                lines.append("Connection: close")
        elif not self._modern:
            lines.append("Connection: keep-alive")
        self.keep = keep
        lines.append("\r\n")
        return "\r\n".join(lines).encode("latin-1")
