"""What can go wrong: one struct for each fault, with the stage at which it strikes."""

from __future__ import annotations

import http
import json
import typing

import msgspec

from ..errors import Refused
from ..messages import Reply

__all__ = ["FAULTS", "Alter", "Delay", "Drip", "Fail", "Fault", "Hold", "LoseAnswer", "NeverAnswer", "Refuse"]


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


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """
    Let the next `n` requests wait for each other before any work is done: all go on when the last has come.

    Those who wait go on, too, `timeout` seconds (real time) after the first came, and nobody is held any more.
    """

    name: typing.ClassVar[str] = "hold"
    stage: typing.ClassVar[str] = "arrival"
    n: int
    timeout: float = 10

    def __str__(self) -> str:
        return f"hold({self.n})"


class NeverAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """
    Take the request, do no work and say nothing: the connection stays open until the client closes it.

    A reset and a stop close it, too.
    """

    name: typing.ClassVar[str] = "never_answer"
    stage: typing.ClassVar[str] = "arrival"

    def reply(self) -> Reply:
        """What the journal keeps of an answer that there is not."""
        return Reply(status=0, why=f"the armed fault {self} took the request and gave no answer", accepted=False)

    def instead(self, reply: Reply) -> Reply:
        """What a gateway would say, for an HTTP server that cannot keep silent (RFC 9110 15.6.5)."""
        return _as_gateway(504, reply)

    def __str__(self) -> str:
        return "never_answer()"


class Refuse(msgspec.Struct, frozen=True, kw_only=True):
    """
    Send the browser back with an error once client and redirect URI are known to be good (RFC 6749 4.1.2.1); nobody is
    asked.
    """

    name: typing.ClassVar[str] = "refuse"
    stage: typing.ClassVar[str] = "redirect"
    error: str
    description: str = ""

    def refusal(self) -> Refused:
        return Refused(
            self.error, self.description, hint=f"the armed fault {self} answered in place of the person at the browser"
        )

    def __str__(self) -> str:
        return f"refuse({self.error})"


class Delay(msgspec.Struct, frozen=True, kw_only=True):
    """Do the work, then hold the answer back for some seconds."""

    name: typing.ClassVar[str] = "delay"
    stage: typing.ClassVar[str] = "delivery"
    seconds: float

    def __str__(self) -> str:
        return f"delay({self.seconds:g})"


class Alter(msgspec.Struct, frozen=True, kw_only=True):
    """
    Do the work, then put `members` into the JSON of the answer, in place of or beside those that it has.

    An answer that is no JSON object stays as it is.
    """

    name: typing.ClassVar[str] = "alter"
    stage: typing.ClassVar[str] = "delivery"
    members: dict[str, typing.Any]

    def altered(self, reply: Reply) -> Reply:
        try:
            found = json.loads(reply.body)
        except ValueError:
            return reply
        if not isinstance(found, dict):
            return reply
        body = json.dumps({**found, **self.members}, separators=(",", ":")).encode()
        return msgspec.structs.replace(reply, body=body)

    def __str__(self) -> str:
        return f"alter({', '.join(self.members)})"


class LoseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """
    Do the work for good, then cut the connection without a byte of the answer.

    The client cannot know whether its code or refresh token was used up (RFC 9700 4.14.2).
    """

    name: typing.ClassVar[str] = "lose_answer"
    stage: typing.ClassVar[str] = "delivery"

    def instead(self, reply: Reply) -> Reply:
        """What a gateway would say, for an HTTP server that cannot cut (RFC 9110 15.6.3)."""
        return _as_gateway(502, reply)

    def __str__(self) -> str:
        return "lose_answer()"


class Drip(msgspec.Struct, frozen=True, kw_only=True):
    """
    Do the work, send the head of the answer at once and its body in `pieces` over `seconds` of real time.

    There is a pause before each piece; an answer without a body is not slowed.
    """

    name: typing.ClassVar[str] = "drip"
    stage: typing.ClassVar[str] = "delivery"
    seconds: float
    pieces: int = 10

    def __str__(self) -> str:
        return f"drip({self.seconds:g}, pieces={self.pieces})"


Fault = Fail | Hold | NeverAnswer | Refuse | Delay | Alter | LoseAnswer | Drip

FAULTS: dict[str, type[Fault]] = {
    fault.name: fault for fault in (Fail, Hold, NeverAnswer, Refuse, Delay, Alter, LoseAnswer, Drip)
}


def _fitting(status: int) -> str:
    if status in (http.HTTPStatus.SERVICE_UNAVAILABLE, http.HTTPStatus.TOO_MANY_REQUESTS):
        return "temporarily_unavailable"
    return "server_error" if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request"


def _as_gateway(status: int, reply: Reply) -> Reply:
    return Reply.of_json(
        {"error": _fitting(status)},
        status=status,
        why=f"{reply.why}; this HTTP server must answer, so {status} was sent",
        accepted=reply.accepted,
    )
