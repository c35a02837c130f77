"""A body in the coding aws-chunked, whose chunks and trailers are signed each by itself, in a chain."""

from __future__ import annotations

import base64
import collections.abc as cabc
import hashlib
import hmac
import re
import typing

import msgspec

from .checksums import CHECKSUMS
from .problem import Problem
from .signing import Scope
from .signing import sha256
from .signing import sign

__all__ = ["STREAMING", "Trailers", "check_chunks"]

STREAMING: typing.Final = {
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": (True, False),
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": (True, True),
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER": (False, True),
}
"""What x-amz-content-sha256 says: whether chunks are signed, and whether trailers follow."""

_CHECKSUM = "x-amz-checksum-"
_EMPTY = sha256(b"")
_LINE = 8 * 1024
_SMALLEST = 8 * 1024
_HEAD = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?")
_TRAILER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e]*?)[ \t]*")

Trailers = dict[str, str]


class Chain(msgspec.Struct, kw_only=True):
    """Each signature goes into the next one; the first is that of the request."""

    secret: str
    scope: Scope
    timestamp: str
    previous: str

    def check(self, kind: str, *, digests: cabc.Iterable[str], sent: bytes | None, what: str) -> None:
        text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", self.timestamp, str(self.scope), self.previous, *digests])
        expected = sign(self.secret, self.scope, text)
        if sent is None or not hmac.compare_digest(sent, expected.encode()):
            said = "is missing" if sent is None else "does not match"
            raise Problem("mismatch", f"the signature of {what} {said}; the string to sign is\n{text}")
        self.previous = expected


def check_chunks(
    pieces: cabc.Iterator[bytes],
    *,
    signed: bool,
    trailing: bool,
    chain: Chain,
    length: int,
    announced: cabc.Collection[str],
) -> str:
    """
    Read the body to its end and check lengths, signatures and checksums; a note on what could not be checked.

    `length` is that of the decoded body, `announced` are the names in x-amz-trailer. Raises `Problem`.
    """
    source, total, number = _Source(pieces), 0, 0
    sums = _Sums(announced)
    short = False
    while True:
        number += 1
        head = _HEAD.fullmatch(source.line())
        if head is None or (head[2] is not None) is not signed:
            raise Problem("body", f"chunk {number} does not begin with a size{' and a signature' if signed else ''}")
        size, digest = int(head[1], 16), hashlib.sha256()
        if size and short:
            raise Problem("chunk_size", f"chunk {number - 1} has less than {_SMALLEST} bytes and is not the last")
        short = size < _SMALLEST
        for piece in source.take(size):
            digest.update(piece)
            sums.update(piece)
        total += size
        if signed:
            chain.check("PAYLOAD", digests=(_EMPTY, digest.hexdigest()), sent=head[2], what=f"chunk {number}")
        if not size:
            break
        source.end_of_line()
    trailers = _trailers(source, chain, signed=signed) if trailing else {}
    if not trailing:
        source.end_of_line()
    if not source.at_end():
        raise Problem("body", "more follows after the last chunk")
    if total != length:
        raise Problem("body", f"x-amz-decoded-content-length is {length}, and the chunks have {total} bytes")
    if trailing and {*trailers} != {*announced}:
        raise Problem("body", f"x-amz-trailer announces {sorted(announced)}, and the trailers are {sorted(trailers)}")
    return sums.check(trailers)


def _trailers(source: _Source, chain: Chain, *, signed: bool) -> Trailers:
    found: Trailers = {}
    signature: bytes | None = None
    while line := source.line():
        match = _TRAILER.fullmatch(line)
        if match is None:
            raise Problem("body", "a trailer is no name:value")
        name, value = match[1].decode().lower(), match[2].decode()
        if name == "x-amz-trailer-signature":
            signature = match[2]
        else:
            found[name] = value
    if signed:
        text = "".join(f"{name}:{value}\n" for name, value in sorted(found.items()))
        chain.check("TRAILER", digests=[sha256(text.encode())], sent=signature, what="the trailers")
    return found


class _Sums:
    """The checksums that are announced, as far as they are known here."""

    def __init__(self, announced: cabc.Collection[str]) -> None:
        self._made = {
            f"{_CHECKSUM}{name}": made() for name, made in CHECKSUMS.items() if f"{_CHECKSUM}{name}" in announced
        }

    def update(self, piece: bytes) -> None:
        for checksum in self._made.values():
            checksum.update(piece)

    def check(self, trailers: Trailers) -> str:
        for name, checksum in self._made.items():
            expected = base64.b64encode(checksum.digest()).decode()
            if trailers[name] != expected:
                algorithm = name.removeprefix(_CHECKSUM).upper()
                raise Problem(
                    "checksum",
                    f"the trailer {name} is {trailers[name]!r}; that of the body is {expected!r}",
                    message=f"The {algorithm} you specified did not match the calculated checksum.",
                )
        unchecked = [name for name in trailers if name.startswith(_CHECKSUM) and name not in self._made]
        return f"; {' and '.join(unchecked)} was not checked" if unchecked else ""


class _Source:
    """Lines and blocks out of pieces of any size."""

    def __init__(self, pieces: cabc.Iterator[bytes]) -> None:
        self._pieces = pieces
        self._ready = b""

    def line(self) -> bytes:
        """Without its CR LF."""
        while (end := self._ready.find(b"\r\n")) < 0:
            if len(self._ready) > _LINE or not self._more():
                raise Problem("body", "the body ends, or a line is too long, where a chunk begins or a trailer is due")
        found, self._ready = self._ready[:end], self._ready[end + 2 :]
        return found

    def take(self, size: int) -> cabc.Iterator[bytes]:
        while size:
            if not self._ready and not self._more():
                raise Problem("body", f"the body ends {size} bytes before its chunk does")
            piece, self._ready = self._ready[:size], self._ready[size:]
            size -= len(piece)
            yield piece

    def end_of_line(self) -> None:
        if self.line():
            raise Problem("body", "a chunk is longer than its size says")

    def at_end(self) -> bool:
        return not self._ready and not self._more()

    def _more(self) -> bool:
        for piece in self._pieces:
            if piece:
                self._ready += piece
                return True
        return False
