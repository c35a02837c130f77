"""The authentication type Digest (RFC 7616), by a client of its own: none of the usual ones has all of it."""

from __future__ import annotations

import collections.abc as cabc
import hashlib
import secrets

import httpx

from connectors.challenges import Challenge
from connectors.schemes import Call

__all__ = ["Digest"]

_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}


class Digest:
    """
    Proves a password in two steps; from the second call on, the first step is spared while the nonce is good.

    `cnonce` is for a test that wants one request twice.
    """

    def __init__(self, user: str, password: str, *, cnonce: str = "") -> None:
        self._user = user
        self._password = password
        self._cnonce = cnonce or secrets.token_hex(8)
        self._kept: dict[str, str] | None = None
        self._count = 0

    def unasked(self, call: Call) -> cabc.Mapping[str, str]:
        return {} if self._kept is None else {"Authorization": self._proof(call, self._kept)}

    def asked(self, call: Call, challenge: Challenge, times: int) -> str | None:
        """RFC 7616 3.3: stale says that the password was right."""
        has = challenge.parameters
        if challenge.scheme != "digest" or _hash(has) is None or (times and has.get("stale", "").lower() != "true"):
            return None
        self._kept, self._count = dict(has), 0
        return self._proof(call, self._kept)

    def check(self, answer: httpx.Response, call: Call) -> bool:
        """
        RFC 7616 3.5: whether the server knows the password too; True where it does not say.

        Takes the next nonce, if there is one.
        """
        told = answer.headers.get("Authentication-Info") or answer.headers.get("Proxy-Authentication-Info")
        if told is None or self._kept is None:
            return True
        said = {name: text.strip('"') for name, _, text in (part.partition("=") for part in told.split(", "))}
        content = answer.content
        expected = self._response("", call.target, content, {**self._kept, "qop": said.get("qop", "")})
        if "nextnonce" in said:
            self._kept, self._count = {**self._kept, "nonce": said["nextnonce"]}, 0
        return said.get("rspauth", expected) == expected

    def _proof(self, call: Call, has: cabc.Mapping[str, str]) -> str:
        self._count += 1
        hides = has.get("userhash", "").lower() == "true"
        user = _hashed(has, f"{self._user}:{has['realm']}".encode()) if hides else self._user
        said = [
            f'username="{user}"',
            f'realm="{has["realm"]}"',
            f'nonce="{has["nonce"]}"',
            f'uri="{call.target}"',
            f'response="{self._response(call.method, call.target, call.content, has)}"',
            f'cnonce="{self._cnonce}"',
        ]
        said += [f'opaque="{has["opaque"]}"'] if "opaque" in has else []
        said += [f"algorithm={has['algorithm']}"] if "algorithm" in has else []
        said += [f"qop={_qop(has)}, nc={self._count:08x}"] if _qop(has) else []
        said += ["userhash=true"] if hides else []
        return f"Digest {', '.join(said)}"

    def _response(self, method: str, uri: str, content: bytes, has: cabc.Mapping[str, str]) -> str:
        """RFC 7616 3.4.1 to 3.4.3."""
        secret = _hashed(has, f"{self._user}:{has['realm']}:{self._password}".encode())
        if has.get("algorithm", "").lower().endswith("-sess"):
            secret = _hashed(has, f"{secret}:{has['nonce']}:{self._cnonce}".encode())
        qop = _qop(has)
        asked = f"{method}:{uri}" + (f":{_hashed(has, content)}" if qop == "auth-int" else "")
        counted = [f"{self._count:08x}", self._cnonce, qop] if qop else []
        return _hashed(has, ":".join([secret, has["nonce"], *counted, _hashed(has, asked.encode())]).encode())


def _qop(has: cabc.Mapping[str, str]) -> str:
    """The last that is offered and known: auth-int after auth."""
    offered = [qop.strip() for qop in has.get("qop", "").split(",")]
    return next((qop for qop in ("auth-int", "auth") if qop in offered), "")


def _hash(has: cabc.Mapping[str, str]) -> str | None:
    name = has.get("algorithm", "MD5").upper().removesuffix("-SESS")
    return _HASHES.get(name)


def _hashed(has: cabc.Mapping[str, str], octets: bytes) -> str:
    return hashlib.new(_hash(has) or "md5", octets, usedforsecurity=False).hexdigest()
