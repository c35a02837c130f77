"""Grants by their wire name. Each file has a `name`, the `parameters` it reads, and `issue`."""

from __future__ import annotations

import typing

from .. import saml
from ..context import Context
from ..messages import Issue
from ..messages import TokenRequest
from . import authorization_code
from . import ciba
from . import client_credentials
from . import device_code
from . import jwt_bearer
from . import password
from . import refresh_token
from . import saml2_bearer
from . import token_exchange
from .declared import issue_declared

__all__ = ["GRANTS", "Grant", "available", "issue_declared", "served"]


class Grant(typing.Protocol):
    """How a token request is decided (RFC 6749 4)."""

    @property
    def name(self) -> str:
        """The value of `grant_type`."""

    @property
    def parameters(self) -> frozenset[str]:
        """The parameters it reads besides `grant_type`, `scope` and the client's credentials."""

    def issue(self, request: TokenRequest, context: Context) -> Issue:
        """Decide, writing through the store's atomic verbs only. Raises an `OAuthError`."""


_ALL: tuple[Grant, ...] = (
    authorization_code,
    client_credentials,
    password,
    refresh_token,
    device_code,
    jwt_bearer,
    saml2_bearer,
    token_exchange,
    ciba,
)

GRANTS: dict[str, Grant] = {grant.name: grant for grant in _ALL}

# The endpoint at which a grant begins; switched off, there is no such grant
_BEGIN_AT = {device_code.name: "device_authorization", ciba.name: "backchannel_authentication"}


def available() -> list[str]:
    """Those whose libraries are installed."""
    return [name for name in GRANTS if name != saml2_bearer.name or saml.installed()]


def served(context: Context) -> list[str]:
    """The grants that an issuer has, beside those that its profile declares."""
    return [name for name in available() if name not in _BEGIN_AT or _BEGIN_AT[name] in context.paths]
