"""What goes wrong on purpose: a fault strikes at a stage, and is armed for a place and a number of times."""

from __future__ import annotations

import collections.abc as cabc
import http
import threading
import typing

import msgspec

from .messages import Reply

__all__ = ["FAULTS", "Armed", "Delay", "Fail", "Fault", "FaultPlan", "Place"]


class Place(msgspec.Struct, frozen=True):
    """Where a fault strikes: an endpoint of an issuer; for a protected path also the path."""

    issuer: str
    endpoint: str
    path: str | None = None

    def __str__(self) -> str:
        where = f"{self.endpoint} {self.path}" if self.path else self.endpoint
        return f"{where} of issuer {self.issuer!r}" if self.issuer else where


class Fail(msgspec.Struct, frozen=True, kw_only=True):
    """
    Answer with a status instead of doing the work: nothing is redeemed, issued or changed.

    `retry_after` is seconds (RFC 9110 10.2.3); `error` the OAuth error code of the body, by default one that fits.
    """

    name: typing.ClassVar[str] = "fail"
    stage: typing.ClassVar[str] = "arrival"
    status: int
    retry_after: int | None = None
    error: str | None = None

    def reply(self) -> Reply:
        headers = [] if self.retry_after is None else [("Retry-After", str(self.retry_after))]
        return Reply.of_json(
            {"error": self.error or _fitting(self.status)},
            status=self.status,
            headers=headers,
            why=f"the armed fault {self} answered in place of the endpoint",
            accepted=False,
        )

    def __str__(self) -> str:
        retry = "" if self.retry_after is None else f", retry_after={self.retry_after}"
        return f"fail({self.status}{retry})"


class Delay(msgspec.Struct, frozen=True, kw_only=True):
    """Do the work, then hold the answer back for some seconds."""

    name: typing.ClassVar[str] = "delay"
    stage: typing.ClassVar[str] = "delivery"
    seconds: float

    def __str__(self) -> str:
        return f"delay({self.seconds:g})"


Fault = Fail | Delay

FAULTS: dict[str, type[Fault]] = {fault.name: fault for fault in (Fail, Delay)}


class Armed(msgspec.Struct, kw_only=True):
    """A fault, where it waits and how often it will strike."""

    fault: Fault
    place: Place
    times: int
    optional: bool
    hits: int = 0

    def __str__(self) -> str:
        return f"{self.fault} at {self.place}, hit {self.hits} of {self.times} times"


class FaultPlan:
    """The faults armed since the last reset."""

    def __init__(self) -> None:
        self._armed: list[Armed] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def arm(self, fault: Fault, place: Place, *, times: int, optional: bool) -> None:
        with self._lock:
            self._armed.append(Armed(fault=fault, place=place, times=times, optional=optional))

    def strike(self, stage: str, place: Place) -> list[Fault]:
        """
        The faults that strike a request here and now, in the order in which they were armed.

        Of the faults that answer in place of the endpoint the first strikes alone; the next waits for the next request.
        """
        if not self._armed:
            return []
        struck: list[Fault] = []
        with self._lock:
            for armed in self._armed:
                if armed.fault.stage == stage and armed.hits < armed.times and _covers(armed.place, place):
                    armed.hits += 1
                    struck.append(armed.fault)
                    if stage == Fail.stage:
                        break
        return struck

    def unused(self) -> list[Armed]:
        """Faults that were never hit although the test armed them (`optional` ones aside)."""
        with self._lock:
            return [armed for armed in self._armed if not armed.hits and not armed.optional]

    def pause(self, seconds: float) -> None:
        """Hold a request back in real time; `end` lets go of it early."""
        self._ended.wait(seconds)

    def begin(self) -> None:
        """The server is started again."""
        self._ended.clear()

    def end(self) -> None:
        """The plan is over (reset, stop): whoever is held back goes on."""
        self._ended.set()

    def __iter__(self) -> cabc.Iterator[Armed]:
        with self._lock:
            return iter(list(self._armed))


def _covers(armed: Place, place: Place) -> bool:
    return (armed.issuer, armed.endpoint) == (place.issuer, place.endpoint) and armed.path in (None, place.path)


def _fitting(status: int) -> str:
    if status in (http.HTTPStatus.SERVICE_UNAVAILABLE, http.HTTPStatus.TOO_MANY_REQUESTS):
        return "temporarily_unavailable"
    return "server_error" if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request"
