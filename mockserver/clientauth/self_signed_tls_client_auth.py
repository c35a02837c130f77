"""A certificate that the client signed itself, and that is in its keys (RFC 8705 2.2)."""

from __future__ import annotations

import typing

from .. import certificates
from ..context import Context
from ..errors import InvalidClient
from ..messages import Authenticated
from ..messages import Presented
from ..model import Client
from ..request import Request

name: typing.Final = "self_signed_tls_client_auth"


def extract(request: Request) -> Presented | None:
    return certificates.presented(request, method=name)


def verify(presented: Presented, request: Request, client: Client, context: Context) -> Authenticated:
    # RFC 8705 2.2: the certificate itself is compared; who signed it and what it says do not count
    registered = context.client_certificates(client)
    if request.peer_certificate not in registered:
        has = f"one of the {len(registered)} in its jwks (x5c)" if registered else "in its keys, which have no x5c"
        raise InvalidClient(
            "Client authentication failed.",
            hint=f"the certificate of the connection is not {has}: client {client.client_id!r} ({name}; RFC 8705 2.2)",
        )
    return Authenticated(client=client, method=name)
