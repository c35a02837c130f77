"""A public client, which has no secret and only says who it is (RFC 6749 2.1, 3.2.1; RFC 7591 2)."""

from __future__ import annotations

import typing

from ..context import Context
from ..messages import Authenticated
from ..messages import Presented
from ..model import Client
from ..request import Request

name: typing.Final = "none"


def extract(request: Request) -> Presented | None:
    # The query is looked at too: whether parameters may be there is the client's affair.
    for pairs in (request.form, request.query):
        for key, value in pairs:
            if key == "client_id" and value:
                return Presented(method=name, client_id=value, in_url=pairs is request.query)
    return None


def verify(presented: Presented, request: Request, client: Client, context: Context) -> Authenticated:
    return Authenticated(client=client, method=name)
