"""The device authorization endpoint (RFC 8628 3.1): a device that has no browser asks for a code to show."""

from __future__ import annotations

import urllib.parse

from ..context import Context
from ..credentials import new_secret
from ..errors import UnauthorizedClient
from ..grants import device_code
from ..messages import Authenticated
from ..messages import Reply
from ..registration import allowed_audience
from ..registration import allowed_scope
from ..registration import parse_scope
from ..request import Request
from ..scope import Scope
from ..stores import new_family
from ..waiting import Answer
from ..waiting import Pending
from ..waiting import new_user_code
from .token import parameters_of

__all__ = ["answer"]


def answer(request: Request, caller: Authenticated, context: Context) -> Reply:
    """RFC 8628 3.2: a code for the device, a code for the person, and where they enter it."""
    client, policies = caller.client, caller.client.policies
    parameters = parameters_of(request, client)
    if device_code.name not in client.grant_types:
        raise UnauthorizedClient(
            "The client may not use this grant type.",
            hint=f"client {client.client_id!r} is registered for {', '.join(sorted(client.grant_types))}; a device code"
            f" is of no use to it without {device_code.name}",
        )
    now, code, user_code = context.clock.now(), new_secret("dc"), new_user_code()
    asked = parse_scope(parameters.get("scope"), policies.scope_separator)
    pending = Pending(
        family=new_family(),
        client_id=client.client_id,
        asked=asked or Scope(),
        scope=allowed_scope(asked, client, context.settings),
        audience=allowed_audience(request.values("resource"), parameters.get("audience"), client),
        expires_at=now + policies.device_code_lifetime,
        user_code=user_code,
    )
    context.handed_out.append(("device code", f"device code of client {client.client_id!r}", code))
    context.devices.add(code, pending, interval=policies.device_code_interval)
    if policies.consent == "auto":
        approved = Answer(user=context.default_user(), scope=pending.scope, at=now)
        context.devices.decide(pending, approved, now=now)
    page = context.url_of("device", context.base_url(request))
    members = {
        "device_code": code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?{urllib.parse.urlencode({'user_code': user_code})}",
        "expires_in": policies.device_code_lifetime,
        "interval": policies.device_code_interval,
    }
    return Reply.of_json(members, why=f"client {client.client_id!r} got a device code, and {user_code!r} to show")
