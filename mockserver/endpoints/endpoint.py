"""What the pass knows of an endpoint."""

from __future__ import annotations

import collections.abc as cabc

import msgspec

from ..clientauth import authenticate
from ..context import Context
from ..errors import OAuthError
from ..messages import Authenticated
from ..messages import Presented
from ..messages import Reply
from ..request import Request

__all__ = ["ClientEndpoint", "Endpoint"]


class Endpoint(msgspec.Struct, frozen=True):
    """An endpoint for anybody: a browser, a client with a token. No `methods` means any method."""

    name: str
    methods: tuple[str, ...]
    answer: cabc.Callable[..., Reply]
    """Of a request and its context; what is protected is asked with a visit and its door."""
    refuse: cabc.Callable[[OAuthError], Reply]


class ClientEndpoint(msgspec.Struct, frozen=True):
    """An endpoint at which clients authenticate first (RFC 6749 3.2.1)."""

    name: str
    methods: tuple[str, ...]
    answer: cabc.Callable[[Request, Authenticated, Context], Reply]
    refuse: cabc.Callable[[OAuthError], Reply]
    unauthenticated: cabc.Callable[[Request, Context], None] = lambda request, context: None
    """What a request costs whose client authentication failed."""
    identify: cabc.Callable[[tuple[Presented, ...], Request, Context], Authenticated] = authenticate
    """Who asks, of what the request presents. Raises `OAuthError`."""
