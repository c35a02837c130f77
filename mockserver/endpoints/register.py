"""Clients that register themselves (RFC 7591), and look after their registration (RFC 7592)."""

from __future__ import annotations

import json
import secrets
import typing

import msgspec

from .. import registry
from ..assertions import Assertion
from ..assertions import BadAssertion
from ..assertions import check_signature
from ..client_settings import ClientSettings
from ..context import Context
from ..credentials import new_secret
from ..errors import ConfigurationError
from ..errors import InvalidClientMetadata
from ..errors import InvalidSoftwareStatement
from ..errors import InvalidToken
from ..errors import MissingToken
from ..errors import UnapprovedSoftwareStatement
from ..guards import bearer
from ..jwk import ALGORITHMS
from ..jwk import public_keys
from ..messages import Reply
from ..model import Client
from ..model import Registration
from ..registry import client_metadata
from ..request import Request

__all__ = ["configuration", "register"]

# RFC 7592 2.2: what the server decides on, and a client must not send back
_SERVERS_OWN = (
    "registration_access_token",
    "registration_client_uri",
    "client_id_issued_at",
    "client_secret_expires_at",
)

Document = dict[str, typing.Any]


def register(request: Request, context: Context) -> Reply:
    """A new client from its metadata: 201 with all that is registered (RFC 7591 3.2.1)."""
    if context.settings.registration == "initial_access_token":
        _check_initial_token(request, context)
    document = _vouched(_document(request), context)
    client_id, now = f"dcr-{secrets.token_urlsafe(12)}", int(context.clock.now())
    lifetime = context.settings.registered_secret_lifetime
    expires_at = None if lifetime is None else now + lifetime
    settings, kept = client_metadata.understood(document, client_id, client_secret_expires_at=expires_at)
    client = _client(settings, request, context)
    context.register(client)
    registration = Registration(token=new_secret("ra"), issued_at=now, settings=settings, kept=kept)
    context.registrations[client_id] = registration
    return _told(request, client, context, status=201, why=f"client {client_id!r} registered itself")


def configuration(request: Request, context: Context) -> Reply:
    """A registered client reads, changes or ends its registration (RFC 7592 2)."""
    client, registration = _own(request, context)
    if request.method == "DELETE":
        _end(client, context)
        why = f"client {client.client_id!r} ended its registration, and all its tokens"
        return Reply(status=204, headers=(("Cache-Control", "no-store"), ("Pragma", "no-cache")), why=why)
    if request.method == "PUT":
        _change(request, client, registration, context)
        client = context.clients[client.client_id]
        return _told(request, client, context, why=f"client {client.client_id!r} changed its registration")
    return _told(request, client, context, why=f"client {client.client_id!r} read its registration")


def _check_initial_token(request: Request, context: Context) -> None:
    """RFC 7591 3: the endpoint is a protected resource. Raises `MissingToken` or `InvalidToken`."""
    token = bearer.presented(request)
    if token is None:
        raise MissingToken(
            hint="the request has no initial access token, and registration = 'initial_access_token'; make one:"
            " oauthmock.initial_access_token()"
        )
    if token not in (*context.initial_access_tokens, *context.settings.initial_access_tokens):
        raise InvalidToken(
            "The initial access token is unknown.",
            hint="the initial access token is none of this issuer's; make one: oauthmock.initial_access_token()",
        )


def _document(request: Request) -> Document:
    """The metadata of a request: a JSON object (RFC 7591 3.1)."""
    request.check_body()
    if request.media_type != "application/json":
        raise InvalidClientMetadata(
            "The client metadata are not sent as application/json.",
            hint=f"Content-Type is {request.media_type!r}; client metadata are a JSON object (RFC 7591 3.1)",
        )
    try:
        document = json.loads(request.body.decode("utf-8"))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise InvalidClientMetadata(
            "The client metadata are no JSON object.", hint="the body is no JSON object in UTF-8 (RFC 7591 3.1)"
        )
    return document


def _vouched(document: Document, context: Context) -> Document:
    """The metadata, with those of a software statement in place of the client's own (RFC 7591 2.3)."""
    statement = document.get("software_statement")
    if statement is None:
        return document
    trusted = context.settings.software_statement_jwks
    if trusted is None:
        raise UnapprovedSoftwareStatement(
            "The software statement is not approved.",
            hint="the request has a software_statement, and nobody is trusted to make one: software_statement_jwks"
            " has the keys of whoever is",
        )
    try:
        if not isinstance(statement, str):
            raise BadAssertion(f"it is {type(statement).__name__}, and no string")
        assertion = Assertion.parse(statement)
        check_signature(assertion, public_keys(trusted), ALGORITHMS)
        if not isinstance(assertion.claims.get("iss"), str):
            raise BadAssertion("iss is missing (RFC 7591 3.1.1)")
    except BadAssertion as error:
        raise InvalidSoftwareStatement(
            "The software statement is invalid.", hint=f"the software_statement: {error} (RFC 7591 2.3)"
        ) from None
    claims = {name: value for name, value in assertion.claims.items() if name not in ("iss", "iat", "exp", "jti")}
    return {**document, **claims}


def _client(settings: ClientSettings, request: Request, context: Context) -> Client:
    """The client that an issuer registers, as it does for a test. Raises what RFC 7591 3.2.2 has for what cannot be."""
    supported = context.settings.response_types_supported
    for asked in settings.response_types or ():
        if asked not in supported:
            raise client_metadata.refusal(
                "response_types",
                f"response_types has {asked!r}; this server has {', '.join(map(repr, supported))}"
                " (response_types_supported)",
            )
    published = [context.base_url(request) + path for path in context.published]
    try:
        return registry.client(settings, context.settings, published)
    except ConfigurationError as error:
        raise client_metadata.refusal(error.key or "", str(error)) from None


def _own(request: Request, context: Context) -> tuple[Client, Registration]:
    """Whose registration is asked for, by the token that it was given. Raises `MissingToken` or `InvalidToken`."""
    client_id = request.path.rpartition("/")[2]
    token, registration = bearer.presented(request), context.registrations.get(client_id)
    if token is None:
        raise MissingToken(hint="the request has no registration access token (RFC 7592 2)")
    # RFC 7592 2: a client that is not there is not told from a token that is wrong
    if registration is None or registration.token != token:
        raise InvalidToken(
            "The registration access token is invalid.",
            hint=f"no client {client_id!r} registered itself and was given this registration access token"
            f" (registered: {', '.join(map(repr, context.registrations)) or 'none'}; RFC 7592 2)",
        )
    return context.clients[client_id], registration


def _change(request: Request, client: Client, registration: Registration, context: Context) -> None:
    """All metadata anew: what is left out goes back to what it is by default (RFC 7592 2.2)."""
    document = _document(request)
    for name in _SERVERS_OWN:
        if name in document:
            raise InvalidClientMetadata(
                f"The member {name} must not be sent.", hint=f"{name} is for the server to say (RFC 7592 2.2)"
            )
    if document.get("client_id") != client.client_id:
        raise InvalidClientMetadata(
            "The member client_id is not that of the client.",
            hint=f"client_id is {document.get('client_id')!r}, and the URL is of {client.client_id!r} (RFC 7592 2.2)",
        )
    secret = document.get("client_secret")
    if secret is not None and secret != client.client_secret:
        raise InvalidClientMetadata(
            "The member client_secret is not that of the client.",
            hint="a client sends its client_secret as it is or leaves it out; it cannot choose one (RFC 7592 2.2)",
        )
    expires_at = registration.settings.client_secret_expires_at
    settings, kept = client_metadata.understood(
        _vouched(document, context), client.client_id, client_secret_expires_at=expires_at
    )
    changed = _client(settings, request, context)
    if changed.secrets and client.secrets:
        changed = msgspec.structs.replace(changed, secrets=client.secrets)
    context.change(changed)
    context.registrations[client.client_id] = msgspec.structs.replace(registration, settings=settings, kept=kept)


def _end(client: Client, context: Context) -> None:
    """RFC 7592 2.3: its grants and tokens end with it."""
    del context.registrations[client.client_id]
    del context.clients[client.client_id]
    for family in {token.family for token in context.ledger if token.client_id == client.client_id}:
        context.store.kill(family)


def _told(request: Request, client: Client, context: Context, *, why: str, status: int = 200) -> Reply:
    registration = context.registrations[client.client_id]
    where = f"{context.url_of('register', context.base_url(request))}/{client.client_id}"
    members = client_metadata.of_client(client, registration)
    members |= {"registration_access_token": registration.token, "registration_client_uri": where}
    return Reply.of_json(members, status=status, why=why)
