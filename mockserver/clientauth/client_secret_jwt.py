"""An assertion under a MAC with the client secret (RFC 7523 2.2, OpenID Connect Core 9)."""

from __future__ import annotations

import functools
import typing

from .. import assertions
from ..context import Context
from ..jwk import secret_key
from ..messages import Authenticated
from ..messages import Presented
from ..model import Client
from ..model import Kind
from ..request import Request

name: typing.Final = "client_secret_jwt"


def extract(request: Request) -> Presented | None:
    return assertions.presented(request, method=name, mac=True)


def verify(presented: Presented, request: Request, client: Client, context: Context) -> Authenticated:
    now = context.clock.now()
    keys = [secret_key(secret.value, expired=not secret.is_live(now)) for secret in client.secrets]
    assertions.authenticate(
        presented,
        keys,
        client,
        audiences=context.assertion_audiences(request, client),
        now=context.clock.peer(),
        claim=functools.partial(context.store.claim, Kind.ASSERTION),
        naming=context.profile.request.assertion_claims,
    )
    return Authenticated(client=client, method=name)
