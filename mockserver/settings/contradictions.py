"""What is well-formed but cannot be meant."""

from __future__ import annotations

import collections.abc as cabc
import re

from .. import profiles
from .. import registry
from ..config import IssuerSettings
from ..config import Settings
from ..errors import ConfigurationError
from ..grants import GRANTS
from ..jwk import BadKey
from ..jwk import public_keys
from ..registration import is_loopback
from ..scope import Scope
from ..written import Path
from ..written import Problem
from ..written import dotted
from .edges import edges
from .faults import fault_problems
from .names import names
from .rules import parameter_rules

__all__ = ["contradictions"]

# The names of things that are served at the first path segment
_SEGMENT = re.compile(r"(?!\.+$)[A-Za-z0-9._~-]+")
# RFC 6454 6.2, as a browser writes it
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?|null")
_RESERVED = frozenset(
    {
        *("authorize", "token", "userinfo", "jwks", "introspect", "revoke", "end_session"),
        *("device_authorization", "device", "bc-authorize", "register"),
        *("api", "callback", ".well-known", "_mock"),
    }
)


def contradictions(settings: Settings) -> cabc.Iterator[Problem]:
    """Every one, with the path of the key to change."""
    if not settings.allow_remote and not is_loopback(settings.host):
        remedy = "if that is meant, allow_remote = true (--allow-remote)"
        yield ("host",), f"host = {settings.host!r}: other machines could reach it; {remedy}"
    if settings.issuer is not None and not settings.issuer.startswith(("http://", "https://")):
        yield ("issuer",), f"issuer = {settings.issuer!r}: write an http or https URL"
    for key, plain in (("server_certificate", "good"), ("client_certificates", "off")):
        value = getattr(settings, key)
        if value != plain and not settings.https:
            yield (key,), f"{key} = {value!r}: plain HTTP has no certificates; https = true, or leave it out"
    yield from _of_issuer(settings, ())
    for endpoint, value in _paths(settings):
        first = value.split("/")[1] if "/" in value else ""
        if first in settings.issuers:
            path = ("paths", endpoint)
            yield path, f"{dotted(path)} = {value!r}: the issuer {first!r} is there; rename one of them"
    for name, issuer in settings.issuers.items():
        if name in _RESERVED or not _SEGMENT.fullmatch(name):
            yield ("issuers", name), f"issuers.{name}: not a path segment, or one of the server's own; choose another"
        yield from _of_issuer(issuer, ("issuers", name))


def _paths(settings: Settings) -> cabc.Iterable[tuple[str, str]]:
    try:
        paths = profiles.resolved(settings).paths
        return [(endpoint, path) for endpoint, path in paths.items() if path != profiles.PATHS.get(endpoint)]
    except ConfigurationError:  # told below
        return ()


def _of_issuer(issuer: IssuerSettings, at: Path) -> cabc.Iterator[Problem]:
    declared: cabc.Collection[str] = ()
    try:
        declared = profiles.resolved(issuer).grants
    except ConfigurationError as error:
        path = (*at, error.key or "profile")
        yield path, f"{dotted(path)} = {getattr(issuer, str(path[-1]))!r}: {error}"
    else:
        yield from names(issuer, at)
        clients = {client.client_id: client.grant_types or GRANTS for client in issuer.clients}
        yield from fault_problems(issuer.faults, clients, profiles.resolved(issuer).paths, at)
        yield from edges(issuer, at)
    yield from parameter_rules(issuer, at, declared)
    yield from _trusted(issuer, at)
    wrong = _default_scope(issuer)
    if wrong is not None:
        path = (*at, "default_scope")
        yield path, f"{dotted(path)} = {issuer.default_scope!r}: {wrong}"
    numbers = registry.refresh_policy(issuer)
    if numbers is not None:
        yield (*at, "refresh_policy"), f"{dotted((*at, 'refresh_policy'))}: {numbers}"
    least, most = issuer.state_min_length, issuer.state_max_length
    if least is not None and most is not None and least > most:
        path = (*at, "state_min_length")
        yield path, f"{dotted(path)} = {least}: more than state_max_length = {most}; no state fits, so change one"
    yield from _of_openid(issuer, at)
    for index, client in enumerate(issuer.clients):
        if client.client_id in [other.client_id for other in issuer.clients[:index]]:
            yield (*at, "clients", index), f"client {client.client_id!r} comes twice; give each its own client_id"
        try:
            registry.client(client, issuer)
        except ConfigurationError as error:
            yield (*at, "clients", index, *([error.key] if error.key else [])), str(error)
    for index, user in enumerate(issuer.users):
        if user.username in [other.username for other in issuer.users[:index]]:
            yield (*at, "users", index), f"user {user.username!r} comes twice; give each their own username"


def _of_openid(issuer: IssuerSettings, at: Path) -> cabc.Iterator[Problem]:
    for origin in issuer.cors_origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            path = (*at, "cors_origins")
            remedy = "write scheme and host as browsers do, 'https://app.example.com', or '*'"
            yield path, f"{dotted(path)} has {origin!r}: {remedy}"
    if issuer.id_token_signed_response_alg == "none":
        path = (*at, "id_token_signed_response_alg")
        yield path, f"{dotted(path)} = 'none': unsigned ID tokens are for a client alone; write it at the client"


def _trusted(issuer: IssuerSettings, at: Path) -> cabc.Iterator[Problem]:
    for name, trusted in issuer.trusted_issuers.items():
        where = f"trusted_issuers.{name!r}"
        path = (*at, "trusted_issuers", name)
        try:
            if trusted.jwks is not None or trusted.certificate is None:
                public_keys(trusted.jwks or {})
        except BadKey as error:
            yield path, f"{where}: jwks: {error}"
        if trusted.certificate is not None and "-----BEGIN CERTIFICATE-----" not in trusted.certificate:
            yield path, f"{where}: certificate: write one in PEM, which begins with -----BEGIN CERTIFICATE-----"


def _default_scope(issuer: IssuerSettings) -> str | None:
    try:
        scope = Scope.parse(issuer.default_scope or "")
    except ValueError as error:
        return f"{error}; separate tokens by single spaces"
    strange = [token for token in str(scope).split() if token not in (issuer.scopes_supported or scope)]
    return f"scopes_supported does not know {' '.join(strange)!r}; add it there" if strange else None
