"""What a client shows itself with, from its settings: secrets, public keys, signature algorithms."""

from __future__ import annotations

import collections.abc as cabc
import copy
import typing

from .. import certificates
from ..client_settings import ClientSettings
from ..credentials import new_secret
from ..errors import ConfigurationError
from ..jwk import ALGORITHMS
from ..jwk import MAC_ALGORITHMS
from ..jwk import BadKey
from ..jwk import public_keys
from ..model import Secret
from ..policies import Policies
from ..written import nearest

__all__ = ["algorithms", "certificate_name", "check_signature", "keys", "request_object_algorithm", "secrets"]

_WITHOUT_SECRET = {"none", "private_key_jwt", "self_signed_tls_client_auth", "tls_client_auth"}
_NAMES = ("subject_dn", "san_dns", "san_uri", "san_ip", "san_email")


def secrets(what: str, settings: ClientSettings, methods: cabc.Iterable[str]) -> tuple[Secret, ...]:
    """
    The secrets that were written down, or one that is made up; none where no method has a use for one.

    Raises `ConfigurationError`.
    """
    given = settings.client_secret
    if {*methods} <= _WITHOUT_SECRET:
        if given is not None:
            raise ConfigurationError(
                f"{what}: token_endpoint_auth_method {' or '.join(map(repr, methods))} has no secret; leave"
                " client_secret out, or name another method",
                key="client_secret",
            )
        return ()
    values = (given,) if isinstance(given, str) else given
    if values is not None and (not values or not all(values)):
        raise ConfigurationError(
            f"{what}: client_secret is empty; write one, or leave it out to have one made up", key="client_secret"
        )
    expires_at = settings.client_secret_expires_at or None  # RFC 7591 3.2.1: 0 if it will not expire
    return tuple(Secret(value=value, expires_at=expires_at) for value in values or (new_secret("cs"),))


def keys(
    what: str, settings: ClientSettings, methods: cabc.Container[str], published: cabc.Container[str]
) -> dict[str, typing.Any] | None:
    """The public keys that were written down. Raises `ConfigurationError`."""
    jwks, uri = settings.jwks, settings.jwks_uri
    if jwks is not None and uri is not None:
        raise ConfigurationError(f"{what}: jwks and jwks_uri exclude each other (RFC 7591 2); drop one", key="jwks_uri")
    if uri is not None and uri not in published:
        raise ConfigurationError(
            f"{what}: jwks_uri = {uri!r}: keys are fetched from this server alone; publish them first, with"
            " oauthmock.publish_jwks(path, jwks), or write them into jwks",
            key="jwks_uri",
        )
    if jwks is None:
        if uri is None and "private_key_jwt" in methods:
            raise ConfigurationError(
                f"{what}: private_key_jwt needs the client's public keys; write them into jwks (in Python,"
                " oauthmock.client() makes a key pair by itself)",
                key="token_endpoint_auth_method",
            )
        if uri is None and "self_signed_tls_client_auth" in methods:
            raise ConfigurationError(
                f"{what}: self_signed_tls_client_auth needs the client's certificate; write it into jwks, as the x5c of"
                " its key (in Python, oauthmock.client() makes one by itself where the server has https=True)",
                key="token_endpoint_auth_method",
            )
        return None
    try:
        found = public_keys(jwks)
        if "self_signed_tls_client_auth" in methods and not certificates.registered(jwks):
            raise BadKey("no key has an x5c with the client's certificate (RFC 8705 2.2.2); add it")
    except (BadKey, certificates.BadCertificate) as error:
        raise ConfigurationError(f"{what}: jwks: {error}", key="jwks") from None
    wanted = settings.token_endpoint_auth_signing_alg
    fitting = list(dict.fromkeys(alg for key in found for alg in key.algorithms))
    if wanted in ALGORITHMS and wanted not in fitting:
        raise ConfigurationError(
            f"{what}: token_endpoint_auth_signing_alg = {wanted!r} does not fit the keys in jwks; they are for"
            f" {', '.join(fitting)}",
            key="token_endpoint_auth_signing_alg",
        )
    return copy.deepcopy(jwks)  # whoever wrote it down may go on to change it


def certificate_name(what: str, settings: ClientSettings, methods: cabc.Collection[str]) -> tuple[str, str] | None:
    """Who the client's certificate has to name, and by what (RFC 8705 2.1.2). Raises `ConfigurationError`."""
    given = {kind: name for kind in _NAMES if (name := getattr(settings, f"tls_client_auth_{kind}")) is not None}
    keys = [f"tls_client_auth_{kind}" for kind in given]
    if {"tls_client_auth", "self_signed_tls_client_auth"} <= {*methods}:
        raise ConfigurationError(
            f"{what}: one certificate cannot be judged both ways; drop tls_client_auth or self_signed_tls_client_auth",
            key="token_endpoint_auth_method",
        )
    if "tls_client_auth" not in methods:
        if given:
            raise ConfigurationError(f"{what}: {keys[0]} is for tls_client_auth; leave it out", key=keys[0])
        return None
    if len(given) != 1:
        raise ConfigurationError(
            f"{what}: tls_client_auth needs exactly one of {', '.join(f'tls_client_auth_{kind}' for kind in _NAMES)}"
            f" (RFC 8705 2.1.2); there {'are ' + ' and '.join(keys) if given else 'is none'} (in Python,"
            " oauthmock.client() makes a certificate and its name where the server has https=True)",
            key=keys[1] if given else "token_endpoint_auth_method",
        )
    ((kind, name),) = given.items()
    wrong = certificates.malformed_name(name, kind)
    if wrong is not None:
        raise ConfigurationError(f"{what}: {keys[0]} = {name!r}: {wrong}", key=keys[0])
    return kind, name


def request_object_algorithm(what: str, settings: ClientSettings, methods: cabc.Iterable[str]) -> str | None:
    """What the client signs its request objects with (RFC 9101 10.5). Raises `ConfigurationError`."""
    wanted = settings.request_object_signing_alg
    has_secret = not {*methods} <= _WITHOUT_SECRET
    possible = (*ALGORITHMS, *(MAC_ALGORITHMS if has_secret else ()), "none")
    if wanted is not None and wanted not in possible:
        raise ConfigurationError(
            f"{what}: request_object_signing_alg = {wanted!r}: {nearest(wanted, possible)}",
            key="request_object_signing_alg",
        )
    return wanted


def algorithms(what: str, settings: ClientSettings, methods: cabc.Container[str]) -> tuple[str, ...]:
    """What the client may sign its assertions with. Raises `ConfigurationError`."""
    possible = (
        *(ALGORITHMS if "private_key_jwt" in methods or settings.jwks or settings.jwks_uri else ()),
        *(MAC_ALGORITHMS if "client_secret_jwt" in methods else ()),
    )
    wanted = settings.token_endpoint_auth_signing_alg
    if wanted is None:
        return possible
    if wanted not in possible:
        instead = nearest(wanted, possible) if possible else "its methods sign nothing: leave it out"
        raise ConfigurationError(
            f"{what}: token_endpoint_auth_signing_alg = {wanted!r}: {instead}", key="token_endpoint_auth_signing_alg"
        )
    return (wanted,)


def check_signature(what: str, policies: Policies, secrets: cabc.Collection[Secret]) -> None:
    """Raises `ConfigurationError` where what the client is sent would be signed with a secret that it has not."""
    keys = ["id_token_signed_response_alg", "userinfo_signed_response_alg", "authorization_signed_response_alg"]
    for key in keys:
        if getattr(policies, key) in MAC_ALGORITHMS and not secrets:
            raise ConfigurationError(
                f"{what}: {key} = {getattr(policies, key)!r} signs with the client's secret, and it has none; write"
                " 'RS256' or 'ES256', or name a method that has a secret",
                key=key,
            )
