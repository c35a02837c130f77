"""Signing keys: P-256 for access tokens, RSA for ID tokens, and the JWK Set that publishes both."""

from __future__ import annotations

import base64
import collections.abc as cabc
import concurrent.futures
import functools
import hashlib
import json
import threading
import typing

import jwt
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa

from . import jws
from .policies import SigningAlgorithm
from .redaction import without

__all__ = ["KeySet", "SigningKey"]

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class SigningKey(msgspec.Struct, frozen=True):
    """A private key, the algorithm it signs with and its name."""

    kid: str
    alg: SigningAlgorithm
    private: PrivateKey

    def __repr__(self) -> str:
        return without(self, "private")

    @classmethod
    def generate(cls, alg: SigningAlgorithm) -> SigningKey:
        """A key of its own; an RSA key takes up to 0.4 s."""
        if alg == "RS256":
            return _named(alg, rsa.generate_private_key(public_exponent=65537, key_size=2048))
        return _named(alg, ec.generate_private_key(ec.SECP256R1()))

    def sign(self, claims: cabc.Mapping[str, typing.Any], *, typ: str) -> str:
        """A JWS in compact form whose header has `typ`, `alg` and `kid` (RFC 7515 3.1)."""
        return jws.sign(claims, self.private, alg=self.alg, headers={"typ": typ, "kid": self.kid})

    def pem(self) -> str:
        """The private key, PKCS #8."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode("ascii")

    def public_pem(self) -> str:
        """The public half, SubjectPublicKeyInfo."""
        public = self.private.public_key()
        return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode(
            "ascii"
        )

    def public_jwk(self) -> dict[str, str]:
        """The public half with `use`, `alg` and `kid`, without which some verifiers refuse a key (RFC 7517 4)."""
        return {**_public_members(self.private), "use": "sig", "alg": self.alg, "kid": self.kid}


class KeySet:
    """
    One issuer's keys, each made when it is first needed.

    A P-256 key takes 0.02 ms. An RSA key takes up to 0.4 s, so `prepare` starts it in the background, once a process:
    all key sets share it until they rotate.
    """

    __slots__ = ("_ec", "_lock", "_retired", "_rotated")

    def __init__(self) -> None:
        self._ec: SigningKey | None = None
        self._rotated: dict[SigningAlgorithm, SigningKey] = {}
        self._retired: tuple[SigningKey, ...] = ()
        self._lock = threading.Lock()

    def rotate(self, algs: cabc.Iterable[SigningAlgorithm], *, overlap: bool) -> None:
        """
        Sign with new keys from now on; with `overlap` the old ones stay published (OpenID Connect Core 10.1.1).

        A new RSA key takes up to 0.4 s.
        """
        new = {alg: SigningKey.generate(alg) for alg in algs}
        old = tuple(self.signing(alg) for alg in new)
        with self._lock:
            self._retired = (*self._retired, *old) if overlap else ()
            self._rotated = {**self._rotated, **new}

    def unrotate(self) -> None:
        """Back to the first keys, which those may have kept who fetched them in an earlier test."""
        with self._lock:
            self._rotated, self._retired = {}, ()

    def signing(self, alg: SigningAlgorithm) -> SigningKey:
        """The key for an algorithm. RS256 waits for the background."""
        if alg in self._rotated:
            return self._rotated[alg]
        if alg == "RS256":
            return _rsa_key().result()
        if self._ec is None:
            with self._lock:
                if self._ec is None:
                    self._ec = SigningKey.generate("ES256")
        return self._ec

    def prepare(self, alg: SigningAlgorithm) -> None:
        """Start making a slow key; returns at once."""
        if alg == "RS256":
            _rsa_key()

    def jwks(self, algs: cabc.Iterable[SigningAlgorithm]) -> dict[str, list[dict[str, str]]]:
        """The JWK Set (RFC 7517 5) of the algorithms in use, retired keys last: public members alone."""
        return {"keys": [key.public_jwk() for key in (*map(self.signing, algs), *self._retired)]}


_RSA_LOCK = threading.Lock()


def _rsa_key() -> concurrent.futures.Future[SigningKey]:
    with _RSA_LOCK:  # functools.cache alone would let two first callers make two keys
        return _process_rsa_key()


@functools.cache
def _process_rsa_key() -> concurrent.futures.Future[SigningKey]:
    future: concurrent.futures.Future[SigningKey] = concurrent.futures.Future()

    def generate() -> None:
        try:
            future.set_result(SigningKey.generate("RS256"))
        except BaseException as error:
            # Whoever waits for the key gets the error: it must not hang.
            future.set_exception(error)

    threading.Thread(target=generate, name="oauthmock-rsa-key", daemon=True).start()
    return future


def _named(alg: SigningAlgorithm, private: PrivateKey) -> SigningKey:
    """The key under its thumbprint: SHA-256 over the required members in lexicographic order (RFC 7638 3)."""
    required = {"RS256": ("e", "kty", "n"), "ES256": ("crv", "kty", "x", "y")}[alg]
    members = _public_members(private)
    text = json.dumps({name: members[name] for name in required}, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    return SigningKey(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), alg, private)


def _public_members(private: PrivateKey) -> dict[str, str]:
    if isinstance(private, rsa.RSAPrivateKey):
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    else:
        jwk = jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return {name: value for name, value in jwk.items() if isinstance(value, str)}
