"""Secrets out of texts that a person or a log may see."""

from __future__ import annotations

import base64
import binascii
import re

__all__ = ["SECRET_PARAMETERS", "redact", "redact_header"]

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

_NAMES = "|".join(SECRET_PARAMETERS)
_IN_FORM = re.compile(rf"(?:(?<=^)|(?<=[?&\s]))({_NAMES})=[^&\s]+", re.MULTILINE)
_IN_JSON = re.compile(rf'"({_NAMES})"(\s*:\s*)"(?:[^"\\]|\\.)*"')
# What the mock itself issues carries a prefix; a JWT starts with the encoding of '{"'.
_CANARY = re.compile(r"\b(oam_[a-z]{2}_)[A-Za-z0-9_-]{8,}")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_CREDENTIALS = re.compile(r"\b(Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{4,}", re.IGNORECASE)


def redact(text: str) -> str:
    """A query, form, JSON or free text with every secret that can be recognised replaced by `***`."""
    text = _IN_FORM.sub(r"\1=***", text)
    text = _IN_JSON.sub(r'"\1"\2"***"', text)
    text = _CREDENTIALS.sub(r"\1 ***", text)
    text = _CANARY.sub(r"\1***", text)
    return _JWT.sub("eyJ***", text)


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
