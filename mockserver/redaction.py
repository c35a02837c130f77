"""Secrets out of texts that a person or a log may see."""

from __future__ import annotations

import base64
import binascii
import collections.abc as cabc
import functools
import re
import typing

from .shapes import CANARIES
from .shapes import SHORTEST
from .shapes import canary
from .shapes import shapes

__all__ = ["SECRET_PARAMETERS", "conceal", "redact", "redact_header", "without"]


class Fields(typing.Protocol):
    """Something with named fields: a `msgspec.Struct`."""

    @property
    def __struct_fields__(self) -> tuple[str, ...]: ...


SECRET_PARAMETERS = (
    "access_token",
    "actor_token",
    "assertion",
    "auth_req_id",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "id_token",
    "password",
    "refresh_token",
    "registration_access_token",
    "software_statement",
    "subject_token",
    "token",
)


def redact(text: str) -> str:
    """A query, form, JSON or free text with every secret that can be recognised replaced by `***`."""
    for pattern, replacement in _patterns():
        text = pattern.sub(replacement, text)
    return text


def conceal(text: str, secrets: cabc.Iterable[str]) -> str:
    """
    `redact`, and every known secret masked in each of its shapes: plain, escaped, percent-encoded, base64, hex.

    Values under four characters are left alone: masking them would make the text unreadable and hide nothing.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for shape in _shapes(secret):
            text = text.replace(shape, "***")
    return redact(text)


@functools.lru_cache(maxsize=1024)
def _shapes(secret: str) -> tuple[str, ...]:
    """The longest first, so that no piece of one is left over."""
    return tuple(sorted(shapes(secret), key=len, reverse=True)) if len(secret) >= SHORTEST else ()


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    # Compiled when the first report is written: most processes never write one.
    names = "|".join(SECRET_PARAMETERS).replace("_", "(?:_|%5[Ff])")
    return (
        # a form or a query
        (re.compile(rf"(?:(?<=^)|(?<=[?&\s]))({names})=[^&\s]+", re.MULTILINE), r"\1=***"),
        # JSON, also cut short
        (re.compile(rf'"({names})"(\s*:\s*)"(?:[^"\\]|\\.)*(?:"|\\?$)'), r'"\1"\2"***"'),
        # multipart, its line breaks as they are or made visible
        (
            re.compile(rf'(name="?(?:{names})"?[^-]*?(?:\r?\n|\\r\\n){{2}}).+?(?=\r?\n--|\\r\\n--|$)', re.DOTALL),
            r"\1***",
        ),
        (re.compile(r"\b(Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{4,}", re.IGNORECASE), r"\1 ***"),
        # RFC 9449 7.1; a word of prose is no token
        (re.compile(r"\b(DPoP)\s+[A-Za-z0-9+/=._~-]{16,}", re.IGNORECASE), r"\1 ***"),
        # what the mock itself issues carries a prefix
        (re.compile(r"\b(oam_[a-z]{2}_)[A-Za-z0-9_-]{8,}"), r"\1***"),
        *_encoded_canaries(),
        # a JWT begins with the encoding of '{"'
        (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), "eyJ***"),
    )


def _encoded_canaries() -> cabc.Iterator[tuple[re.Pattern[str], str]]:
    """What the mock issues, inside of something that was encoded as a whole: from there on that is masked."""
    # and a JWT, by the first member of its header
    begins = (*map(canary, CANARIES), "eyJhbGciOi", "eyJ0eXAiOi", "eyJraWQiOi")
    found: dict[str, set[str]] = {"base64": set(), "hex": set()}
    for begin in begins:
        for text, encoding in shapes(begin).items():
            found.get(encoding, set()).add(text)
    for encoding, rest in (("base64", "[A-Za-z0-9+/_-]{8,}=*"), ("hex", "[0-9A-Fa-f]{16,}")):
        yield re.compile(f"(?:{'|'.join(sorted(found[encoding]))}){rest}"), "***"


def redact_header(name: str, value: str) -> str:
    """A header value: of an Authorization header the scheme stays, and of Basic the client's name."""
    if name.lower() not in ("authorization", "proxy-authorization", "cookie", "set-cookie"):
        return redact(value)
    scheme, _, rest = value.partition(" ")
    if not rest or "cookie" in name.lower():
        return "***"
    if scheme.lower() == "basic":
        try:
            who, colon, _secret = base64.b64decode(rest, validate=True).decode("latin-1").partition(":")
        except (binascii.Error, ValueError):
            who, colon = "", ""
        return f"{scheme} {who}:***" if colon else f"{scheme} ***"
    return f"{scheme} ***"


def without(value: Fields, *hidden: str) -> str:
    """The repr of a struct with some fields left out: pytest prints reprs, and logs keep them."""
    shown = (f"{name}={getattr(value, name)!r}" for name in value.__struct_fields__ if name not in hidden)
    return f"{type(value).__name__}({', '.join(shown)})"
