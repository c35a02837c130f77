"""Requests as octets, to an application without a socket: nothing normalises them on the way."""

from __future__ import annotations

import dataclasses
import io
import time
import typing
import urllib.parse

from mockserver import OAuthMock

__all__ = ["Wire", "at", "send"]

Headers = list[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Wire:
    """What a client sends: a target and headers with a character for each octet."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""

    def with_header(self, name: str, value: str | None) -> Wire:
        """The same with another value in its place, or without the header."""
        others = [(key, old) for key, old in self.headers if key.lower() != name.lower()]
        return dataclasses.replace(self, headers=others if value is None else [*others, (name, value)])

    def header(self, name: str) -> str:
        return next(value for key, value in self.headers if key.lower() == name.lower())


def send(mock: OAuthMock, wire: Wire) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer."""
    path, _, query = wire.target.partition("?")
    environ: dict[str, typing.Any] = {
        "REQUEST_METHOD": wire.method,
        "PATH_INFO": urllib.parse.unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": wire.target,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(wire.body),
        "wsgi.input_terminated": True,
        "serving.raw_headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in wire.headers],
        "CONTENT_LENGTH": str(len(wire.body)),
    }
    for name, value in wire.headers:
        if name.lower() == "content-type":
            environ["CONTENT_TYPE"] = value
    said: list[typing.Any] = []

    def start_response(status: str, headers: Headers, exc_info: object = None) -> typing.Any:
        said.extend((int(status[:3]), dict(headers)))

    pieces = mock.wsgi(environ, start_response)
    body = b"".join(pieces)
    close = getattr(pieces, "close", None)
    if close is not None:
        close()
    return said[0], said[1], body


def at(mock: OAuthMock, moment: float) -> None:
    """Set the server's clock for what clients make."""
    mock.clock.skew(seconds=moment - time.time())
