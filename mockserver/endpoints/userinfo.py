"""The userinfo endpoint (OpenID Connect Core 5.3)."""

from __future__ import annotations

from ..claims import ClaimsRequest
from ..claims import by_scope
from ..context import Context
from ..errors import InsufficientScope
from ..guards import bearer
from ..id_token import signing_key
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
    members = {**claims, "sub": token.user.subject if client is None else client.subject_of(token.user)}
    why = f"claims about {token.user.username!r}"
    if client is None or client.policies.userinfo_signed_response_alg is None:
        return Reply.of_json(members, why=why)
    # OpenID Connect Core 5.3.2
    key = signing_key(client.policies.userinfo_signed_response_alg, client, context)
    text = key.sign({**members, "iss": context.issuer_url(request), "aud": client.client_id}, typ="JWT")
    headers = (("Content-Type", "application/jwt"), ("Cache-Control", "no-store"), ("Pragma", "no-cache"))
    return Reply(status=200, body=text.encode("ascii"), headers=headers, why=f"{why}, signed")
