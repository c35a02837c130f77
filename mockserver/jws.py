"""JSON Web Signatures in compact form (RFC 7515 3.1): PyJWT's, without its opinion on how long a secret is."""

from __future__ import annotations

import collections.abc as cabc
import json
import typing

import jwt
from jwt.algorithms import HMACAlgorithm

__all__ = ["sign", "verify"]


class _AnyLength(HMACAlgorithm):
    """PyJWT warns of secrets that are shorter than the hash; real servers give them out, and so may a test."""

    def check_key_length(self, key: object) -> None:  # noqa: ARG002 - PyJWT's signature
        return None


_JWS = jwt.PyJWS()
for _name, _hash in (("HS256", HMACAlgorithm.SHA256), ("HS384", HMACAlgorithm.SHA384), ("HS512", HMACAlgorithm.SHA512)):
    _JWS.unregister_algorithm(_name)
    _JWS.register_algorithm(_name, _AnyLength(_hash))


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
