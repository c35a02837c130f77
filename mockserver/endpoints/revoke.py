"""The revocation endpoint (RFC 7009): a client ends a token of its own, and by policy what belongs to it."""

from __future__ import annotations

from ..context import Context
from ..credentials import origin
from ..errors import InvalidGrant
from ..errors import UnsupportedTokenType
from ..messages import Authenticated
from ..messages import Reply
from ..model import Kind
from ..model import TokenRecord
from ..request import Request
from .issued import Asked
from .issued import asked

__all__ = ["answer"]


def answer(request: Request, caller: Authenticated, context: Context) -> Reply:
    """RFC 7009 2.2: 200 for what was ended, and for what is unknown or ended already."""
    token, client = asked(request, caller, context), caller.client
    record = token.record
    if record is None:
        return _done(f"nothing to revoke: this issuer never issued the token: {origin(token.token)} (RFC 7009 2.2)")
    # RFC 7009 2.1: refused, and the client is told; RFC 6749 5.2: issued to another client
    if record.client_id != client.client_id:
        raise InvalidGrant(
            "The token was issued to another client.",
            hint=f"the token is {token.name}, and client {client.client_id!r} asked to revoke it (RFC 7009 2.1)",
        )
    if token.kind is Kind.ACCESS and context.settings.revocation == "refresh_token":
        raise UnsupportedTokenType(
            "Access tokens cannot be revoked here.",
            hint="revocation is 'refresh_token': an access token lives until it expires (RFC 7009 2.2.1)",
        )
    return _done(f"revoked {token.name}{_end(token, record, client.policies.revocation_cascade, context)}")


def _end(token: Asked, record: TokenRecord, cascade: str, context: Context) -> str:
    """End it, and what else the policy says (RFC 7009 2.1); what that was, for the tester."""
    if cascade == "user":
        user = record.user
        context.store.kill_all(record.client_id, user.username if user else None)
        if user is not None:
            context.consents.pop((user.username, record.client_id), None)
        of = f"of {user.username!r}" if user else "for itself"
        return f" and all that the client has {of} (revocation_cascade = 'user')"
    if cascade == "both" or (cascade == "family" and token.kind is Kind.REFRESH):
        context.store.kill(record.family)
        return f" and everything of the same authorization (revocation_cascade = {cascade!r})"
    context.store.revoke(token.kind, token.token)
    return " alone"


def _done(why: str) -> Reply:
    # RFC 7009 2.2: the content is ignored, since the status says everything
    return Reply(status=200, headers=(("Cache-Control", "no-store"), ("Pragma", "no-cache")), why=why)
