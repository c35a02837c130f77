"""Real host names reach the mock: HTTP clients of this process connect to a mount's listener instead of the host."""

from __future__ import annotations

import threading

from .aiohttp import AIOHTTP
from .environment import Exemptions
from .http_client import HTTPLIB2
from .http_client import STANDARD
from .http_client import URLLIB3
from .httpcore import HTTPCORE
from .httpcore import HTTPCORE2
from .patching import Patcher
from .pytest_httpx import PYTEST_HTTPX
from .requests_mock import REQUESTS_MOCK
from .responses import RESPONSES
from .respx import RESPX
from .routes import ROUTES
from .routes import Route
from .vcr import VCR

__all__ = ["LIBRARIES", "Route", "mount", "unmount"]

LIBRARIES = (
    STANDARD,
    URLLIB3,
    HTTPLIB2,
    HTTPCORE,
    HTTPCORE2,
    AIOHTTP,
    RESPONSES,
    RESPX,
    PYTEST_HTTPX,
    REQUESTS_MOCK,
    VCR,
)
"""Everything that is patched while something is mounted: clients first, then mocks that stand before clients."""

_LOCK = threading.Lock()
_PATCHER = Patcher(LIBRARIES)
_EXEMPTIONS = Exemptions()


def mount(route: Route) -> None:
    """
    Lead connections to an origin to its listener; the first mount of the process patches the clients.

    Raises `ConfigurationError` when the origin is mounted already, `UnknownLayout` for a client whose version is not
    known; nothing has changed then.
    """
    with _LOCK:
        first = not ROUTES
        ROUTES.add(route)
        try:
            if first:
                _PATCHER.install()
        except BaseException:
            ROUTES.remove(route)
            raise
        _EXEMPTIONS.add(route.origin.host)


def unmount(route: Route) -> None:
    """Let connections go where they go; the last mount of the process puts the clients back."""
    with _LOCK:
        if route not in ROUTES:
            return
        ROUTES.remove(route)
        if all(other.origin.host != route.origin.host for other in ROUTES):
            _EXEMPTIONS.remove(route.origin.host)
        if not ROUTES:
            _PATCHER.remove()
