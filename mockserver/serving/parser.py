"""Octets to request heads and chunked bodies; llhttp (httptools) parses, this file feeds and counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httptools
import msgspec

if TYPE_CHECKING:
    from .limits import Limits

_BLANK_LINE = b"\r\n\r\n"
# RFC 9110, 5.6.2: a token; a method is one. Octets seen so far may stop anywhere in it.
_METHOD = re.compile(rb"(?:\r\n)*([!#$%&'*+.^_`|~0-9A-Za-z-]+)( |$)")


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A request head as it came: names in their case, in order, duplicates kept, values without surrounding blanks.

    The head of a refused request holds what had been parsed: `method` and `version` may be "", `target` may be b"".
    """

    method: str = ""
    target: bytes = b""
    version: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Refused(Exception):
    """The server itself answers this request: `status`, the `head` as far as it was read, and `reason` for people."""

    def __init__(self, status: int, reason: str, head: Head) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.head = head


class HeadParser:
    """Reads one request head. Feed it until it gives back what follows the head."""

    __slots__ = ("_fields", "_limits", "_parser", "_seen", "_target", "head")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._fields: list[tuple[bytes, bytes]] = []
        self._target = b""
        self._seen: bytes | bytearray = b""
        self._parser = httptools.HttpRequestParser(self)
        self.head: Head | None = None

    def feed(self, data: bytes) -> bytes | None:
        """The octets after the head once it is complete (often b""), None as long as it is not.

        Raises `Refused` for whatever is no request (400, 501, 505) or too long (414, 431).
        """
        # The end is looked for here, so that no octet of a body or of the next request gets into this parser: it would
        # drop the body after an Upgrade and refuse whatever follows `Connection: close`.
        done = len(self._seen)
        if done:
            if isinstance(self._seen, bytes):
                self._seen = bytearray(self._seen)
            self._seen += data
        else:
            self._seen = data
        search = max(0, done - 3)
        while (blank := self._seen.find(_BLANK_LINE, search)) >= 0:
            # Blank lines ahead of a request line are skipped (RFC 9112, 2.2): then this one does not end the head.
            end = blank + 4
            self._parse(self._seen[done:end] if done or end < len(self._seen) else data)
            if self.head is not None:
                self._check_size(end, self.head)
                self._check_line(self.head)
                del self._parser  # it holds our methods: a cycle for each request would keep the garbage collector busy
                return b"" if end == len(self._seen) else bytes(self._seen[end:])
            done = search = end
        self._parse(self._seen[done:])
        self._check_size(len(self._seen), self.partial())
        return None

    def partial(self) -> Head:
        """What has been read of the head so far."""
        if self.head is not None:
            return self.head
        method = self._parser.get_method().decode() if self._target else ""
        return Head(method=method, target=self._target, headers=tuple(self._fields))

    def _parse(self, data: bytes | bytearray) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # An Upgrade that we do not speak is ignored (RFC 9110, 7.8); Java asks for h2c with each plaintext POST.
            pass
        except httptools.HttpParserError as error:
            if self.head is not None:
                return  # a head that llhttp dislikes as a whole: `framing.frame` says why
            raise self._refusal(error) from None

    def _refusal(self, error: httptools.HttpParserError) -> Refused:
        if isinstance(error, httptools.HttpParserInvalidMethodError) and (found := _METHOD.match(self._seen)):
            # RFC 9110, 9.1: an unrecognised method is answered with 501.
            method = found[1].decode()
            return Refused(501, f"unknown method {method!r}", Head(method=method))
        partial = self.partial()
        if "Pause on PRI" in str(error):
            return Refused(505, "HTTP/2 is not spoken here", partial)
        if str(error).startswith(("Invalid method for", "Expected SOURCE method")):
            return Refused(501, f"method {partial.method!r} is not one of HTTP", partial)
        return Refused(400, str(error), partial)

    def _check_size(self, size: int, head: Head) -> None:
        limits = self._limits
        # RFC 9110, 15.5.15
        if len(self._target) > limits.url:
            raise Refused(414, f"the request target is longer than {limits.url} octets", head)
        # RFC 6585, 5
        if size - len(self._target) > limits.header_block:
            raise Refused(431, f"the request head is longer than {limits.header_block} octets", head)
        if len(self._fields) > limits.header_fields:
            raise Refused(431, f"the request has more than {limits.header_fields} header fields", head)

    def _check_line(self, head: Head) -> None:
        # RFC 9112, 3: single spaces. llhttp takes more; a proxy in between might read another target.
        line = b"%b %b HTTP/" % (head.method.encode(), head.target)
        if self._seen.startswith(line) or head.version == "0.9":
            return
        if not self._seen.lstrip(b"\r\n").startswith(line):
            raise Refused(400, "the parts of the request line are not separated by single spaces", head)

    # What llhttp calls.

    def on_url(self, piece: bytes) -> None:
        if self.head is None:
            self._target += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.head is None:
            self._fields.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        if self.head is None:
            parser = self._parser
            self.head = Head(
                method=parser.get_method().decode(),
                target=self._target,
                version=parser.get_http_version(),
                headers=tuple(self._fields),
            )


class ChunkParser:
    """Decodes one chunked body (RFC 9112, 7.1); trailer fields are read and dropped."""

    __slots__ = ("_complete", "_decoded", "_idle", "_limit", "_parser", "_tail")

    def __init__(self, limits: Limits) -> None:
        self._complete = False
        self._decoded: list[bytes] = []
        self._idle = 0
        self._limit = limits.header_block
        self._tail = b""
        self._parser = httptools.HttpRequestParser(self)
        # A head of ours instead of the client's: after one with an Upgrade llhttp would not parse the body.
        self._parser.feed_data(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")

    def feed(self, data: bytes) -> tuple[bytes, bytes | None]:
        """The decoded octets, and what follows the body once it is complete (None as long as it is not).

        Raises ValueError for what is no chunked body, or one with endless extensions or trailers.
        """
        # A body ends in a blank line, and llhttp does not say where: it is fed up to each blank line in turn.
        joined = self._tail + data
        start, search = len(self._tail), 0
        while not self._complete and start < len(joined):
            blank = joined.find(_BLANK_LINE, search)
            end = len(joined) if blank < 0 else blank + 4
            search = blank + 2
            if end <= start:
                continue
            self._idle += end - start
            try:
                self._parser.feed_data(joined[start:end])
            except httptools.HttpParserError as error:
                raise ValueError(str(error)) from None
            start = end
            if self._idle > self._limit:
                raise ValueError(f"more than {self._limit} octets of chunk extensions or trailers")
        self._tail = joined[-3:]
        decoded = self._decoded
        self._decoded = []
        if self._complete:
            del self._parser  # a cycle, as in HeadParser
        return b"".join(decoded), joined[start:] if self._complete else None

    # What llhttp calls.

    def on_body(self, piece: bytes) -> None:
        self._idle = 0
        self._decoded.append(piece)

    def on_message_complete(self) -> None:
        self._complete = True
