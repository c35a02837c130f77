"""The secret as `Authorization: Bearer`, alone or beside a client_id: no RFC has it, some providers do."""

from __future__ import annotations

import typing

from ..context import Context
from ..credentials import check_secret
from ..messages import Authenticated
from ..messages import Presented
from ..model import Client
from ..request import Request

name: typing.Final = "client_secret_bearer"


def extract(request: Request) -> Presented | None:
    values = request.authorizations()
    scheme, _, secret = values[0].strip(" \t").partition(" ") if len(values) == 1 else ("", "", "")
    if scheme.lower() != "bearer":
        return None
    sent = dict(reversed([*request.query, *request.form]))
    client_id = sent.get("client_id", "")
    return Presented(method=name, client_id=client_id, readings=(("", client_id, secret.strip(" \t")),))


def verify(presented: Presented, request: Request, client: Client, context: Context) -> Authenticated:
    check_secret(presented, client, context.clients.values(), now=context.clock.now())
    return Authenticated(client=client, method=name)
