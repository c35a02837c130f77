"""What a client is given that shows itself by a key or a certificate, and brought none."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

from .. import registry
from ..client_settings import ClientSettings
from ..config import IssuerSettings
from ..errors import ConfigurationError
from ..jwk import MAC_ALGORITHMS
from ..keys import SigningKey

if typing.TYPE_CHECKING:
    from ..tls import IssuedCertificate

    Certify = cabc.Callable[..., IssuedCertificate | None]

__all__ = ["Belongings", "belongings"]


def _nothing(*_: typing.Any, **__: typing.Any) -> None:
    """Where there is no TLS."""


_NAMES = ("subject_dn", "san_dns", "san_uri", "san_ip", "san_email")


class Belongings(msgspec.Struct, frozen=True, kw_only=True):
    """The key pair and the certificate of a client, where the server made them."""

    key: SigningKey | None = None
    certificate: IssuedCertificate | None = None


def belongings(
    settings: ClientSettings, issuer: IssuerSettings, certify: Certify | None, *, asks_certificates: bool
) -> tuple[ClientSettings, Belongings]:
    """
    The same settings with the public halves of what was made (RFC 7591 2, RFC 8705 2).

    `certify` makes a certificate where the server speaks TLS, else nothing; `asks_certificates`: whether it would ever
    see one. Raises `ConfigurationError`.
    """
    method = settings.token_endpoint_auth_method
    methods = (method,) if isinstance(method, str) else method or registry.default_methods(settings, issuer)
    without_keys = settings.jwks is None and settings.jwks_uri is None
    key = certificate = None
    certify = certify or _nothing
    jwks: list[dict[str, typing.Any]] = []
    signs_requests = settings.request_object_signing_alg not in (None, "none", *MAC_ALGORITHMS)
    if without_keys and ("private_key_jwt" in methods or signs_requests):
        wanted = (settings.token_endpoint_auth_signing_alg, settings.request_object_signing_alg)
        key = SigningKey.generate("RS256" if "RS256" in wanted else "ES256")
        jwks.append(key.public_jwk())
    if "self_signed_tls_client_auth" in methods and without_keys:
        certificate = certify(settings.client_id, self_signed=True)
        jwks += [certificate.jwk] if certificate else []
    elif "tls_client_auth" in methods:
        names = {kind: name for kind in _NAMES if (name := getattr(settings, f"tls_client_auth_{kind}")) is not None}
        certificate = certify(settings.client_id, **names) if len(names) <= 1 else None
        if certificate is not None and not names:
            settings = msgspec.structs.replace(settings, tls_client_auth_subject_dn=certificate.subject)
    if certificate is not None and not asks_certificates:
        raise ConfigurationError(
            f"client {settings.client_id!r}: the server asks nobody for a certificate;"
            " OAuthMock(https=True, client_certificates='optional')",
            key="token_endpoint_auth_method",
        )
    if jwks:
        settings = msgspec.structs.replace(settings, jwks={"keys": jwks})
    return settings, Belongings(key=key, certificate=certificate)
