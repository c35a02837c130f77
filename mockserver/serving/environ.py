"""A request head to a WSGI environment (PEP 3333)."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING
from typing import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIEnvironment

    from .body import Body
    from .parser import Head

# RFC 9112, 3.2.2: absolute-form; the authority without user information (RFC 9110, 4.2.4).
_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#]*)(.*)", re.DOTALL).fullmatch
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
# Clients send the same few names all the time; the cap keeps one that invents names from filling the memory.
_KEYS: dict[bytes, str] = {b"Content-Type": "CONTENT_TYPE", b"Content-Length": "CONTENT_LENGTH"}
_MOST_KEYS = 1000


class Peer(Protocol):
    """What an environment says about the connection."""

    @property
    def remote(self) -> tuple[str, int]: ...
    @property
    def number(self) -> int: ...
    @property
    def certificate(self) -> bytes | None: ...
    def shut(self) -> None: ...
    def reset(self) -> None: ...
    def send(self, octets: bytes) -> None: ...
    def until_gone(self, seconds: float) -> None: ...


def fixed_environ(host: str, port: int, scheme: str) -> WSGIEnvironment:
    """The part that is the same for all requests of a server."""
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }


def build_environ(
    fixed: WSGIEnvironment, head: Head, body: Body, peer: Peer, on_delivery: list[Callable[[bool], object]]
) -> WSGIEnvironment:
    """The environment of one request: `fixed`, the head, and our own `serving.*` keys."""
    target = head.target
    raw = target.decode("latin-1")
    host = None
    if not target.startswith(b"/") and (absolute := _ABSOLUTE(target)):
        host, target = absolute[1].decode("latin-1"), absolute[2]
        if not target.startswith(b"/"):
            target = b"/" + target
    path, _, query = target.partition(b"?")
    if b"%" in path:
        path = _ESCAPE.sub(_unescape, path)
    address, port = peer.remote
    environ = {
        **fixed,
        "REQUEST_METHOD": head.method,
        "SERVER_PROTOCOL": "HTTP/" + head.version,
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "REQUEST_URI": raw,
        "RAW_URI": raw,
        "REMOTE_ADDR": address,
        "REMOTE_PORT": str(port),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "serving.raw_headers": head.headers,
        "serving.connection": peer.number,
        "serving.peer_certificate": peer.certificate,
        "serving.on_delivery": on_delivery,
        "serving.disconnect": peer.shut,
        "serving.reset": peer.reset,
        "serving.send": peer.send,
        "serving.until_gone": peer.until_gone,
    }
    for name, value in head.headers:
        key = _KEYS.get(name) or _key(name)
        text = value.decode("latin-1")
        if key in environ:
            # RFC 9110, 5.3; RFC 6265, 5.4: cookies are joined by semicolons instead.
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    if host is not None:
        # RFC 9112, 3.2.2: the target's host replaces the field's.
        environ["HTTP_HOST"] = host
    return environ


def _unescape(found: re.Match[bytes]) -> bytes:
    return bytes((int(found[1], 16),))


def _key(name: bytes) -> str:
    key = name.decode("latin-1").upper().replace("-", "_")
    if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        key = "HTTP_" + key
    if len(_KEYS) < _MOST_KEYS:
        _KEYS[name] = key
    return key
