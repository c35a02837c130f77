"""An origin as HTTP compares it: scheme, host without case or trailing dot, effective port (RFC 6454 4)."""

from __future__ import annotations

import functools
import re
import typing
import urllib.parse

import msgspec

__all__ = ["Origin", "canonical_host", "host_and_port", "origin_of", "parse"]

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|[0-9a-f:.]*:[0-9a-f:.]*")


class Origin(msgspec.Struct, frozen=True):
    """`str(origin)` is its one spelling: lower case, no trailing dot, the scheme's own port left out."""

    scheme: str
    host: str
    """A name or an address; of IPv6 without brackets."""
    port: int

    @property
    def netloc(self) -> str:
        """What a Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"


def parse(text: str) -> Origin:
    """The origin that a text is. Raises ValueError that says what to write instead."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        raise ValueError(f"there is no scheme; write {'https://' + (text.strip('/') or 'login.example.com')!r}")
    if scheme.lower() not in _PORTS:
        raise ValueError(f"the scheme {scheme!r} is not HTTP; write 'https://...' or 'http://...'")
    try:
        parts = urllib.parse.urlsplit(text)
        origin = _origin(parts.scheme.lower(), parts.netloc.rpartition("@")[2])
    except ValueError:  # brackets or a port that are none
        origin = None
    if origin is None:
        raise ValueError(f"{rest!r} is no host, or a host and a port; write it as in 'https://login.example.com:8443'")
    if "@" in parts.netloc:
        raise ValueError(f"an origin has no user or password; write {str(origin)!r}")
    if parts.path or parts.query or parts.fragment or text[-1] in "?#":
        raise ValueError(f"an origin has no path, query or fragment; write {str(origin)!r}")
    return origin


@functools.lru_cache(maxsize=256)
def origin_of(scheme: str, netloc: str) -> Origin | None:
    """The origin that a request's scheme and Host name; None when they name none."""
    try:
        return _origin(scheme, netloc)
    except ValueError:
        return None


def canonical_host(host: str | bytes) -> str:
    """A host as it is compared: lower case, IDNA, without a dot at the end or brackets."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    name = name.strip("[]").lower().removesuffix(".")
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return name
    return name


def host_and_port(text: str) -> tuple[str, int | None]:
    """A host as it is compared, and the port behind it; None: there is none."""
    host, colon, port = text.rpartition(":")
    # An address of IPv6 has colons of its own; with a port it is in brackets.
    if colon and port.isascii() and port.isdigit() and (":" not in host or host.endswith("]")):
        return canonical_host(host), int(port)
    return canonical_host(text), None


def _origin(scheme: str, netloc: str) -> Origin | None:
    default = _PORTS.get(scheme)
    parts = urllib.parse.urlsplit(f"//{netloc}")
    host: typing.Final = canonical_host(parts.hostname or "")
    if default is None or parts.path or not _HOST.fullmatch(host) or parts.port == 0:
        return None
    return Origin(scheme, host, default if parts.port is None else parts.port)
