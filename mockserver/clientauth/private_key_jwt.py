"""An assertion under the client's private key (RFC 7523 2.2, OpenID Connect Core 9)."""

from __future__ import annotations

import functools
import typing

from .. import assertions
from ..context import Context
from ..errors import InvalidClient
from ..jwk import public_keys
from ..messages import Authenticated
from ..messages import Presented
from ..model import Client
from ..model import Kind
from ..request import Request

name: typing.Final = "private_key_jwt"


def extract(request: Request) -> Presented | None:
    return assertions.presented(request, method=name, mac=False)


def verify(presented: Presented, request: Request, client: Client, context: Context) -> Authenticated:
    jwks = context.client_keys(client)
    if jwks is None:
        raise InvalidClient(
            "Client authentication failed.",
            hint=f"nothing is published at {client.jwks_uri!r}, the jwks_uri of client {client.client_id!r}",
        )
    assertions.authenticate(
        presented,
        public_keys(jwks),
        client,
        audiences=context.assertion_audiences(request, client),
        now=context.clock.peer(),
        claim=functools.partial(context.store.claim, Kind.ASSERTION),
        naming=context.profile.request.assertion_claims,
    )
    return Authenticated(client=client, method=name)
