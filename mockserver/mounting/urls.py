"""Whether a URL, as a mock of an HTTP client sees it, belongs to a mount."""

from __future__ import annotations

from ..origin import origin_of
from .routes import ROUTES

__all__ = ["is_mounted"]


def is_mounted(url: object) -> bool:
    scheme, _, rest = str(url).partition("://")
    if not ROUTES:
        return False
    netloc = rest.partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
    origin = origin_of(scheme.lower(), netloc)
    return origin is not None and ROUTES.mounted(origin.scheme, origin.host, origin.port)
