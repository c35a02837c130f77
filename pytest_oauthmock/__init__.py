"""The pytest plugin of the mock OAuth server; the public names of `mockserver`, handed on."""

from __future__ import annotations

import typing

if typing.TYPE_CHECKING:
    from mockserver import AccessKey as AccessKey
    from mockserver import AllOf as AllOf
    from mockserver import AnyOf as AnyOf
    from mockserver import ApiKey as ApiKey
    from mockserver import Armed as Armed
    from mockserver import AuthorizationEndpoint as AuthorizationEndpoint
    from mockserver import AwsServer as AwsServer
    from mockserver import Barrier as Barrier
    from mockserver import Basic as Basic
    from mockserver import Bearer as Bearer
    from mockserver import Callback as Callback
    from mockserver import Cell as Cell
    from mockserver import ClientCertificate as ClientCertificate
    from mockserver import Clock as Clock
    from mockserver import ConfigurationError as ConfigurationError
    from mockserver import ConnectorSettings as ConnectorSettings
    from mockserver import Digest as Digest
    from mockserver import EndpointHandle as EndpointHandle
    from mockserver import Exchange as Exchange
    from mockserver import Finding as Finding
    from mockserver import IssuedCertificate as IssuedCertificate
    from mockserver import IssuedToken as IssuedToken
    from mockserver import Issuer as Issuer
    from mockserver import Journal as Journal
    from mockserver import Ledger as Ledger
    from mockserver import LoginPage as LoginPage
    from mockserver import MockServerError as MockServerError
    from mockserver import Mount as Mount
    from mockserver import OAuthMock as OAuthMock
    from mockserver import Open as Open
    from mockserver import PortInUse as PortInUse
    from mockserver import Protected as Protected
    from mockserver import RegisteredClient as RegisteredClient
    from mockserver import SeenState as SeenState
    from mockserver import ServerNotRunning as ServerNotRunning
    from mockserver import Settings as Settings
    from mockserver import SigV4 as SigV4
    from mockserver import UnknownLayout as UnknownLayout
    from mockserver import UnmountedHostError as UnmountedHostError
    from mockserver import User as User
    from mockserver import Variant as Variant
    from mockserver import WebIdentity as WebIdentity
    from mockserver import create_app as create_app

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
    # Lazily: pytest imports this package at every start, in suites that never use it too.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import mockserver

    return getattr(mockserver, name)
