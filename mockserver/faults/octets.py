"""An answer as octets (RFC 9112), right or wrong as a fault wants it."""

from __future__ import annotations

from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.http import http_date

from ..messages import Reply

__all__ = ["MISSING", "message"]

# So many octets more than there are does a Content-Length promise that is too long
MISSING = 100
_CHUNK = 64


def message(
    reply: Reply,
    body: bytes,
    *,
    now: float,
    version: str = "1.1",
    chunked: bool = False,
    length: int | tuple[int, ...] | None = None,
    lower_case: bool = False,
    end: bool = True,
) -> tuple[bytes, bytes]:
    """
    The head, and the whole message. `length` is what Content-Length says, once for each; `end` whether the chunks end.

    The connection is closed afterwards, and the head says so.
    """
    lengths = () if length is None else (length,) if isinstance(length, int) else length
    framing = [("Transfer-Encoding", "chunked")] if chunked else [("Content-Length", str(each)) for each in lengths]
    fields = [*reply.headers, ("Date", http_date(int(now))), *framing, ("Connection", "close")]
    lines = [f"HTTP/{version} {reply.status} {HTTP_STATUS_CODES.get(reply.status, 'Unknown')}"]
    lines += [f"{name.lower() if lower_case else name}: {value}" for name, value in fields]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head, head + (_chunks(body, end=end) if chunked else body)


def _chunks(body: bytes, *, end: bool) -> bytes:
    pieces = [body[start : start + _CHUNK] for start in range(0, len(body), _CHUNK)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + (b"0\r\n\r\n" if end else b"")
