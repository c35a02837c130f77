"""The pushed authorization request endpoint (RFC 9126 2): check a request before the browser is sent with it."""

from __future__ import annotations

import msgspec

from ..context import Context
from ..credentials import new_secret
from ..errors import InvalidRequest
from ..messages import Authenticated
from ..messages import Reply
from ..model import Kind
from ..model import PushedRecord
from ..request import Request
from ..stores import new_family
from . import authorize
from .binding import key_shown
from .request_object import check_signed
from .request_object import parameters_of

__all__ = ["URN", "answer"]

URN = "urn:ietf:params:oauth:request_uri:"
# RFC 9126 2.1: what only says who is asking is no part of the request
_CREDENTIALS = ("client_assertion", "client_assertion_type", "client_id", "client_secret")


def answer(request: Request, caller: Authenticated, context: Context) -> Reply:
    """A request_uri in place of the request (RFC 9126 2.2). What is wrong with it is told as a token error (2.3)."""
    client = caller.client
    if "request_uri" in request.parameters():
        # RFC 9126 2.1
        raise InvalidRequest(
            "request_uri must not be pushed.", hint="the body has request_uri; push the parameters themselves"
        )
    request_object = request.parameter("request") if context.settings.request_parameter_supported else None
    if request_object is None:
        check_signed(client, context)
    pairs = tuple((name, value) for name, value in request.form if name not in _CREDENTIALS and value)
    query = (("client_id", client.client_id), *pairs)
    if request_object is not None:
        # RFC 9126 3
        query = parameters_of(request_object, client, request, context)
    shown = key_shown(request, client, context)
    jkt = dict(shown.cnf).get("jkt")
    if jkt is not None:
        asked = dict(query).get("dpop_jkt", jkt)
        if asked != jkt:
            # RFC 9449 10.1
            raise InvalidRequest(
                "dpop_jkt is not the key of the DPoP proof.",
                hint=f"dpop_jkt is {asked!r}, and the proof is by {jkt}; leave dpop_jkt out (RFC 9449 10.1)",
            )
        query = (*(pair for pair in query if pair[0] != "dpop_jkt"), ("dpop_jkt", jkt))
    pushed = msgspec.structs.replace(request, method="GET", query=query, form=(), problems=())
    authorize.checked(pushed, context)
    lifetime = client.policies.pushed_authorization_request_lifetime
    request_uri = URN + new_secret("ru")
    record = PushedRecord(
        family=new_family(), client_id=client.client_id, expires_at=context.clock.now() + lifetime, query=query
    )
    context.store.put_if_alive(record.family, [(Kind.PUSHED, request_uri, record)])
    return Reply.of_json(
        {"request_uri": request_uri, "expires_in": lifetime},
        status=201,
        headers=shown.headers,
        why=f"client {client.client_id!r} pushed an authorization request by {caller.method}",
    )
