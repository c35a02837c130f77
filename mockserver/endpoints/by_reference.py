"""Authorization requests whose parameters are elsewhere: pushed before (RFC 9126 4), or in a JWT (RFC 9101)."""

from __future__ import annotations

import contextlib

import msgspec

from ..context import Context
from ..credentials import origin
from ..errors import InvalidRequest
from ..errors import InvalidRequestUri
from ..errors import OAuthError
from ..messages import Reply
from ..model import Client
from ..model import Kind
from ..model import PushedRecord
from ..request import Request
from . import authorize
from . import par
from .request_object import check_signed
from .request_object import parameters_of

__all__ = ["answer"]


def answer(request: Request, context: Context) -> Reply:
    """What the authorization endpoint answers to the request that is meant."""
    request_uri = request.parameter("request_uri", of="query")
    if request_uri is None or "par" not in context.paths:
        return authorize.answer(_by_value(request, context), context)
    meant = _pushed(request, request_uri, context)
    try:
        reply = authorize.answer(meant, context)
    except OAuthError as error:
        if error.redirection is not None:
            _use_up(request_uri, context)
        raise
    # RFC 9126 4: used once; a page that is shown, and shown again, is no use yet
    if reply.sent_back:
        _use_up(request_uri, context)
    return reply


def _by_value(request: Request, context: Context) -> Request:
    """The same, or with the parameters of the request object (RFC 9101 5.1)."""
    text = request.parameter("request", of="query") if context.settings.request_parameter_supported else None
    client = context.clients.get(request.parameter("client_id", of="query") or "")
    if client is None:
        return request  # which is told as ever
    try:
        _check_pushed(client, context)
        if text is None:
            check_signed(client, context)
            return request
        return msgspec.structs.replace(request, query=parameters_of(text, client, request, context))
    except OAuthError as error:
        # By way of the browser only where the parameters beside it say safely where to
        with contextlib.suppress(OAuthError):
            error.redirection = authorize.back_to(request, context)
        raise


def _check_pushed(client: Client, context: Context) -> None:
    if client.policies.require_pushed_authorization_requests:
        raise InvalidRequest(
            "The authorization request must be pushed.",
            hint=f"client {client.client_id!r} has require_pushed_authorization_requests, and the request has no"
            f" request_uri: push it to {context.paths.get('par', '/par')} first (RFC 9126 5, 6)",
        )


def _pushed(request: Request, request_uri: str, context: Context) -> Request:
    """The same with the parameters that were pushed, and no others (RFC 9126 4). Raises `InvalidRequestUri`."""
    client_id = request.parameter("client_id", of="query")
    if client_id is None:
        raise InvalidRequest(
            "client_id is missing.", hint="client_id is sent beside request_uri (RFC 9126 4, RFC 9101 5)"
        )
    found = context.store.find(Kind.PUSHED, request_uri)
    if found is None or not isinstance(found.record, PushedRecord):
        ours = request_uri.removeprefix(par.URN)
        said = f"this issuer never issued it: {origin(ours)}"
        if ours == request_uri:
            said = "it is not of this server, and nothing is ever fetched; push the request (RFC 9126 2)"
        raise _refused(said)
    if found.record.client_id != client_id:
        raise _refused(f"it was issued to client {found.record.client_id!r}, not to {client_id!r} (RFC 9126 4)")
    if found.uses:
        raise _refused("it has been used before (RFC 9126 4)")
    late = context.clock.now() - found.record.expires_at
    if late >= 0:
        raise _refused(f"it expired {late:.0f} s ago (pushed_authorization_request_lifetime)")
    return msgspec.structs.replace(request, query=found.record.query)


def _use_up(request_uri: str, context: Context) -> None:
    """Of two that come at once, one is answered."""
    taken = context.store.take(Kind.PUSHED, request_uri, now=context.clock.now())
    if taken is None or taken.uses:
        raise _refused("it has been used before (RFC 9126 4)")


def _refused(hint: str) -> InvalidRequestUri:
    return InvalidRequestUri(
        "The request_uri is unknown, used, expired or another client's.", hint=f"the request_uri: {hint}"
    )
