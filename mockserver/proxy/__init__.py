"""A proxy on loopback for other processes: tunnels (CONNECT) and requests over plain HTTP, to where they may go."""

from __future__ import annotations

from .proxy import Proxy
from .ways import Ways

__all__ = ["Proxy", "Ways"]
