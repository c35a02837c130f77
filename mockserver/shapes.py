"""The shapes in which a secret may stand in a text: what masks it and what looks for it must know the same ones."""

from __future__ import annotations

import base64
import collections.abc as cabc
import html
import json
import re
import typing
import urllib.parse

__all__ = ["CANARIES", "SHORTEST", "canary", "shapes"]

SHORTEST: typing.Final = 4
"""Shorter values are left alone: they stand everywhere by chance, and masking them hides nothing."""

CANARIES: typing.Final = {
    "at": "access token",
    "rt": "refresh token",
    "ac": "authorization code",
    "cs": "client secret",
    "dc": "device code",
    "ar": "authentication request",
    "pw": "password",
    "ia": "initial access token",
    "ru": "request URI",
    "ra": "registration access token",
}
"""What the mock makes begins with `oam_`, one of these and `_`."""

# Of a base64 text this much must be the secret's own, or random data would be taken for it.
_SHORTEST_CORE = 6

# What is left as it is besides letters, digits and `_.-~`: by form encoders, by Python's quote, by JavaScript's
# encodeURIComponent, by requests in a URL.
_LEFT_AS_IT_IS = ("", "/", "!'()*", "!#$%&'()*+,/:;=?@[]~")

_HEX = re.compile(r"%[0-9A-F]{2}")


def canary(kind: str) -> str:
    return f"oam_{kind}_"


def shapes(secret: str, *, owner: str | None = None) -> dict[str, str]:
    """
    Every text in which `secret` may stand, and how it is encoded there; "plain" is the secret itself.

    `owner` is who sends it by Basic, `owner:secret` in base64 (RFC 7617 2). Base64 is found wherever the secret stands
    in what was encoded: only the characters that depend on nothing else are the shape.
    """
    found = {secret: "plain"}
    octets = list(_octets(secret))
    quoted: dict[str, str] = {}
    for raw in octets:
        for text in _quoted(raw):
            quoted.setdefault(text, "percent-encoded")
    for text in list(quoted):
        quoted.setdefault(urllib.parse.quote(text, safe=""), "percent-encoded twice")
    for text in _escaped(secret):
        found.setdefault(text, "JSON-escaped")
    for text in (html.escape(secret), html.escape(secret).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")):
        found.setdefault(text, "HTML-escaped")
    for text, encoding in quoted.items():
        found.setdefault(text, encoding)
    for raw in octets:
        found.setdefault(raw.hex(), "hex")
        found.setdefault(raw.hex().upper(), "hex")
    # RFC 6749 2.3.1: Basic has the form-urlencoded secret, and in practice often the plain one
    for raw in dict.fromkeys([*octets, *(text.encode() for text in quoted)]):
        for text in _in_base64(raw):
            found.setdefault(text, "base64")
        if owner is not None:
            names = {owner.encode("utf-8", "surrogatepass"), urllib.parse.quote_plus(owner, errors="replace").encode()}
            for name in names:
                found.setdefault(base64.b64encode(name + b":" + raw).decode("ascii").rstrip("="), "base64")
    return found


def _octets(secret: str) -> cabc.Iterator[bytes]:
    """UTF-8, and latin-1 as `requests` sends it."""
    yield secret.encode("utf-8", "surrogatepass")
    if not secret.isascii():
        try:
            yield secret.encode("latin-1")
        except UnicodeEncodeError:
            return


def _quoted(raw: bytes) -> cabc.Iterator[str]:
    """RFC 3986 2.1: upper and lower case of the two digits are the same."""
    for text in (*(urllib.parse.quote(raw, safe=left) for left in _LEFT_AS_IT_IS), urllib.parse.quote_plus(raw)):
        yield text
        yield _HEX.sub(lambda match: match[0].lower(), text)


def _escaped(secret: str) -> cabc.Iterator[str]:
    """RFC 8259 7, and what Python's `repr` makes of it."""
    for text in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield text
        yield text.replace("/", "\\/")
    yield repr(secret)[1:-1]
    yield ascii(secret)[1:-1]
    # A quote of the other kind beside it changes which one is escaped.
    yield repr(secret + "'\"")[1:-4]
    for raw in _octets(secret):
        yield repr(raw)[2:-1]


def _in_base64(raw: bytes) -> cabc.Iterator[str]:
    """RFC 4648 4 and 5, at each of the three places that a secret can have in a group of three octets."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode("ascii")
        core = encoded[(0, 2, 3)[before] : (before + len(raw)) * 8 // 6]
        if len(core) < _SHORTEST_CORE:
            if before:
                continue
            core = encoded.rstrip("=")
        yield core
        yield core.translate(_URL_SAFE)


_URL_SAFE = str.maketrans("+/", "-_")
