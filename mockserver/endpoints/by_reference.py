"""Authorization requests whose parameters are elsewhere: pushed before (RFC 9126 4)."""

from __future__ import annotations

import msgspec

from ..context import Context
from ..credentials import origin
from ..errors import InvalidRequest
from ..errors import InvalidRequestUri
from ..errors import OAuthError
from ..messages import Reply
from ..model import Kind
from ..model import PushedRecord
from ..request import Request
from . import authorize
from . import par

__all__ = ["answer"]


def answer(request: Request, context: Context) -> Reply:
    """What the authorization endpoint answers to the request that is meant."""
    request_uri = request.parameter("request_uri", of="query")
    if request_uri is None:
        _check_pushed(request, context)
        return authorize.answer(request, context)
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


def _check_pushed(request: Request, context: Context) -> None:
    client_id = request.parameter("client_id", of="query")
    client = context.clients.get(client_id or "")
    policies = context.settings if client is None else client.policies
    if not policies.require_pushed_authorization_requests:
        return
    back = authorize.back_to(request, context)
    error = InvalidRequest(
        "The authorization request must be pushed.",
        hint=f"client {client_id!r} has require_pushed_authorization_requests, and the request has no request_uri: push"
        f" it to {context.paths['par']} first (RFC 9126 5, 6)",
    )
    error.redirection = back
    raise error


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
            said = f"it is not of {context.paths['par']}, and nothing is ever fetched; push the request (RFC 9126 2)"
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
