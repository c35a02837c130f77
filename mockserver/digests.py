"""The hashes of Digest authentication (RFC 7616 3.4)."""

from __future__ import annotations

import collections.abc as cabc
import functools
import hashlib
import re
import typing
import urllib.parse

import msgspec

from .redaction import without

__all__ = ["KNOWN", "Proof", "same_target", "split"]

KNOWN: typing.Final = ("MD5", "SHA-256", "SHA-512-256")
"""RFC 7616 6.1; each of them also with `-sess`."""

# RFC 7616 has MD5 for whoever has nothing better: not for security
_HASHES: dict[str, cabc.Callable[[bytes], hashlib._Hash]] = {
    "MD5": functools.partial(hashlib.md5, usedforsecurity=False),
    "SHA-256": hashlib.sha256,
    "SHA-512-256": functools.partial(hashlib.new, "sha512_256"),
}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")


@functools.lru_cache(maxsize=64)
def split(algorithm: str) -> tuple[str, bool]:
    """The hash and whether it is of a session: RFC 7616 3.4.2. Names are compared in any case."""
    name, session = (algorithm[:-5], True) if algorithm.lower().endswith("-sess") else (algorithm, False)
    return next((known for known in KNOWN if known.lower() == name.lower()), name), session


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a response is made of, but for the user and the password."""

    algorithm: str
    realm: str
    nonce: str
    uri: str
    method: str
    qop: str = ""
    nc: str = ""
    cnonce: str = ""
    body: cabc.Callable[[], cabc.Iterable[bytes]] = tuple
    charset: str = "utf-8"

    def __repr__(self) -> str:
        return without(self, "body")

    def hashed(self, pieces: cabc.Iterable[bytes]) -> str:
        """Of a body, however large."""
        name, _ = split(self.algorithm)
        if name == "truncated":
            return _hashed(name, b"".join(pieces))
        hasher = _HASHES[name](b"")
        for piece in pieces:
            hasher.update(piece)
        return hasher.hexdigest()

    def joined(self, *parts: str) -> str:
        return _hashed(split(self.algorithm)[0], ":".join(parts).encode(self.charset, "replace"))

    def user_hash(self, user: str) -> str:
        """RFC 7616 3.4.4."""
        return self.joined(user, self.realm)

    def response(self, user: str, password: str) -> str:
        """RFC 7616 3.4.1; without qop that of RFC 2069 2.1.2."""
        return self._keyed(self._a1(user, password), self._a2(self.method, self.body))

    def answer(self, user: str, password: str, body: cabc.Iterable[bytes]) -> str:
        """`rspauth`: the server shows that it knows the password, too (RFC 7616 3.5)."""
        return self._keyed(self._a1(user, password), self._a2("", lambda: body))

    def _a1(self, user: str, password: str) -> str:
        name, session = split(self.algorithm)
        a1 = _known(name, self.charset, user, self.realm, password)
        return self.joined(a1, self.nonce, self.cnonce) if session else a1

    def _a2(self, method: str, body: cabc.Callable[[], cabc.Iterable[bytes]]) -> str:
        if self.qop == "auth-int":
            return self.joined(method, self.uri, self.hashed(body()))
        return _known(split(self.algorithm)[0], self.charset, method, self.uri)

    def _keyed(self, a1: str, a2: str) -> str:
        middle = (self.nonce, self.nc, self.cnonce, self.qop) if self.qop else (self.nonce,)
        return self.joined(a1, *middle, a2)


def _hashed(name: str, octets: bytes) -> str:
    if name == "truncated":  # what the example in RFC 7616 3.9.2 was made with: erratum 4897
        return hashlib.sha512(octets).hexdigest()[:64]
    return _HASHES[name](octets).hexdigest()


# Users and resources are the same in many requests (RFC 7616 3.4.2 and 3.4.3)
@functools.lru_cache(maxsize=256)
def _known(name: str, charset: str, *parts: str) -> str:
    return _hashed(name, ":".join(parts).encode(charset, "replace"))


def same_target(uri: str, target: str) -> bool:
    """Whether both name the same resource (RFC 7616 3.4.6): in absolute form or not, escapes in any case."""
    return uri == target or _normal(uri) == _normal(target)


def _normal(target: str) -> str:
    if "://" in target.partition("/")[0] + "//" and not target.startswith("/"):
        parts = urllib.parse.urlsplit(target)
        target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    return _ESCAPE.sub(_unescaped, target)


def _unescaped(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    # RFC 3986 6.2.2: unreserved ones mean the same without
    unreserved = character.isascii() and (character.isalnum() or character in "-._~")
    return character if unreserved else found[0].upper()
