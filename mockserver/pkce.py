"""Proof Key for Code Exchange (RFC 7636)."""

from __future__ import annotations

import base64
import collections.abc as cabc
import hashlib
import re
import secrets

from .errors import InvalidGrant
from .errors import InvalidRequest

__all__ = ["METHODS", "challenge_of", "check_challenge", "check_verifier", "new_verifier"]

METHODS = ("S256", "plain")

# code-verifier = 43*128unreserved, RFC 7636 4.1; the challenge has the same grammar (4.2)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def new_verifier() -> str:
    """A verifier with 256 bits of entropy (RFC 7636 4.1)."""
    return secrets.token_urlsafe(32)


def challenge_of(verifier: str, method: str = "S256") -> str:
    """The challenge that belongs to a verifier (RFC 7636 4.2)."""
    if method == "plain":
        return verifier
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def check_challenge(
    challenge: str | None, method: str | None, *, required: bool, supported: cabc.Sequence[str] = METHODS
) -> str:
    """The method of an authorization request's challenge. Raises `InvalidRequest` (RFC 7636 4.4.1)."""
    if challenge is None:
        if method is not None:
            raise InvalidRequest(
                "code_challenge_method was sent without code_challenge.",
                hint="code_challenge_method without code_challenge (RFC 7636 4.3)",
            )
        if required:
            raise InvalidRequest(
                "code_challenge is required.",
                hint="this issuer requires PKCE (require_pkce): send code_challenge (RFC 7636 4.4.1)",
            )
        return "plain"
    # RFC 7636 4.3: defaults to "plain" if not present
    if (method or "plain") not in supported:
        raise InvalidRequest(
            "Transform algorithm not supported.",
            hint=f"code_challenge_method {method or 'plain'!r} is none of {', '.join(supported)} (RFC 7636 4.4.1)",
        )
    if not _VERIFIER.fullmatch(challenge):
        raise InvalidRequest(
            "code_challenge is malformed.",
            hint=f"code_challenge has {len(challenge)} characters or one that is not unreserved (RFC 7636 4.2)",
        )
    return method or "plain"


def check_verifier(verifier: str | None, *, challenge: str | None, method: str) -> None:
    """Compare what the token request proves with what the authorization request promised. Raises `InvalidGrant`."""
    if challenge is None:
        # RFC 9700 4.8.2: a verifier without a challenge is a downgrade attack
        if verifier is not None:
            raise InvalidGrant(
                "code_verifier does not belong to this code.",
                hint="code_verifier came, but the authorization request had no code_challenge (RFC 9700 4.8.2)",
            )
        return
    if verifier is None:
        raise InvalidGrant(
            "code_verifier is missing.",
            hint="the authorization request had a code_challenge: send its code_verifier (RFC 7636 4.5)",
        )
    if not _VERIFIER.fullmatch(verifier):
        raise InvalidGrant(
            "code_verifier is malformed.",
            hint=f"code_verifier has {len(verifier)} characters or one that is not unreserved; 43 to 128 of"
            " A-Z a-z 0-9 - . _ ~ are allowed (RFC 7636 4.1)",
        )
    if challenge_of(verifier, method) != challenge:
        raise InvalidGrant(
            "code_verifier does not match code_challenge.",
            hint=f"the {method} challenge of this code_verifier is not the one of the authorization request"
            " (RFC 7636 4.6)",
        )
