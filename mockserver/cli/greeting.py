"""What a server says of itself once it answers: for a person, and for a program that started it."""

from __future__ import annotations

import collections.abc as cabc
import itertools
import json
import shlex
import typing

from .. import __version__
from ..endpoints.metadata import document
from ..model import Client
from ..registration import is_loopback
from ..server import Issuer
from ..server import OAuthMock
from .defaults import DEMO_PASSWORD
from .defaults import DEMO_SECRET

__all__ = ["as_json", "as_text", "of_mounts"]

# Clients, or users, that are worth a line each.
_SHOWN = 8
_CONFIGURED = "as configured"


def as_json(mock: OAuthMock) -> str:
    """The event `ready`, one line."""
    context = mock.context
    members: dict[str, typing.Any] = {
        "event": "ready",
        "version": __version__,
        "issuer": mock.url,
        "endpoints": _endpoints(mock),
        "api": mock.api_url,
        "clients": [_client(client) for client in context.clients.values()],
        "users": [{"username": user.username, "password": user.password} for user in context.users.values()],
    }
    if others := _others(mock):
        members["issuers"] = {issuer.name: issuer.url for issuer in others}
    if mock.state.settings.https:
        members["ca_path"] = str(mock.ca_path)
    return json.dumps(members)


def as_text(mock: OAuthMock) -> str:
    """The banner: where everything is, as whom, and a line to try it with."""
    settings = mock.state.settings
    places = _endpoint_places(mock)
    for issuer in _others(mock):
        places += _places("issuer", issuer.url, _clients(issuer))
    lines = [f"oauthmock {__version__}   {mock.url}", *_aligned(places)]
    if settings.issuer is not None or not is_loopback(settings.host):
        lines.append(f"  {'listening':<12}{settings.host} port {mock.state.port}")
    if settings.https:
        lines.append(f"  {'ca':<12}{mock.ca_path}")
        lines += [f"  export {name}={shlex.quote(value)}" for name, value in mock.environment.items()]
    return "\n".join([*lines, f"  try   {_try(mock)}"])


def of_mounts(mock: OAuthMock, mounts: cabc.Sequence[Issuer], proxy: str) -> str:
    """The banner of a proxy: where it leads, and as whom to ask there; the server itself when nothing is mounted."""
    groups = [_endpoint_places(issuer) for issuer in mounts or [mock]]
    return "\n".join([f"oauthmock {__version__}   proxy {proxy}", *_aligned(list(itertools.chain(*groups)))])


def _endpoint_places(issuer: Issuer) -> list[tuple[str, str, str]]:
    refresh = issuer.refresh_url if issuer.refresh_url != issuer.token_url else None
    return [
        *_places("token", issuer.token_url, _clients(issuer)),
        *(_places("refresh", refresh, ["refresh_token alone"]) if refresh else ()),
        *_places("authorize", issuer.authorize_url, _users(issuer)),
        *_places("api", issuer.api_url, ["any path, Bearer"]),
    ]


def _aligned(places: cabc.Sequence[tuple[str, str, str]]) -> list[str]:
    width = max(len(url) for _, url, _ in places) + 8
    return [f"  {label:<12}{url:<{width}}{remark}".rstrip() for label, url, remark in places]


def _endpoints(mock: OAuthMock) -> dict[str, object]:
    """Named and spelt as in the metadata documents (RFC 8414 2, OpenID Connect Discovery 3)."""
    paths = {"userinfo_endpoint": "userinfo", "end_session_endpoint": "end_session"}
    of_openid = {
        name: mock.context.url_of(path, mock.url) for name, path in paths.items() if path in mock.context.paths
    }
    members = {**document(mock.url, mock.context), **of_openid}
    return {name: url for name, url in members.items() if name.endswith("_endpoint") or name == "jwks_uri"}


def _client(client: Client) -> dict[str, object]:
    """In the words of RFC 7591 2; a public client has no secret. Methods are a list, as there may be several."""
    secret = {} if client.client_secret is None else {"client_secret": client.client_secret}
    return {
        "client_id": client.client_id,
        **secret,
        "token_endpoint_auth_method": list(client.auth_methods),
        "grant_types": sorted(client.grant_types),
    }


def _others(mock: OAuthMock) -> list[Issuer]:
    return [mock.issuer(name) for name in mock.state.issuers if name]


def _places(label: str, url: str, remarks: cabc.Sequence[str]) -> cabc.Iterator[tuple[str, str, str]]:
    """One line with the URL, and one below it for each further remark."""
    yield label, url, remarks[0] if remarks else ""
    yield from (("", "", remark) for remark in remarks[1:])


def _clients(issuer: Issuer) -> list[str]:
    remarks = [
        f"client {client.client_id}, " + ("public" if secret is None else f"secret {secret}")
        for client, secret in _with_secrets(issuer)
    ]
    return _short(remarks)


def _with_secrets(issuer: Issuer) -> cabc.Iterator[tuple[Client, str | None]]:
    """Clients, each with what may be shown of its secret; None where it has none."""
    configured = {settings.client_id: settings.client_secret for settings in issuer.context.settings.clients}
    for client in issuer.context.clients.values():
        given = configured[client.client_id]
        first = given[0] if isinstance(given, tuple) else given
        yield client, client.client_secret and _shown(client.client_secret, first, DEMO_SECRET)


def _users(issuer: Issuer) -> list[str]:
    configured = {settings.username: settings.password for settings in issuer.context.settings.users}
    remarks = [
        f"user {user.username}, password {_shown(user.password, configured[user.username], DEMO_PASSWORD)}"
        for user in issuer.context.users.values()
    ]
    return _short(remarks)


def _shown(secret: str, configured: str | None, demo: str) -> str:
    """What a person wrote into a configuration stays there; what was made up here is found nowhere else."""
    return secret if configured in (None, demo) else _CONFIGURED


def _short(remarks: list[str]) -> list[str]:
    more = len(remarks) - _SHOWN
    return remarks if more <= 0 else [*remarks[:_SHOWN], f"and {more} more"]


def _try(mock: OAuthMock) -> str:
    """A request that works: a token where a client can get one by itself, else the metadata."""
    words = ["curl"]
    if mock.state.settings.https:
        words += ["--cacert", str(mock.ca_path)]
    for client, secret in _with_secrets(mock):
        if "client_credentials" in client.grant_types and "client_secret_basic" in client.auth_methods:
            # Without the secret, curl asks for it.
            user = client.client_id if secret == _CONFIGURED else f"{client.client_id}:{secret}"
            return shlex.join([*words, "-u", user, "-d", "grant_type=client_credentials", mock.token_url])
    return shlex.join([*words, mock.openid_configuration_url])
