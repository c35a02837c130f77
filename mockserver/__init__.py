"""A mock OAuth 2.0 authorization server with a protected API: `OAuthMock` to hold, `create_app` to serve."""

from __future__ import annotations

import importlib
import typing

if typing.TYPE_CHECKING:
    from .actor import LoginPage
    from .aws import AwsServer
    from .aws import WebIdentity
    from .callback import Callback
    from .clock import Clock
    from .config import Settings
    from .errors import ConfigurationError
    from .errors import MockServerError
    from .errors import PortInUse
    from .errors import ServerNotRunning
    from .errors import UnknownLayout
    from .errors import UnmountedHostError
    from .faults import Armed
    from .faults import Barrier
    from .finding import Finding
    from .guards import AccessKey
    from .guards import AllOf
    from .guards import AnyOf
    from .guards import ApiKey
    from .guards import Basic
    from .guards import Bearer
    from .guards import ClientCertificate
    from .guards import Digest
    from .guards import Open
    from .guards import SigV4
    from .journal import Exchange
    from .journal import Journal
    from .ledger import IssuedToken
    from .ledger import Ledger
    from .model import User
    from .server import AuthorizationEndpoint
    from .server import ConnectorSettings
    from .server import EndpointHandle
    from .server import Issuer
    from .server import Mount
    from .server import OAuthMock
    from .server import Protected
    from .server import RegisteredClient
    from .server import Variant
    from .server import create_app
    from .states import SeenState
    from .tls import IssuedCertificate
    from .variants import Cell

__version__ = "0.1.0"

# Public names and the module that has each: imported when first asked for (PEP 562), so that collecting a suite which
# does not use the mock imports none of it.
_HOMES = {
    "AccessKey": "guards",
    "AllOf": "guards",
    "AnyOf": "guards",
    "ApiKey": "guards",
    "Armed": "faults",
    "AuthorizationEndpoint": "server",
    "AwsServer": "aws",
    "Barrier": "faults",
    "Basic": "guards",
    "Bearer": "guards",
    "Callback": "callback",
    "Cell": "variants",
    "ClientCertificate": "guards",
    "Clock": "clock",
    "ConfigurationError": "errors",
    "ConnectorSettings": "server",
    "Digest": "guards",
    "EndpointHandle": "server",
    "Exchange": "journal",
    "Finding": "finding",
    "IssuedCertificate": "tls",
    "IssuedToken": "ledger",
    "Issuer": "server",
    "Journal": "journal",
    "Ledger": "ledger",
    "LoginPage": "actor",
    "MockServerError": "errors",
    "Mount": "server",
    "OAuthMock": "server",
    "Open": "guards",
    "PortInUse": "errors",
    "Protected": "server",
    "RegisteredClient": "server",
    "SeenState": "states",
    "ServerNotRunning": "errors",
    "Settings": "config",
    "SigV4": "guards",
    "UnknownLayout": "errors",
    "UnmountedHostError": "errors",
    "User": "model",
    "Variant": "server",
    "WebIdentity": "aws",
    "create_app": "server",
}

__all__ = [
    "AccessKey",
    "AllOf",
    "AnyOf",
    "ApiKey",
    "Armed",
    "AuthorizationEndpoint",
    "AwsServer",
    "Barrier",
    "Basic",
    "Bearer",
    "Callback",
    "Cell",
    "ClientCertificate",
    "Clock",
    "ConfigurationError",
    "ConnectorSettings",
    "Digest",
    "EndpointHandle",
    "Exchange",
    "Finding",
    "IssuedCertificate",
    "IssuedToken",
    "Issuer",
    "Journal",
    "Ledger",
    "LoginPage",
    "MockServerError",
    "Mount",
    "OAuthMock",
    "Open",
    "PortInUse",
    "Protected",
    "RegisteredClient",
    "SeenState",
    "ServerNotRunning",
    "Settings",
    "SigV4",
    "UnknownLayout",
    "UnmountedHostError",
    "User",
    "Variant",
    "WebIdentity",
    "create_app",
]


def __getattr__(name: str) -> typing.Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
