"""Faults before any work is done: another answer, none, or a wait."""

from __future__ import annotations

import email.utils
import http
import json
import re
import typing
import urllib.parse

import msgspec

from ..errors import Refused
from ..messages import Reply
from .fault import Fault
from .fault import Headers
from .fault import Occasion
from .fault import check_headers
from .fault import check_real_time
from .fault import header_pairs

__all__ = ["Fail", "FixedReply", "Hold", "InPlace", "NeverAnswer", "Redirect", "Refuse", "as_gateway", "with_headers"]

# RFC 6749 4.1.2.1
_ERROR_TEXT = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")
_BODIES = ("json", "form", "html", "text")
_TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "html": "text/html; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}


class InPlace(Fault, frozen=True, kw_only=True):
    """A fault that answers in place of the endpoint: nothing is redeemed, issued or changed."""

    stage: typing.ClassVar[str] = "arrival"

    def reply(self, occasion: Occasion) -> Reply:
        raise NotImplementedError

    def _why(self) -> str:
        return f"the armed fault {self} answered in place of the endpoint"


class Fail(InPlace, frozen=True, kw_only=True):
    """
    Answer with a status instead of doing the work: nothing is redeemed, issued or changed.

    `retry_after` is seconds, of any sign and size (RFC 9110 10.2.3), which `retry_after_form="date"` writes as a date;
    text goes out as it is. `error` is the OAuth error code of the body, by default one that fits.
    """

    name: typing.ClassVar[str] = "fail"
    status: int
    retry_after: int | str | None = None
    retry_after_form: typing.Literal["seconds", "date"] = "seconds"
    error: str | None = None
    description: str | None = None
    headers: Headers = {}

    def __post_init__(self) -> None:
        if not 400 <= self.status <= 599:
            raise ValueError("a failure has a status from 400 to 599; choose one, e.g. 503, or use reply")
        if self.retry_after_form == "date" and not isinstance(self.retry_after, int):
            raise ValueError("retry_after_form = 'date': write the seconds until then into retry_after")
        retry = {"Retry-After": self.retry_after} if isinstance(self.retry_after, str) else {}
        check_headers({**self.headers, **retry})

    def reply(self, occasion: Occasion) -> Reply:
        members = {"error": self.error or _fitting(self.status)}
        if self.description is not None:
            members["error_description"] = self.description
        made = Reply.of_json(
            members, status=self.status, headers=self._retry(occasion), why=self._why(), accepted=False
        )
        return with_headers(made, self.headers)

    def _retry(self, occasion: Occasion) -> list[tuple[str, str]]:
        if self.retry_after is None:
            return []
        if self.retry_after_form == "date":
            return [("Retry-After", email.utils.formatdate(occasion.now + int(self.retry_after), usegmt=True))]
        return [("Retry-After", str(self.retry_after))]

    def __str__(self) -> str:
        retry = "" if self.retry_after is None else f", retry_after={self.retry_after}"
        return f"fail({self.status}{retry})"


class FixedReply(InPlace, frozen=True, kw_only=True):
    """
    Give this answer instead of doing the work: `json`, `form`, `html` or `text`, of any status; without one, no body.

    The Content-Type is the one that fits, unless `headers` has another.
    """

    name: typing.ClassVar[str] = "reply"
    status: int = 200
    json: typing.Any = msgspec.UNSET
    form: dict[str, str] | None = None
    html: str | None = None
    text: str | None = None
    headers: Headers = {}

    def __post_init__(self) -> None:
        if not 200 <= self.status <= 599:
            raise ValueError("an answer has a status from 200 to 599; choose one, e.g. 200")
        if len(self._bodies()) > 1:
            raise ValueError(f"{' and '.join(self._bodies())} exclude each other: an answer has one body; drop one")
        try:
            self._body()
        except (TypeError, ValueError) as error:
            raise ValueError(f"{error}; give values that JSON has") from None
        check_headers(self.headers)

    def reply(self, occasion: Occasion) -> Reply:
        kinds = tuple(("Content-Type", _TYPES[name]) for name in self._bodies())
        made = Reply(
            status=self.status,
            body=self._body(),
            headers=(*kinds, ("Cache-Control", "no-store")),
            why=self._why(),
            accepted=False,
        )
        return with_headers(made, self.headers)

    def _bodies(self) -> list[str]:
        return [name for name in _BODIES if getattr(self, name) not in (None, msgspec.UNSET) or self._is_null(name)]

    def _is_null(self, name: str) -> bool:
        return name == "json" and self.json is None

    def _body(self) -> bytes:
        if self.json is not msgspec.UNSET:
            return json.dumps(self.json, separators=(",", ":")).encode()
        if self.form is not None:
            return urllib.parse.urlencode(self.form).encode()
        return (self.html or self.text or "").encode()

    def __str__(self) -> str:
        return f"reply({', '.join([str(self.status), *self._bodies()])})"


class Redirect(InPlace, frozen=True, kw_only=True):
    """
    Send the client somewhere else instead of doing the work (RFC 9110 15.4).

    `to` is an absolute URL or a path of this server; left out, it is the URL that was asked: a loop while it lasts.
    """

    name: typing.ClassVar[str] = "redirect"
    status: int = 307
    to: str | None = None

    def __post_init__(self) -> None:
        if self.status not in (301, 302, 303, 307, 308):
            raise ValueError("a redirect has the status 301, 302, 303, 307 or 308; choose one, e.g. 307")
        if self.to is not None and not self.to:
            raise ValueError("to is empty; write a URL, or leave it out for the URL that was asked")
        check_headers({"Location": self.to or "/"})

    def reply(self, occasion: Occasion) -> Reply:
        where = occasion.url if self.to is None else self.to
        return Reply(
            status=self.status,
            headers=(("Location", where), ("Cache-Control", "no-store")),
            why=self._why(),
            accepted=False,
        )


class NeverAnswer(InPlace, frozen=True, kw_only=True):
    """
    Take the request, do no work and say nothing: the connection stays open until the client closes it.

    A reset and a stop close it, too.
    """

    name: typing.ClassVar[str] = "never_answer"

    def reply(self, occasion: Occasion) -> Reply:
        """What the journal keeps of an answer that there is not."""
        return Reply(status=0, why=f"the armed fault {self} took the request and gave no answer", accepted=False)

    def instead(self, reply: Reply) -> Reply:
        """What a gateway would say, for an HTTP server that cannot keep silent (RFC 9110 15.6.5)."""
        return as_gateway(504, reply)


class Hold(Fault, frozen=True, kw_only=True):
    """
    Let the next `n` requests wait for each other before any work is done: all go on when the last has come.

    Those who wait go on, too, `timeout` seconds (real time) after the first came, and nobody is held any more.
    """

    name: typing.ClassVar[str] = "hold"
    stage: typing.ClassVar[str] = "arrival"
    n: int
    timeout: float = 10

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError("requests wait for each other; hold a whole number of them, 2 or more")
        check_real_time("timeout", self.timeout)

    def __str__(self) -> str:
        return f"hold({self.n})"


class Refuse(Fault, frozen=True, kw_only=True):
    """
    Send the browser back with an error once client and redirect URI are known to be good (RFC 6749 4.1.2.1); nobody is
    asked.
    """

    name: typing.ClassVar[str] = "refuse"
    stage: typing.ClassVar[str] = "browser"
    endpoints: typing.ClassVar[tuple[str, ...] | None] = ("authorize",)
    error: str
    description: str = ""

    def __post_init__(self) -> None:
        for what, text in (("error", self.error), ("description", self.description)):
            if not _ERROR_TEXT.fullmatch(text) or (what == "error" and not text):
                raise ValueError(
                    f"{what} = {text!r}: RFC 6749 4.1.2.1 allows printable ASCII without quote and backslash; write"
                    " for example error='server_error'"
                )

    def refusal(self) -> Refused:
        return Refused(
            self.error, self.description, hint=f"the armed fault {self} answered in place of the person at the browser"
        )

    def __str__(self) -> str:
        return f"refuse({self.error})"


def with_headers(reply: Reply, headers: Headers, without: tuple[str, ...] = ()) -> Reply:
    """The same answer with these headers in place of those of their names, and without some."""
    gone = {name.lower() for name in (*headers, *without)}
    kept = tuple(pair for pair in reply.headers if pair[0].lower() not in gone)
    return msgspec.structs.replace(reply, headers=(*kept, *header_pairs(headers)))


def as_gateway(status: int, reply: Reply) -> Reply:
    """What is sent where an answer cannot be spoilt as it should."""
    return Reply.of_json(
        {"error": _fitting(status)},
        status=status,
        why=f"{reply.why}; this HTTP server must answer, so {status} was sent",
        accepted=reply.accepted,
    )


def _fitting(status: int) -> str:
    if status in (http.HTTPStatus.SERVICE_UNAVAILABLE, http.HTTPStatus.TOO_MANY_REQUESTS):
        return "temporarily_unavailable"
    return "server_error" if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request"
