"""How grants are redeemed that wait for a person: asked for again and again, and answered once (RFC 8628 3.5)."""

from __future__ import annotations

import msgspec

from .context import Context
from .credentials import origin
from .errors import AccessDenied
from .errors import AuthorizationPending
from .errors import ExpiredToken
from .errors import InvalidGrant
from .errors import InvalidRequest
from .errors import SlowDown
from .messages import Issue
from .messages import TokenRequest
from .registration import has_refresh
from .registration import narrowed_audience
from .waiting import SLOWER
from .waiting import Polled
from .waiting import Waiting

__all__ = ["Kind", "redeemed"]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What tells one of these grants from another."""

    parameter: str
    name: str
    clause: str
    lifetime: str
    """The setting that says how long it is good."""
    remedy: str
    """What a test calls in place of the person."""


def redeemed(kind: Kind, waiting: Waiting, request: TokenRequest, context: Context) -> Issue:
    """What the person approved, once. Raises the errors of RFC 8628 3.5; `InvalidGrant` for another client's."""
    code, client = request.parameters.get(kind.parameter), request.client
    if code is None:
        raise InvalidRequest(
            f"{kind.parameter} is missing.", hint=f"the grant needs the parameter {kind.parameter} ({kind.clause})"
        )
    pending = waiting.find(code)
    if pending is None:
        raise _refused(kind, f"this issuer never issued it: {origin(code)}")
    # Another client's attempt must neither use it up nor slow its owner down.
    if pending.client_id != client.client_id:
        raise _refused(kind, f"it was issued to client {pending.client_id!r}, not to {client.client_id!r}")
    audience = narrowed_audience(request.audience, pending.audience)
    polled = waiting.poll(code, now=context.clock.now())
    assert polled is not None, "what was issued never leaves"
    _check(kind, polled, now=context.clock.now())
    assert polled.answer is not None
    scope = polled.answer.scope
    return Issue(
        client=client,
        user=polled.answer.user,
        scope=scope,
        audience=audience,
        refresh_audience=pending.audience,
        altered=scope != pending.asked,
        grant_type=request.grant_type,
        client_auth=request.client_auth,
        issuer=request.issuer,
        family=pending.family,
        taken=True,
        refresh="refresh_token" in client.grant_types
        and has_refresh(client, scope, "offline", context.settings.offline_scopes),
        auth_time=polled.answer.at,
        id_token="openid" in scope,
    )


def _check(kind: Kind, polled: Polled, *, now: float) -> None:
    pending = polled.pending
    if polled.state == "used":
        raise _refused(kind, "it has been used before: it brings tokens once")
    if polled.state == "expired":
        raise ExpiredToken(
            f"The {kind.name} has expired.",
            hint=f"the {kind.name} expired {now - pending.expires_at:.0f} s ago ({kind.lifetime}): the client has to"
            f" begin anew ({kind.clause})",
        )
    if polled.state == "denied":
        raise AccessDenied("The person denied the request.", hint="the person chose Deny", status=400)
    if polled.state == "slow_down":
        raise SlowDown(
            "The client asks too often.",
            hint=f"the client asked within {polled.interval - SLOWER:g} s of its last request; from now on it has to"
            f" wait {polled.interval:g} s ({kind.clause})",
        )
    if polled.state == "pending":
        raise AuthorizationPending(
            "The person has not decided yet.",
            hint=f"nobody has decided yet; in a test: {kind.remedy.format(user_code=repr(pending.user_code))}",
        )


def _refused(kind: Kind, hint: str) -> InvalidGrant:
    return InvalidGrant(f"The {kind.name} is invalid, used or another client's.", hint=f"the {kind.name}: {hint}")
