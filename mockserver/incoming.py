"""A request's body on its way to a guarded application: recorded as it passes, set aside for a guard to see."""

from __future__ import annotations

import collections.abc as cabc
import hashlib
import io
import tempfile
import typing

from .errors import InvalidRequest
from .journal import BODY_KEPT
from .journal import RecordedBody
from .request import Request

__all__ = ["Incoming", "Whole", "broken_off"]

_PIECE = 64 * 1024
# More than this of a body is set aside on the disk
_IN_MEMORY = 1024 * 1024


def broken_off(error: OSError) -> InvalidRequest:
    """What is said of a body that ends too early."""
    return InvalidRequest("The request body did not arrive.", hint=f"the body broke off: {error}", status=408)


class Whole:
    """The body of a request that was read already."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def pieces(self) -> cabc.Iterator[bytes]:
        self._request.check_body()
        yield self._request.body


class Incoming(io.RawIOBase):
    """
    The source of `wsgi.input`, and a guard's `Payload`.

    Nothing is read before somebody asks. What a guard reads is kept, in memory up to 1 MiB and then in a temporary
    file, and comes again for the application.
    """

    def __init__(self, source: typing.Any) -> None:
        self._source = source
        self._sha256 = hashlib.sha256()
        self._begins = b""
        self._length = 0
        self._aside: typing.IO[bytes] | None = None
        self.broken: OSError | None = None
        """What reading from the client raised."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: typing.Any) -> int:
        piece = self._next(len(buffer)) if self._aside is None else self._aside.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def pieces(self) -> cabc.Iterator[bytes]:
        """The whole body, from its first octet. Raises `InvalidRequest`."""
        if self._aside is None:
            aside = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - `close` closes it
            while piece := self._read():
                aside.write(piece)
            self._aside = typing.cast("typing.IO[bytes]", aside)
        self._aside.seek(0)
        while piece := self._aside.read(_PIECE):
            yield piece
        self._aside.seek(0)

    def drain(self) -> None:
        """Read what nobody has read, so that the record has it. Raises `InvalidRequest`."""
        if self._aside is None:
            while self._read():
                pass

    def recorded(self) -> RecordedBody:
        """The body as far as it was read."""
        return RecordedBody(self._begins, self._length, self._sha256.hexdigest())

    def close(self) -> None:
        if self._aside is not None:
            self._aside.close()
        super().close()

    def _read(self) -> bytes:
        try:
            return self._next(_PIECE)
        except OSError as error:
            raise broken_off(error) from None

    def _next(self, size: int) -> bytes:
        try:
            piece: bytes = self._source.read(size)
        except OSError as error:
            self.broken = error
            raise
        self._sha256.update(piece)
        self._length += len(piece)
        if len(self._begins) < BODY_KEPT:
            self._begins += piece[: BODY_KEPT - len(self._begins)]
        return piece
