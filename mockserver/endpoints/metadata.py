"""What the server is and has, as it really is: RFC 8414 and OpenID Connect Discovery."""

from __future__ import annotations

from .. import pkce
from ..clientauth import METHODS
from ..context import Context
from ..grants import GRANTS
from ..jwk import ALGORITHMS
from ..jwk import MAC_ALGORITHMS
from ..messages import Reply
from ..request import Request
from .sending_back import MODES

__all__ = ["authorization_server", "document", "openid_configuration"]


def authorization_server(request: Request, context: Context) -> Reply:
    """RFC 8414 3.2."""
    return Reply.of_json(document(context.issuer_url(request), context), why="authorization server metadata")


def openid_configuration(request: Request, context: Context) -> Reply:
    """OpenID Connect Discovery 4.2."""
    issuer = context.issuer_url(request)
    members = {
        **document(issuer, context),
        "userinfo_endpoint": issuer + context.paths["userinfo"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": sorted(context.id_token_algorithms()),
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        # OpenID Connect Discovery 3: left out, it would mean true
        "request_uri_parameter_supported": False,
    }
    return Reply.of_json(members, why="OpenID provider metadata")


def document(issuer: str, context: Context) -> dict[str, object]:
    """RFC 8414 2."""
    members: dict[str, object] = {
        "issuer": issuer,
        "authorization_endpoint": issuer + context.paths["authorize"],
        "token_endpoint": issuer + context.paths["token"],
        "jwks_uri": issuer + context.paths["jwks"],
        "response_types_supported": ["code"],
        "response_modes_supported": list(MODES),
        "grant_types_supported": list(GRANTS),
        "token_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": [*ALGORITHMS, *MAC_ALGORITHMS],
        "code_challenge_methods_supported": list(pkce.METHODS),
    }
    if "refresh" in context.paths:
        # RFC 8414 2 allows members of one's own
        members["refresh_endpoint"] = issuer + context.paths["refresh"]
    known = context.settings.scopes_supported
    return members if known is None else {**members, "scopes_supported": list(known)}
