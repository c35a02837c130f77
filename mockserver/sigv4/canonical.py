"""The canonical request, from what came over the wire: texts have a character for each octet."""

from __future__ import annotations

import collections.abc as cabc
import re
import urllib.parse

import msgspec

from ..request import Pairs

__all__ = ["Fields", "Parts", "by_name", "canonical_request", "canonical_uri"]

Fields = cabc.Mapping[str, cabc.Sequence[str]]
"""The values of headers by their names in lower case, each as it came."""

# Unreserved, RFC 3986 2.3
_SAFE = "-_.~"
_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_ESCAPED = re.compile(r"(%[0-9A-Fa-f]{2})")


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What a canonical request is made of; each is a line of it, `headers` are several."""

    method: str
    uri: str
    query: str
    headers: tuple[str, ...]
    signed: str
    payload: str

    def __str__(self) -> str:
        # An empty line ends the headers
        return "\n".join([self.method, self.uri, self.query, *self.headers, "", self.signed, self.payload])


def by_name(headers: Pairs) -> Fields:
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        fields.setdefault(name.lower(), []).append(value)
    return fields


def canonical_request(
    method: str, target: str, fields: Fields, *, signed: cabc.Sequence[str], payload: str, s3: bool, presigned: bool
) -> Parts:
    """`target` is as it was sent; `signed` names the headers, in lower case."""
    path, _, query = _origin_form(target).partition("?")
    names = sorted(signed)
    return Parts(
        method=method,
        uri=canonical_uri(path, s3=s3),
        query=canonical_query(query, presigned=presigned),
        headers=tuple(f"{name}:{','.join(map(_trimmed, fields.get(name, ())))}" for name in names),
        signed=";".join(names),
        payload=payload,
    )


def canonical_uri(path: str, *, s3: bool) -> str:
    """
    S3: as it was sent, with what was not escaped escaped. Others: dots and double slashes resolved, and all of it
    escaped once more.
    """
    if s3:
        pieces = _ESCAPED.split(path or "/")
        return "".join(piece if _ESCAPED.fullmatch(piece) else _quoted(piece, safe="/") for piece in pieces)
    return _quoted(normalized(path), safe="/")


def normalized(path: str) -> str:
    """RFC 3986 5.2.4, and without empty segments; a slash at the end stays."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return f"/{'/'.join(kept)}{'/' if kept and path.endswith('/') else ''}"


def canonical_query(query: str, *, presigned: bool) -> str:
    """Decoded, encoded as AWS does, and sorted; the signature of a presigned URL is none of it."""
    pairs = []
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        if presigned and name == "X-Amz-Signature":
            continue
        pairs.append((_again(name), _again(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _trimmed(value: str) -> str:
    return _SPACES.sub(" ", value).strip(" ")


def _again(text: str) -> str:
    octets = urllib.parse.unquote_to_bytes(text.replace("+", " ").encode("latin-1", "replace"))
    return urllib.parse.quote(octets, safe=_SAFE)


def _quoted(text: str, *, safe: str) -> str:
    return urllib.parse.quote(text.encode("latin-1", "replace"), safe=_SAFE + safe)


def _origin_form(target: str) -> str:
    """RFC 9112 3.2.2: an absolute target has its path behind the authority."""
    if target.startswith("/"):
        return target
    rest = target.partition("://")[2].partition("/")
    return f"/{rest[2]}"
