"""Client-initiated backchannel authentication (OpenID Connect CIBA 10.1, poll mode): the person is asked elsewhere."""

from __future__ import annotations

import typing

from ..context import Context
from ..messages import Issue
from ..messages import TokenRequest
from ..polling import Kind
from ..polling import redeemed

name: typing.Final = "urn:openid:params:grant-type:ciba"
parameters: typing.Final = frozenset({"auth_req_id"})

_KIND = Kind(
    parameter="auth_req_id",
    name="authentication request",
    clause="OpenID Connect CIBA 10.1, 11",
    lifetime="backchannel_lifetime",
    remedy="oauthmock.approve_backchannel()",
)


def issue(request: TokenRequest, context: Context) -> Issue:
    """Redeem an authentication request, once, as soon as the person has approved it."""
    return redeemed(_KIND, context.backchannel, request, context)
