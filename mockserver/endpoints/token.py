"""The token endpoint (RFC 6749 3.2)."""

from __future__ import annotations

import difflib

from ..config import Policies
from ..context import Context
from ..errors import InvalidRequest
from ..errors import UnauthorizedClient
from ..errors import UnsupportedGrantType
from ..grants import GRANTS
from ..messages import Authenticated
from ..messages import Reply
from ..messages import Request
from ..messages import TokenRequest
from ..messages import Tokens
from ..registration import parse_scope
from ..tokens import mint

__all__ = ["answer"]


def answer(request: Request, caller: Authenticated, context: Context) -> Reply:
    """From an authenticated client's request to tokens (RFC 6749 5.1)."""
    asked = _token_request(request, caller, context)
    tokens = mint(GRANTS[asked.grant_type].issue(asked, context), context)
    scope = f" for scope {str(tokens.scope)!r}" if tokens.scope else ""
    why = f"{asked.grant_type} by {caller.method}: client {caller.client.client_id!r} got a token{scope}"
    return Reply.of_json(_members(tokens, caller.client.policies), why=why)


def _token_request(request: Request, caller: Authenticated, context: Context) -> TokenRequest:
    parameters = request.parameters()
    # RFC 6749 4: parameters come form-urlencoded; JSON is for clients that are registered to authenticate in it
    if request.encoding == "json" and "client_secret_json" not in caller.client.auth_methods:
        raise InvalidRequest(
            "The request body must be application/x-www-form-urlencoded.",
            hint=f"the body is JSON, which only client_secret_json allows; client {caller.client.client_id!r} is"
            f" registered with {' or '.join(caller.client.auth_methods)}",
        )
    grant_type = parameters.get("grant_type")
    if grant_type is None:
        elsewhere = " (it is in the URL, where RFC 6749 4 has no place for it)" if _in_query(request) else ""
        raise InvalidRequest("grant_type is missing.", hint=f"the body has no parameter grant_type{elsewhere}")
    if grant_type not in GRANTS:
        near = difflib.get_close_matches(grant_type.lower(), GRANTS, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise UnsupportedGrantType(
            "The grant type is not supported.",
            hint=f"grant_type {grant_type!r} is none of {', '.join(GRANTS)}{meant}",
        )
    if grant_type not in caller.client.grant_types:
        registered = sorted(caller.client.grant_types)
        raise UnauthorizedClient(
            "The client may not use this grant type.",
            hint=f"client {caller.client.client_id!r} is registered for {', '.join(registered)}; to allow it:"
            f" oauthmock.client(grant_types={[*registered, grant_type]!r})",
        )
    return TokenRequest(
        grant_type=grant_type,
        parameters=parameters,
        client=caller.client,
        client_auth=caller.method,
        scope=parse_scope(parameters.get("scope"), caller.client.policies.scope_separator),
        issuer=context.issuer_url(request),
    )


def _in_query(request: Request) -> bool:
    return any(name == "grant_type" for name, _ in request.query)


def _members(tokens: Tokens, policies: Policies) -> dict[str, object]:
    members: dict[str, object] = {
        "access_token": tokens.access_token,
        "token_type": tokens.token_type,
        "expires_in": tokens.expires_in,
    }
    if tokens.refresh_token is not None:
        members["refresh_token"] = tokens.refresh_token
    if _says_scope(tokens, policies):
        members["scope"] = tokens.scope.joined(policies.scope_separator)
    if tokens.id_token is not None:
        members["id_token"] = tokens.id_token
    return members


def _says_scope(tokens: Tokens, policies: Policies) -> bool:
    """RFC 6749 5.1: the scope may be left out where it is what was asked; some servers leave it out always."""
    if policies.scope_in_response == "always":
        return bool(tokens.scope) or tokens.altered
    return policies.scope_in_response == "when_different" and tokens.altered
