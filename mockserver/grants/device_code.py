"""The device authorization grant (RFC 8628 3.4): the client asks again and again until the person has decided."""

from __future__ import annotations

import typing

from ..context import Context
from ..messages import Issue
from ..messages import TokenRequest
from ..polling import Kind
from ..polling import redeemed

name: typing.Final = "urn:ietf:params:oauth:grant-type:device_code"
parameters: typing.Final = frozenset({"device_code"})

_KIND = Kind(
    parameter="device_code",
    name="device code",
    clause="RFC 8628 3.4, 3.5",
    lifetime="device_code_lifetime",
    remedy="oauthmock.approve_device({user_code})",
)


def issue(request: TokenRequest, context: Context) -> Issue:
    """Redeem a device code, once, as soon as somebody has approved it (RFC 8628 3.5)."""
    return redeemed(_KIND, context.devices, request, context)
