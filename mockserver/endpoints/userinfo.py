"""The userinfo endpoint (OpenID Connect Core 5.3)."""

from __future__ import annotations

from ..claims import ClaimsRequest
from ..claims import by_scope
from ..context import Context
from ..errors import InsufficientScope
from ..guards import bearer
from ..messages import Reply
from ..request import Request
from ..scope import Scope

__all__ = ["answer"]

_OPENID = Scope(["openid"])


def answer(request: Request, context: Context) -> Reply:
    """The claims about the person who is behind the access token, in header or form."""
    # OpenID Connect Core 5.3.1: GET or POST, the header or, with POST, the form
    token = bearer.check(request, context, scope=_OPENID, methods=("header", "body")).record
    if token.user is None:
        raise InsufficientScope(
            "The access token stands for no person.",
            hint=f"the token was issued by {token.grant_type} to client {token.client_id!r}: no person logged in",
            scope="openid",
        )
    client = context.clients.get(token.client_id)
    policies = context.settings if client is None else client.policies
    asked = token.claims or ClaimsRequest()
    claims = by_scope(token.user.claims, token.scope, policies.claims_by_scope, asked.userinfo)
    return Reply.of_json({**claims, "sub": token.user.subject}, why=f"claims about {token.user.username!r}")
