"""An authorization response as a signed JWT (JWT Secured Authorization Response Mode for OAuth 2.0, JARM)."""

from __future__ import annotations

from ..context import Context
from ..id_token import signing_key
from ..model import Client
from ..request import Pairs
from ..request import Request

__all__ = ["secured"]

# JARM 2.1: a maximum lifetime of ten minutes is recommended
_LIFETIME = 600


def secured(pairs: Pairs, *, request: Request, client: Client, context: Context) -> Pairs:
    """The parameters as claims of one JWT, which is the only parameter left (JARM 2.1, 2.3)."""
    key = signing_key(client.policies.authorization_signed_response_alg, client, context)
    claims = {
        **dict(pairs),
        "iss": context.issuer_url(request),
        "aud": client.client_id,
        "exp": int(context.clock.now()) + _LIFETIME,
    }
    return (("response", key.sign(claims, typ="JWT")),)
