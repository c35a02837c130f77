"""An HTTP/1.1 server under any WSGI application: httptools parses; sockets, TLS, keep-alive and stopping are here."""

from __future__ import annotations

from mockserver.serving.limits import Limits
from mockserver.serving.parser import Head
from mockserver.serving.server import Server

__all__ = ["Head", "Limits", "Server"]
