"""How AWS fetches an issuer's documents: requests of its own, which are journalled and run into faults as any other."""

from __future__ import annotations

import http.client
import io
import json
import typing
import urllib.parse

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Unreachable", "Unusable", "fetch_json"]


class Unreachable(Exception):
    """Nobody answers there, or not now; the message says why, for the tester."""


class Unusable(Exception):
    """There is an answer, and it is of no use."""


def fetch_json(app: WSGIApplication, url: str) -> dict[str, typing.Any]:
    """The JSON object at a URL of the mock, without a socket. Raises `Unreachable` and `Unusable`."""
    status, content = _fetch(app, url)
    if status == 421:
        raise Unreachable(f"{url} is no URL of this mock server, and no other host is asked")
    if status == 429 or status >= 500:
        raise Unreachable(f"{url} answered {status}")
    if status != 200:
        raise Unusable(f"{url} answered {status}")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unusable(f"{url} answered with something that is no JSON object")
    return found


def _fetch(app: WSGIApplication, url: str) -> tuple[int, bytes]:
    from werkzeug.test import EnvironBuilder
    from werkzeug.test import run_wsgi_app

    parts = urllib.parse.urlsplit(url)
    builder = EnvironBuilder(path=parts.path or "/", base_url=f"{parts.scheme}://{parts.netloc}", method="GET")
    line = _Line()
    pieces, status, _ = run_wsgi_app(app, {**builder.get_environ(), **line.environ()}, buffered=True)
    if not line.cut:
        return int(status[:3]), b"".join(pieces)
    try:
        answer = http.client.HTTPResponse(typing.cast("typing.Any", line))
        answer.begin()
        return answer.status, answer.read()
    except (http.client.HTTPException, OSError, ValueError) as error:
        raise Unreachable(f"{url} gave no whole answer: {type(error).__name__}") from None


class _Line:
    """In place of a connection, for faults that send octets of their own or end it; as a socket, what was sent."""

    def __init__(self) -> None:
        self.cut = False
        self._sent = b""

    def environ(self) -> dict[str, typing.Any]:
        return {
            "serving.disconnect": self._disconnect,
            "serving.reset": self._disconnect,
            "serving.send": self._send,
            # Who is not answered hangs up at once
            "serving.until_gone": lambda seconds: None,
            "serving.on_delivery": [],
        }

    def makefile(self, mode: str) -> io.BytesIO:  # noqa: ARG002 - as a socket has it
        return io.BytesIO(self._sent)

    def _disconnect(self) -> None:
        self.cut = True

    def _send(self, octets: bytes) -> None:
        self._sent += octets
