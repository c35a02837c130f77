"""The servers of one pytest session: started when first needed, lent to a test, as good as new for the next."""

from __future__ import annotations

import collections.abc as cabc
import contextlib

from mockserver import OAuthMock
from mockserver.config import Settings
from mockserver.exchange_log import ExchangeLog
from mockserver.settings import Layer
from mockserver.settings import given
from mockserver.settings import resolve

from .options import blamed

__all__ = ["Servers"]

# Settings that cannot change while a server runs
_LISTENER = ("host", "port", "https", "server_certificate", "client_certificates")


class Servers:
    """One running `OAuthMock` for each address and way of TLS that tests ask for; nearly always there is one."""

    def __init__(self, log: ExchangeLog | None = None) -> None:
        self._log = log
        self._mocks: dict[tuple[object, ...], OAuthMock] = {}

    def session(self, layers: cabc.Sequence[Layer]) -> OAuthMock:
        """The server of the session's own settings."""
        with blamed():
            return self._running(layers, resolve(layers))

    @contextlib.contextmanager
    def lent(self, layers: cabc.Sequence[Layer], own: cabc.Sequence[Layer], *, test: str) -> cabc.Generator[OAuthMock]:
        """The server for one test, reset before and after; `own` are the settings of the test alone, `test` its id."""
        with blamed():
            settings = resolve([*layers, *own])
            mock = self._running(layers, settings)
        mock.reset(settings)
        if self._log is not None:
            self._log.test = test
        try:
            yield mock
        finally:
            if self._log is not None:
                self._log.test = None
            if mock.exceptions or not mock.running:
                # Whatever broke, the next test has fresh threads, on the same port.
                mock.stop()
                mock.start()
            mock.reset()
        if self._log is not None:
            with blamed():
                self._log.check()

    def close(self) -> None:
        """Stop every server."""
        for mock in self._mocks.values():
            mock.close()
        if self._log is not None:
            self._log.close()

    def _running(self, layers: cabc.Sequence[Layer], settings: Settings) -> OAuthMock:
        # What a reset goes back to is the session's; of a test's own settings only what makes the listener is kept.
        listener = {name: getattr(settings, name) for name in _LISTENER}
        key = tuple(listener.values())
        if key not in self._mocks:
            address = given("the test's own settings", listener)
            remote = given("the test's own settings", {"allow_remote": settings.allow_remote})
            self._mocks[key] = OAuthMock.from_layers([*layers, address, remote])
            if self._log is not None:
                self._mocks[key].subscribe(self._log.add)
        mock = self._mocks[key]
        if not mock.running:
            mock.stop()
            mock.start()
        return mock
