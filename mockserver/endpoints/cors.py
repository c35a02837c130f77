"""Answers that scripts of other origins may read, in a browser (Fetch, CORS protocol)."""

from __future__ import annotations

import msgspec

from ..context import Context
from ..messages import Reply
from ..request import Request

__all__ = ["preflight", "shared"]

# What a client that runs in a browser asks by itself. Introspection is for APIs, and control for nobody else
_SHARED = frozenset(
    {"token", "refresh", "revoke", "userinfo", "jwks", "openid_configuration", "authorization_server"},
)
_EXPOSED = "DPoP-Nonce, Retry-After, WWW-Authenticate"
# Seconds for which a browser need not ask again; Chromium takes no more
_MAX_AGE = "7200"


def _allowed(request: Request, endpoint: str, context: Context) -> str | None:
    """What to let in, if the request says which origin it is from and the settings have it."""
    origins, origin = context.settings.cors_origins, request.header_values("origin")
    if endpoint not in _SHARED or len(origin) != 1:
        return None
    # No cookie counts at these endpoints, so that anybody is as good as one of a list
    return "*" if "*" in origins else origin[0] if origin[0] in origins else None


def preflight(request: Request, endpoint: str, methods: tuple[str, ...], context: Context) -> Reply | None:
    """The answer to a browser that asks whether it may ask; None for every other request."""
    if request.method != "OPTIONS":
        return None
    wanted = request.header_values("access-control-request-method")
    allowed = _allowed(request, endpoint, context)
    if len(wanted) != 1 or allowed is None:
        return None
    headers = [("Access-Control-Allow-Methods", ", ".join(methods)), ("Access-Control-Max-Age", _MAX_AGE)]
    asked = request.header_values("access-control-request-headers")
    if asked and all(value.isascii() and value.isprintable() for value in asked):
        headers.append(("Access-Control-Allow-Headers", ", ".join(asked)))
    return Reply(status=204, headers=tuple(headers), why=f"a script of {allowed} may ask the {endpoint} endpoint")


def shared(reply: Reply, request: Request, endpoint: str, context: Context) -> Reply:
    """The same answer, which scripts of `cors_origins` may read."""
    if endpoint not in _SHARED or not context.settings.cors_origins:
        return reply
    allowed = _allowed(request, endpoint, context)
    # RFC 9110 12.5.5: what it says depends on who asks, unless anybody may
    headers = () if allowed == "*" else (("Vary", "Origin"),)
    if allowed is not None:
        headers = (("Access-Control-Allow-Origin", allowed), ("Access-Control-Expose-Headers", _EXPOSED), *headers)
    return msgspec.structs.replace(reply, headers=(*reply.headers, *headers))
