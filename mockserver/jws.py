"""JSON Web Signatures in compact form (RFC 7515 3.1): PyJWT's, without its opinion on how long a key is."""

from __future__ import annotations

import collections.abc as cabc
import json
import typing

import jwt
from jwt.algorithms import HMACAlgorithm
from jwt.algorithms import RSAAlgorithm
from jwt.algorithms import RSAPSSAlgorithm

__all__ = ["sign", "verify"]


class _AnyLength:
    """PyJWT warns of short secrets and RSA keys; real servers give them out and take them, and so may a test."""

    def check_key_length(self, key: object) -> None:  # noqa: ARG002 - PyJWT's signature
        return None


class _Mac(_AnyLength, HMACAlgorithm):
    pass


class _Rsa(_AnyLength, RSAAlgorithm):
    pass


class _RsaPss(_AnyLength, RSAPSSAlgorithm):
    pass


_JWS = jwt.PyJWS()
for _family, _kind in (("HS", _Mac), ("RS", _Rsa), ("PS", _RsaPss)):
    for _bits in ("256", "384", "512"):
        _JWS.unregister_algorithm(_family + _bits)
        _JWS.register_algorithm(_family + _bits, _kind(getattr(_kind, f"SHA{_bits}")))


def sign(
    claims: cabc.Mapping[str, typing.Any], key: typing.Any, *, alg: str, headers: cabc.Mapping[str, typing.Any]
) -> str:
    """Claims as a JWT, under a private key or the octets of a secret."""
    payload = json.dumps(claims, separators=(",", ":")).encode()
    return _JWS.encode(payload, key, algorithm=alg, headers=dict(headers))


def verify(text: str, key: typing.Any, *, alg: str) -> bool:
    """Whether a JWS was signed under a key, by this algorithm and no other."""
    try:
        _JWS.decode(text, key, algorithms=[alg])
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return True
