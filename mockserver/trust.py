"""Whose assertions an issuer believes: those of issuers that it was told to trust, and its clients' own."""

from __future__ import annotations

import collections.abc as cabc

from .assertions import BadAssertion
from .context import Context
from .jwk import BadKey
from .jwk import Key
from .jwk import public_keys
from .model import Client
from .model import User

__all__ = ["certificate_of", "keys_of", "person_of"]


def keys_of(issuer: str, context: Context) -> cabc.Sequence[Key]:
    """The public keys of whoever is called so. Raises `BadAssertion` for somebody who is not trusted."""
    trusted = context.trusted(issuer)
    client = context.clients.get(issuer)
    jwks = trusted.jwks if trusted is not None else context.client_keys(client) if client is not None else None
    if jwks is None:
        raise _stranger(issuer, "jwks", context)
    try:
        return public_keys(jwks)
    except BadKey as error:
        raise BadAssertion(f"the keys of {issuer!r}: {error}") from None


def certificate_of(issuer: str, context: Context) -> str:
    """The certificate that somebody signs SAML assertions with, PEM. Raises `BadAssertion` like `keys_of`."""
    trusted = context.trusted(issuer)
    if trusted is None or trusted.certificate is None:
        raise _stranger(issuer, "certificate", context)
    return trusted.certificate


def person_of(subject: str, issuer: str, client: Client, context: Context) -> User | None:
    """
    Whom an assertion is about: somebody who is registered, or None for the client itself.

    Raises `BadAssertion` for a stranger, and for somebody who cannot log in.
    """
    if subject in (issuer, client.client_id) and subject in context.clients:
        return None
    user = context.known_as(subject)
    if user is None:
        raise BadAssertion(
            f"sub is {subject!r}, whom nobody registered; register: oauthmock.user({subject!r}), or another name with"
            f" sub={subject!r}"
        )
    if user.account in ("locked", "disabled"):
        raise BadAssertion(f"sub is {subject!r}, whose account is {user.account}")
    return user


def _stranger(issuer: str, lacking: str, context: Context) -> BadAssertion:
    known = ", ".join(map(repr, context.trusted_names())) or "nobody"
    is_known = issuer in context.clients or context.trusted(issuer) is not None
    return BadAssertion(
        f"iss is {issuer!r}, who is not trusted{f' and has no {lacking}' if is_known else ''} (trusted: {known}); in a"
        f" test: oauthmock.identity_provider({issuer!r}), or the setting trusted_issuers"
    )
