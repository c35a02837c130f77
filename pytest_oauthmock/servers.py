"""The servers of one pytest session: started when first needed, lent to a test, as good as new for the next."""

from __future__ import annotations

import collections.abc as cabc
import contextlib

from mockserver import OAuthMock
from mockserver.config import Settings
from mockserver.settings import Layer
from mockserver.settings import resolve

from .options import blamed

__all__ = ["Servers"]


class Servers:
    """One running `OAuthMock` for each address and scheme that tests ask for; nearly always there is one."""

    def __init__(self) -> None:
        self._mocks: dict[tuple[str, int, bool], OAuthMock] = {}

    def session(self, layers: cabc.Sequence[Layer]) -> OAuthMock:
        """The server of the session's own settings."""
        with blamed():
            return self._running(resolve(layers), layers)

    @contextlib.contextmanager
    def lent(self, layers: cabc.Sequence[Layer]) -> cabc.Generator[OAuthMock]:
        """The server for one test's settings, reset before and after."""
        with blamed():
            settings = resolve(layers)
            mock = self._running(settings, layers)
        mock.reset(settings)
        try:
            yield mock
        finally:
            if mock.exceptions:
                mock.stop()  # the next test gets fresh threads
            mock.reset()

    def close(self) -> None:
        """Stop every server."""
        for mock in self._mocks.values():
            mock.close()

    def _running(self, settings: Settings, layers: cabc.Sequence[Layer]) -> OAuthMock:
        address = (settings.host, settings.port, settings.https)
        if address not in self._mocks:
            self._mocks[address] = OAuthMock.from_layers(layers)
        mock = self._mocks[address]
        if not mock.running:
            mock.stop()
            mock.start()
        return mock
