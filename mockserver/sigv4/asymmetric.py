"""Signature Version 4A: ECDSA on P-256, by a key that is derived from the secret (NIST SP 800-108, counter mode)."""

from __future__ import annotations

import collections.abc as cabc
import fnmatch
import functools
import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from .signing import ASYMMETRIC

__all__ = ["covers", "derived", "fits"]

# The order of P-256 (FIPS 186-4 D.1.2.3)
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@functools.lru_cache(maxsize=64)
def derived(access_key_id: str, secret: str) -> ec.EllipticCurvePrivateKey:
    """The key of an access key: the first candidate that is below the order of the curve."""
    for counter in range(1, 255):
        fixed = ASYMMETRIC.encode() + b"\0" + access_key_id.encode() + bytes((counter,)) + (256).to_bytes(4, "big")
        candidate = hmac.new(f"AWS4A{secret}".encode(), (1).to_bytes(4, "big") + fixed, hashlib.sha256).digest()
        if int.from_bytes(candidate, "big") <= _ORDER - 2:
            return ec.derive_private_key(int.from_bytes(candidate, "big") + 1, ec.SECP256R1())
    raise AssertionError("one candidate in four thousand million is refused, and there are 254")


def fits(access_key_id: str, secret: str, text: str, signature: str) -> bool:
    """Whether a signature, DER in hex, is that of a string to sign."""
    try:
        octets = bytes.fromhex(signature)
        derived(access_key_id, secret).public_key().verify(octets, text.encode("latin-1"), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def covers(regions: cabc.Iterable[str], region: str) -> bool:
    """Whether a region is among those of `X-Amz-Region-Set`, which may have `*` and `eu-*`."""
    return any(fnmatch.fnmatchcase(region, pattern) for pattern in regions)
