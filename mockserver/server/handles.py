"""What the verbs hand out: an endpoint that can be made to fail, a protected path."""

from __future__ import annotations

import typing

from ..errors import ConfigurationError
from ..faults import Delay
from ..faults import Fail
from ..faults import Fault
from ..faults import Place

if typing.TYPE_CHECKING:
    from ..app import State
    from ..context import Context
    from ..journal import Exchange

__all__ = ["EndpointHandle", "IssuerState", "Protected"]


class IssuerState(typing.Protocol):
    """What a handle needs of the issuer that made it."""

    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def identifier(self) -> str: ...
    @property
    def token_url(self) -> str: ...
    @property
    def state(self) -> State: ...
    @property
    def context(self) -> Context: ...


class EndpointHandle:
    """An endpoint of an issuer: where it is, what it saw, and how to make it fail."""

    def __init__(self, issuer: IssuerState, place: Place) -> None:
        self._issuer = issuer
        self._place = place

    @property
    def url(self) -> str:
        """Where it is. Raises `ServerNotRunning`."""
        context = self._issuer.context
        return self._issuer.url + ("/api" if self._place.endpoint == "api" else context.paths[self._place.endpoint])

    def fail(
        self,
        status: int,
        *,
        times: int = 1,
        retry_after: int | None = None,
        error: str | None = None,
        optional: bool = False,
    ) -> None:
        """
        Answer the next `times` requests with `status`, doing nothing else; the one after is served as ever.

        `retry_after` is seconds. Under pytest a fault that is never hit fails the test, unless `optional`.
        """
        if not 400 <= status <= 599:
            raise ConfigurationError(f"fail({status}): a failure has a status from 400 to 599; choose one, e.g. 503")
        self._arm(Fail(status=status, retry_after=retry_after, error=error), times, optional)

    def delay(self, seconds: float, *, times: int = 1, optional: bool = False) -> None:
        """Do the work of the next `times` requests but hold the answers back for `seconds` of real time."""
        if not seconds > 0:
            raise ConfigurationError(f"delay({seconds}): seconds must be more than 0")
        self._arm(Delay(seconds=seconds), times, optional)

    @property
    def exchanges(self) -> list[Exchange]:
        """What reached this endpoint, in order of arrival."""
        return [
            exchange
            for exchange in self._issuer.state.journal.at(self._place.endpoint)
            if exchange.issuer == self._place.issuer and self._place.path in (None, exchange.path)
        ]

    def _arm(self, fault: Fault, times: int, optional: bool) -> None:
        if times < 1:
            raise ConfigurationError(f"times = {times}: a fault strikes at least once; write times=1 or more")
        self._issuer.state.faults.arm(fault, self._place, times=times, optional=optional)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._place}>"


class Protected(EndpointHandle):
    """A path that a token opens."""

    def __init__(self, issuer: IssuerState, path: str) -> None:
        super().__init__(issuer, Place(issuer.name, "protected", path))
        self.path = path

    @property
    def url(self) -> str:
        return self._issuer.url + self.path
