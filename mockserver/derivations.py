"""What providers make of a secret: each is a function with a name, so that a profile can ask for it."""

from __future__ import annotations

import hashlib
import hmac

__all__ = ["hmac_sha256", "prefix", "sha256"]


def hmac_sha256(secret: str, message: str) -> str:
    """RFC 2104, in hexadecimal digits."""
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def sha256(text: str) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def prefix(secret: str, length: int) -> str:
    """The first characters of a secret."""
    return secret[:length]
