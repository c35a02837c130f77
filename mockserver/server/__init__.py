"""`OAuthMock`: the object that people hold, in a test, in a script and behind the command."""

from __future__ import annotations

from .client import RegisteredClient
from .handles import AuthorizationEndpoint
from .handles import EndpointHandle
from .handles import Protected
from .issuer import Issuer
from .mock import OAuthMock
from .mock import create_app
from .mount import Mount
from .variant import ConnectorSettings
from .variant import Variant

__all__ = [
    "AuthorizationEndpoint",
    "ConnectorSettings",
    "EndpointHandle",
    "Issuer",
    "Mount",
    "OAuthMock",
    "Protected",
    "RegisteredClient",
    "Variant",
    "create_app",
]
