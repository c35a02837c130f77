"""The secret as a member of a JSON body: no RFC has it, SAP, Shopware, Notion and others do."""

from __future__ import annotations

import typing

from ..context import Context
from ..credentials import check_secret
from ..credentials import read_pairs
from ..messages import Authenticated
from ..messages import Presented
from ..model import Client
from ..request import Request

name: typing.Final = "client_secret_json"


def extract(request: Request) -> Presented | None:
    return read_pairs(request.form, method=name) if request.encoding == "json" else None


def verify(presented: Presented, request: Request, client: Client, context: Context) -> Authenticated:
    check_secret(presented, client, context.clients.values(), now=context.clock.now())
    return Authenticated(client=client, method=name)
