"""Secrets out of texts that a person or a log may see."""

from __future__ import annotations

import base64
import binascii
import functools
import re
import typing

__all__ = ["SECRET_PARAMETERS", "redact", "redact_header", "without"]


class Fields(typing.Protocol):
    """Something with named fields: a `msgspec.Struct`."""

    @property
    def __struct_fields__(self) -> tuple[str, ...]: ...


SECRET_PARAMETERS = (
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "id_token",
    "password",
    "refresh_token",
    "token",
)


def redact(text: str) -> str:
    """A query, form, JSON or free text with every secret that can be recognised replaced by `***`."""
    for pattern, replacement in _patterns():
        text = pattern.sub(replacement, text)
    return text


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    # Compiled when the first report is written: most processes never write one.
    names = "|".join(SECRET_PARAMETERS)
    return (
        # a form or a query
        (re.compile(rf"(?:(?<=^)|(?<=[?&\s]))({names})=[^&\s]+", re.MULTILINE), r"\1=***"),
        # JSON
        (re.compile(rf'"({names})"(\s*:\s*)"(?:[^"\\]|\\.)*"'), r'"\1"\2"***"'),
        (re.compile(r"\b(Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{4,}", re.IGNORECASE), r"\1 ***"),
        # what the mock itself issues carries a prefix
        (re.compile(r"\b(oam_[a-z]{2}_)[A-Za-z0-9_-]{8,}"), r"\1***"),
        # a JWT begins with the encoding of '{"'
        (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), "eyJ***"),
    )


def redact_header(name: str, value: str) -> str:
    """A header value: of an Authorization header the scheme stays, and of Basic the client's name."""
    if name.lower() not in ("authorization", "proxy-authorization", "cookie", "set-cookie"):
        return redact(value)
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "basic":
        try:
            who, colon, _secret = base64.b64decode(rest, validate=True).decode("latin-1").partition(":")
        except (binascii.Error, ValueError):
            who, colon = "", ""
        return f"{scheme} {who}:***" if colon else f"{scheme} ***"
    return f"{scheme} ***" if rest else "***"


def without(value: Fields, *hidden: str) -> str:
    """The repr of a struct with some fields left out: pytest prints reprs, and logs keep them."""
    shown = (f"{name}={getattr(value, name)!r}" for name in value.__struct_fields__ if name not in hidden)
    return f"{type(value).__name__}({', '.join(shown)})"
