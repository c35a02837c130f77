"""What is served where: one file per endpoint, and how each says no."""

from __future__ import annotations

from . import backchannel_authentication
from . import by_reference
from . import callback
from . import cors
from . import device
from . import device_authorization
from . import end_session
from . import introspect
from . import jwks
from . import metadata
from . import par
from . import refusal
from . import register
from . import resource
from . import revoke
from . import rules
from . import token
from . import userinfo
from .endpoint import ClientEndpoint
from .endpoint import Endpoint
from .parameters import known as known_parameters
from .parameters import misnamed

__all__ = ["ENDPOINTS", "UNKNOWN", "ClientEndpoint", "Endpoint", "cors", "known_parameters", "misnamed", "rules"]

_ALL: tuple[Endpoint | ClientEndpoint, ...] = (
    Endpoint("authorize", ("GET", "POST"), by_reference.answer, refusal.to_browser),
    ClientEndpoint("par", ("POST",), par.answer, refusal.to_client),
    ClientEndpoint("token", ("POST",), token.answer, refusal.to_client, token.unauthenticated, identify=token.identify),
    ClientEndpoint("refresh", ("POST",), token.answer, refusal.to_client, token.unauthenticated),
    Endpoint("register", ("POST",), register.register, refusal.to_bearer),
    Endpoint("client_configuration", ("GET", "PUT", "DELETE"), register.configuration, refusal.to_bearer),
    ClientEndpoint("device_authorization", ("POST",), device_authorization.answer, refusal.to_client),
    Endpoint("device", ("GET", "POST"), device.answer, refusal.to_browser),
    ClientEndpoint("backchannel_authentication", ("POST",), backchannel_authentication.answer, refusal.to_client),
    ClientEndpoint("introspect", ("POST",), introspect.answer, introspect.refuse, identify=introspect.identify),
    ClientEndpoint("revoke", ("POST",), revoke.answer, refusal.to_client),
    Endpoint("userinfo", ("GET", "POST"), userinfo.answer, refusal.to_bearer),
    Endpoint("jwks", ("GET",), jwks.answer, refusal.to_client),
    Endpoint("client_jwks", ("GET",), jwks.published, refusal.to_client),
    Endpoint("openid_configuration", ("GET",), metadata.openid_configuration, refusal.to_client),
    Endpoint("authorization_server", ("GET",), metadata.authorization_server, refusal.to_client),
    Endpoint("protected_resource", ("GET",), metadata.protected_resource, refusal.to_client),
    Endpoint("callback", ("GET", "POST"), callback.answer, refusal.to_browser),
    Endpoint("end_session", ("GET", "POST"), end_session.answer, refusal.to_browser),
    Endpoint("protected", (), resource.protected, refusal.to_bearer),
    Endpoint("api", (), resource.echo, refusal.to_bearer),
)

ENDPOINTS: dict[str, Endpoint | ClientEndpoint] = {endpoint.name: endpoint for endpoint in _ALL}

UNKNOWN = Endpoint("unknown", (), resource.nothing, refusal.to_client)
