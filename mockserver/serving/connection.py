"""One accepted connection: a TLS handshake if need be, then request after request until one side has enough."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from .body import Body
from .body import BodyMalformed
from .body import BodyTimeout
from .body import BodyTooLarge
from .channel import Channel
from .channel import ClientDisconnected
from .environ import build_environ
from .framing import Framing
from .framing import frame
from .limits import Limits
from .parser import Head
from .parser import HeadParser
from .parser import Refused
from .response import STATUS_LINES
from .response import Response
from .under_way import UnderWay

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable
    from wsgiref.types import WSGIApplication
    from wsgiref.types import WSGIEnvironment

    Rejection = tuple[str, list[tuple[str, str]], bytes]
    Reject = Callable[[int, Head, str], Rejection]


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What all connections of a server share. `report` takes exceptions and raises none."""

    app: WSGIApplication
    limits: Limits
    ssl_context: ssl.SSLContext | Callable[[], ssl.SSLContext] | None
    fixed_environ: WSGIEnvironment
    reject: Reject
    report: Callable[[BaseException], None]
    on_handshake_error: Callable[[str], object]
    handshakes: UnderWay


def plain_rejection(status: int, head: Head, reason: str) -> Rejection:
    """The answer to a refused request unless the server was given its own."""
    return STATUS_LINES[status], [("Content-Type", "text/plain; charset=utf-8")], (reason + "\n").encode()


class Connection:
    """Served by one worker in `serve`; `finish_soon` and `shut` may be called by any thread until `close`."""

    __slots__ = ("_channel", "_claim", "_finishing", "_idle", "_opened", "_service", "certificate", "number", "remote")

    def __init__(self, sock: socket.socket, remote: tuple[str, int], number: int, service: Service) -> None:
        self.remote = remote
        self.number = number
        self.certificate: bytes | None = None
        self._service = service
        self._channel = Channel(sock, service.limits)
        self._claim = threading.Lock()
        self._finishing = False
        self._idle = False
        self._opened = False

    def serve(self) -> None:
        """Answer requests until the connection is done. Raises only what is nobody's request's fault."""
        context = self._service.ssl_context
        if context is not None:
            with self._service.handshakes.one():
                try:
                    self.certificate = self._channel.secure(context() if callable(context) else context)
                except (OSError, ValueError) as error:
                    # No request yet, so nobody to answer
                    if not self._channel.ended:
                        self._service.on_handshake_error(str(error) or "nothing came for too long")
                    return
        while self._exchange():
            pass

    def finish_soon(self) -> None:
        """End the connection: at once between two requests, after the answer within one. Does not wait."""
        self._finishing = True
        # A request that has arrived unread is served: its client would take a closed connection for a crash.
        with self._claim:
            if self._idle and not self._channel.wait(0):
                self._channel.shut()

    def shut(self) -> None:
        """End the connection now, whatever it is at."""
        self._finishing = True
        self._channel.shut()

    def send(self, octets: bytes) -> None:
        """For the application, within a request: send octets as they are, instead of an answer; `shut` must follow."""
        self._channel.send(octets)

    def reset(self) -> None:
        """For the application, within a request: end the connection by a TCP reset."""
        self._finishing = True
        self._channel.reset()

    def until_gone(self, seconds: float) -> None:
        """For the application, within a request: wait until the client has gone, or `shut` was called; bounded."""
        self._channel.until_gone(seconds)

    def close(self) -> None:
        """Give the descriptor back."""
        self._channel.close()

    def _exchange(self) -> bool:
        """One request and its answer; whether another may follow."""
        try:
            read = self._read_head()
            if read is None:
                return False
            head, framing = read
        except Refused as refused:
            self._refuse(refused)
            self._channel.linger()
            return False
        service, channel = self._service, self._channel
        body = Body(channel, framing, service.limits)

        def persist() -> bool:
            return framing.keep_alive and not self._finishing and body.nearly_read()

        response = Response(channel, head.method, head.version, persist)
        on_delivery: list[Callable[[bool], object]] = []
        keep = False
        try:
            response.run(service.app, build_environ(service.fixed_environ, head, body, self, on_delivery))
            delivered, keep = True, response.keep
        except ClientDisconnected:
            delivered = False
        except (BodyTooLarge, BodyTimeout, BodyMalformed) as failure:
            # The application left it to the server.
            status = 413 if isinstance(failure, BodyTooLarge) else 408 if isinstance(failure, BodyTimeout) else 400
            delivered = response.done or (not response.started and self._refuse(Refused(status, str(failure), head)))
        except BaseException as failure:  # whatever it is, the client is told and the worker goes on
            service.report(failure)
            delivered = response.done or (not response.started and self._fail(head))
        for call in on_delivery:
            try:
                call(delivered)
            except Exception as failure:
                service.report(failure)
        if keep and body.discard():
            return not channel.ended
        channel.linger()
        return False

    def _read_head(self) -> tuple[Head, Framing] | None:
        """The next request; None when there is none. Raises `Refused`."""
        limits, channel = self._service.limits, self._channel
        parser = HeadParser(limits)
        wait = limits.idle_seconds if self._opened else limits.head_seconds
        start = channel.now()
        data = channel.pending
        channel.pending = b""
        if not data:
            self._idle = True
            # `finish_soon` sets its flag and then looks at ours; here it is the other way round: one of the two acts.
            arrived = channel.wait(0 if self._finishing else wait)
            # The request is claimed before it is received, so that `finish_soon` either sees it or is told.
            with self._claim:
                self._idle = False
            if channel.ended or not arrived:
                return None
            try:
                data = channel.receive(limits.head_seconds)
            except TimeoutError:
                return None
            if self._opened:
                start = channel.now()
        self._opened = True
        while data:
            rest = parser.feed(data)
            if rest is not None:
                channel.pending = rest
                assert parser.head is not None
                return parser.head, frame(parser.head, limits)
            try:
                data = channel.receive(start + limits.head_seconds - channel.now())
            except TimeoutError:
                # RFC 9110, 15.5.9
                reason = f"the request head was not complete within {limits.head_seconds} seconds"
                raise Refused(408, reason, parser.partial()) from None
        return None

    def _refuse(self, refused: Refused) -> bool:
        service = self._service
        try:
            status, headers, body = service.reject(refused.status, refused.head, refused.reason)
            return self._last(refused.head, status, headers, body)
        except Exception as failure:
            service.report(failure)
            return self._last(refused.head, *plain_rejection(refused.status, refused.head, refused.reason))

    def _fail(self, head: Head) -> bool:
        plain = [("Content-Type", "text/plain; charset=utf-8")]
        return self._last(head, STATUS_LINES[500], plain, b"Internal Server Error\n")

    def _last(self, head: Head, status: str, headers: list[tuple[str, str]], body: bytes) -> bool:
        """A last answer; whether it was taken."""
        # An HTTP/1.1 head serves any client that got as far as this; only HEAD has no body (RFC 9110, 9.3.2).
        response = Response(self._channel, head.method, head.version, lambda: False)
        try:
            response.give(status, headers, body)
        except ClientDisconnected:
            return False
        return True
