"""Other representations of a JSON answer: what servers, gateways and proxies send in its place."""

from __future__ import annotations

import collections.abc as cabc
import gzip
import json
import typing
import urllib.parse
import zlib

import msgspec

__all__ = ["REPRESENTATIONS", "Representation"]

Representation = typing.Literal[
    "form", "bom", "utf-16", "gzip", "deflate", "false_gzip", "html", "empty",
    "array", "string", "null", "nan", "duplicate_keys", "deep", "huge",
]  # fmt: skip

Members = dict[str, typing.Any]

_DEPTH = 100_000
_HUGE = 10 * 1024 * 1024
_LOGIN_PAGE = b"""<!DOCTYPE html>
<html><head><title>Sign in</title></head>
<body><form method="post" action="/login"><input name="user"><input type="password" name="password"></form></body>
</html>
"""


class Made(msgspec.Struct, frozen=True):
    """A body, and the headers that it needs."""

    body: bytes
    headers: dict[str, str] = {}


Make = cabc.Callable[[bytes, Members | None], Made | None]


def _form(body: bytes, members: Members | None) -> Made | None:
    """As GitHub answers a client that does not ask for JSON."""
    if members is None:
        return None
    pairs = {name: value if isinstance(value, str) else json.dumps(value) for name, value in members.items()}
    return Made(urllib.parse.urlencode(pairs).encode(), {"Content-Type": "application/x-www-form-urlencoded"})


def _utf_16(body: bytes, members: Members | None) -> Made:
    text = body.decode("utf-8", "replace")
    return Made(text.encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"})


def _gzip(body: bytes, members: Members | None) -> Made:
    return Made(gzip.compress(body, mtime=0), {"Content-Encoding": "gzip"})


def _deflate(body: bytes, members: Members | None) -> Made:
    return Made(zlib.compress(body), {"Content-Encoding": "deflate"})


def _nan(body: bytes, members: Members | None) -> Made | None:
    """RFC 8259 6 has no NaN; some libraries write it."""
    return None if members is None else _json({**members, "expires_in": float("nan")})


def _duplicate_keys(body: bytes, members: Members | None) -> Made | None:
    """RFC 8259 4: which of them counts is left to the reader."""
    if members is None:
        return None
    again = ",".join(f'{json.dumps(name)}:"duplicate"' for name in members)
    return Made(body.rstrip()[:-1] + b"," + again.encode() + b"}") if members else None


def _deep(body: bytes, members: Members | None) -> Made | None:
    if members is None:
        return None
    deep = b'"deep":' + b"[" * _DEPTH + b"]" * _DEPTH + b"}"
    return Made(body.rstrip()[:-1] + (b"," if members else b"") + deep)


def _huge(body: bytes, members: Members | None) -> Made | None:
    return None if members is None else _json({**members, "padding": "x" * _HUGE})


def _json(value: object) -> Made:
    return Made(json.dumps(value, separators=(",", ":")).encode())


REPRESENTATIONS: dict[Representation, Make] = {
    "form": _form,
    "bom": lambda body, members: Made(b"\xef\xbb\xbf" + body),
    "utf-16": _utf_16,
    "gzip": _gzip,
    "deflate": _deflate,
    "false_gzip": lambda body, members: Made(body, {"Content-Encoding": "gzip"}),
    "html": lambda body, members: Made(_LOGIN_PAGE, {"Content-Type": "text/html; charset=utf-8"}),
    "empty": lambda body, members: Made(b""),
    "array": lambda body, members: None if members is None else _json([members]),
    "string": lambda body, members: None if members is None else _json(body.decode("utf-8", "replace")),
    "null": lambda body, members: Made(b"null"),
    "nan": _nan,
    "duplicate_keys": _duplicate_keys,
    "deep": _deep,
    "huge": _huge,
}
