"""Scope, string to sign, key and signature."""

from __future__ import annotations

import functools
import hashlib
import hmac

import msgspec

__all__ = ["ALGORITHM", "ALGORITHMS", "ASYMMETRIC", "Scope", "sha256", "sign", "string_to_sign"]

ALGORITHM = "AWS4-HMAC-SHA256"
ASYMMETRIC = "AWS4-ECDSA-P256-SHA256"
"""Signature Version 4A: good in several regions, so that its scope has none."""
ALGORITHMS = (ALGORITHM, ASYMMETRIC)
TERMINATOR = "aws4_request"


class Scope(msgspec.Struct, frozen=True):
    """What a signature is good for: a day, a region, a service."""

    date: str
    region: str | None
    """None of Version 4A, where `X-Amz-Region-Set` has the regions."""
    service: str

    def __str__(self) -> str:
        return "/".join(part for part in (self.date, self.region, self.service, TERMINATOR) if part is not None)

    @property
    def algorithm(self) -> str:
        return ASYMMETRIC if self.region is None else ALGORITHM


def sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def string_to_sign(timestamp: str, scope: Scope, canonical: str) -> str:
    """`canonical` has a character for each octet."""
    return f"{scope.algorithm}\n{timestamp}\n{scope}\n{sha256(canonical.encode('latin-1'))}"


def sign(secret: str, scope: Scope, text: str) -> str:
    return hmac.new(_key(secret, scope), text.encode("latin-1"), hashlib.sha256).hexdigest()


@functools.lru_cache(maxsize=64)
def _key(secret: str, scope: Scope) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (scope.date, scope.region or "", scope.service, TERMINATOR):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
