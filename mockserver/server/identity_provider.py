"""Somebody whose word about people the server takes, with keys of their own, as a test holds them."""

from __future__ import annotations

import collections.abc as cabc
import typing

from ..config import TrustedIssuer
from ..keys import SigningKey
from .assertion import made
from .handles import IssuerState

__all__ = ["IdentityProvider"]


class IdentityProvider:
    """An issuer of assertions that is trusted (RFC 7521 3): it signs with a key pair that nobody else has."""

    def __init__(self, issuer: IssuerState, name: str, key: SigningKey) -> None:
        self._issuer = issuer
        self._name = name
        self._key = key
        issuer.context.identity_providers[name] = TrustedIssuer(jwks=self.jwks)

    @property
    def issuer(self) -> str:
        """What it is called: `iss` of what it signs."""
        return self._name

    @property
    def jwks(self) -> dict[str, typing.Any]:
        """Its public keys (RFC 7517 5)."""
        return {"keys": [self._key.public_jwk()]}

    @property
    def private_key(self) -> str:
        """Its private key, PEM in PKCS #8, for code that makes its assertions itself."""
        return self._key.pem()

    @property
    def key_id(self) -> str:
        """The `kid` of its key."""
        return self._key.kid

    def assertion(
        self,
        subject: str,
        *,
        audience: str | None = None,
        lifetime: float = 60,
        headers: cabc.Mapping[str, typing.Any] | None = None,
        **claims: typing.Any,
    ) -> str:
        """
        A JWT about somebody, for the JWT bearer grant (RFC 7523 2.1) and as the subject of a token exchange.

        `audience` None is the server's issuer; `lifetime` is seconds. `claims` and `headers` replace what would be
        there, and one that is None is left out: `assertion("alice", jti=None)`.
        """
        return made(
            self._name,
            self._key,
            alg=self._key.alg,
            audience=self._issuer.identifier if audience is None else audience,
            now=self._issuer.context.clock.peer(),
            lifetime=lifetime,
            headers=headers or {},
            claims={"sub": subject, **claims},
        )

    def __repr__(self) -> str:
        return f"<IdentityProvider {self._name!r}>"
