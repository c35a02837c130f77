"""What a guard is asked and what it says: a visit, and either an admission or a refusal in the words of its scheme."""

from __future__ import annotations

import collections
import collections.abc as cabc
import threading
import typing

import msgspec

from .errors import MissingToken
from .errors import OAuthError
from .errors import ResourceError
from .messages import Reply
from .redaction import without
from .request import Request

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Admission", "Door", "Memory", "Payload", "Refusal", "Visit", "challenged", "refused"]

_PLAIN = "text/plain; charset=utf-8"


class Payload(typing.Protocol):
    """A request's body, which a guard may read as often as it likes. Raises `InvalidRequest` if it broke off."""

    def pieces(self) -> cabc.Iterator[bytes]: ...


class Visit(msgspec.Struct, kw_only=True):
    """One request in front of a guard, and what the guards found out about it: the journal wants to know."""

    request: Request
    """Its head. The body is in `payload`, and as parameters in what `read` returns."""
    payload: Payload
    read: cabc.Callable[[], Request]
    door: str = ""
    """Where the guard stands: the path that is protected, which an application behind it is below."""
    guards: list[str] = msgspec.field(default_factory=list)
    """The guards that found credentials of theirs, by name."""
    caller: str | None = None
    """Who it is, or says to be: a user's name, the name of a key, a client's id."""
    hidden: list[str] = msgspec.field(default_factory=list)
    """What was presented and must not be shown."""

    def __repr__(self) -> str:
        return without(self, "request", "payload", "read", "hidden")

    def presents(self, guard: str, caller: str | None = None, *, hide: cabc.Iterable[str] = ()) -> None:
        """Note that the request has credentials for a guard."""
        if guard not in self.guards:
            self.guards.append(guard)
        if caller is not None:
            self.caller = caller
        self.hidden += filter(None, hide)


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """A guard's yes: whom it let in, why, and what it adds to the answer."""

    why: str
    finish: cabc.Callable[[Reply], Reply] = lambda reply: reply


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """A protected path: its guard, and a fixed answer or the application behind it."""

    path: str
    """Without a trailing slash where an application is behind it, so that it is `""` for the root."""
    admit: cabc.Callable[[Visit], Admission]
    """Raises `OAuthError`."""
    challenge: cabc.Callable[[Visit], OAuthError] | None = None
    """What the first request is told whatever it brings; None: it is judged like any other."""
    secrets: cabc.Callable[[], cabc.Iterable[str]] = tuple
    """What the guard knows and nobody may see."""
    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    app: WSGIApplication | None = None
    metadata: cabc.Callable[[Request], dict[str, typing.Any]] | None = None
    """What the resource's metadata say of how it is asked (RFC 9728 2); None: it takes no access tokens."""
    in_url: tuple[str, ...] = ()
    """Parameters of the query that are credentials, and meant to be there."""

    def __repr__(self) -> str:
        return f"Door(path={self.path!r})"

    def leads_to(self, path: str) -> bool:
        """Whether a path is at the door or, where an application is behind it, below."""
        return path == self.path or (self.app is not None and path.startswith(self.path + "/"))


class Refusal(OAuthError):
    """
    A guard's no, as its scheme puts it.

    `presented`: whether the request had credentials for the guard at all. `challenges` are the values of
    `WWW-Authenticate`, or of `Proxy-Authenticate` with 407 (RFC 9110 11.6.1 and 11.7.1). `code` is the error code of
    schemes that have some; `text` is what is sent in place of a `content`.
    """

    def __init__(
        self,
        *,
        hint: str,
        status: int = 401,
        code: str = "",
        text: str = "",
        presented: bool = True,
        challenges: cabc.Sequence[str] = (),
        headers: cabc.Sequence[tuple[str, str]] = (),
        content: bytes | None = None,
        content_type: str = _PLAIN,
    ) -> None:
        super().__init__(text, hint=hint, status=status)
        self.code = code
        self.presented = presented
        self.challenges = tuple(challenges)
        self._more = tuple(headers)
        self._content = content
        self._content_type = content_type

    def body(self) -> dict[str, str]:
        return {"error": self.code} if self.code else {}

    def reply(self) -> Reply:
        """The answer to the client."""
        name = "Proxy-Authenticate" if self.status == 407 else "WWW-Authenticate"
        content = f"{self.description or 'Refused.'}\n".encode() if self._content is None else self._content
        return Reply(
            status=self.status,
            body=content,
            headers=(
                ("Content-Type", self._content_type),
                ("Cache-Control", "no-store"),
                *((name, challenge) for challenge in self.challenges),
                *self._more,
            ),
            why=self.hint,
            accepted=False,
        )


def challenged(error: OAuthError) -> Reply:
    """RFC 6750 3: what is wrong with the request or its token is said in the challenge and repeated in the body."""
    attributes = {"realm": "api", **error.body()}
    if isinstance(error, ResourceError):
        attributes |= {"scope": error.scope or "", "resource_metadata": error.resource_metadata or ""}
    attributes |= error.attributes
    challenge = ", ".join(f'{name}="{value}"' for name, value in attributes.items() if value)
    return Reply.of_json(
        error.body(),
        status=error.status,
        headers=[("WWW-Authenticate", f"{error.scheme or 'Bearer'} {challenge}"), *error.headers()],
        why=error.hint,
        accepted=False,
    )


def refused(error: OAuthError) -> tuple[Reply, bool]:
    """The answer that an error of any guard is, and whether the request had credentials for that guard."""
    if isinstance(error, Refusal):
        return error.reply(), error.presented
    return challenged(error), not isinstance(error, MissingToken)


class Memory:
    """What was seen once and counts once: nonces with their counters, signatures. Bounded; the oldest go first."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._seen: collections.OrderedDict[tuple[str, ...], None] = collections.OrderedDict()
        self._lock = threading.Lock()

    def first_time(self, *key: str) -> bool:
        """Whether this is new. One atomic step: of requests that come at once exactly one is the first."""
        with self._lock:
            if key in self._seen:
                return False
            self._seen[key] = None
            if len(self._seen) > self._size:
                self._seen.popitem(last=False)
            return True
