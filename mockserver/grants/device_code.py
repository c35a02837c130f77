"""The device authorization grant (RFC 8628 3.4): the client asks again and again until the person has decided."""

from __future__ import annotations

import typing

from ..context import Context
from ..credentials import origin
from ..errors import AccessDenied
from ..errors import AuthorizationPending
from ..errors import ExpiredToken
from ..errors import InvalidGrant
from ..errors import InvalidRequest
from ..errors import SlowDown
from ..messages import Issue
from ..messages import TokenRequest
from ..registration import has_refresh
from ..registration import narrowed_audience
from ..waiting import SLOWER

name: typing.Final = "urn:ietf:params:oauth:grant-type:device_code"
parameters: typing.Final = frozenset({"device_code"})


def issue(request: TokenRequest, context: Context) -> Issue:
    """Redeem a device code, once, as soon as somebody has approved it (RFC 8628 3.5)."""
    code = request.parameters.get("device_code")
    client = request.client
    if code is None:
        raise InvalidRequest("device_code is missing.", hint="the grant needs the parameter device_code (RFC 8628 3.4)")
    pending = context.devices.find(code)
    if pending is None:
        raise _refused(f"this issuer never issued the device code: {origin(code)}")
    # Another client's attempt must neither use the code up nor slow its owner down.
    if pending.client_id != client.client_id:
        raise _refused(f"the device code was issued to client {pending.client_id!r}, not to {client.client_id!r}")
    audience = narrowed_audience(request.audience, pending.audience)
    now = context.clock.now()
    polled = context.devices.poll(code, now=now)
    assert polled is not None, "a device code never leaves"
    if polled.state == "used":
        raise _refused("the device code has been used before: it brings tokens once")
    if polled.state == "expired":
        raise ExpiredToken(
            "The device code has expired.",
            hint=f"the device code expired {now - pending.expires_at:.0f} s ago (device_code_lifetime): the client has"
            " to ask for a new one (RFC 8628 3.5)",
        )
    if polled.state == "denied":
        raise AccessDenied("The person denied the request.", hint="the person chose Deny", status=400)
    if polled.state == "slow_down":
        raise SlowDown(
            "The client asks too often.",
            hint=f"the client asked within {polled.interval - SLOWER:g} s of its last request; from now on it has to"
            f" wait {polled.interval:g} s (RFC 8628 3.5)",
        )
    if polled.answer is None or polled.answer.user is None:
        raise AuthorizationPending(
            "The person has not decided yet.",
            hint=f"nobody has entered {pending.user_code!r} yet; in a test: oauthmock.approve_device"
            f"({pending.user_code!r})",
        )
    scope = polled.answer.scope
    return Issue(
        client=client,
        user=polled.answer.user,
        scope=scope,
        audience=audience,
        refresh_audience=pending.audience,
        altered=scope != pending.asked,
        grant_type=name,
        client_auth=request.client_auth,
        issuer=request.issuer,
        family=pending.family,
        taken=True,
        refresh="refresh_token" in client.grant_types
        and has_refresh(client, scope, "offline", context.settings.offline_scopes),
        auth_time=polled.answer.at,
        id_token="openid" in scope,
    )


def _refused(hint: str) -> InvalidGrant:
    return InvalidGrant("The device code is invalid, used or another client's.", hint=hint)
