"""The JWK Set (RFC 7517 5, RFC 8414 2 `jwks_uri`)."""

from __future__ import annotations

import json

from ..context import Context
from ..messages import Reply
from ..messages import Request

__all__ = ["answer"]


def answer(request: Request, context: Context) -> Reply:
    """The public keys of every algorithm in use."""
    algorithms = context.signing_algorithms()
    body = json.dumps(context.keys.jwks(algorithms), separators=(",", ":")).encode()
    return Reply(
        status=200,
        body=body,
        headers=(("Content-Type", "application/jwk-set+json"), ("Cache-Control", "no-store")),
        why=f"keys for {', '.join(algorithms)}",
    )
