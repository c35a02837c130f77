"""What one server is willing to read, and how long it waits."""

from __future__ import annotations

import msgspec

KIB = 1024
MIB = 1024 * KIB


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Caps in octets, time limits in seconds.

    Attributes:
        url: longest request target, octets; beyond it 414.
        header_block: longest rest of a request head (everything but the target), octets; beyond it 431.
        header_fields: most header fields of a request; beyond it 431.
        body: longest request body, octets; beyond it 413, before reading when Content-Length tells, else while reading.
        head_seconds: a request head is complete within it, counted from accept (or the end of the TLS handshake) for
            the first request of a connection and from the first octet for later ones; a half one is answered 408.
        body_seconds: longest pause between two pieces of a request body, seconds.
        idle_seconds: longest pause between two requests, seconds; the longest, too, that an answer waits for its reader
            unless `body_seconds` is longer.
        handshake_seconds: a TLS handshake is complete within it.
        linger_seconds: longest wait, after a last answer, for the client to stop sending, seconds.
        linger_bytes: most octets that are thrown away during that wait.
        threads: most worker threads, which is most connections served at once; others wait in the backlog.
    """

    url: int = 256 * KIB
    header_block: int = 256 * KIB
    header_fields: int = 200
    body: int = 128 * MIB
    head_seconds: float = 10.0
    body_seconds: float = 10.0
    idle_seconds: float = 60.0
    handshake_seconds: float = 5.0
    linger_seconds: float = 2.0
    linger_bytes: int = 128 * MIB
    threads: int = 1024
