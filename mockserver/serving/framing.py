"""A request head judged: is it one request, where does its body end, and does the connection go on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from .parser import Refused

if TYPE_CHECKING:
    from .limits import Limits
    from .parser import Head

_WATCHED = frozenset((b"host", b"content-length", b"transfer-encoding", b"connection", b"expect"))
# RFC 3986, 3.2.2 and 3.2.3: what a host and a port are spelt with. An empty Host is allowed (RFC 9112, 3.2).
_HOST = re.compile(rb"[A-Za-z0-9\-._~!$&'()*+,;=%:\[\]]*").fullmatch


class Framing(msgspec.Struct, frozen=True, kw_only=True):
    """How the body of a request is delimited, and what the client wants of the connection afterwards."""

    length: int = 0
    chunked: bool = False
    keep_alive: bool = True
    expects_continue: bool = False


_NO_BODY = Framing()


def frame(head: Head, limits: Limits) -> Framing:
    """How the body of this request is delimited. Raises `Refused` for what is ambiguous, unknown or too long."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in head.headers:
        low = name.lower()
        if low in _WATCHED:
            found.setdefault(low, []).append(value)
    _check_line(head)
    _check_host(head, found.get(b"host", []))
    codings = found.get(b"transfer-encoding")
    if codings is not None:
        _check_codings(head, codings)
    # llhttp has seen to it that there is at most one, of digits only, and none beside Transfer-Encoding.
    length = int(found[b"content-length"][0]) if b"content-length" in found else 0
    # RFC 9110, 15.5.14
    if length > limits.body:
        raise Refused(413, f"the request body is longer than {limits.body} octets", head)
    # RFC 9112, 9.3
    keep_alive = head.version == "1.1"
    if b"connection" in found:
        options = [option.strip() for option in b",".join(found[b"connection"]).lower().split(b",")]
        keep_alive = b"close" not in options and (keep_alive or b"keep-alive" in options)
    # RFC 9110, 10.1.1: an HTTP/1.0 client is not sent an interim answer.
    expects_continue = b"expect" in found and head.version == "1.1" and found[b"expect"][-1].lower() == b"100-continue"
    if keep_alive and not (length or codings or expects_continue):
        return _NO_BODY
    return Framing(
        length=length,
        chunked=codings is not None,
        keep_alive=keep_alive,
        expects_continue=expects_continue,
    )


def _check_line(head: Head) -> None:
    if head.version not in ("1.1", "1.0"):
        # RFC 9110, 15.6.6
        raise Refused(505, f"HTTP/{head.version} is not spoken here", head)
    if head.method == "CONNECT":
        raise Refused(501, "this server is no proxy: CONNECT is not implemented", head)
    if b"#" in head.target:
        raise Refused(400, "a request target has no fragment (RFC 9112, 3.2)", head)


def _check_host(head: Head, hosts: list[bytes]) -> None:
    # RFC 9112, 3.2: exactly one Host, spelt as a host.
    if not hosts:
        if head.version == "1.1":
            raise Refused(400, "HTTP/1.1 without Host", head)
        return
    if len(hosts) > 1:
        raise Refused(400, "more than one Host", head)
    if not _HOST(hosts[0]):
        raise Refused(400, "Host is not a host", head)


def _check_codings(head: Head, codings: list[bytes]) -> None:
    names = [coding.strip(b" \t").lower() for coding in b",".join(codings).split(b",") if coding.strip(b" \t")]
    # RFC 9112, 6.1: only HTTP/1.1 has transfer codings; chunked is applied once and last.
    if head.version == "1.0":
        raise Refused(400, "Transfer-Encoding in HTTP/1.0", head)
    if not names or names.count(b"chunked") > 1:
        raise Refused(400, "Transfer-Encoding is not a list that ends in one chunked", head)
    if names != [b"chunked"]:
        raise Refused(501, "a transfer coding other than chunked is not implemented", head)
