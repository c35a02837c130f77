"""A server of its own: settings from everywhere, start, print, wait, end."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import os
import pathlib
import signal
import sys
import time
import types
import typing

import click

from .. import settings as from_settings
from ..errors import ConfigurationError
from ..errors import PortInUse
from ..exchange_log import ExchangeLog
from ..registration import is_loopback
from ..server import OAuthMock
from . import exchanges
from . import greeting
from .defaults import DEFAULTS

__all__ = ["layers", "logged", "serve"]

# Flags that are not spelt as their key is
_FLAGS = {"allow_hosts": "--allow-host", "allow_remote": "--allow-remote", "trust_proxy": "--trust-proxy"}


def serve(
    config: pathlib.Path | None,
    assignments: cabc.Iterable[str],
    flags: cabc.Mapping[str, typing.Any],
    *,
    as_json: bool,
    quiet: bool,
    log: pathlib.Path | None = None,
    log_secrets: bool = False,
) -> None:
    """
    Serve until a signal ends it: SIGINT as KeyboardInterrupt, SIGTERM as SystemExit(0).

    Raises `ConfigurationError` and `PortInUse`.
    """
    mock = OAuthMock.from_layers(layers("oauthmock serve", config, assignments, flags))
    with logged(mock, log, secrets=log_secrets):
        signals = _Signals()
        feed = exchanges.Feed(exchanges.as_json if as_json else exchanges.as_text, sys.stdout)
        if not quiet:
            # Before the start: whoever waits for the port may be quicker than the greeting, and is shown below it.
            mock.subscribe(feed.put)
        try:
            _start(mock)
            click.echo(greeting.as_json(mock) if as_json else greeting.as_text(mock))
            feed.start()
            signals.wait()
        finally:
            mock.close()
            feed.close()


def layers(
    command: str,
    config: pathlib.Path | None,
    assignments: cabc.Iterable[str],
    flags: cabc.Mapping[str, typing.Any],
) -> list[from_settings.Layer]:
    """The settings of a command, in rising precedence."""
    return [
        from_settings.given(command, DEFAULTS),
        *([from_settings.file(config)] if config else []),
        from_settings.environment(os.environ, apart_from=("OAUTHMOCK_CONFIG",)),
        from_settings.texts("--set", assignments),
        from_settings.Layer(flags, lambda path: _FLAGS.get(str(path[0]), f"--{path[0]}")),
    ]


@contextlib.contextmanager
def logged(mock: OAuthMock, path: pathlib.Path | None, *, secrets: bool) -> cabc.Iterator[None]:
    """Write exchanges to a file, if one is named, and say at the end what could not be written."""
    if path is None:
        yield
        return
    log = ExchangeLog(path, secrets=secrets)
    mock.subscribe(log.add)
    try:
        yield
    finally:
        log.close()
        _tell_of_losses(log)


def _start(mock: OAuthMock) -> None:
    settings = mock.state.settings
    try:
        mock.start()
    except PortInUse as error:
        raise PortInUse(f"{error} (--port)") from None
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror or error}; choose another --host"
            " or --port"
        ) from None
    if not is_loopback(settings.host):
        click.echo(
            f"warning: other machines can reach {settings.host} and get tokens here; names that they ask by need"
            " --allow-host",
            err=True,
        )


def _tell_of_losses(log: ExchangeLog) -> None:
    try:
        log.check()
    except ConfigurationError as error:
        click.echo(f"warning: {error}", err=True)


class _Signals:
    """
    SIGINT and SIGTERM, noted whenever they come and acted on only while nothing else is going on.

    A handler that raised would do so in the middle of starting a thread, or of closing one.
    """

    def __init__(self) -> None:
        self._received: int | None = None
        # SIGINT as well: a shell that is not interactive starts what runs in the background with it ignored.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: types.FrameType | None) -> None:  # noqa: ARG002 - as signal calls it
        self._received = number

    def wait(self) -> typing.NoReturn:
        """Until one has come. Polls: a lock would not be woken everywhere, and may not be taken in a handler."""
        while self._received is None:
            time.sleep(0.1)
        if self._received == signal.SIGINT:
            raise KeyboardInterrupt
        # Whoever asks politely is told that it went well.
        raise SystemExit(0)
