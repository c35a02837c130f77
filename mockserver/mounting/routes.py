"""Where connections to mounted origins go: one table for the process, since what is patched is the process's too."""

from __future__ import annotations

import collections.abc as cabc
import threading

import msgspec

from ..errors import ConfigurationError
from ..errors import UnmountedHostError
from ..origin import Origin
from ..origin import canonical_host
from ..origin import host_and_port
from ..registration import is_loopback

__all__ = ["ROUTES", "Route", "Routes"]


class Route(msgspec.Struct, frozen=True):
    """A mounted origin and the loopback address of its listener."""

    origin: Origin
    address: tuple[str, int]
    allowed: tuple[str, ...] = ()
    """Hosts that may be reached although they are not mounted."""


class Routes:
    """
    Mounted origins by host and port.

    Whoever is about to connect asks `find`. Without a mount everything is let through, which makes a patch that
    somebody else's patch has kept alive do nothing.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._routes: dict[tuple[str, int], Route] = {}

    def __bool__(self) -> bool:
        return bool(self._routes)

    def __contains__(self, route: object) -> bool:
        return any(each is route for each in self)

    def __iter__(self) -> cabc.Iterator[Route]:
        return iter(tuple(self._routes.values()))

    def add(self, route: Route) -> None:
        """Raises `ConfigurationError` when the origin's host and port are mounted already."""
        origin = route.origin
        with self._lock:
            present = self._routes.setdefault((origin.host, origin.port), route)
        if present is not route:
            raise ConfigurationError(
                f"mount({str(origin)!r}): {present.origin} is mounted already; use what the first mount() returned, or"
                " unmount() it first"
            )

    def remove(self, route: Route) -> None:
        with self._lock:
            self._routes.pop((route.origin.host, route.origin.port), None)

    def mounted(self, scheme: str, host: str | bytes, port: int) -> bool:
        """Whether requests to this origin belong to a mount."""
        route = self._routes.get((canonical_host(host), port)) if self._routes else None
        return route is not None and route.origin.scheme == scheme

    def find(self, scheme: str | None, host: str | bytes, port: int) -> Route | None:
        """
        The mount to connect to instead; None: go where you wanted to. `scheme` None: it is not known yet.

        Raises `UnmountedHostError` for an origin that is neither mounted nor on loopback nor allowed.
        """
        if not self._routes:
            return None
        name = canonical_host(host)
        route = self._routes.get((name, port))
        if route is not None and scheme in (None, route.origin.scheme):
            return route
        if route is None and (is_loopback(name) or self._allowed(name)):
            return None
        guessed = scheme or ("http" if port == 80 else "https")
        raise UnmountedHostError(self._refusal(Origin(guessed, name, port), route))

    def _allowed(self, name: str) -> bool:
        return any(name == host_and_port(allowed)[0] for route in self for allowed in route.allowed)

    def _refusal(self, asked: Origin, route: Route | None) -> str:
        mounts = ", ".join(str(each.origin) for each in self)
        if route is not None:
            return f"{asked} is not mounted, {route.origin} is; use that URL, or mount the other origin instead"
        return (
            f"{asked} is not mounted, so nothing was sent to {asked.host} port {asked.port}; mounted: {mounts}. To"
            f" answer for it: oauthmock.mount({str(asked)!r}); to let it through: allow_hosts=[{asked.host!r}], a"
            " setting of OAuthMock(...) and @pytest.mark.oauthmock(...)"
        )


ROUTES = Routes()
"""The process's."""
