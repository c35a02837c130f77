"""Signing keys: P-256 for access tokens, what ID tokens need, and the JWK Set that publishes them."""

from __future__ import annotations

import base64
import collections.abc as cabc
import concurrent.futures
import datetime as dt
import functools
import hashlib
import json
import secrets
import threading
import typing

import jwt
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric import rsa

from . import jws
from .policies import SigningAlgorithm
from .redaction import without

__all__ = ["KeySet", "SecretKey", "SigningKey"]

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

_CURVES: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
# RFC 7638 3.2, RFC 8037 2
_REQUIRED = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}


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
        if _is_slow(alg):
            return _named(alg, rsa.generate_private_key(public_exponent=65537, key_size=2048))
        if alg == "EdDSA":
            return _named(alg, ed25519.Ed25519PrivateKey.generate())
        return _named(alg, ec.generate_private_key(_CURVES[alg]))

    def another(self) -> SigningKey:
        """A key of the same kind that nobody knows."""
        return SigningKey.generate(self.alg)

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

    def certificate(self) -> str:
        """A certificate by itself for its public half, good at any time: DER in base64, as `x5c` has it."""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "elsewhere.example")])
        builder = x509.CertificateBuilder(name, name, self.private.public_key(), x509.random_serial_number())
        from_, until = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (1970, 9999))
        hashing = None if self.alg == "EdDSA" else hashes.SHA256()
        made = builder.not_valid_before(from_).not_valid_after(until).sign(self.private, hashing)
        return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode("ascii")

    def public_jwk(self) -> dict[str, str]:
        """The public half with `use`, `alg` and `kid`, without which some verifiers refuse a key (RFC 7517 4)."""
        return {**_public_members(self.private), "use": "sig", "alg": self.alg, "kid": self.kid}


class SecretKey(msgspec.Struct, frozen=True):
    """A client's secret that signs (OpenID Connect Core 10.1), or for `none` nothing (RFC 7519 6). It has no name."""

    alg: str
    private: bytes | None

    kid: typing.ClassVar[None] = None

    def __repr__(self) -> str:
        return without(self, "private")

    def another(self) -> SecretKey:
        """A secret that nobody knows."""
        return SecretKey("HS256" if self.private is None else self.alg, secrets.token_bytes(32))

    def sign(self, claims: cabc.Mapping[str, typing.Any], *, typ: str) -> str:
        """A JWS in compact form whose header has `typ` and `alg`."""
        return jws.sign(claims, self.private, alg=self.alg, headers={"typ": typ})

    def public_pem(self) -> str:
        """A secret has no public half: that of a key which was made up."""
        return SigningKey.generate("ES256").public_pem()


class KeySet:
    """
    One issuer's keys, each made when it is first needed.

    An elliptic key takes 0.02 ms. An RSA key takes up to 0.4 s, so `prepare` starts it in the background, once a
    process and algorithm: all key sets share it until they rotate.
    """

    __slots__ = ("_lock", "_own", "_retired", "_rotated")

    def __init__(self) -> None:
        self._own: dict[SigningAlgorithm, SigningKey] = {}
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
        """The key for an algorithm. One of RSA waits for the background."""
        if alg in self._rotated:
            return self._rotated[alg]
        if _is_slow(alg):
            return _rsa_key(alg).result()
        own = self._own.get(alg)
        if own is None:
            with self._lock:
                own = self._own.setdefault(alg, self._own.get(alg) or SigningKey.generate(alg))
        return own

    def prepare(self, alg: str) -> None:
        """Start making a slow key; returns at once."""
        if _is_slow(alg):
            _rsa_key(alg)

    def published(self, algs: cabc.Iterable[SigningAlgorithm]) -> list[SigningKey]:
        """The keys of the algorithms in use, retired ones last."""
        return [*map(self.signing, algs), *self._retired]

    def jwks(self, algs: cabc.Iterable[SigningAlgorithm]) -> dict[str, list[dict[str, str]]]:
        """The JWK Set (RFC 7517 5) of the algorithms in use, retired keys last: public members alone."""
        return {"keys": [key.public_jwk() for key in self.published(algs)]}


_RSA_LOCK = threading.Lock()


def _is_slow(alg: str) -> bool:
    return alg.startswith(("RS", "PS"))


def _rsa_key(alg: str) -> concurrent.futures.Future[SigningKey]:
    with _RSA_LOCK:  # functools.cache alone would let two first callers make two keys
        return _process_rsa_key(alg)


@functools.cache
def _process_rsa_key(alg: SigningAlgorithm) -> concurrent.futures.Future[SigningKey]:
    future: concurrent.futures.Future[SigningKey] = concurrent.futures.Future()

    def generate() -> None:
        try:
            future.set_result(SigningKey.generate(alg))
        except BaseException as error:
            # Whoever waits for the key gets the error: it must not hang.
            future.set_exception(error)

    threading.Thread(target=generate, name="oauthmock-rsa-key", daemon=True).start()
    return future


def _named(alg: SigningAlgorithm, private: PrivateKey) -> SigningKey:
    """The key under its thumbprint: SHA-256 over the required members in lexicographic order (RFC 7638 3)."""
    members = _public_members(private)
    text = json.dumps({name: members[name] for name in _REQUIRED[members["kty"]]}, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    return SigningKey(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), alg, private)


def _public_members(private: PrivateKey) -> dict[str, str]:
    public = private.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True)
    elif isinstance(public, ed25519.Ed25519PublicKey):
        jwk = jwt.algorithms.OKPAlgorithm.to_jwk(public, as_dict=True)
    else:
        jwk = jwt.algorithms.ECAlgorithm.to_jwk(public, as_dict=True)
    return {name: value for name, value in jwk.items() if isinstance(value, str)}
