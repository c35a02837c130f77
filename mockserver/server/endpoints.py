"""The endpoints of one issuer as a test holds them: where each is, what it saw, and what goes wrong there."""

from __future__ import annotations

import collections.abc as cabc
import typing

from ..faults import Armed
from ..faults import Place
from .arming import arm
from .at_the_device import AtTheDevice
from .handles import AuthorizationEndpoint
from .handles import EndpointHandle

if typing.TYPE_CHECKING:
    from ..app import Application
    from ..context import Context
    from .handles import IssuerState

__all__ = ["Endpoints"]


class Endpoints(AtTheDevice):
    """One issuer by its name, and its endpoints."""

    def __init__(self, name: str, app: Application) -> None:
        super().__init__(app)
        self._name = name

    @property
    def name(self) -> str:
        """The first path segment; `""` for the issuer without one."""
        return self._name

    @property
    def context(self) -> Context:
        """This issuer's part of the state."""
        return self._app.state.issuers[self._name]

    @property
    def token_endpoint(self) -> EndpointHandle:
        return self._endpoint("token")

    @property
    def refresh_endpoint(self) -> EndpointHandle:
        """The token endpoint, unless `paths` has a `refresh` of its own."""
        return self._endpoint("refresh" if "refresh" in self.context.paths else "token")

    @property
    def authorization_endpoint(self) -> AuthorizationEndpoint:
        return AuthorizationEndpoint(self._self(), Place(self._name, "authorize"))

    @property
    def userinfo_endpoint(self) -> EndpointHandle:
        return self._endpoint("userinfo")

    @property
    def backchannel_authentication_endpoint(self) -> EndpointHandle:
        return self._endpoint("backchannel_authentication")

    @property
    def device_authorization_endpoint(self) -> EndpointHandle:
        return self._endpoint("device_authorization")

    @property
    def introspection_endpoint(self) -> EndpointHandle:
        return self._endpoint("introspect")

    @property
    def revocation_endpoint(self) -> EndpointHandle:
        return self._endpoint("revoke")

    @property
    def end_session_endpoint(self) -> EndpointHandle:
        return self._endpoint("end_session")

    @property
    def jwks_endpoint(self) -> EndpointHandle:
        return self._endpoint("jwks")

    @property
    def pushed_authorization_request_endpoint(self) -> EndpointHandle:
        """Where authorization requests are pushed (RFC 9126 2)."""
        return self._endpoint("par")

    @property
    def registration_endpoint(self) -> EndpointHandle:
        """Where clients register themselves (RFC 7591 3)."""
        return self._endpoint("register")

    @property
    def openid_configuration_endpoint(self) -> EndpointHandle:
        return self._endpoint("openid_configuration")

    @property
    def authorization_server_endpoint(self) -> EndpointHandle:
        """The metadata document of RFC 8414 as an endpoint that can be made to fail."""
        return self._endpoint("authorization_server")

    @property
    def api(self) -> EndpointHandle:
        """The protected echo as an endpoint that can be made to fail."""
        return self._endpoint("api")

    def arm(self, table: cabc.Mapping[str, typing.Any]) -> Armed:
        """
        Arm a fault as TOML and JSON have it: `arm({"fault": "fail", "endpoint": "token", "status": 503})`.

        Raises `ConfigurationError` like the verbs.
        """
        return arm(table, Place(self._name, ""), self.context, self.state.faults, call=f"arm({table!r})")

    def rotate_keys(self, *, overlap: bool = False) -> None:
        """Sign with new keys from now on; with `overlap` the JWK Set keeps the old ones beside them."""
        self.context.keys.rotate(self.context.signing_algorithms(), overlap=overlap)

    def _endpoint(self, name: str) -> EndpointHandle:
        return EndpointHandle(self._self(), Place(self._name, name))

    def _self(self) -> IssuerState:
        """What handles need of an issuer; the rest of it is where the others of its verbs are."""
        return typing.cast("IssuerState", self)
