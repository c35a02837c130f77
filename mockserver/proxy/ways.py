"""Where a proxy leads: mounted origins to the mock, loopback and allowed hosts to themselves, all else nowhere."""

from __future__ import annotations

import collections.abc as cabc

from ..errors import UnmountedHostError
from ..origin import Origin
from ..origin import canonical_host
from ..origin import host_and_port
from ..registration import is_loopback

__all__ = ["Address", "Ways"]

Address = tuple[str, int]


class Ways:
    """
    The addresses of mounted origins, and who else may be reached: loopback always, and what is in `allowed`.

    An entry of `allowed` is a host, with or without a port.
    """

    def __init__(self, mounted: cabc.Mapping[Origin, Address], allowed: cabc.Iterable[str] = ()) -> None:
        self._mounted = {(origin.host, origin.port): (origin, address) for origin, address in mounted.items()}
        self._allowed = frozenset(map(host_and_port, allowed))

    def find(self, scheme: str | None, host: str, port: int) -> Address:
        """
        Where to connect; `scheme` None: a tunnel does not say it.

        Raises `UnmountedHostError` for a host that must not be reached.
        """
        name = canonical_host(host)
        found = self._mounted.get((name, port))
        if found is not None:
            origin, address = found
            if scheme in (None, origin.scheme):
                return address
            raise UnmountedHostError(f"{Origin(str(scheme), name, port)} is not mounted, {origin} is; use that URL")
        if is_loopback(name) or not self._allowed.isdisjoint({(name, None), (name, port)}):
            return name, port
        raise UnmountedHostError(self._refusal(Origin(scheme or ("http" if port == 80 else "https"), name, port)))

    def _refusal(self, asked: Origin) -> str:
        mounts = ", ".join(str(origin) for origin, _ in self._mounted.values()) or "nothing"
        return (
            f"{asked} is not mounted, so nothing was sent to {asked.host} port {asked.port}; mounted: {mounts}."
            f" To answer for it: --mount {asked}; to let it through: --allow-host {asked.host}"
        )
