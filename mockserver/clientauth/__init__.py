"""
Client authentication by its IANA name. Each file has a `name`, `extract` and `verify`.

`extract` says what a request presents without believing it, `verify` judges it: so none, two at once, the wrong method
and the wrong secret are four verdicts with four hints.
"""

from __future__ import annotations

import collections.abc as cabc
import difflib
import typing

from ..errors import InvalidClient
from ..errors import InvalidRequest
from ..messages import Authenticated
from ..messages import Presented
from ..messages import Request
from ..model import Client
from . import client_secret_basic
from . import client_secret_json
from . import client_secret_post
from . import none

__all__ = ["METHODS", "ClientAuthentication", "authenticate", "extract"]

Clients = cabc.Mapping[str, Client]


class ClientAuthentication(typing.Protocol):
    """One way for a client to show who it is (RFC 6749 2.3)."""

    @property
    def name(self) -> str:
        """The value of `token_endpoint_auth_method`."""

    def extract(self, request: Request) -> Presented | None:
        """What the request presents by this method; None when it does not use it. Never raises."""

    def verify(self, presented: Presented, client: Client, clients: Clients) -> Authenticated:
        """Compare with what is registered. Raises `InvalidClient`."""


_ALL: tuple[ClientAuthentication, ...] = (client_secret_basic, client_secret_post, client_secret_json, none)

METHODS: dict[str, ClientAuthentication] = {method.name: method for method in _ALL}


def extract(request: Request) -> tuple[Presented, ...]:
    """Everything that the request presents. A bare client_id counts only where nothing else says who is asking."""
    found = [presented for method in _ALL if (presented := method.extract(request)) is not None]
    with_secret = [presented for presented in found if presented.method != none.name]
    return tuple(with_secret or found)


def authenticate(presented: tuple[Presented, ...], request: Request, clients: Clients) -> Authenticated:
    """The client behind a request. Raises `InvalidClient` or `InvalidRequest` (RFC 6749 2.3, 5.2)."""
    if not presented:
        raise _missing(request)
    if len(presented) > 1:
        methods = " and ".join(one.method for one in presented)
        # RFC 6749 2.3: must not use more than one authentication method in each request
        raise InvalidRequest(
            "More than one client authentication method was used.",
            hint=f"the request authenticates twice, by {methods} (RFC 6749 2.3): send the secret in one place",
        )
    one = presented[0]
    # RFC 6749 5.2: the challenge is for clients that tried the Authorization header
    scheme = "Basic" if request.header_values("authorization") else None
    if one.malformed:
        raise InvalidClient("Client authentication is malformed.", hint=one.malformed, scheme=scheme)
    client_id, client = _registered(one, clients)
    if client is None:
        raise InvalidClient("Client authentication failed.", hint=_unknown(client_id, clients), scheme=scheme)
    in_body = next((value for name, value in request.form if name == "client_id"), client_id)
    if in_body and in_body != client_id:
        raise InvalidRequest(
            "client_id differs between header and body.",
            hint=f"the Authorization header is client {client_id!r}, the body says {in_body!r} (RFC 6749 2.3)",
        )
    if one.method not in client.auth_methods:
        registered = " or ".join(client.auth_methods)
        empty = " (client_secret was empty, which counts as left out)" if _sent_empty_secret(request) else ""
        raise InvalidClient(
            "The client authentication method is not registered for this client.",
            hint=f"client {client_id!r} is registered with {registered}; the request sent {one.method}{empty}"
            " (RFC 6749 2.3.1)",
            scheme=scheme,
        )
    try:
        return METHODS[one.method].verify(one, client, clients)
    except InvalidClient as error:
        error.scheme = scheme
        raise


def _registered(one: Presented, clients: Clients) -> tuple[str, Client | None]:
    """The client by whichever reading of the credentials names one that is registered."""
    for _encoding, client_id, _secret in one.readings:
        if client_id in clients:
            return client_id, clients[client_id]
    return one.client_id, clients.get(one.client_id)


def _missing(request: Request) -> InvalidClient:
    authorization = request.header_values("authorization")
    if authorization:
        used, space, _ = authorization[0].partition(" ")
        return InvalidClient(
            "Client authentication failed: unsupported method.",
            hint=f"the Authorization header has {f'the scheme {used!r}' if space else 'no scheme'}; clients"
            " authenticate here by Basic or in the body (RFC 6749 2.3.1)",
            scheme="Basic",
        )
    return InvalidClient(
        "Client authentication failed: no credentials.",
        hint="the request says nowhere which client is asking: no Authorization header, no client_id in the body"
        " (RFC 6749 2.3, 3.2.1)",
    )


def _unknown(client_id: str, clients: Clients) -> str:
    near = difflib.get_close_matches(client_id, clients, n=1)
    known = ", ".join(map(repr, list(clients)[:5])) or "none"
    meant = f"did you mean {near[0]!r}?" if near else f"register it: oauthmock.client({client_id!r})"
    return f"no client is called {client_id!r} (registered: {known}); {meant}"


def _sent_empty_secret(request: Request) -> bool:
    return any(name == "client_secret" and not value for name, value in request.form)
