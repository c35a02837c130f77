"""The checksums that S3 knows, each with `update` and `digest` as the hashes of the standard library."""

from __future__ import annotations

import collections.abc as cabc
import functools
import hashlib
import typing
import zlib

__all__ = ["CHECKSUMS", "Checksum"]


class Checksum(typing.Protocol):
    def update(self, data: bytes, /) -> object: ...
    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._crc = 0

    def update(self, data: bytes, /) -> None:
        self._crc = zlib.crc32(data, self._crc)

    def digest(self) -> bytes:
        return self._crc.to_bytes(4, "big")


class _Crc:
    """
    A CRC that the standard library does not have: reflected, from all ones, and inverted at the end.

    Byte by byte in Python: a megabyte takes 0.1 s (CRC32C) to 0.3 s (CRC64NVME).
    """

    def __init__(self, polynomial: int, width: int) -> None:
        self._ones = (1 << width) - 1
        self._crc = self._ones
        self._table = _table(polynomial)
        self._length = width // 8

    def update(self, data: bytes, /) -> None:
        crc, table = self._crc, self._table
        for octet in data:
            crc = table[(crc ^ octet) & 255] ^ (crc >> 8)
        self._crc = crc

    def digest(self) -> bytes:
        return (self._crc ^ self._ones).to_bytes(self._length, "big")


@functools.cache
def _table(polynomial: int) -> tuple[int, ...]:
    """What each octet adds; `polynomial` has its bits reversed."""
    table = []
    for octet in range(256):
        crc = octet
        for _ in range(8):
            crc = (crc >> 1) ^ (polynomial if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


CHECKSUMS: dict[str, cabc.Callable[[], Checksum]] = {
    "crc32": _Crc32,
    # RFC 3720 12.1
    "crc32c": lambda: _Crc(0x82F63B78, 32),
    # NVM Express, NVM Command Set 5.2.1.3.4
    "crc64nvme": lambda: _Crc(0x9A6C9329AC4BC9B5, 64),
    "sha1": functools.partial(hashlib.sha1, usedforsecurity=False),
    "sha256": hashlib.sha256,
}
"""By the end of the names of their headers: x-amz-checksum-crc32."""
