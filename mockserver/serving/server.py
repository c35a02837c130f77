"""The server that people hold: an address, an application, start and stop."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from .acceptors import Acceptors
from .channel import Socket
from .connection import Service
from .connection import plain_rejection
from .environ import fixed_environ
from .limits import Limits
from .under_way import UnderWay

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from types import TracebackType
    from wsgiref.types import WSGIApplication

    from .connection import Reject

_BACKLOG = 512
_DEFAULT_LIMITS = Limits()


class Server:
    """An HTTP/1.1 server (RFC 9110, RFC 9112) under a WSGI application, plain or TLS.

    `ssl_context` may be a callable that gives the context for each connection. `reject(status, head, reason)` gives
    status line, headers and body of an answer that the server itself gives: 400, 408, 413, 414, 431, 501, 505.
    `on_error(exception)` is told what the application raised and what killed a worker; without it the traceback goes to
    the logger `mockserver.serving`. `on_handshake_error(reason)` is told of each TLS handshake that failed. All are
    called in worker threads.

    Beside the keys of PEP 3333 an environment has `REQUEST_URI`, `RAW_URI`, `REMOTE_PORT`, `serving.raw_headers` (pairs
    of octets as they came), `serving.connection` (a number, unique per start), `serving.peer_certificate` (DER or None)
    and `serving.on_delivery` (a list of callables, each called once with whether the whole answer went out).
    `serving.disconnect()` ends the connection at once, from any thread and until the application has answered: nothing
    more is sent, whatever the application says. `serving.until_gone(seconds)` waits, in the application's thread, until
    the client has closed or the connection was ended, and throws away what is still sent.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: ssl.SSLContext | Callable[[], ssl.SSLContext] | None = None,
        limits: Limits = _DEFAULT_LIMITS,
        reject: Reject | None = None,
        on_error: Callable[[BaseException], object] | None = None,
        on_handshake_error: Callable[[str], object] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.scheme = "http" if ssl_context is None else "https"
        self._app = app
        self._ssl_context = ssl_context
        self._limits = limits
        self._reject = reject or plain_rejection
        self._on_error = on_error or _log
        self._on_handshake_error = on_handshake_error or _ignore
        self._acceptors: Acceptors | None = None
        self._handshakes = UnderWay()

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether connections are accepted: False before start, after stop, and when the acceptors have died."""
        return self._acceptors is not None and self._acceptors.running

    def start(self) -> None:
        """Bind, listen and accept. With port 0 the system chooses, and `port` tells, also for later starts.

        Raises OSError as the system gives it, for example with errno EADDRINUSE, and RuntimeError when started already.
        """
        if self._acceptors is not None:
            raise RuntimeError("the server has been started: call stop() first")
        listener = Socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.settimeout(None)
            if os.name == "posix":
                # Elsewhere it lets two servers share a port.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self.host, self.port))
            listener.listen(_BACKLOG)
        except BaseException:
            listener.close()
            raise
        self.port = listener.getsockname()[1]
        service = Service(
            app=self._app,
            limits=self._limits,
            ssl_context=self._ssl_context,
            fixed_environ=fixed_environ(self.host, self.port, self.scheme),
            reject=self._reject,
            report=self._report,
            on_handshake_error=self._on_handshake_error,
            handshakes=self._handshakes,
        )
        self._acceptors = Acceptors(listener, service)

    def stop(self) -> None:
        """Close the port and all connections and wait, a second at most, for the threads. Does nothing when stopped."""
        acceptors, self._acceptors = self._acceptors, None
        if acceptors is not None:
            acceptors.stop()

    def handshakes_settled(self, seconds: float) -> bool:
        """Whether no TLS handshake is under way, now or within `seconds`; what failed has been told by then."""
        return self._handshakes.settled(seconds)

    def close_connections(self) -> None:
        """Close idle connections now and the others after their answer; takes microseconds, waits for nobody."""
        if self._acceptors is not None:
            self._acceptors.finish_connections()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _report(self, error: BaseException) -> None:
        try:
            self._on_error(error)
        except Exception as another:
            _log(another)


def _ignore(reason: str) -> None:
    """A client that hangs up is nobody's concern."""


def _log(error: BaseException) -> None:
    import logging  # 5 ms, and hardly ever needed

    logging.getLogger("mockserver.serving").error("serving a request failed", exc_info=error)
