"""The secret in the Authorization header (RFC 6749 2.3.1, RFC 7617)."""

from __future__ import annotations

import collections.abc as cabc
import typing

from ..credentials import MalformedBasic
from ..credentials import read_basic
from ..credentials import wrong_secret
from ..messages import Authenticated
from ..messages import Presented
from ..messages import Request
from ..model import Client

name: typing.Final = "client_secret_basic"


def extract(request: Request) -> Presented | None:
    # The header is read raw: libraries hide a malformed one as if there were none.
    values = request.header_values("authorization")
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


def verify(presented: Presented, client: Client, clients: cabc.Mapping[str, Client]) -> Authenticated:
    for encoding, client_id, secret in presented.readings:
        if client_id == client.client_id and secret == client.client_secret:
            return Authenticated(client=client, method=name, encoding=encoding)
    raise wrong_secret(presented, client, clients)
