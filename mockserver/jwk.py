"""The keys that assertions are verified with: JSON Web Keys (RFC 7517), and secrets as keys of a MAC."""

from __future__ import annotations

import collections.abc as cabc
import typing

import jwt
import msgspec

from .redaction import without

__all__ = ["ALGORITHMS", "MAC_ALGORITHMS", "BadKey", "Key", "fits", "malformed_key", "public_keys", "secret_key"]

MAC_ALGORITHMS: typing.Final = ("HS256", "HS384", "HS512")
ALGORITHMS: typing.Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)

_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA", "Ed448": "EdDSA"}


class BadKey(ValueError):
    """A key or a set of keys that cannot verify an assertion; the message says why, for the tester."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key that may have signed an assertion: its `kid` where it has one, the algorithms that it fits."""

    kid: str | None
    algorithms: tuple[str, ...]
    key: typing.Any
    expired: bool = False
    """Good no longer; known, so that the refusal can say so."""

    def __repr__(self) -> str:
        return without(self, "key")


def public_keys(jwks: cabc.Mapping[str, typing.Any]) -> tuple[Key, ...]:
    """
    The keys of a JWK Set that verify signatures (RFC 7517 5); those for encryption alone are passed over (4.2).

    Raises `BadKey` that says which of them is wrong, and how.
    """
    keys = jwks.get("keys")
    if not isinstance(keys, list | tuple) or not keys:
        raise BadKey("a JWK Set has a list 'keys' with at least one key (RFC 7517 5)")
    found: list[Key] = []
    for number, jwk in enumerate(keys):
        wrong = malformed_key(jwk)
        if wrong is not None:
            raise BadKey(f"keys[{number}] {wrong}")
        if jwk.get("use") == "enc":
            continue
        algorithms = (jwk["alg"],) if "alg" in jwk else fits(jwk)
        try:
            found.append(Key(kid=jwk.get("kid"), algorithms=algorithms, key=jwt.PyJWK(jwk, algorithms[0]).key))
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
            raise BadKey(f"keys[{number}] is no key: {error}") from None
    if not found:
        raise BadKey("every key is for encryption (use 'enc', RFC 7517 4.2); add one for signatures")
    return tuple(found)


def malformed_key(jwk: object) -> str | None:
    """Why a JWK cannot verify an assertion: no public key, or an `alg` that its type does not have; or None."""
    if not isinstance(jwk, dict):
        return "is no table of JWK members (RFC 7517 4)"
    possible = fits(jwk)
    if jwk.get("kty") == "oct":
        return "is a symmetric key; with a shared secret the method is client_secret_jwt"
    if not possible:
        return f"has kty {jwk.get('kty')!r} and crv {jwk.get('crv')!r}; there are RSA, EC (P-256, P-384, P-521) and OKP"
    if "d" in jwk:
        return "has a private key; register its public half alone, without 'd'"
    if not isinstance(jwk.get("kid", ""), str):
        return f"has kid {jwk['kid']!r}; write a string (RFC 7517 4.5)"
    if jwk.get("use") == "enc":
        return None
    if "alg" in jwk and jwk["alg"] not in possible:
        return f"has alg {jwk['alg']!r}, which its key does not fit; it fits {', '.join(possible)}"
    return None


def fits(jwk: cabc.Mapping[str, typing.Any]) -> tuple[str, ...]:
    """The signature algorithms of a JWK's key type (RFC 7518 3.1, RFC 8037 3.1)."""
    if jwk.get("kty") == "RSA":
        return tuple(alg for alg in ALGORITHMS if alg.startswith(("RS", "PS")))
    alg = _CURVES.get(str(jwk.get("crv")))
    kty = "OKP" if alg == "EdDSA" else "EC"
    return (alg,) if alg is not None and jwk.get("kty") == kty else ()


def secret_key(secret: str, *, expired: bool = False) -> Key:
    """A client secret as the key of a MAC (OpenID Connect Core 10.1: the octets of its UTF-8 form)."""
    return Key(kid=None, algorithms=MAC_ALGORITHMS, key=secret.encode("utf-8", "surrogatepass"), expired=expired)
