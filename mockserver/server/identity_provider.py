"""Somebody whose word about people the server takes, with keys of their own, as a test holds them."""

from __future__ import annotations

import collections.abc as cabc
import typing

from cryptography.hazmat.primitives.asymmetric import ec

from ..config import TrustedIssuer
from ..keys import SigningKey
from . import saml_assertion
from .assertion import made
from .handles import IssuerState

__all__ = ["IdentityProvider"]


class IdentityProvider:
    """An issuer of assertions that is trusted (RFC 7521 3): it signs with a key pair that nobody else has."""

    def __init__(self, issuer: IssuerState, name: str, key: SigningKey) -> None:
        self._issuer = issuer
        self._name = name
        self._key = key
        assert isinstance(key.private, ec.EllipticCurvePrivateKey), "ES256 is the algorithm of identity providers"
        self._private = key.private
        self._certificate = saml_assertion.self_signed(self._private, name)
        trusted = TrustedIssuer(jwks=self.jwks, certificate=self._certificate)
        issuer.context.identity_providers[name] = trusted

    @property
    def issuer(self) -> str:
        """What it is called: `iss` of what it signs."""
        return self._name

    @property
    def jwks(self) -> dict[str, typing.Any]:
        """Its public keys (RFC 7517 5)."""
        return {"keys": [self._key.public_jwk()]}

    @property
    def certificate(self) -> str:
        """The certificate of its SAML assertions, PEM."""
        return self._certificate

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

    def saml_assertion(
        self,
        subject: str,
        *,
        audience: str | None = None,
        recipient: str | None = None,
        lifetime: float = 60,
        identifier: str | None = None,
    ) -> str:
        """
        A SAML 2.0 assertion about somebody, in base64url, for the SAML 2.0 bearer grant (RFC 7522 2.1).

        `audience` None is the server's issuer, `recipient` None its token endpoint, `identifier` None one that is made
        up; `lifetime` is seconds. Raises `ConfigurationError` unless `pytest-oauthmock[saml]` is installed.
        """
        context, issuer = self._issuer.context, self._issuer.identifier
        token_url = context.url_of("token", issuer.removesuffix(context.profile.issuer_path))
        return saml_assertion.made(
            self._private,
            self._certificate,
            issuer=self._name,
            subject=subject,
            audience=issuer if audience is None else audience,
            recipient=token_url if recipient is None else recipient,
            now=context.clock.peer(),
            lifetime=lifetime,
            identifier=identifier,
        )

    def __repr__(self) -> str:
        return f"<IdentityProvider {self._name!r}>"
