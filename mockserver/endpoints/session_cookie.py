"""The cookie of a login: a random name for what the server knows, and nothing more (RFC 6265 4.1)."""

from __future__ import annotations

import msgspec

from ..context import Context
from ..messages import Reply
from ..request import Request
from ..sessions import Session

__all__ = ["NAME", "current", "forget", "remember"]

# Cookies ignore ports: `session` would be that of the application under test
NAME = "oauthmock_session"


def _sent(request: Request, context: Context) -> list[str]:
    """What the browser has of this issuer; one of an issuer above comes along (RFC 6265 5.1.4)."""
    pairs = (pair.partition("=") for value in request.header_values("cookie") for pair in value.split(";"))
    values = [value.strip() for name, _, value in pairs if name.strip() == NAME]
    return [value for value in values if context.sessions.find(value) is not None]


def current(request: Request, context: Context) -> Session | None:
    """Who is logged in at this browser."""
    sent = _sent(request, context)
    return context.sessions.find(sent[0]) if sent else None


def remember(reply: Reply, session: Session, request: Request, context: Context) -> Reply:
    """The same answer, by which the browser is logged in; an earlier login is over, so that no name outlives one."""
    for value in _sent(request, context):
        context.sessions.end(value)
    return _with_cookie(reply, context.sessions.begin(session), "", request, context)


def forget(reply: Reply, request: Request, context: Context) -> Reply:
    """The same answer, by which the browser is logged out."""
    for value in _sent(request, context):
        context.sessions.end(value)
    return _with_cookie(reply, "", "; Max-Age=0", request, context)


def _with_cookie(reply: Reply, value: str, life: str, request: Request, context: Context) -> Reply:
    secure = "; Secure" if request.scheme == "https" else ""
    # Lax: sent when a link or a redirect of another site leads here, as every login begins
    cookie = f"{NAME}={value}; Path=/{context.segment}{life}; HttpOnly; SameSite=Lax{secure}"
    return msgspec.structs.replace(reply, headers=(*reply.headers, ("Set-Cookie", cookie)))
