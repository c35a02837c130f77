"""Nonces that nobody has to remember: their time, something random, and a proof that this server made them."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import secrets
import struct

__all__ = ["new_nonce", "nonce_age", "opaque"]

_TIME, _RANDOM, _PROOF = 8, 8, 16


def new_nonce(key: bytes, realm: str, *, now: float) -> str:
    """A nonce of the time `now`, seconds (RFC 7616 5.4: time stamp and hash)."""
    head = struct.pack(">d", now) + secrets.token_bytes(_RANDOM)
    return base64.urlsafe_b64encode(head + _proof(key, realm, head)).decode("ascii").rstrip("=")


def nonce_age(nonce: str, key: bytes, realm: str, *, now: float) -> float | None:
    """Seconds since it was made; None for one that was not made with this key, for this realm."""
    made = _made(nonce, key, realm)
    return None if made is None else now - made


# A client uses a nonce many times
@functools.lru_cache(maxsize=256)
def _made(nonce: str, key: bytes, realm: str) -> float | None:
    try:
        octets = base64.b64decode(nonce + "=" * (-len(nonce) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    head = octets[: _TIME + _RANDOM]
    if len(octets) != _TIME + _RANDOM + _PROOF or not hmac.compare_digest(
        octets[_TIME + _RANDOM :], _proof(key, realm, head)
    ):
        return None
    made: float = struct.unpack(">d", head[:_TIME])[0]
    return made


@functools.lru_cache(maxsize=64)
def opaque(key: bytes) -> str:
    """What clients have to send back as it is (RFC 7616 3.3): the same as long as the key is."""
    return _proof(key, "opaque", b"").hex()


def _proof(key: bytes, realm: str, head: bytes) -> bytes:
    return hmac.new(key, realm.encode() + b"\0" + head, hashlib.sha256).digest()[:_PROOF]
