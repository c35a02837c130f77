"""Whose assertions an issuer believes: those of issuers that it was told to trust, and its clients' own."""

from __future__ import annotations

import collections.abc as cabc

from .assertions import BadAssertion
from .context import Context
from .jwk import BadKey
from .jwk import Key
from .jwk import public_keys

__all__ = ["keys_of"]


def keys_of(issuer: str, context: Context) -> cabc.Sequence[Key]:
    """The public keys of whoever is called so. Raises `BadAssertion` for somebody who is not trusted."""
    trusted = context.trusted(issuer)
    client = context.clients.get(issuer)
    jwks = trusted.jwks if trusted is not None else context.client_keys(client) if client is not None else None
    if jwks is None:
        known = ", ".join(map(repr, context.trusted_names())) or "nobody"
        its_own = " and has no jwks" if client is not None else ""
        raise BadAssertion(
            f"iss is {issuer!r}, who is not trusted{its_own} (trusted: {known}); in a test:"
            f" oauthmock.identity_provider({issuer!r}), or the setting trusted_issuers"
        )
    try:
        return public_keys(jwks)
    except BadKey as error:
        raise BadAssertion(f"the keys of {issuer!r}: {error}") from None
