"""One exchange as a line for a person or an object for a program, and the thread that writes them."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import json
import os
import queue
import threading
import traceback
import typing

from ..journal import Exchange
from ..redaction import conceal

__all__ = ["Feed", "as_json", "as_text"]

# Lines that wait for a reader, and seconds that the last of them get when the server ends.
_WAITING = 10_000
_LAST_SECONDS = 1.0
_LONGEST = 120
_LONGEST_TEXT = 2000


def as_text(exchange: Exchange) -> str:
    """
    Local time, method, path, grant, client authentication, client, status, milliseconds; why, when refused; findings.
    """
    time = dt.datetime.fromtimestamp(exchange.request.arrived).astimezone().strftime("%H:%M:%S")
    parts = [
        time,
        f"{exchange.request.method} {_full_path(exchange)}",
        exchange.grant_type,
        exchange.client_auth,
        exchange.client_id,
        exchange.outcome,
        f"{exchange.seconds * 1000:.1f} ms",
    ]
    secrets = list(exchange.secrets())
    lines = ["  ".join(_printable(part, secrets) for part in parts if part)]
    if exchange.verdict != "accepted":
        lines.append(f"          why: {_printable(exchange.why, secrets, longest=_LONGEST_TEXT)}")
    found = (_printable(finding.headline, secrets, longest=_LONGEST_TEXT) for finding in exchange.findings)
    lines += [f"          finding: {text}" for text in found]
    if exchange.exception is not None:
        lines += traceback.format_exception(exchange.exception)
    return "\n".join(text.rstrip("\n") for text in lines)


def as_json(exchange: Exchange) -> str:
    """
    The event `exchange`. `issuer` is its first path segment, empty for the default one, or the origin that it is
    mounted at; `path` is below it.
    """
    time = dt.datetime.fromtimestamp(exchange.request.arrived, dt.UTC)
    secrets = list(exchange.secrets())
    return json.dumps(
        {
            "event": "exchange",
            "number": exchange.number,
            "time": time.isoformat(timespec="milliseconds"),
            "issuer": exchange.issuer,
            "method": exchange.request.method,
            "path": conceal(exchange.path, secrets),
            "endpoint": exchange.endpoint,
            "grant_type": exchange.grant_type and conceal(exchange.grant_type, secrets),
            "client_auth": exchange.client_auth,
            "client_id": exchange.client_id and conceal(exchange.client_id, secrets),
            "status": exchange.status,
            "error": exchange.error,
            "verdict": exchange.verdict,
            "why": conceal(exchange.why, secrets),
            "milliseconds": round(exchange.seconds * 1000, 3),
            "findings": [
                {name: conceal(value, secrets) for name, value in finding.words().items()}
                for finding in exchange.findings
            ],
        }
    )


class Feed:
    """
    Writes exchanges to a stream, each line at once, in a thread of its own.

    Not in the server's threads: a program that reads the first line of a pipe and then no more would stop the server
    as soon as the pipe is full. Here it only loses lines.
    """

    def __init__(self, show: cabc.Callable[[Exchange], str], stream: typing.TextIO) -> None:
        self._show = show
        self._descriptor = stream.fileno()
        self._encoding = stream.encoding
        self._queue: queue.Queue[Exchange | str | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._write, name="oauthmock-exchanges", daemon=True)

    def put(self, exchange: Exchange) -> None:
        """Take an exchange; never blocks."""
        self._take(exchange)

    def say(self, text: str) -> None:
        """Take a line that is no exchange; never blocks."""
        self._take(_printable(text, (), longest=_LONGEST_TEXT))

    def _take(self, item: Exchange | str) -> None:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            return

    def start(self) -> None:
        """Begin to write, also what was put before."""
        self._thread.start()

    def close(self) -> None:
        """Write the rest, but wait no longer than a second for whoever does not read."""
        if self._thread.is_alive():
            try:
                self._queue.put(None, timeout=_LAST_SECONDS)
            except queue.Full:
                return
            self._thread.join(_LAST_SECONDS)

    def _write(self) -> None:
        while (item := self._queue.get()) is not None:
            text = item if isinstance(item, str) else self._show(item)
            # Past `sys.stdout`: its lock, held by a thread that waits for a reader, would crash the interpreter's end.
            rest = f"{text}\n".encode(self._encoding, "backslashreplace")
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                return  # nobody reads any more; the server goes on


def _full_path(exchange: Exchange) -> str:
    if exchange.mounted:
        return f"{exchange.request.origin}{exchange.path}"
    return f"/{exchange.issuer}{exchange.path}" if exchange.issuer else exchange.path


def _printable(text: str, secrets: cabc.Sequence[str], *, longest: int = _LONGEST) -> str:
    """On one line, without secrets, and without control characters that a terminal or a log would obey."""
    text = conceal(text, secrets)
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[:longest])
    return shown if len(text) <= longest else f"{shown}..."
