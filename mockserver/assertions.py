"""JWT assertions: how a client proves itself with a signature (RFC 7521 4.2, RFC 7523 3)."""

from __future__ import annotations

import binascii
import collections.abc as cabc
import json
import re
import reprlib
import typing

import jwt
import msgspec

from . import jws
from .errors import InvalidClient
from .jwk import ALGORITHMS
from .jwk import MAC_ALGORITHMS
from .jwk import Key
from .messages import Presented
from .model import Client
from .redaction import without
from .request import Request

__all__ = [
    "CLIENT_ASSERTION_TYPE",
    "Assertion",
    "BadAssertion",
    "Claim",
    "authenticate",
    "check",
    "check_issued",
    "check_signature",
    "presented",
]

CLIENT_ASSERTION_TYPE: typing.Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

# A JOSE segment beyond this is refused before it is decoded.
_LONGEST = 64 * 1024
# RFC 7515 2: without padding, line breaks, white space; Python's decoder would pass over them
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
# The largest integer that every JSON parser reads exactly (RFC 8259 6)
_LATEST = 2**53
# RFC 7515 4.1.9; the second is the explicit type that newer specifications ask for
_TYPES = (None, "JWT", "CLIENT-AUTHENTICATION+JWT")
_GRANT_TYPES = (None, "JWT", "AUTHORIZATION-GRANT+JWT")


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
        if not _BASE64URL.fullmatch(segments[2]):
            raise BadAssertion("the assertion is no JWT: its signature is not in base64url (RFC 7515 3)")
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
    in_url = not any(name == "client_assertion" and value for name, value in request.form)
    return Presented(method=method, client_id=client_id, assertion=assertion.text, malformed=wrong, in_url=in_url)


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
    naming: cabc.Iterable[str] = ("iss", "sub"),
) -> None:
    """
    Whether an assertion was signed with one of `keys` and means `subject` and us, now and once (RFC 7523 3).

    `now` is seconds since the epoch, UTC, by the clock that judges what clients make; `longest` is the seconds that
    an assertion may live, and be old; `naming` are the claims that say who the subject is. Raises `BadAssertion`.
    """
    check_signature(assertion, keys, algorithms)
    typ = assertion.header.get("typ")
    if (typ if typ is None else str(typ).upper()) not in _TYPES:
        raise BadAssertion(f"the header has typ {typ!r}: this is another kind of JWT, and no client assertion")
    for name in naming:
        # RFC 7523 3: for client authentication both are the client_id
        if assertion.claims.get(name) != subject:
            raise BadAssertion(f"{name} is {assertion.claims.get(name)!r} and not {subject!r} (RFC 7523 3)")
    _check_audience(assertion, audiences)
    _check_times(assertion, now=now, longest=longest)
    _check_once(assertion, subject, "", claim, now)


def check_issued(
    assertion: Assertion,
    keys: cabc.Sequence[Key],
    *,
    audiences: cabc.Sequence[str],
    now: float,
    longest: int,
    claim: Claim | None = None,
    types: cabc.Collection[str | None] | None = _GRANT_TYPES,
) -> None:
    """
    Whether an issuer whose `keys` these are signed it, for us, and it is good now and, by `claim`, once (RFC 7523 3).

    `keys` are public, and no algorithm makes a secret of one (RFC 8725 2.1). `types`: what its header may say it is;
    None: anything. Times as for `check`. Raises `BadAssertion`.
    """
    check_signature(assertion, keys, ALGORITHMS)
    typ = assertion.header.get("typ")
    if types is not None and (typ if typ is None else str(typ).upper()) not in types:
        raise BadAssertion(f"the header has typ {typ!r}: this is another kind of JWT")
    _check_audience(assertion, audiences)
    _check_times(assertion, now=now, longest=longest)
    if claim is not None:
        _check_once(assertion, str(assertion.claims.get("iss")), "grant", claim, now)


def _check_audience(assertion: Assertion, audiences: cabc.Sequence[str]) -> None:
    aud = assertion.claims.get("aud")
    named = aud if isinstance(aud, list) else [aud]
    if not any(one in audiences for one in named):
        raise BadAssertion(
            f"aud is {aud!r}; accepted: {' or '.join(audiences)} (client_assertion_audiences; RFC 7523 3)"
        )


def _check_once(assertion: Assertion, subject: str, use: str, claim: Claim, now: float) -> None:
    jti = assertion.claims.get("jti")
    if jti is not None and not isinstance(jti, str):
        raise BadAssertion(f"jti is {jti!r}; write a string (RFC 7519 4.1.7)")
    # The last check, so that an assertion that was refused for something else may come again, corrected.
    value = f"{subject}\n{jti}" if not use else f"{use}\n{subject}\n{jti}"
    if jti is not None and not claim(value, now=now, expires_at=assertion.claims["exp"]):
        raise BadAssertion(f"jti {jti!r} has been used before: make a new assertion for each request (RFC 7523 3)")


def authenticate(
    presented: Presented,
    keys: cabc.Sequence[Key],
    client: Client,
    *,
    audiences: cabc.Sequence[str],
    now: float,
    claim: Claim,
    naming: cabc.Iterable[str] = ("iss", "sub"),
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
            naming=naming,
        )
    except BadAssertion as error:
        raise InvalidClient(
            "Client authentication failed.",
            hint=f"the assertion of client {client.client_id!r}: {error} ({presented.method})",
        ) from None


def check_signature(assertion: Assertion, keys: cabc.Sequence[Key], algorithms: cabc.Container[str]) -> None:
    """Whether one of `keys` signed it, by one of `algorithms` (RFC 7515 5.2). Raises `BadAssertion`."""
    alg, kid = assertion.alg, assertion.header.get("kid")
    if alg not in algorithms:
        raise BadAssertion(f"alg is {alg!r}, which is not accepted of this client (token_endpoint_auth_signing_alg)")
    if "crit" in assertion.header:
        raise BadAssertion(
            f"the header has crit {assertion.header['crit']!r}, which is not understood (RFC 7515 4.1.11)"
        )
    if kid is not None and not isinstance(kid, str):
        raise BadAssertion(f"the header has kid {kid!r}; write a string (RFC 7515 4.1.4)")
    named = [key for key in keys if kid is None or key.kid is None or key.kid == kid]
    if not named:
        registered = ", ".join(repr(key.kid) for key in keys)
        raise BadAssertion(f"no registered key has the kid {kid!r} (registered: {registered}); was the key rotated?")
    fitting = [key for key in named if alg in key.algorithms]
    if not fitting:
        has = ", ".join(dict.fromkeys(alg for key in named for alg in key.algorithms))
        raise BadAssertion(f"alg is {alg!r}, and the registered key is for {has}")
    signers = [key for key in fitting if jws.verify(assertion.text, key.key, alg=alg)]
    if not signers:
        raise BadAssertion("the signature is not by the registered key")
    if all(key.expired for key in signers):
        raise BadAssertion("it is signed with a secret that has expired; was the secret rotated?")


def _check_times(assertion: Assertion, *, now: float, longest: int) -> None:
    times = {name: assertion.claims.get(name) for name in ("exp", "nbf", "iat")}
    for name, value in times.items():
        # JSON as Python reads it has NaN, Infinity and integers beyond every float; NaN compares as False
        if value is not None and (type(value) not in (int, float) or not -_LATEST <= value <= _LATEST):
            raise BadAssertion(
                f"{name} is {reprlib.repr(value)}: write seconds since the epoch as a number (RFC 7519 2)"
            )
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
        if not _BASE64URL.fullmatch(segment):
            raise ValueError(segment)
        value = json.loads(jwt.utils.base64url_decode(segment))
    except (ValueError, binascii.Error, RecursionError):
        raise BadAssertion(f"the assertion is no JWT: its {of} part is no JSON in base64url (RFC 7515 3)") from None
    if not isinstance(value, dict):
        raise BadAssertion(f"the assertion is no JWT: its {of} part is no JSON object (RFC 7515 3)")
    return value
