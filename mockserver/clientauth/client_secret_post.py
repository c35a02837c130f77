"""The secret in the body (RFC 6749 2.3.1), which form-encodes it; multipart comes to the same."""

from __future__ import annotations

import typing

from ..context import Context
from ..credentials import check_secret
from ..credentials import read_pairs
from ..messages import Authenticated
from ..messages import Presented
from ..model import Client
from ..request import Request

name: typing.Final = "client_secret_post"


def extract(request: Request) -> Presented | None:
    return read_pairs(request.form, method=name) if request.encoding in ("form", "multipart") else None


def verify(presented: Presented, request: Request, client: Client, context: Context) -> Authenticated:
    check_secret(presented, client, context.clients.values(), now=context.clock.now())
    return Authenticated(client=client, method=name)
