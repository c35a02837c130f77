"""An HTTP/1.1 server under any WSGI application: httptools parses; sockets, TLS, keep-alive and stopping are here."""

from __future__ import annotations

from .limits import Limits
from .parser import Head
from .server import Server

__all__ = ["Head", "Limits", "Server"]
