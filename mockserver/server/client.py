"""A registered client as a test holds it: the settings of the code under test, and what may be done to it."""

from __future__ import annotations

import collections.abc as cabc
import json
import typing

import msgspec

from ..credentials import new_secret
from ..errors import ConfigurationError
from ..jwk import MAC_ALGORITHMS
from ..keys import SigningKey
from ..model import Client
from . import minting
from . import secretsmanager
from .assertion import made
from .belongings import Belongings
from .handles import IssuerState

if typing.TYPE_CHECKING:
    from ..ledger import IssuedToken
    from ..tls import IssuedCertificate

__all__ = ["RegisteredClient"]


class RegisteredClient:
    """A client as the server knows it; its attributes are the settings of the code under test."""

    def __init__(self, issuer: IssuerState, client: Client, given: Belongings | None = None) -> None:
        self._issuer = issuer
        self._client_id = client.client_id
        # A reset leaves it behind, with everybody who was registered in it
        self._home = issuer.context
        given = given or Belongings()
        self._key, self._certificate = given.key, given.certificate
        if self._key is not None:
            self._hand_out(self._key)

    @property
    def _client(self) -> Client:
        """As it is registered now, since a fault may have changed it; after a reset, as it was."""
        return self._home.clients[self._client_id]

    @property
    def client_id(self) -> str:
        return self._client_id

    @property
    def client_secret(self) -> str:
        """Raises `ConfigurationError` for a public client, which has none."""
        if self._client.client_secret is None:
            raise ConfigurationError(
                f"client {self.client_id!r} is registered with {' or '.join(self._client.auth_methods)} and has no"
                " secret; leave it out, or register another method"
            )
        return self._client.client_secret

    @property
    def private_key(self) -> str:
        """
        Its private key, PEM in PKCS #8.

        Raises `ConfigurationError` unless the server made it, which it does for `private_key_jwt` without `jwks`.
        """
        return self._signing_key.pem()

    @property
    def key_id(self) -> str:
        """The `kid` of its key. Raises like `private_key`."""
        return self._signing_key.kid

    @property
    def signing_alg(self) -> str:
        """What its assertions are signed with: the algorithm of its key, or HS256 with the secret."""
        return self._key.alg if self._key is not None else self._mac_alg

    @property
    def certificate(self) -> IssuedCertificate:
        """
        Its certificate and key, in files: `requests.get(url, cert=client.certificate.cert)`.

        Raises `ConfigurationError` unless the server made it, which it does over TLS for the methods of RFC 8705.
        """
        if self._certificate is None:
            raise ConfigurationError(
                f"client {self.client_id!r} has no certificate here: it is registered with"
                f" {' or '.join(self._client.auth_methods)}; with tls_client_auth or self_signed_tls_client_auth, and"
                " without jwks, a server with https=True makes one"
            )
        return self._certificate

    @property
    def token_endpoint_auth_method(self) -> tuple[str, ...]:
        return self._client.auth_methods

    @property
    def grant_types(self) -> frozenset[str]:
        return self._client.grant_types

    @property
    def scope(self) -> str | None:
        """The registered scope; None when the client may ask for anything."""
        return None if self._client.scope is None else str(self._client.scope)

    def grant(
        self,
        *,
        user: str | None = None,
        scope: str | None = None,
        access_token_lifetime: int | None = None,
        refresh_token_lifetime: int | None = None,
    ) -> IssuedToken:
        """
        Mint an access and a refresh token as if `user` (None: the first registered) had been through the dance.

        For connectors that start from a stored refresh token. Lifetimes are seconds. Raises `InvalidScope` for a scope
        that the client may not have, `ConfigurationError` for an unknown user or an impossible lifetime.
        """
        return minting.grant(
            self._issuer,
            self._client,
            user=user,
            scope=scope,
            access_token_lifetime=access_token_lifetime,
            refresh_token_lifetime=refresh_token_lifetime,
        )

    def issue_code(
        self,
        *,
        user: str | None = None,
        scope: str | None = None,
        redirect_uri: str | None = None,
        code_challenge: str | None = None,
        code_challenge_method: str | None = None,
        nonce: str | None = None,
        access_type: str | None = None,
        lifetime: int | None = None,
    ) -> str:
        """
        Make an authorization code as if `user` had approved. `lifetime` is seconds.

        Where `redirect_uri` is given, the token request must repeat it; `access_type` is what `refresh_token_when` asks
        for. Raises like `grant`.
        """
        return minting.code(
            self._issuer.context,
            self._client,
            user=user,
            scope=scope,
            redirect_uri=redirect_uri,
            code_challenge=code_challenge,
            code_challenge_method=code_challenge_method,
            nonce=nonce,
            access_type=access_type,
            lifetime=lifetime,
        )

    def client_assertion(
        self,
        *,
        audience: str | None = None,
        lifetime: float = 60,
        headers: cabc.Mapping[str, typing.Any] | None = None,
        **claims: typing.Any,
    ) -> str:
        """
        A client assertion, as the client would make it (RFC 7523 2.2, 3): with its private key, else with its secret.

        `audience` None is the issuer; `lifetime` is seconds. `claims` and `headers` replace what would be there, and
        one that is None is left out: `client_assertion(aud="https://other", jti=None)`.
        """
        key = self._key if self._client.client_secret is not None else self._signing_key
        return made(
            self.client_id,
            self.client_secret if key is None else key,
            alg=self.signing_alg,
            audience=self._issuer.identifier if audience is None else audience,
            now=self._issuer.context.clock.peer(),
            lifetime=lifetime,
            headers=headers or {},
            claims=claims,
        )

    def request_object(
        self,
        *,
        lifetime: float = 60,
        headers: cabc.Mapping[str, typing.Any] | None = None,
        **parameters: typing.Any,
    ) -> str:
        """
        An authorization request as a JWT, as the client would sign it (RFC 9101 4): for the parameter `request`.

        By its private key, or by its secret where `request_object_signing_alg` says so. `lifetime` is seconds;
        `parameters` and `headers` replace what would be there, and one that is None is left out.
        """
        mac = self._client.request_object_signing_alg in MAC_ALGORITHMS
        return made(
            self.client_id,
            self.client_secret if mac else self._signing_key,
            alg=str(self._client.request_object_signing_alg) if mac else self._signing_key.alg,
            audience=self._issuer.identifier,
            now=self._issuer.context.clock.peer(),
            lifetime=lifetime,
            headers={"typ": "oauth-authz-req+jwt", **(headers or {})},
            claims={"sub": None, "client_id": self.client_id, **parameters},
        )

    # -- changes while it lives ----------------------------------------------------------------------------------------

    def rotate_secret(self, client_secret: str | None = None, *, overlap: float = 0) -> str:
        """
        Give it a new secret (None: one that is made up) and return it; `overlap` is the seconds that the old one lives.

        Raises `ConfigurationError` for a client without a secret, an empty secret, and an overlap below 0.
        """
        self._check_secret()
        if client_secret == "":
            raise ConfigurationError(
                f"client {self.client_id!r}: client_secret is empty; write one, or leave it out to have one made up"
            )
        if not overlap >= 0:  # nor NaN
            raise ConfigurationError(f"client {self.client_id!r}: overlap = {overlap!r}: write seconds, 0 or more")
        now = self._issuer.context.clock.now()
        new = new_secret("cs") if client_secret is None else client_secret
        self._change(secrets=self._client.rotated(new, now + overlap))
        return new

    def expire_secret(self) -> None:
        """Let all its secrets expire now. Raises `ConfigurationError` for a client without one."""
        self._check_secret()
        self._change(secrets=self._client.secrets_until(self._issuer.context.clock.now()))

    def rotate_key(self) -> str:
        """Give it a new key pair in place of the old one; returns the private key. Raises like `private_key`."""
        self._key = SigningKey.generate(self._signing_key.alg)
        self._hand_out(self._key)
        self._change(jwks={"keys": [self._key.public_jwk()]})
        return self.private_key

    def disable(self) -> None:
        """Refuse it from now on; its access tokens stay good."""
        self._change(disabled=True)

    def enable(self) -> None:
        """Take it again."""
        self._change(disabled=False)

    def store_in_secretsmanager(self, name: str, *, region_name: str | None = None) -> str:
        """
        Put its settings as JSON into moto's Secrets Manager, in place of what is there under the name.

        They are `client_id`, `client_secret` (null for a public client), `token_url`, and `token_endpoint`, which is
        the same in the words of RFC 8414. Returns the secret's ARN. `region_name` None: the environment's, else
        us-east-1. Raises `ConfigurationError` when boto3 is not installed or moto does not answer for AWS.
        """
        secret = {
            "client_id": self.client_id,
            "client_secret": self._client.client_secret,
            "token_url": self._issuer.token_url,
            "token_endpoint": self._issuer.token_url,
        }
        return secretsmanager.put(name, json.dumps(secret), region_name=region_name)

    @property
    def _signing_key(self) -> SigningKey:
        if self._key is None:
            raise ConfigurationError(
                f"client {self.client_id!r} has no private key here: it is registered with"
                f" {' or '.join(self._client.auth_methods)}{' and keys of its own' if self._client.jwks else ''}; with"
                " private_key_jwt and without jwks the server makes a key pair"
            )
        return self._key

    @property
    def _mac_alg(self) -> str:
        macs = [alg for alg in self._client.assertion_algorithms if alg in MAC_ALGORITHMS]
        return macs[0] if macs else MAC_ALGORITHMS[0]

    def _check_secret(self) -> None:
        if self._client.client_secret is None:
            raise ConfigurationError(
                f"client {self.client_id!r} is registered with {' or '.join(self._client.auth_methods)} and has no"
                " secret; register it with a method that has one"
            )

    def _hand_out(self, key: SigningKey) -> None:
        """For the search for leaks."""
        # A line of the PEM that has a part of the private number, since files and logs may break or indent it.
        secret = key.pem().splitlines()[2]
        self._issuer.context.handed_out.append(("private key", f"private key of client {self.client_id!r}", secret))

    def _change(self, **fields: typing.Any) -> None:
        if self._issuer.context is not self._home:
            raise ConfigurationError(
                f"client {self.client_id!r} is not registered any more: a reset came between; register it again"
            )
        self._home.change(msgspec.structs.replace(self._client, **fields))

    def __repr__(self) -> str:
        return f"<RegisteredClient {self.client_id!r} by {' or '.join(self._client.auth_methods)}>"
