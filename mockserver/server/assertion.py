"""A client assertion as the client would make it (RFC 7523 2.2, 3), right or wrong."""

from __future__ import annotations

import collections.abc as cabc
import secrets
import typing

from .. import jws
from ..keys import SigningKey

__all__ = ["made"]


def made(
    client_id: str,
    key: SigningKey | str,
    *,
    alg: str,
    audience: str,
    now: float,
    lifetime: float,
    headers: cabc.Mapping[str, typing.Any],
    claims: cabc.Mapping[str, typing.Any],
) -> str:
    """
    Signed with a private key, or under a secret. `now` is seconds since the epoch, UTC; `lifetime` is seconds.

    `claims` and `headers` replace what would be there; one that is None is left out.
    """
    members = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "iat": int(now),
        "exp": int(now + lifetime),
        "jti": secrets.token_hex(16),
        **claims,
    }
    header = {"typ": "JWT", "kid": key.kid if isinstance(key, SigningKey) else None, **headers}
    if header["typ"] is None:
        header["typ"] = ""  # which PyJWT leaves out, where it would add one
    return jws.sign(
        {name: value for name, value in members.items() if value is not None},
        key.private if isinstance(key, SigningKey) else key,
        alg=alg,
        headers={name: value for name, value in header.items() if value is not None},
    )
