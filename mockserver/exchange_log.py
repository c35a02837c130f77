"""Exchanges in a file that other tools read: HAR 1.2, or the same entries as JSON Lines."""

from __future__ import annotations

import base64
import collections.abc as cabc
import datetime as dt
import errno
import http
import json
import os
import pathlib
import threading
import typing
import urllib.parse
from importlib import metadata

from .errors import ConfigurationError
from .journal import Exchange
from .redaction import SECRET_PARAMETERS
from .redaction import conceal
from .redaction import redact_header

__all__ = ["ExchangeLog"]

Entry = dict[str, typing.Any]

_FOOT = "\n]}}\n"
_MASKED = "***"


class ExchangeLog:
    """
    A file to which exchanges are added as they come. It is whole after each of them, however the process ends.

    Its suffix is the format: `.har`, or `.jsonl` with an entry of the HAR on each line. Secrets are masked unless
    `secrets`. Safe to use from several threads, not from several processes. A file that was there is replaced.

    Raises `ConfigurationError` for another suffix and for a path that cannot be written.
    """

    def __init__(self, path: pathlib.Path, *, secrets: bool = False) -> None:
        self.check_path(path)
        self.path = path
        self.test: str | None = None
        """What the next entries belong to."""
        self._secrets = secrets
        self._lock = threading.Lock()
        self._error: OSError | None = None
        self._first = True
        try:
            self._file = path.open("wb")
            if path.suffix == ".har":
                creator = json.dumps({"name": "oauthmock", "version": metadata.version("pytest-oauthmock")})
                self._write(f'{{"log": {{"version": "1.2", "creator": {creator}, "pages": [], "entries": [{_FOOT}')
        except OSError as error:
            raise _unwritable(path, error) from None

    @staticmethod
    def check_path(path: pathlib.Path) -> None:
        """Say what can be said before it is opened: the suffix is known, the folder is there. Raises like the class."""
        if path.suffix not in (".har", ".jsonl"):
            raise ConfigurationError(
                f"a log of exchanges ends in .har (HAR 1.2) or .jsonl (JSON Lines), not {path.name!r}; rename it"
            )
        if not path.parent.is_dir():
            raise _unwritable(path, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))

    def add(self, exchange: Exchange) -> None:
        """
        Write an exchange. Never raises, for the server's sake; `check` does.

        After an error nothing more is written.
        """
        entry = json.dumps(_entry(exchange, self.test, secrets=self._secrets))
        with self._lock:
            if self._error is not None or self._file.closed:
                return
            try:
                if self.path.suffix == ".har":
                    self._file.seek(-len(_FOOT), 2)
                    self._write(f"{'' if self._first else ','}\n{entry}{_FOOT}")
                else:
                    self._write(f"{entry}\n")
            except OSError as error:
                self._error = error
            self._first = False

    def __str__(self) -> str:
        return f"{self.path}{' (with secrets)' if self._secrets else ''}"

    def check(self) -> None:
        """Raises `ConfigurationError` once entries could not be written."""
        if self._error is not None:
            raise _unwritable(self.path, self._error)

    def close(self) -> None:
        """Close the file; what is added later is lost."""
        with self._lock:
            try:
                self._file.close()
            except OSError as error:
                self._error = error

    def _write(self, text: str) -> None:
        # json.dumps leaves nothing beyond ASCII
        self._file.write(text.encode("ascii"))
        self._file.flush()


def _unwritable(path: pathlib.Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"the log of exchanges {str(path)!r} cannot be written: {error.strerror or error}; name another path"
    )


class _Shown:
    """How texts of one exchange are written: as they are, or without secrets."""

    def __init__(self, secrets: cabc.Iterable[str] | None) -> None:
        self._secrets = None if secrets is None else list(secrets)

    def text(self, text: str) -> str:
        return text if self._secrets is None else conceal(text, self._secrets)

    def maybe(self, text: str | None) -> str | None:
        return None if text is None else self.text(text)

    def value(self, name: str, value: str) -> str:
        if self._secrets is not None and value and name.lower() in SECRET_PARAMETERS:
            return _MASKED
        return self.text(value)

    def header(self, name: str, value: str) -> str:
        return value if self._secrets is None else self.text(redact_header(name, value))

    def parameters(self, text: str) -> str:
        """A query or a form as it was sent, however the names are encoded."""
        if self._secrets is None:
            return text
        pairs = [pair.partition("=") for pair in text.split("&")]
        return self.text("&".join(name + sign + self._raw(name, value) for name, sign, value in pairs))

    def _raw(self, name: str, value: str) -> str:
        return _MASKED if value and urllib.parse.unquote_plus(name).lower() in SECRET_PARAMETERS else value

    def pairs(self, pairs: cabc.Iterable[tuple[str, str]]) -> list[Entry]:
        return [{"name": self.text(name), "value": self.value(name, value)} for name, value in pairs]

    def headers(self, pairs: cabc.Iterable[tuple[str, str]]) -> list[Entry]:
        return [{"name": name, "value": self.header(name, value)} for name, value in pairs]

    def cookies(self, values: cabc.Iterable[str]) -> list[Entry]:
        """Name and value; attributes stay in the header."""
        found = [part.strip().partition("=") for value in values for part in value.split(";") if "=" in part]
        return [{"name": n, "value": value if self._secrets is None else _MASKED} for n, _, value in found]

    def body(self, octets: bytes) -> Entry:
        """Text, or base64 of what is none; that is left out where secrets are, since nobody knows what is in it."""
        try:
            return {"text": self.text(octets.decode("utf-8"))}
        except UnicodeDecodeError:
            if self._secrets is not None:
                return {"text": "", "comment": "the body is no UTF-8 and is left out with the secrets"}
            return {"text": base64.b64encode(octets).decode("ascii"), "encoding": "base64"}


def _entry(exchange: Exchange, test: str | None, *, secrets: bool) -> Entry:
    """An entry of HAR 1.2, with what only the mock knows under `_oauthmock`."""
    shown = _Shown(None if secrets else exchange.secrets())
    milliseconds = round(exchange.seconds * 1000, 3)
    started = dt.datetime.fromtimestamp(exchange.request.arrived, dt.UTC)
    return {
        "startedDateTime": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": milliseconds,
        "request": _request(exchange, shown),
        "response": _response(exchange, shown),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_oauthmock": {
            "number": exchange.number,
            "test": test,
            "issuer": exchange.issuer,
            "endpoint": exchange.endpoint,
            "verdict": exchange.verdict,
            "why": shown.text(exchange.why),
            "error": exchange.error,
            "fault": exchange.fault or None,
            "client_id": shown.maybe(exchange.client_id),
            "client_auth": exchange.client_auth,
            "grant_type": shown.maybe(exchange.grant_type),
            "guard": exchange.guard,
            "caller": shown.maybe(exchange.caller),
            "findings": [
                {name: shown.text(value) for name, value in finding.words().items()} for finding in exchange.findings
            ],
        },
    }


def _request(exchange: Exchange, shown: _Shown) -> Entry:
    request, body = exchange.request, exchange.body
    path, mark, query = request.target.partition("?")
    origin = "" if "://" in path else f"{request.scheme or 'http'}://{request.host or 'localhost'}"
    found: Entry = {
        "method": request.method,
        "url": f"{origin}{shown.text(path)}{mark}{shown.parameters(query)}",
        "httpVersion": "HTTP/1.1",
        "cookies": shown.cookies(request.header_values("cookie")),
        "headers": shown.headers(request.headers),
        "queryString": shown.pairs(request.query),
        "headersSize": -1,
        "bodySize": body.length,
    }
    if body.length:
        posted = shown.body(body.content)
        if request.encoding == "form" and "encoding" not in posted:
            posted["text"] = shown.parameters(body.content.decode("utf-8", "replace"))
        if body.length > len(body.content):
            posted["comment"] = f"the first {len(body.content)} octets of {body.length}"
        found["postData"] = {"mimeType": request.media_type, "params": shown.pairs(request.form), **posted}
    return found


def _response(exchange: Exchange, shown: _Shown) -> Entry:
    reply = exchange.reply
    headers = {name.lower(): value for name, value in reply.headers}
    phrases = {status.value: status.phrase for status in http.HTTPStatus}
    return {
        "status": reply.status,
        "statusText": phrases.get(reply.status, ""),
        "httpVersion": "HTTP/1.1",
        "cookies": shown.cookies(v.partition(";")[0] for n, v in reply.headers if n.lower() == "set-cookie"),
        "headers": shown.headers(reply.headers),
        "content": {
            "size": len(reply.body),
            "mimeType": headers.get("content-type", ""),
            **shown.body(reply.body),
        },
        "redirectURL": shown.header("Location", headers.get("location", "")),
        "headersSize": -1,
        "bodySize": len(reply.body),
    }
