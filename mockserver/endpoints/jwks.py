"""The JWK Set (RFC 7517 5, RFC 8414 2 `jwks_uri`)."""

from __future__ import annotations

import collections.abc as cabc
import json

from ..context import Context
from ..messages import Reply
from ..request import Request

__all__ = ["answer", "published"]


def answer(request: Request, context: Context) -> Reply:
    """The public keys of every algorithm in use."""
    algorithms = context.signing_algorithms()
    return _key_set(context.keys.jwks(algorithms), f"keys for {', '.join(algorithms)}")


def published(request: Request, context: Context) -> Reply:
    """The keys of a client, where its `jwks_uri` says (RFC 7591 2)."""
    return _key_set(context.published[request.path], f"the client's keys that are published at {request.path}")


def _key_set(jwks: cabc.Mapping[str, object], why: str) -> Reply:
    return Reply(
        status=200,
        body=json.dumps(jwks, separators=(",", ":")).encode(),
        headers=(("Content-Type", "application/jwk-set+json"), ("Cache-Control", "no-store")),
        why=why,
    )
