"""A request's body as `wsgi.input`: read from the connection only when the application asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .channel import Channel
from .channel import ClientDisconnected
from .parser import ChunkParser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .framing import Framing
    from .limits import Limits

# An unread rest up to this many octets is read and dropped, so that the connection can be kept.
_SMALL_REST = 64 * 1024


class BodyTooLarge(OSError):
    """The body is longer than `Limits.body`."""


class BodyTimeout(TimeoutError):
    """The client paused for more than `Limits.body_seconds` within its body."""


class BodyMalformed(OSError):
    """The body is not the chunked coding that the head announces (RFC 9112, 7.1)."""


class Body:
    """A binary input stream (PEP 3333, `wsgi.input`) that ends where the request's body ends.

    Reading raises `BodyTooLarge`, `BodyTimeout`, `BodyMalformed` or `ClientDisconnected`, all of them OSError, and
    raises the same again when read once more.
    """

    __slots__ = ("_channel", "_chunks", "_expects", "_failure", "_left", "_limits", "_ready", "_room")

    def __init__(self, channel: Channel, framing: Framing, limits: Limits) -> None:
        self._channel = channel
        self._limits = limits
        self._left = framing.length
        self._chunks = ChunkParser(limits) if framing.chunked else None
        self._expects = framing.expects_continue
        self._room = limits.body
        self._ready = b""
        self._failure: OSError | None = None

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` octets, fewer only at the end of the body; all that is left when `size` is negative or None."""
        if size is None or size < 0:
            if not self._ready and not self._left and self._chunks is None:
                return b""
            pieces = [self._ready]
            self._ready = b""
            while piece := self._pull():
                pieces.append(piece)
            return b"".join(pieces)
        pieces, have = [self._ready], len(self._ready)
        while have < size and (piece := self._pull()):
            pieces.append(piece)
            have += len(piece)
        joined = b"".join(pieces)
        self._ready = joined[size:]
        return joined[:size]

    def readline(self, size: int | None = -1) -> bytes:
        """Up to and including the next line feed, at most `size` octets when that is not negative."""
        limit = -1 if size is None else size
        pieces: list[bytes] = []
        have = 0
        piece = self._ready or self._pull()
        self._ready = b""
        while piece:
            cut = piece.find(b"\n") + 1 or len(piece)
            if 0 <= limit < have + cut:
                cut = limit - have
            pieces.append(piece[:cut])
            have += cut
            if cut < len(piece) or piece.endswith(b"\n") or have == limit:
                self._ready = piece[cut:]
                break
            piece = self._pull()
        return b"".join(pieces)

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """The remaining lines; about `hint` octets of them when that is positive."""
        lines: list[bytes] = []
        have = 0
        for line in self:
            lines.append(line)
            have += len(line)
            if hint is not None and 0 < hint <= have:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def nearly_read(self) -> bool:
        """Whether the connection can go on afterwards: the body is read, or its rest is small and on its way."""
        if self._failure is not None:
            return False
        if self._chunks is None and not self._left:
            return True
        pending = self._channel.pending
        if self._expects and not pending:
            return False  # the client was not told to go on: nobody knows whether it sends the body or its next request
        if self._chunks is None:
            return self._left - len(pending) <= _SMALL_REST
        try:
            while self._chunks is not None and self._channel.pending:
                self._ready += self._decode(self._channel.receive(0))
        except OSError:
            return False
        return self._chunks is None

    def discard(self) -> bool:
        """Read and drop the rest, if it is small; whether the next request can be read now."""
        if not self.nearly_read():
            return False
        self._expects = False  # the answer is out: an interim one would come too late
        try:
            while self._pull():
                pass
        except OSError:
            return False
        return True

    def _pull(self) -> bytes:
        """The next octets of the body, b"" at its end."""
        if self._failure is not None:
            raise self._failure
        channel = self._channel
        if self._chunks is None:
            if not self._left:
                return b""
            piece = self._receive()
            if len(piece) > self._left:
                channel.pending = piece[self._left :] + channel.pending
                piece = piece[: self._left]
            self._left -= len(piece)
            return piece
        while True:
            piece = self._decode(self._receive())
            if piece or self._chunks is None:
                return piece

    def _receive(self) -> bytes:
        channel = self._channel
        try:
            if self._expects:
                self._expects = False
                if not channel.pending:
                    # RFC 9110, 10.1.1: only now is it certain that the body is wanted.
                    channel.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            piece = channel.receive(self._limits.body_seconds)
        except TimeoutError:
            raise self._fail(BodyTimeout(f"no octet of the body for {self._limits.body_seconds} seconds")) from None
        except ClientDisconnected as gone:
            raise self._fail(gone) from None
        if not piece:
            raise self._fail(ClientDisconnected("the client went away within its request body"))
        return piece

    def _decode(self, data: bytes) -> bytes:
        assert self._chunks is not None
        try:
            piece, rest = self._chunks.feed(data)
        except ValueError as error:
            raise self._fail(BodyMalformed(str(error))) from None
        if rest is not None:
            self._chunks = None
            self._channel.pending = rest + self._channel.pending
        self._room -= len(piece)
        if self._room < 0:
            raise self._fail(BodyTooLarge(f"the request body is longer than {self._limits.body} octets"))
        return piece

    def _fail(self, failure: OSError) -> OSError:
        self._failure = failure
        return failure
