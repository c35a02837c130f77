"""What the verbs hand out: an endpoint that can be made to fail, a protected path."""

from __future__ import annotations

import collections.abc as cabc
import typing

from ..faults import Armed
from ..faults import Place
from .arming import Aiming
from .arming import arm
from .verbs import FaultVerbs

if typing.TYPE_CHECKING:
    from ..app import State
    from ..context import Context
    from ..journal import Exchange

__all__ = ["AuthorizationEndpoint", "EndpointHandle", "IssuerState", "Protected"]


class IssuerState(typing.Protocol):
    """What a handle needs of the issuer that made it."""

    @property
    def name(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def identifier(self) -> str: ...
    @property
    def token_url(self) -> str: ...
    @property
    def state(self) -> State: ...
    @property
    def context(self) -> Context: ...


class EndpointHandle(FaultVerbs):
    """An endpoint of an issuer: where it is, what it saw, and how to make it fail."""

    def __init__(self, issuer: IssuerState, place: Place) -> None:
        self._issuer = issuer
        self._place = place

    @property
    def url(self) -> str:
        """Where it is. Raises `ServerNotRunning`."""
        base, endpoint = self._issuer.base_url, self._place.endpoint
        return f"{base}/api" if endpoint == "api" else self._issuer.context.url_of(endpoint, base)

    @property
    def exchanges(self) -> list[Exchange]:
        """What reached this endpoint, in order of arrival."""
        return [
            exchange
            for exchange in self._issuer.state.journal.at(self._place.endpoint)
            if exchange.issuer == self._place.issuer and self._place.path in (None, exchange.path)
        ]

    def _order(self, table: cabc.Mapping[str, typing.Any], call: str) -> Armed:
        return arm(table, self._place, self._issuer.context, self._issuer.state.faults, call=call)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._place}>"


class AuthorizationEndpoint(EndpointHandle):
    """The authorization endpoint, which can also say no through the browser."""

    def refuse(self, *, error: str, description: str = "", **aim: typing.Unpack[Aiming]) -> Armed:
        """
        Send the browser back with `error` from authorization requests, without asking anybody.

        Any code of RFC 6749 4.1.2.1 or OpenID Connect Core 3.1.2.6, or of your own. A request whose client or redirect
        URI is wrong is shown its page as ever and does not count. Under pytest a refusal that is never hit fails the
        test, unless `optional`.
        """
        return self._arm("refuse", aim, error=error, description=description)


class Protected(EndpointHandle):
    """A path behind a guard; with an application also everything below."""

    def __init__(self, issuer: IssuerState, path: str) -> None:
        super().__init__(issuer, Place(issuer.name, "protected", path))
        self.path = path

    @property
    def exchanges(self) -> list[Exchange]:
        """What reached this path, or the application behind it, in order of arrival."""
        return [
            exchange
            for exchange in self._issuer.state.journal.at("protected")
            if (exchange.issuer, exchange.protected) == (self._issuer.name, self.path)
        ]

    @property
    def url(self) -> str:
        return self._issuer.base_url + self.path
