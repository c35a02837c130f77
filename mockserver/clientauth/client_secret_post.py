"""The secret as a form parameter of the body (RFC 6749 2.3.1)."""

from __future__ import annotations

import collections.abc as cabc
import typing

from ..credentials import read_body
from ..credentials import wrong_secret
from ..messages import Authenticated
from ..messages import Presented
from ..messages import Request
from ..model import Client

name: typing.Final = "client_secret_post"


def extract(request: Request) -> Presented | None:
    return read_body(request, method=name) if request.encoding == "form" else None


def verify(presented: Presented, client: Client, clients: cabc.Mapping[str, Client]) -> Authenticated:
    if presented.readings[0][2] != client.client_secret:
        raise wrong_secret(presented, client, clients)
    return Authenticated(client=client, method=name)
