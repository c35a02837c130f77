"""Faults of tokens: less scope than was decided, and tokens that no verifier should take."""

from __future__ import annotations

import base64
import collections.abc as cabc
import hmac
import json
import typing

import msgspec

from .. import jws
from ..keys import SecretKey
from ..keys import SigningKey
from ..messages import Issue
from ..scope import Scope
from .fault import Fault

__all__ = ["Flaw", "Forge", "Narrow", "OfToken"]

Claims = dict[str, typing.Any]

_ELSEWHERE = "https://elsewhere.example"
_HOUR = 3600

Flaw = typing.Literal[
    "expired", "not_yet_valid", "issued_in_future", "wrong_issuer", "wrong_audience", "wrong_subject",
    "wrong_key", "unknown_kid", "no_kid", "wrong_alg", "key_as_secret", "client_secret_as_key", "none", "tampered",
    "key_in_header", "key_elsewhere", "certificate_in_header", "certificate_elsewhere", "unknown_crit",
    "wrong_type", "wrong_nonce", "wrong_hash", "wrong",
]  # fmt: skip


class OfToken(Fault, frozen=True, kw_only=True):
    """A fault that changes what a grant decided before anything is made of it."""

    stage: typing.ClassVar[str] = "token"
    endpoints: typing.ClassVar[tuple[str, ...] | None] = ("token", "refresh")

    def spoilt(self, issue: Issue) -> Issue:
        raise NotImplementedError


class Narrow(OfToken, frozen=True, kw_only=True):
    """Grant less than was decided: only what is in `scope`, too, which the answer says (RFC 6749 3.3, 5.1)."""

    name: typing.ClassVar[str] = "narrow"
    scope: str = ""

    def __post_init__(self) -> None:
        try:
            Scope.parse(self.scope)
        except ValueError as error:
            raise ValueError(f"scope = {self.scope!r}: {error}; separate tokens by single spaces") from None

    def spoilt(self, issue: Issue) -> Issue:
        kept = Scope.parse(self.scope)
        less = Scope([name for name in str(issue.scope).split() if name in kept])
        return msgspec.structs.replace(issue, scope=less, altered=True)


class Forge(OfToken, frozen=True, kw_only=True):
    """
    Issue a JWT with a flaw, which no verifier should take; this server's API does not take it either.

    `token` says which, the access token or the ID token. `claims` and `headers` replace those that it would have,
    `without` leaves some out; they alone make a flaw that is not listed. An opaque access token has the flaw as well,
    though nobody but this server can see it.
    """

    name: typing.ClassVar[str] = "forge"
    endpoints: typing.ClassVar[tuple[str, ...] | None] = ("token", "refresh", "authorize")
    flaw: Flaw = "wrong"
    token: typing.Literal["access_token", "id_token"] = "access_token"
    claims: Claims = {}
    headers: Claims = {}
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.flaw == "wrong" and not (self.claims or self.headers or self.without):
            raise ValueError("nothing is wrong with it; name a flaw, e.g. 'expired', or write claims")
        if self.token == "access_token" and self.flaw in ("wrong_nonce", "wrong_hash"):
            raise ValueError(f"{self.flaw} is a flaw of ID tokens; write token='id_token' as well")
        try:
            json.dumps([self.claims, self.headers])
        except (TypeError, ValueError) as error:
            raise ValueError(f"{error}; give values that JSON has") from None

    def spoilt(self, issue: Issue) -> Issue:
        otherwise, secret = issue.sign, (issue.client.client_secret or "").encode()

        def sign(token: str, claims: Claims, key: SigningKey | SecretKey, typ: str) -> str:
            if token == self.token:
                return self._signed(_Unsigned(claims, {"typ": typ, "kid": key.kid}, self.headers, key, secret))
            return key.sign(claims, typ=typ) if otherwise is None else otherwise(token, claims, key, typ)

        flaw = str(self) if self.token == "access_token" else issue.flaw
        return msgspec.structs.replace(issue, flaw=flaw, sign=sign)

    def _signed(self, token: _Unsigned) -> str:
        claims = {**_flawed(self.flaw, token.claims), **self.claims}
        kept = {name: value for name, value in claims.items() if name not in self.without}
        changed = msgspec.structs.replace(token, claims=kept)
        return _SIGNED[self.flaw](changed) if self.flaw in _SIGNED else changed.plainly()


def _flawed(flaw: str, claims: Claims) -> Claims:
    times: dict[str, Claims] = {
        "expired": {"iat": claims["iat"] - 2 * _HOUR, "exp": claims["iat"] - _HOUR},
        "not_yet_valid": {"nbf": claims["iat"] + _HOUR, "exp": claims["exp"] + _HOUR},
        "issued_in_future": {"iat": claims["iat"] + _HOUR, "exp": claims["exp"] + _HOUR},
        "wrong_issuer": {"iss": _ELSEWHERE},
        "wrong_audience": {"aud": f"{_ELSEWHERE}/api"},
        "wrong_subject": {"sub": "somebody-else"},
        "wrong_nonce": {"nonce": "another-login"},
        "wrong_hash": {name: "AAAAAAAAAAAAAAAAAAAAAA" for name in ("at_hash", "c_hash") if name in claims},
    }
    return {**claims, **times.get(flaw, {})}


class _Unsigned(msgspec.Struct, frozen=True):
    """What is to be signed, and with what."""

    claims: Claims
    headers: Claims
    more: Claims
    """Headers that the test wants."""
    key: SigningKey | SecretKey
    secret: bytes
    """The client's."""

    def plainly(self, **headers: typing.Any) -> str:
        kept = {name: value for name, value in {**self.headers, **headers}.items() if value is not None}
        return jws.sign(self.claims, self.key.private, alg=self.key.alg, headers={**kept, **self.more})

    def with_secret(self, secret: bytes) -> str:
        headers = {name: value for name, value in self.headers.items() if value is not None}
        text = _encoded({"alg": "HS256", **headers, **self.more}, self.claims)
        return f"{text}.{_base64(hmac.digest(secret, text.encode(), 'sha256'))}"


def _encoded(*parts: Claims) -> str:
    return ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _wrong_key(token: _Unsigned) -> str:
    return msgspec.structs.replace(token, key=token.key.another()).plainly()


def _wrong_alg(token: _Unsigned) -> str:
    """The header lies about the algorithm (RFC 8725 2.1)."""
    lie = "RS256" if token.key.alg == "ES256" else "ES256"
    signature = token.plainly().rpartition(".")[2]
    headers = {name: value for name, value in token.headers.items() if value is not None}
    return f"{_encoded({'alg': lie, **headers, **token.more}, token.claims)}.{signature}"


def _tampered(token: _Unsigned) -> str:
    """The claims were changed after they were signed."""
    header, _, rest = token.plainly().partition(".")
    return f"{header}.{_encoded({**token.claims, 'sub': 'admin'})}.{rest.rpartition('.')[2]}"


def _by_stranger(token: _Unsigned, headers: cabc.Callable[[SigningKey], Claims]) -> str:
    """By a key that the header itself brings, or says where to fetch (RFC 8725 3.10)."""
    stranger = SigningKey.generate(token.key.alg if isinstance(token.key, SigningKey) else "ES256")
    return msgspec.structs.replace(token, key=stranger).plainly(kid=stranger.kid, **headers(stranger))


_SIGNED: dict[str, cabc.Callable[[_Unsigned], str]] = {
    "wrong_key": _wrong_key,
    "unknown_kid": lambda token: token.plainly(kid="unknown"),
    "no_kid": lambda token: token.plainly(kid=None),
    "wrong_alg": _wrong_alg,
    # HS256 with the public key for a secret, which whoever does not look at `alg` takes (RFC 8725 2.1)
    "key_as_secret": lambda token: token.with_secret(token.key.public_pem().encode()),
    "client_secret_as_key": lambda token: token.with_secret(token.secret),
    # RFC 7519 6, RFC 8725 3.2
    "none": lambda token: _encoded({"alg": "none", "typ": token.headers["typ"], **token.more}, token.claims) + ".",
    "tampered": _tampered,
    # RFC 7515 4.1.2, 4.1.3, 4.1.5, 4.1.6: whoever believes these headers believes anybody
    "key_in_header": lambda token: _by_stranger(token, lambda key: {"jwk": key.public_jwk()}),
    "key_elsewhere": lambda token: _by_stranger(token, lambda _: {"jku": f"{_ELSEWHERE}/jwks"}),
    "certificate_in_header": lambda token: _by_stranger(token, lambda key: {"x5c": [key.certificate()]}),
    "certificate_elsewhere": lambda token: _by_stranger(token, lambda _: {"x5u": f"{_ELSEWHERE}/certificate.pem"}),
    # RFC 7515 4.1.11
    "unknown_crit": lambda token: token.plainly(crit=["elsewhere"], elsewhere=True),
    # One kind of token passes for the other (RFC 9068 2.1, RFC 8725 3.11)
    "wrong_type": lambda token: token.plainly(typ="JWT" if token.headers["typ"] == "at+jwt" else "at+jwt"),
}
