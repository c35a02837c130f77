"""A client with a DPoP key, which can also prove it wrongly (RFC 9449 4.2)."""

from __future__ import annotations

import base64
import collections.abc as cabc
import hashlib
import hmac
import itertools
import json
import time
import typing

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from mockserver import jws
from mockserver.dpop import thumbprint_of

__all__ = ["Prover"]

_SERIAL = itertools.count(1)


class Prover:
    """`alg` is what it signs with; `key` its private key, P-256 unless it is given."""

    def __init__(self, key: typing.Any = None, alg: str = "ES256") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1()) if key is None else key
        self.alg = alg
        algorithm = jwt.algorithms.get_default_algorithms()[alg]
        members = algorithm.to_jwk(self.key.public_key(), as_dict=True)
        self.jwk: dict[str, typing.Any] = {k: v for k, v in members.items() if k in ("kty", "crv", "x", "y", "n", "e")}

    @property
    def jkt(self) -> str:
        return thumbprint_of(self.jwk)

    def proof(
        self,
        method: str,
        url: str,
        token: str | None = None,
        *,
        headers: cabc.Mapping[str, typing.Any] | None = None,
        alg: str | None = None,
        key: typing.Any = None,
        **claims: typing.Any,
    ) -> str:
        """A proof for one request; a claim or header that is None is left out."""
        known = {"jti": f"proof-{next(_SERIAL)}", "htm": method, "htu": url, "iat": int(time.time())}
        if token is not None:
            digest = hashlib.sha256(token.encode()).digest()
            known["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        body = {name: value for name, value in {**known, **claims}.items() if value is not None}
        head = {"typ": "dpop+jwt", "jwk": self.jwk, **(headers or {})}
        head = {name: value for name, value in head.items() if value is not None}
        if alg in ("none", "HS256"):
            # By hand: no library signs with a public key as the secret
            parts = [base64.urlsafe_b64encode(json.dumps(each).encode()) for each in ({**head, "alg": alg}, body)]
            text = b".".join(part.rstrip(b"=") for part in parts)
            mac = b"" if alg == "none" else hmac.digest(key, text, "sha256")
            return b".".join([text, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()
        return jws.sign(body, self.key if key is None else key, alg=alg or self.alg, headers=head)
