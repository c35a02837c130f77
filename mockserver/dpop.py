"""Proofs that a client has a key: the JWT of a DPoP header, as the server that gets it judges it (RFC 9449 4.3)."""

from __future__ import annotations

import base64
import collections.abc as cabc
import hashlib
import hmac
import json
import re
import reprlib
import typing
import urllib.parse

import jwt
import msgspec

from . import jws
from .assertions import Assertion
from .assertions import BadAssertion
from .assertions import Claim
from .errors import OAuthError
from .jwk import fits
from .request import Request

__all__ = ["InvalidDpopProof", "Judge", "ProofError", "UseDpopNonce", "is_thumbprint", "proof_key", "thumbprint_of"]

_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
# RFC 7638 3.2
_REQUIRED = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PORTS = {"http": 80, "https": 443}
# The largest integer that every JSON parser reads exactly (RFC 8259 6)
_LATEST = 2**53


class ProofError(OAuthError):
    """RFC 9449: what is wrong with the proof that a client has a key."""


class InvalidDpopProof(ProofError):
    """RFC 9449 5, 7.1: the DPoP proof is malformed, of another request, too old or used before."""

    error = "invalid_dpop_proof"


class UseDpopNonce(ProofError):
    """RFC 9449 8, 9: the proof must have a nonce of this server, `nonce`."""

    error = "use_dpop_nonce"

    def __init__(self, description: str, *, hint: str, nonce: str) -> None:
        super().__init__(description, hint=hint)
        self.nonce = nonce

    def headers(self) -> list[tuple[str, str]]:
        return [*super().headers(), ("DPoP-Nonce", self.nonce)]


class Judge(msgspec.Struct, frozen=True, kw_only=True):
    """By what a proof is judged at one place; times are seconds, UTC, by the clock that judges what clients make."""

    algorithms: cabc.Sequence[str]
    now: float
    lifetime: int
    urls: cabc.Sequence[str]
    """What the URL of the request is, as the client may know it."""
    claim: Claim
    """Remembers a proof: True for the first time."""
    new_nonce: cabc.Callable[[], str] | None = None
    """Where a nonce has to be in it."""
    knows_nonce: cabc.Callable[[str], bool] = lambda nonce: True


def proof_key(request: Request, judge: Judge, *, access_token: str | None = None) -> str | None:
    """
    The thumbprint of the key that the request proves (RFC 7638); None without a DPoP header.

    `access_token`: the one that comes with it (RFC 9449 7). Raises `InvalidDpopProof` or `UseDpopNonce`.
    """
    values = request.header_values("dpop")
    if not values:
        return None
    # RFC 9110 5.3: whoever stands between may have joined several
    count = sum(value.count(",") + 1 for value in values)
    try:
        if count > 1:
            raise BadAssertion(f"the DPoP header came {count} times")
        proof = Assertion.parse(values[0].strip(" \t"))
        jkt = _key(proof, judge.algorithms)
        _check_request(proof, request, judge)
        _check_token(proof, access_token)
        _check_nonce(proof, judge)
        _check_time(proof, judge)
        _claim(proof, jkt, judge)
    except BadAssertion as error:
        wrong = str(error).replace("the assertion", "the proof")
        raise InvalidDpopProof("The DPoP proof is not acceptable.", hint=f"{wrong} (RFC 9449 4.3)") from None
    return jkt


def is_thumbprint(text: str) -> bool:
    """Whether it can be the SHA-256 of a key, in base64url (RFC 9449 10)."""
    return _THUMBPRINT.fullmatch(text) is not None


def thumbprint_of(jwk: cabc.Mapping[str, typing.Any]) -> str:
    """RFC 7638 3: SHA-256 over the required members in lexicographic order."""
    members = {name: jwk[name] for name in _REQUIRED[jwk["kty"]]}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _key(proof: Assertion, algorithms: cabc.Sequence[str]) -> str:
    """The key that is in the header signed it; whatever else the header names (kid, jku, x5u, x5c) is not looked at."""
    header, alg = proof.header, proof.alg
    if str(header.get("typ")).lower() != "dpop+jwt":
        raise BadAssertion(f"the header has typ {header.get('typ')!r}; write 'dpop+jwt'")
    if alg not in algorithms:
        raise BadAssertion(f"alg is {alg!r}, and must be one of {', '.join(algorithms)}: asymmetric, and not 'none'")
    if "crit" in header:
        raise BadAssertion(f"the header has crit {header['crit']!r}, which is not understood (RFC 7515 4.1.11)")
    jwk = header.get("jwk")
    if not isinstance(jwk, dict):
        raise BadAssertion("the header has no jwk with the public key")
    if any(name in jwk for name in _PRIVATE):
        raise BadAssertion("the jwk has a private key; send its public half alone")
    if alg not in fits(jwk):
        raise BadAssertion(f"alg is {alg!r}, which the key in jwk does not fit")
    try:
        jkt = thumbprint_of(jwk)
        key = jwt.PyJWK({name: jwk[name] for name in _REQUIRED[jwk["kty"]]}, alg).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        raise BadAssertion("the jwk is no key (RFC 7517 4)") from None
    if not jws.verify(proof.text, key, alg=alg):
        raise BadAssertion("the signature is not by the key in jwk")
    return jkt


def _check_request(proof: Assertion, request: Request, judge: Judge) -> None:
    htm, htu = proof.names("htm"), proof.names("htu")
    if htm != request.method:
        raise BadAssertion(f"htm is {proof.claims.get('htm')!r}, and the method is {request.method!r}")
    if htu is None or _normal(htu) not in [_normal(url) for url in judge.urls]:
        raise BadAssertion(
            f"htu is {proof.claims.get('htu')!r}, and the URL is {judge.urls[0]!r} (without query and fragment)"
        )


def _check_token(proof: Assertion, access_token: str | None) -> None:
    if access_token is None:
        return
    digest = hashlib.sha256(access_token.encode("utf-8", "surrogatepass")).digest()
    ath = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    if not hmac.compare_digest((proof.names("ath") or "").encode("utf-8", "surrogatepass"), ath.encode()):
        said = "is missing" if "ath" not in proof.claims else "is of another token"
        raise BadAssertion(f"ath {said}: it is the SHA-256 of the access token, in base64url")


def _check_nonce(proof: Assertion, judge: Judge) -> None:
    if judge.new_nonce is None:
        return
    nonce = proof.names("nonce")
    if nonce is None or not judge.knows_nonce(nonce):
        said = "has no nonce" if nonce is None else "has a nonce that is not of this server, or too old"
        raise UseDpopNonce(
            "A nonce of this server must be in the DPoP proof.",
            hint=f"the proof {said}; make a new one with the DPoP-Nonce of this answer (RFC 9449 8, 9; dpop_nonce)",
            nonce=judge.new_nonce(),
        )


def _check_time(proof: Assertion, judge: Judge) -> None:
    iat = proof.claims.get("iat")
    # NaN compares as False
    if type(iat) not in (int, float) or not -_LATEST <= typing.cast("float", iat) <= _LATEST:
        raise BadAssertion(f"iat is {reprlib.repr(iat)}: write seconds since the epoch as a number (RFC 7519 2)")
    age = judge.now - typing.cast("float", iat)
    if abs(age) > judge.lifetime:
        when = f"{age:.0f} s ago" if age > 0 else f"{-age:.0f} s ahead"
        raise BadAssertion(f"iat is {when}; at most {judge.lifetime} are taken (dpop_proof_lifetime)")


def _claim(proof: Assertion, jkt: str, judge: Judge) -> None:
    """The last check, so that a proof that was refused for something else is not taken for its own replay."""
    jti = proof.names("jti")
    if not jti:
        raise BadAssertion(f"jti is {reprlib.repr(proof.claims.get('jti'))}; write a string that is new each time")
    # RFC 9449 11.1: in the context of the URL
    seen = f"{jkt}\n{_normal(judge.urls[0])}\n{jti}"
    if not judge.claim(seen, now=judge.now, expires_at=proof.claims["iat"] + judge.lifetime + 1):
        raise BadAssertion(f"jti {reprlib.repr(jti)} has been used before: make a new proof for each request")


def _normal(url: str) -> str | None:
    """RFC 9449 4.3: without query and fragment, after the normalisation of RFC 3986 6.2.2 and 6.2.3; or None."""
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    where = f"{scheme}://{host}" if port in (None, _PORTS.get(scheme)) else f"{scheme}://{host}:{port}"
    return where + (_ESCAPE.sub(_unescaped, parts.path) or "/")


def _unescaped(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character in _UNRESERVED else found[0].upper()
