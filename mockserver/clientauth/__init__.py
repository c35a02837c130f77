"""
Client authentication by its IANA name. Each file has a `name`, `extract` and `verify`.

`extract` says what a request presents without believing it, `verify` judges it: so none, two at once, the wrong method
and the wrong secret are four verdicts with four hints.
"""

from __future__ import annotations

import difflib
import typing

import msgspec

from ..context import Context
from ..errors import InvalidClient
from ..errors import InvalidRequest
from ..messages import Authenticated
from ..messages import Presented
from ..model import Client
from ..request import Request
from . import client_secret_basic
from . import client_secret_bearer
from . import client_secret_json
from . import client_secret_jwt
from . import client_secret_post
from . import client_secret_query
from . import none
from . import private_key_jwt
from . import self_signed_tls_client_auth
from . import tls_client_auth
from .derived import as_derived
from .derived import check_signed

__all__ = ["METHODS", "OVER_TLS", "ClientAuthentication", "authenticate", "extract"]


class ClientAuthentication(typing.Protocol):
    """One way for a client to show who it is (RFC 6749 2.3)."""

    @property
    def name(self) -> str:
        """The value of `token_endpoint_auth_method`."""

    def extract(self, request: Request) -> Presented | None:
        """What the request presents by this method; None when it does not use it. Never raises."""

    def verify(self, presented: Presented, request: Request, client: Client, context: Context) -> Authenticated:
        """Compare with what is registered. Raises `InvalidClient`."""


_ALL: tuple[ClientAuthentication, ...] = (
    client_secret_basic,
    client_secret_post,
    client_secret_json,
    client_secret_query,
    client_secret_bearer,
    client_secret_jwt,
    private_key_jwt,
    tls_client_auth,
    self_signed_tls_client_auth,
    none,
)

METHODS: dict[str, ClientAuthentication] = {method.name: method for method in _ALL}

# By the connection's certificate: there are none but over TLS
OVER_TLS = (tls_client_auth.name, self_signed_tls_client_auth.name)
_IN_HEADER = (client_secret_basic.name, client_secret_bearer.name)


def extract(request: Request, context: Context) -> tuple[Presented, ...]:
    """
    Everything that the request presents.

    A bare client_id counts only where nothing else says who is asking. So does a Bearer token: clients that send a
    stale one with every request are no rarity, so it is a secret only for a client that is registered for that. A
    certificate is the connection's, and says who is asking only for a client that is registered for that (RFC 8705 2).
    """
    found = [presented for method in _ALL if (presented := method.extract(request)) is not None]
    named = [presented for presented in found if presented.method != client_secret_bearer.name]
    registered = (context.clients.get(presented.client_id) for presented in named)
    if named and not any(
        client is not None and client_secret_bearer.name in client.auth_methods for client in registered
    ):
        found = named
    sent = [presented for presented in found if presented.method not in (none.name, *OVER_TLS)]
    return tuple(sent) or _of_connection(found, context)


def _of_connection(found: list[Presented], context: Context) -> tuple[Presented, ...]:
    for presented in found:
        client = context.clients.get(presented.client_id)
        if presented.method in OVER_TLS and client is not None and presented.method in client.auth_methods:
            return (presented,)
    return tuple(presented for presented in found if presented.method == none.name)


def authenticate(presented: tuple[Presented, ...], request: Request, context: Context) -> Authenticated:
    """The client behind a request. Raises `InvalidClient` or `InvalidRequest` (RFC 6749 2.3, 5.2)."""
    if not presented:
        raise _missing(request)
    one = presented[0] if len(presented) == 1 else _chosen(presented, context)
    # RFC 6749 5.2: the challenge is for clients that tried the Authorization header
    scheme = "Basic" if request.authorizations() else None
    if one.method == client_secret_bearer.name:
        scheme = "Bearer"
    try:
        return _judged(one, request, context)
    except InvalidClient as error:
        error.scheme = scheme
        raise


def _judged(one: Presented, request: Request, context: Context) -> Authenticated:
    if one.malformed:
        raise InvalidClient("Client authentication is malformed.", hint=one.malformed)
    client = _registered(one, context)
    if client is None:
        raise InvalidClient("Client authentication failed.", hint=_unknown(one, context))
    _check_same_client(one, client, request)
    if client.disabled:
        raise InvalidClient(
            "Client authentication failed.",
            hint=f"client {client.client_id!r} is disabled; to switch it on again: client.enable()",
        )
    if one.method not in client.auth_methods:
        registered = " or ".join(client.auth_methods)
        empty = " (client_secret was empty, which counts as left out)" if _sent_empty_secret(request) else ""
        if one.method == none.name and {*OVER_TLS} & {*client.auth_methods}:
            empty += " (the connection has no client certificate: client_certificates)"
        raise InvalidClient(
            "The client authentication method is not registered for this client.",
            hint=f"client {client.client_id!r} is registered with {registered}; the request sent {one.method}{empty}"
            " (RFC 6749 2.3.1)",
        )
    if one.in_url and "query" not in client.request_encodings:
        name = "client_assertion" if one.assertion else "client_id"
        raise InvalidClient(
            "Client authentication failed.",
            hint=f"{name} is in the URL; client {client.client_id!r} has to send it in the body (RFC 6749 2.3.1, 4;"
            " request_encodings)",
        )
    if not one.client_id:
        one = _naming(one, client)
    shown, judged = as_derived(one, client, request, context)
    verified = METHODS[shown.method].verify(shown, request, judged, context)
    check_signed(client, request, context)
    return msgspec.structs.replace(verified, client=client, method=one.method)


def _chosen(presented: tuple[Presented, ...], context: Context) -> Presented:
    """RFC 6749 2.3: one method in each request; a client may be registered with less (`both_at_once`)."""
    clients = [client for one in presented if (client := _registered(one, context)) is not None]
    policy = clients[0].policies.both_at_once if clients else context.settings.both_at_once
    in_header = [one for one in presented if one.method in _IN_HEADER]
    elsewhere = [one for one in presented if one.method not in _IN_HEADER]
    preferred = {"reject": [], "prefer_header": in_header, "prefer_body": elsewhere}[policy]
    if len(preferred) == 1:
        return preferred[0]
    raise InvalidRequest(
        "More than one client authentication method was used.",
        hint=f"the request authenticates twice, by {' and '.join(one.method for one in presented)} (RFC 6749 2.3): send"
        " the secret in one place",
    )


def _registered(one: Presented, context: Context) -> Client | None:
    """The client by whichever reading of the credentials names one that is registered."""
    for _encoding, client_id, secret in one.readings:
        if client_id in context.clients:
            return context.clients[client_id]
        if not client_id and one.method == client_secret_bearer.name:
            owners = (c for c in context.clients.values() if secret in [known.value for known in c.secrets])
            return next(owners, None)
    return context.clients.get(one.client_id)


def _naming(one: Presented, client: Client) -> Presented:
    """The same credentials under the name of the client whose secret it is."""
    readings = tuple((encoding, client.client_id, secret) for encoding, _, secret in one.readings)
    return Presented(method=one.method, client_id=client.client_id, readings=readings)


def _check_same_client(one: Presented, client: Client, request: Request) -> None:
    for place, pairs in (("body", request.form), ("URL", request.query)):
        for name, value in pairs:
            if name == "client_id" and value and value != client.client_id:
                hint = f"by {one.method} the client is {client.client_id!r}, the {place} says {value!r}"
                if one.assertion:
                    raise InvalidClient("client_id is not the assertion's.", hint=f"{hint} (RFC 7521 4.2)")
                raise InvalidRequest(f"client_id differs in the {place}.", hint=f"{hint} (RFC 6749 2.3)")


def _missing(request: Request) -> InvalidClient:
    authorization = request.authorizations()
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


def _unknown(one: Presented, context: Context) -> str:
    clients = context.clients
    if not one.client_id and one.method == client_secret_basic.name:
        return "the Authorization header has no client_id before the colon (RFC 6749 2.3.1)"
    if not one.client_id:
        return f"no client has the secret that came as {one.method}, and no client_id says whose it is"
    near = difflib.get_close_matches(one.client_id, clients, n=1)
    known = ", ".join(map(repr, list(clients)[:5])) or "none"
    meant = f"did you mean {near[0]!r}?" if near else f"register it: oauthmock.client({one.client_id!r})"
    return f"no client is called {one.client_id!r} (registered: {known}); {meant}"


def _sent_empty_secret(request: Request) -> bool:
    return any(name == "client_secret" and not value for name, value in request.form)
