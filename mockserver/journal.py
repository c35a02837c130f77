"""What happened: every exchange with its verdict and why."""

from __future__ import annotations

import collections
import collections.abc as cabc
import hashlib
import threading
import typing

import msgspec

from .errors import NothingRecorded
from .finding import Finding
from .messages import Reply
from .redaction import conceal
from .redaction import redact
from .redaction import redact_header
from .redaction import without
from .request import Request
from .request import header_text

__all__ = ["BODY_KEPT", "Exchange", "Journal", "RecordedBody", "Verdict"]

Verdict = typing.Literal["accepted", "refused", "faulted", "error"]

BODY_KEPT = 64 * 1024

_CHALLENGES = {401: "www-authenticate", 407: "proxy-authenticate"}


class RecordedBody(msgspec.Struct, frozen=True):
    """A body as it is kept: its first 64 KiB, its length in bytes, its SHA-256 in hex."""

    content: bytes
    length: int
    sha256: str

    def __repr__(self) -> str:
        return without(self, "content")

    @classmethod
    def of(cls, body: bytes) -> typing.Self:
        return cls(body[:BODY_KEPT], len(body), hashlib.sha256(body).hexdigest())


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """
    One request and its answer.

    `number` counts arrivals from 1. `request` is as it was sent; `endpoint`, `grant_type`, `client_id`, `client_auth`
    and `parameters` are what the server made of it. `why` says in a sentence what was decided, for the tester. `status`
    is 0 when a fault gave no answer.
    """

    number: int
    issuer: str
    endpoint: str
    path: str
    """Below the issuer."""
    request: Request
    body: RecordedBody
    parameters: cabc.Mapping[str, str]
    client_id: str | None
    client_auth: str | None
    basic_encoding: str
    credentials: str | None
    """
    `bearer`, `basic`, ... by header, `parameter` for a secret or token in form or URL, the name of a guard that found
    some elsewhere, None for nothing.
    """
    grant_type: str | None
    verdict: Verdict
    why: str
    fault: str
    status: int
    error: str | None
    reply: Reply
    seconds: float
    protected: str | None = None
    """The path of the `protect` that took it: `path`, or one above it where an application answers."""
    guard: str | None = None
    """The guard that found credentials of its kind: `basic`, `sigv4`, ...; `+` between several."""
    caller: str | None = None
    """Who it was for that guard, or said to be: a user's name, a key's name or id, a client's id."""
    preemptive: bool = False
    """Whether it brought credentials before the server had challenged anybody at this path (401, WWW-Authenticate)."""
    exception: BaseException | None = None
    findings: tuple[Finding, ...] = ()
    """What the client did wrong here, by id."""
    secrets: cabc.Callable[[], cabc.Iterable[str]] = tuple
    """What must not be shown of it."""

    def __repr__(self) -> str:
        return f"<Exchange #{self.number} {self.request.method} {redact(self.request.target)} {self.outcome}>"

    @property
    def outcome(self) -> str:
        """Status and error code; "no answer" for a status of 0, of which nothing went out."""
        status = str(self.status) if self.status else "no answer"
        return f"{status} {self.error}" if self.error else status

    def sent(self, name: str) -> dict[str, tuple[str, ...]]:
        """
        Every value of a parameter as it was sent, by place: `body`, `query` and `header`, empty where it was not.

        Names are exact, except those of headers (RFC 9110 5.1); `request.form`, `request.query` and `request.headers`
        have all pairs in their order.
        """
        headers = (header_text(value) for key, value in self.request.headers if key.lower() == name.lower())
        return {
            "body": tuple(value for key, value in self.request.form if key == name),
            "query": tuple(value for key, value in self.request.query if key == name),
            "header": tuple(headers),
        }

    @property
    def certificate(self) -> str | None:
        """Whose certificate the client showed in the TLS handshake: its subject, as RFC 4514 writes it; or None."""
        octets = self.request.peer_certificate
        if octets is None:
            return None
        from cryptography import x509

        return x509.load_der_x509_certificate(octets).subject.rfc4514_string()

    @property
    def mounted(self) -> bool:
        """Whether it was asked of a mount: `issuer` is then its origin."""
        return "://" in self.issuer

    def lines(self) -> list[str]:
        """The exchange for a person, secrets masked: a headline, what was sent, what came back, why."""
        request_line = f"{self.request.method} {self.request.origin if self.mounted else ''}{self.request.target}"
        lines = [f"#{self.number:<2} {request_line:<40} {self.outcome:<22} {self.seconds * 1000:.1f} ms"]
        for name, value in self.request.headers:
            if name.lower() == "authorization":
                method = f"   ({self.client_auth})" if self.client_auth == "client_secret_basic" else ""
                lines.append(f"    > {name}: {redact_header(name, value)}{method}")
        if self.body.length:
            lines.append(f"    > {_shown(self.body.content)}")
        if self.error:
            lines.append(f"    < {_shown(self.reply.body)}")
        if self.fault:
            lines.append(f"    fault: {self.fault}")
        secrets = self.secrets()
        lines.append(f"    why: {self.why}")
        lines += [f"    finding: {finding.id} {finding.name} ({finding.severity})" for finding in self.findings]
        return [conceal(line, secrets) for line in lines]


def _is_challenge(status: int, reply: Reply) -> bool:
    """RFC 9110 15.5.2 and 15.5.8."""
    return any(name.lower() == _CHALLENGES.get(status) for name, _ in reply.headers)


def _shown(body: bytes) -> str:
    text = body[:2000].decode("utf-8", "backslashreplace").replace("\r", "\\r").replace("\n", "\\n")
    # Cut after masking: half a secret would not be recognised.
    shown = redact(text)
    return shown if len(shown) <= 300 else shown[:300] + f"... ({len(body)} bytes)"


class Journal(cabc.Sequence[Exchange]):
    """
    The exchanges since the last reset, by number. Safe to read while requests arrive.

    Holds the newest `size`; `dropped` counts the others.
    """

    def __init__(self, size: int, listeners: cabc.Iterable[cabc.Callable[[Exchange], None]] = ()) -> None:
        self._listeners = listeners
        self._exchanges: collections.deque[Exchange] = collections.deque(maxlen=size)
        self._arrived = 0
        self._challenged: dict[tuple[str, str], int] = {}
        self._undelivered: set[int] = set()
        self._changed = threading.Condition()
        self.dropped = 0

    def arrive(self) -> int:
        """The number of a request that has just come."""
        with self._changed:
            self._arrived += 1
            return self._arrived

    @property
    def arrived(self) -> int:
        """How many requests have come."""
        return self._arrived

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange; whether it was `preemptive` is found out here."""
        place = (exchange.issuer, exchange.path if exchange.protected is None else exchange.protected)
        with self._changed:
            if exchange.credentials is not None and self._challenged.get(place, exchange.number) >= exchange.number:
                exchange = msgspec.structs.replace(exchange, preemptive=True)
            if _is_challenge(exchange.status, exchange.reply):
                # A request with a later number came when the challenge was known
                self._challenged.setdefault(place, self._arrived)
                # As bounded as the exchanges are: a standalone server may be asked for any path
                if len(self._challenged) > (self._exchanges.maxlen or 0):
                    del self._challenged[next(iter(self._challenged))]
            self.dropped += len(self._exchanges) == self._exchanges.maxlen
            self._exchanges.append(exchange)
            self._changed.notify_all()
        for listener in self._listeners:
            listener(exchange)

    def delivered(self, number: int, complete: bool) -> None:
        """Note whether the whole answer went out."""
        if not complete:
            with self._changed:
                self._undelivered.add(number)

    def was_delivered(self, exchange: Exchange) -> bool:
        """Whether, as far as the server knows, the peer got the whole answer."""
        return exchange.number not in self._undelivered

    def wait_for(self, count: int = 1, *, endpoint: str | None = None, timeout: float = 5) -> list[Exchange]:
        """
        Block until there are `count` exchanges (at `endpoint`, if named) and return them.

        `timeout` is in real seconds. Raises TimeoutError that says how many there were.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._at(endpoint)) >= count, timeout):
                found = len(self._at(endpoint))
                at = f" at {endpoint}" if endpoint else ""
                raise TimeoutError(f"{found} of {count} exchanges{at} came within {timeout:g} s")
            return self._at(endpoint)

    def at(self, endpoint: str) -> list[Exchange]:
        """The exchanges at one endpoint: `token`, `authorize`, `userinfo`, `jwks`, `api`, `protected`, ..."""
        with self._changed:
            return self._at(endpoint)

    @property
    def last(self) -> Exchange:
        """The newest. Raises `NothingRecorded`."""
        with self._changed:
            if not self._exchanges:
                raise NothingRecorded(
                    "no request has reached the server yet; check that the code under test was given its URLs"
                )
            return max(self._exchanges, key=lambda exchange: exchange.number)

    @property
    def grant_types(self) -> list[str]:
        """The grant of every token request, in order; a request without one is left out."""
        return [exchange.grant_type for exchange in self if exchange.grant_type is not None]

    def token_requests(self, client_id: str | None = None, *, verdict: Verdict | None = None) -> list[Exchange]:
        """
        The token requests, in order, also those at a refresh endpoint: of one client, or with one verdict.

        A client that keeps its token asks once.
        """
        return [
            exchange
            for exchange in self
            if exchange.endpoint in ("token", "refresh")
            and client_id in (None, exchange.client_id)
            and verdict in (None, exchange.verdict)
        ]

    def _at(self, endpoint: str | None) -> list[Exchange]:
        chosen = (e for e in self._exchanges if endpoint is None or e.endpoint == endpoint)
        return sorted(chosen, key=lambda exchange: exchange.number)

    def __iter__(self) -> cabc.Iterator[Exchange]:
        with self._changed:
            return iter(self._at(None))

    def __len__(self) -> int:
        return len(self._exchanges)

    @typing.overload
    def __getitem__(self, index: int) -> Exchange: ...
    @typing.overload
    def __getitem__(self, index: slice) -> list[Exchange]: ...
    def __getitem__(self, index: int | slice) -> Exchange | list[Exchange]:
        return list(self)[index]

    def __repr__(self) -> str:
        return f"<Journal of {len(self)} exchanges>"
