"""What happened at a server since the last reset, as verbs: look at it, listen to it, write it, search it."""

from __future__ import annotations

import collections.abc as cabc
import pathlib
import typing

from ..clock import Clock
from ..journal import Exchange
from ..journal import Journal

if typing.TYPE_CHECKING:
    from ..app import State

__all__ = ["Recorded"]


class Recorded:
    """The clock and the record of a server. Who has it calls its `_listeners`."""

    _listeners: list[cabc.Callable[[Exchange], None]]

    if typing.TYPE_CHECKING:

        @property
        def state(self) -> State: ...

    @property
    def clock(self) -> Clock:
        """The server's time. `clock.advance(hours=1)` moves it alone."""
        return self.state.clock

    @property
    def journal(self) -> Journal:
        """Every exchange since the last reset."""
        return self.state.journal

    @property
    def exceptions(self) -> list[BaseException]:
        """What broke in the server itself since the last reset."""
        return self.state.exceptions

    def subscribe(self, listener: cabc.Callable[[Exchange], None]) -> None:
        """
        Call `listener` with every exchange from now on, over resets too, before its answer leaves.

        It is called in the server's threads, and must not raise.
        """
        self._listeners.append(listener)

    def save_exchanges(self, path: str | pathlib.Path, *, secrets: bool = False) -> None:
        """
        Write the journal as HAR 1.2 (`.har`) or as JSON Lines (`.jsonl`), with secrets masked unless `secrets`.

        Raises `ConfigurationError` for another suffix and for a path that cannot be written.
        """
        from ..exchange_log import ExchangeLog

        log = ExchangeLog(pathlib.Path(path), secrets=secrets)
        for exchange in self.journal:
            log.add(exchange)
        log.close()
        log.check()

    def assert_no_secret_leak(
        self,
        *places: object,
        allow: str | pathlib.Path | cabc.Iterable[str | pathlib.Path] = (),
    ) -> None:
        """
        Look for every secret, code and token of this server in places where none belongs, in any encoding.

        A place is `caplog`, `capsys.readouterr()`, a `pathlib.Path` of a file or a folder, text, bytes, an exception
        (with what caused it), or a mapping or a list of these. The URLs and Referers of all requests since the last
        reset are looked at always.

        `allow` is what may be seen: a secret by its value, a kind (`"refresh token"`), a file or folder by its path.

        Raises `AssertionError` that names each secret and place, and shows none; `ConfigurationError` for what is no
        place.
        """
        __tracebackhide__ = True
        from .. import leaks

        found = leaks.find(places, allow, self.state.issuers, self.state.journal)
        if found:
            raise AssertionError(leaks.told(found))
