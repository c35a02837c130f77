"""The secret in the URL, which RFC 6749 2.3.1 forbids; SAP, Marketo and Zoho do it."""

from __future__ import annotations

import typing

from ..context import Context
from ..credentials import check_secret
from ..credentials import read_pairs
from ..messages import Authenticated
from ..messages import Presented
from ..model import Client
from ..request import Request

name: typing.Final = "client_secret_query"


def extract(request: Request) -> Presented | None:
    return read_pairs(request.query, method=name)


def verify(presented: Presented, request: Request, client: Client, context: Context) -> Authenticated:
    check_secret(presented, client, context.clients.values(), now=context.clock.now())
    return Authenticated(client=client, method=name)
