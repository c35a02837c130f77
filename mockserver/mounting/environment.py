"""Proxy variables: mounted hosts are reached without a proxy, all others as before."""

from __future__ import annotations

import os

__all__ = ["Exemptions"]

_NAMES = ("NO_PROXY", "no_proxy")


class Exemptions:
    """Hosts that were added to `NO_PROXY`, so that they can be taken out again; what others add there stays."""

    def __init__(self) -> None:
        self._added: dict[str, list[str]] = {name: [] for name in _NAMES}
        self._absent: set[str] = set()

    def add(self, host: str) -> None:
        for name in _NAMES:
            if name not in os.environ:
                self._absent.add(name)
            hosts = _hosts(name)
            if host not in hosts:
                self._added[name].append(host)
                os.environ[name] = ",".join([*hosts, host])

    def remove(self, host: str) -> None:
        for name in _NAMES:
            if host not in self._added[name]:
                continue
            self._added[name].remove(host)
            hosts = [other for other in _hosts(name) if other != host]
            if hosts or name not in self._absent:
                os.environ[name] = ",".join(hosts)
            else:
                os.environ.pop(name, None)
                self._absent.discard(name)


def _hosts(name: str) -> list[str]:
    return [host for host in os.environ.get(name, "").split(",") if host]
