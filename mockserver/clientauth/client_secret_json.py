"""The secret as a member of a JSON body: no RFC has it, SAP, Shopware, Notion and others do."""

from __future__ import annotations

import collections.abc as cabc
import typing

from ..credentials import read_body
from ..credentials import wrong_secret
from ..messages import Authenticated
from ..messages import Presented
from ..messages import Request
from ..model import Client

name: typing.Final = "client_secret_json"


def extract(request: Request) -> Presented | None:
    return read_body(request, method=name) if request.encoding == "json" else None


def verify(presented: Presented, client: Client, clients: cabc.Mapping[str, Client]) -> Authenticated:
    if presented.readings[0][2] != client.client_secret:
        raise wrong_secret(presented, client, clients)
    return Authenticated(client=client, method=name)
