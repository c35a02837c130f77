"""JWT assertions: how a client proves itself with a signature (RFC 7521 4.2, RFC 7523 3)."""

from __future__ import annotations

import binascii
import collections.abc as cabc
import json
import typing

import jwt
import msgspec

from . import jws
from .errors import InvalidClient
from .messages import Presented
from .messages import Request
from .model import Client
from .redaction import without

__all__ = [
    "ALGORITHMS",
    "CLIENT_ASSERTION_TYPE",
    "MAC_ALGORITHMS",
    "Assertion",
    "BadAssertion",
    "Claim",
    "Key",
    "authenticate",
    "check",
    "fits",
    "malformed_key",
    "presented",
    "public_keys",
    "secret_key",
]

CLIENT_ASSERTION_TYPE: typing.Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

MAC_ALGORITHMS: typing.Final = ("HS256", "HS384", "HS512")
ALGORITHMS: typing.Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)

# A JOSE segment beyond this is refused before it is decoded.
_LONGEST = 64 * 1024
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA", "Ed448": "EdDSA"}
# RFC 7515 4.1.9; the second is the explicit type that newer specifications ask for
_TYPES = (None, "JWT", "CLIENT-AUTHENTICATION+JWT")


class BadAssertion(ValueError):
    """The assertion does not prove what it should; the message says why, for the tester."""


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """A JWT as it was sent, taken apart and not yet believed."""

    text: str
    header: cabc.Mapping[str, typing.Any]
    claims: cabc.Mapping[str, typing.Any]

    def __repr__(self) -> str:
        return without(self, "text", "claims")

    @classmethod
    def parse(cls, text: str) -> typing.Self:
        """Take a compact JWS apart (RFC 7515 3.1). Raises `BadAssertion`."""
        segments = text.split(".")
        if len(segments) != 3:
            raise BadAssertion(f"the assertion is no signed JWT: it has {len(segments)} parts and not three")
        if len(text) > _LONGEST:
            raise BadAssertion(f"the assertion has {len(text)} characters; more than {_LONGEST} are not read")
        header, claims = (_object(segment, of) for segment, of in zip(segments, ("header", "claims"), strict=False))
        return cls(text=text, header=header, claims=claims)

    @property
    def alg(self) -> str:
        return str(self.header.get("alg"))

    def names(self, claim: str) -> str | None:
        """A claim that is a string; None for one that is missing or something else."""
        value = self.claims.get(claim)
        return value if isinstance(value, str) else None


class Claim(typing.Protocol):
    """Remembers a value until it expires: True for the first who brings it."""

    def __call__(self, value: str, /, *, now: float, expires_at: float) -> bool: ...


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key that may have signed an assertion: its `kid` where it has one, the algorithms that it fits."""

    kid: str | None
    algorithms: tuple[str, ...]
    key: typing.Any

    def __repr__(self) -> str:
        return without(self, "key")


def presented(request: Request, *, method: str, mac: bool) -> Presented | None:
    """
    The client assertion of a request (RFC 7521 4.2): with `mac` one under a shared secret, else one under a public key.

    What is no JWT at all counts as the latter, so that it is named once. Never raises.
    """
    sent = {name: value for name, value in reversed([*request.query, *request.form]) if value}
    text, kind = sent.get("client_assertion"), sent.get("client_assertion_type")
    try:
        assertion = None if text is None else Assertion.parse(text)
        wrong = ""
    except BadAssertion as error:
        assertion, wrong = None, str(error)
    if (assertion is not None and assertion.alg in MAC_ALGORITHMS) is not mac or (text, kind) == (None, None):
        return None
    if assertion is None:
        wrong = wrong or "client_assertion_type came without client_assertion (RFC 7521 4.2)"
        return Presented(method=method, client_id="", malformed=wrong)
    client_id = assertion.names("sub") or assertion.names("iss") or sent.get("client_id", "")
    if kind != CLIENT_ASSERTION_TYPE:
        said = "is missing" if kind is None else f"is {kind!r}"
        wrong = f"client_assertion_type {said}; write {CLIENT_ASSERTION_TYPE} (RFC 7523 2.2)"
    elif not client_id:
        wrong = "the assertion names no client: it has neither sub nor iss (RFC 7523 3)"
    return Presented(method=method, client_id=client_id, assertion=assertion.text, malformed=wrong)


def public_keys(jwks: cabc.Mapping[str, typing.Any]) -> tuple[Key, ...]:
    """The keys of a JWK Set (RFC 7517 5). Raises `BadAssertion` that says which of them is wrong, and how."""
    keys = jwks.get("keys")
    if not isinstance(keys, list | tuple) or not keys:
        raise BadAssertion("a JWK Set has a list 'keys' with at least one key (RFC 7517 5)")
    found: list[Key] = []
    for number, jwk in enumerate(keys):
        wrong = malformed_key(jwk)
        if wrong is not None:
            raise BadAssertion(f"keys[{number}] {wrong}")
        algorithms = (jwk["alg"],) if "alg" in jwk else fits(jwk)
        try:
            found.append(Key(kid=jwk.get("kid"), algorithms=algorithms, key=jwt.PyJWK(jwk, algorithms[0]).key))
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
            raise BadAssertion(f"keys[{number}] is no key: {error}") from None
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


def secret_key(secret: str) -> Key:
    """A client secret as the key of a MAC (OpenID Connect Core 10.1: the octets of its UTF-8 form)."""
    return Key(kid=None, algorithms=MAC_ALGORITHMS, key=secret.encode("utf-8", "surrogatepass"))


def check(
    assertion: Assertion,
    keys: cabc.Sequence[Key],
    *,
    algorithms: cabc.Container[str],
    subject: str,
    audiences: cabc.Sequence[str],
    now: float,
    longest: int,
    claim: Claim,
) -> None:
    """
    Whether an assertion was signed with one of `keys` and means `subject` and us, now and once (RFC 7523 3).

    `now` is seconds since the epoch, UTC, by the clock that judges what clients make; `longest` is the seconds that
    an assertion may live, and be old. Raises `BadAssertion`.
    """
    _check_signature(assertion, keys, algorithms)
    typ = assertion.header.get("typ")
    if (typ if typ is None else str(typ).upper()) not in _TYPES:
        raise BadAssertion(f"the header has typ {typ!r}: this is another kind of JWT, and no client assertion")
    for name in ("iss", "sub"):
        # RFC 7523 3: for client authentication both are the client_id
        if assertion.claims.get(name) != subject:
            raise BadAssertion(f"{name} is {assertion.claims.get(name)!r} and not {subject!r} (RFC 7523 3)")
    aud = assertion.claims.get("aud")
    named = aud if isinstance(aud, list) else [aud]
    if not any(one in audiences for one in named):
        raise BadAssertion(
            f"aud is {aud!r}; accepted: {' or '.join(audiences)} (client_assertion_audiences; RFC 7523 3)"
        )
    _check_times(assertion, now=now, longest=longest)
    jti = assertion.claims.get("jti")
    if jti is not None and not isinstance(jti, str):
        raise BadAssertion(f"jti is {jti!r}; write a string (RFC 7519 4.1.7)")
    # The last check, so that an assertion that was refused for something else may come again, corrected.
    if jti is not None and not claim(f"{subject}\n{jti}", now=now, expires_at=assertion.claims["exp"]):
        raise BadAssertion(f"jti {jti!r} has been used before: make a new assertion for each request (RFC 7523 3)")


def authenticate(
    presented: Presented,
    keys: cabc.Sequence[Key],
    client: Client,
    *,
    audiences: cabc.Sequence[str],
    now: float,
    claim: Claim,
) -> None:
    """Check the assertion by which a client says who it is. Raises `InvalidClient` (RFC 7521 4.2.1)."""
    try:
        check(
            Assertion.parse(presented.assertion),
            keys,
            algorithms=client.assertion_algorithms,
            subject=client.client_id,
            audiences=audiences,
            now=now,
            longest=client.policies.client_assertion_lifetime,
            claim=claim,
        )
    except BadAssertion as error:
        raise InvalidClient(
            "Client authentication failed.",
            hint=f"the assertion of client {client.client_id!r}: {error} ({presented.method})",
        ) from None


def _check_signature(assertion: Assertion, keys: cabc.Sequence[Key], algorithms: cabc.Container[str]) -> None:
    alg, kid = assertion.alg, assertion.header.get("kid")
    if alg not in algorithms:
        raise BadAssertion(f"alg is {alg!r}, which is not accepted of this client (token_endpoint_auth_signing_alg)")
    if "crit" in assertion.header:
        raise BadAssertion(
            f"the header has crit {assertion.header['crit']!r}, which is not understood (RFC 7515 4.1.11)"
        )
    named = [key for key in keys if kid is None or key.kid is None or key.kid == kid]
    if not named:
        registered = ", ".join(repr(key.kid) for key in keys)
        raise BadAssertion(f"no registered key has the kid {kid!r} (registered: {registered}); was the key rotated?")
    fitting = [key for key in named if alg in key.algorithms]
    if not fitting:
        has = ", ".join(dict.fromkeys(alg for key in named for alg in key.algorithms))
        raise BadAssertion(f"alg is {alg!r}, and the registered key is for {has}")
    if not any(jws.verify(assertion.text, key.key, alg=alg) for key in fitting):
        raise BadAssertion("the signature is not by the registered key")


def _check_times(assertion: Assertion, *, now: float, longest: int) -> None:
    times = {name: assertion.claims.get(name) for name in ("exp", "nbf", "iat")}
    for name, value in times.items():
        # JSON as Python reads it has NaN, which is neither before nor after anything
        if value is not None and (type(value) not in (int, float) or value != value):  # noqa: PLR0124
            raise BadAssertion(f"{name} is {value!r}: write seconds since the epoch as a number (RFC 7519 2)")
    exp, nbf, iat = times["exp"], times["nbf"], times["iat"]
    if exp is None:
        raise BadAssertion("exp is missing (RFC 7523 3)")
    if now >= exp:
        raise BadAssertion(f"the assertion expired {now - exp:.0f} s ago; is the client's clock slow?")
    if exp - now > longest:
        raise BadAssertion(f"exp is {exp - now:.0f} s ahead; at most {longest} are taken (client_assertion_lifetime)")
    if nbf is not None and nbf > now:
        raise BadAssertion(
            f"nbf is {nbf - now:.0f} s ahead: the assertion is not valid yet; is the client's clock fast?"
        )
    if iat is not None and iat > now:
        raise BadAssertion(f"iat is {iat - now:.0f} s ahead; is the client's clock fast?")
    if iat is not None and now - iat > longest:
        raise BadAssertion(f"iat is {now - iat:.0f} s ago; at most {longest} are taken (client_assertion_lifetime)")


def _object(segment: str, of: str) -> dict[str, typing.Any]:
    try:
        value = json.loads(jwt.utils.base64url_decode(segment))
    except (ValueError, binascii.Error, RecursionError):
        raise BadAssertion(f"the assertion is no JWT: its {of} part is no JSON in base64url (RFC 7515 3)") from None
    if not isinstance(value, dict):
        raise BadAssertion(f"the assertion is no JWT: its {of} part is no JSON object (RFC 7515 3)")
    return value
