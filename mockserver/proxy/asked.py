"""What a client asks of a proxy: a tunnel to a host, or one request that is forwarded."""

from __future__ import annotations

import re
import typing

import msgspec

from ..serving import Limits
from ..serving.channel import Channel
from ..serving.parser import Head
from ..serving.parser import HeadParser
from ..serving.parser import Refused

__all__ = ["Asked", "read"]

# RFC 9112 3.2.3: authority-form is host and port, and only CONNECT has it.
_AUTHORITY = re.compile(rb"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})").fullmatch
# RFC 9112 3.2.2: absolute-form.
_ABSOLUTE = re.compile(
    rb"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#@]*@)?"
    rb"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5})?)?(?P<rest>[/?].*)?"
).fullmatch
# RFC 9110 7.6.1: what is meant for the next hop alone.
_OF_THE_HOP = frozenset(
    (b"connection", b"proxy-connection", b"keep-alive", b"proxy-authorization", b"upgrade", b"host")
)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Where to; `head` is what is sent there first, None for a tunnel; `rest` came after the client's head."""

    host: str
    port: int
    head: bytes | None
    rest: bytes
    of_client: Head

    @property
    def scheme(self) -> str | None:
        return None if self.head is None else "http"


def read(channel: Channel, limits: Limits) -> Asked | None:
    """The request of a new connection; None when there is none in time. Raises `Refused` for one that is malformed."""
    parser = HeadParser(limits)
    deadline = channel.now() + limits.head_seconds
    while True:
        try:
            data = channel.receive(deadline - channel.now())
        except TimeoutError:
            if parser.partial() == Head():
                return None
            reason = f"the request head was not complete within {limits.head_seconds} seconds"
            raise Refused(408, reason, parser.partial()) from None
        if not data:
            return None
        rest = parser.feed(data)
        if rest is not None:
            head = typing.cast("Head", parser.head)
            return _tunnel(head, rest) if head.method == "CONNECT" else _forwarded(head, rest)


def _tunnel(head: Head, rest: bytes) -> Asked:
    _check_version(head)
    found = _AUTHORITY(head.target)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise Refused(400, "CONNECT takes a host and a port, as in login.example.com:443 (RFC 9110 9.3.6)", head)
    return Asked(host=found["host"].decode(), port=int(found["port"]), head=None, rest=rest, of_client=head)


def _forwarded(head: Head, rest: bytes) -> Asked:
    _check_version(head)
    found = _ABSOLUTE(head.target)
    if found is None:
        raise Refused(400, "this is a proxy: a request names a whole URL (RFC 9112 3.2.2), or is CONNECT", head)
    if found["scheme"].lower() != b"http":
        scheme = found["scheme"].decode()
        raise Refused(
            400, f"a request for a URL of {scheme} goes through a tunnel, by CONNECT; only http does not", head
        )
    port = int(found["port"] or 80)
    if not 0 < port < 65536:
        raise Refused(400, "a port is between 1 and 65535", head)
    return Asked(
        host=found["host"].decode(),
        port=port,
        head=_for_the_origin(head, found["host"] + (b"" if port == 80 else b":%d" % port), found["rest"] or b""),
        rest=rest,
        of_client=head,
    )


def _check_version(head: Head) -> None:
    if head.version not in ("1.0", "1.1"):
        raise Refused(505, f"HTTP/{head.version} is not spoken here", head)  # RFC 9110 15.6.6


def _for_the_origin(head: Head, authority: bytes, rest: bytes) -> bytes:
    """
    The head as the origin is to have it: for the next hop alone, one request to a connection.

    The client may mean its next request for another host, and a tunnel would bring it to the same.
    """
    target = rest if rest.startswith(b"/") else b"/" + rest
    options = b",".join(value for name, value in head.headers if name.lower() == b"connection")
    dropped = _OF_THE_HOP | {option.strip().lower() for option in options.split(b",")}
    lines = [b"%b %b HTTP/%b" % (head.method.encode(), target, head.version.encode()), b"Host: " + authority]
    lines += [b"%b: %b" % field for field in head.headers if field[0].lower() not in dropped]
    return b"\r\n".join([*lines, b"Connection: close", b"\r\n"])
