"""What the verbs hand out: an endpoint that can be made to fail, a protected path."""

from __future__ import annotations

import collections.abc as cabc
import json
import re
import threading
import typing

from ..errors import ConfigurationError
from ..faults import Alter
from ..faults import Armed
from ..faults import Barrier
from ..faults import Delay
from ..faults import Drip
from ..faults import Fail
from ..faults import Fault
from ..faults import Hold
from ..faults import LoseAnswer
from ..faults import NeverAnswer
from ..faults import Place
from ..faults import Refuse

if typing.TYPE_CHECKING:
    from ..app import State
    from ..context import Context
    from ..journal import Exchange

__all__ = ["AuthorizationEndpoint", "EndpointHandle", "IssuerState", "Protected", "refusal"]

# RFC 6749 4.1.2.1
_ERROR_TEXT = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")


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


class EndpointHandle:
    """An endpoint of an issuer: where it is, what it saw, and how to make it fail."""

    def __init__(self, issuer: IssuerState, place: Place) -> None:
        self._issuer = issuer
        self._place = place

    @property
    def url(self) -> str:
        """Where it is. Raises `ServerNotRunning`."""
        base, endpoint = self._issuer.base_url, self._place.endpoint
        return f"{base}/api" if endpoint == "api" else self._issuer.context.url_of(endpoint, base)

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
        _check_real_time(f"delay({seconds})", "seconds", seconds)
        self._arm(Delay(seconds=seconds), times, optional)

    def hold(self, n: int, *, timeout: float = 10, optional: bool = False) -> Barrier:
        """
        Let the next `n` requests wait for each other before any work is done; all go on when the last has come.

        `timeout` real seconds after the first came, those who wait go on without the others. What is returned knows how
        many came together, as `fault` of each exchange does; it can be opened before.
        """
        if not isinstance(n, int) or n < 2:
            raise ConfigurationError(f"hold({n}): requests wait for each other; hold a whole number of them, 2 or more")
        _check_real_time(f"hold({n}, timeout={timeout})", "timeout", timeout)
        armed = self._arm(Hold(n=n, timeout=timeout), n, optional)
        assert armed.barrier is not None
        return armed.barrier

    def never_answer(self, *, times: int = 1, optional: bool = False) -> None:
        """
        Take the next `times` requests, do no work and never answer.

        The connections stay open until the clients close them; a reset and a stop end them, too.
        """
        self._arm(NeverAnswer(), times, optional)

    def alter(self, members: cabc.Mapping[str, typing.Any], *, times: int = 1, optional: bool = False) -> None:
        """
        Do the work of the next `times` requests, but put these members into the JSON of the answers; None is null.

        They are called as the answer calls them: `token_endpoint.alter({"access_token": None})`.
        """
        try:
            json.dumps(members)
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"alter({members!r}): {error}; give values that JSON has") from None
        if not members:
            raise ConfigurationError('alter({}): nothing would be altered; name a member, e.g. {"access_token": None}')
        self._arm(Alter(members={**members}), times, optional)

    def lose_answer(self, *, times: int = 1, optional: bool = False) -> None:
        """Do the work of the next `times` requests for good, then cut the connections without a byte of an answer."""
        self._arm(LoseAnswer(), times, optional)

    def drip(self, seconds: float, *, pieces: int = 10, times: int = 1, optional: bool = False) -> None:
        """
        Do the work of the next `times` requests, but send the bodies in `pieces` over `seconds` of real time.

        The head goes at once, and there is a pause before each piece.
        """
        _check_real_time(f"drip({seconds})", "seconds", seconds)
        if not isinstance(pieces, int) or pieces < 1:
            raise ConfigurationError(
                f"drip({seconds}, pieces={pieces}): pieces is a whole number; write pieces=1 or more"
            )
        self._arm(Drip(seconds=seconds, pieces=pieces), times, optional)

    @property
    def exchanges(self) -> list[Exchange]:
        """What reached this endpoint, in order of arrival."""
        return [
            exchange
            for exchange in self._issuer.state.journal.at(self._place.endpoint)
            if exchange.issuer == self._place.issuer and self._place.path in (None, exchange.path)
        ]

    def _arm(self, fault: Fault, times: int, optional: bool) -> Armed:
        if times < 1:
            raise ConfigurationError(f"times = {times}: a fault strikes at least once; write times=1 or more")
        return self._issuer.state.faults.arm(fault, self._place, times=times, optional=optional)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._place}>"


class AuthorizationEndpoint(EndpointHandle):
    """The authorization endpoint, which can also say no through the browser."""

    def refuse(self, *, error: str, description: str = "", times: int = 1, optional: bool = False) -> None:
        """
        Send the browser back with `error` from the next `times` authorization requests, without asking anybody.

        Any code of RFC 6749 4.1.2.1 or OpenID Connect Core 3.1.2.6, or of your own. A request whose client or redirect
        URI is wrong is shown its page as ever and does not count. Under pytest a refusal that is never hit fails the
        test, unless `optional`.
        """
        self._arm(refusal(error, description), times, optional)


def refusal(error: str, description: str) -> Refuse:
    """Raises `ConfigurationError` for what RFC 6749 4.1.2.1 does not allow in a code or a description."""
    for what, text in (("error", error), ("description", description)):
        if not _ERROR_TEXT.fullmatch(text) or (what == "error" and not text):
            raise ConfigurationError(
                f"refuse({what}={text!r}): RFC 6749 4.1.2.1 allows printable ASCII without quote and backslash; write"
                " for example error='server_error'"
            )
    return Refuse(error=error, description=description)


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


def _check_real_time(call: str, name: str, seconds: float) -> None:
    # the longest that a lock can wait; not-a-number is refused as well
    if not 0 < seconds <= threading.TIMEOUT_MAX:
        raise ConfigurationError(f"{call}: {name} must be more than 0, and an end must be in sight; write e.g. 0.5")
