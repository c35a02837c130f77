"""The secret in the Authorization header (RFC 6749 2.3.1, RFC 7617)."""

from __future__ import annotations

import contextlib
import typing

import msgspec

from ..context import Context
from ..credentials import MalformedBasic
from ..credentials import check_secret
from ..credentials import read_basic
from ..errors import InvalidClient
from ..messages import Authenticated
from ..messages import Presented
from ..model import Client
from ..request import Request

name: typing.Final = "client_secret_basic"

_REMEDY = {
    "form": "form-urlencode client_id and client_secret before they are joined (RFC 6749 2.3.1)",
    "raw": "join client_id and client_secret as they are (RFC 7617 2)",
}


def extract(request: Request) -> Presented | None:
    # The header is read raw: libraries hide a malformed one as if there were none.
    values = request.authorizations()
    if not values:
        return None
    if len(values) > 1:
        return Presented(method=name, client_id="", malformed=f"the Authorization header came {len(values)} times")
    scheme, _, credentials = values[0].strip(" \t").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        readings = read_basic(credentials)
    except MalformedBasic as error:
        return Presented(method=name, client_id="", malformed=f"the Authorization header is malformed: {error}")
    return Presented(method=name, client_id=readings[0][1], readings=readings)


def verify(presented: Presented, request: Request, client: Client, context: Context) -> Authenticated:
    wanted = client.policies.basic_encoding
    fitting = presented
    if wanted != "either":
        readings = tuple(reading for reading in presented.readings if reading[0] in ("", wanted))
        fitting = msgspec.structs.replace(presented, readings=readings)
    clients, now = context.clients.values(), context.clock.now()
    if any(client_id == client.client_id for _, client_id, _ in fitting.readings):
        with contextlib.suppress(InvalidClient):  # what is wrong is said below
            return Authenticated(client=client, method=name, encoding=check_secret(fitting, client, clients, now=now))
    # Every reading says what is wrong: the encoding alone, or the secret too.
    encoding = check_secret(presented, client, clients, now=now)
    raise InvalidClient(
        "Client authentication failed.",
        hint=f"client {client.client_id!r} has basic_encoding {wanted!r}, and its credentials fit only when they are"
        f" read as {encoding!r}: {_REMEDY[wanted]}",
    )
