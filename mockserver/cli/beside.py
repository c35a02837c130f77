"""A command of the user's, and the mock beside it: at real origins, behind a proxy that the command is told of."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import os
import pathlib
import ssl
import sys
import typing

import click
import msgspec

from .. import origin as origins
from ..errors import ConfigurationError
from ..proxy import Proxy
from ..proxy import Ways
from ..server import Mount
from ..server import OAuthMock
from ..serving import Server
from ..tls import Authority
from . import child
from . import exchanges
from . import greeting
from . import standalone
from . import surroundings

if typing.TYPE_CHECKING:
    from .of_mounts import MountFlags

__all__ = ["run"]

_HOST = "127.0.0.1"


def run(
    command: cabc.Sequence[str],
    mounts: cabc.Sequence[MountFlags],
    config: pathlib.Path | None,
    assignments: cabc.Iterable[str],
    flags: cabc.Mapping[str, typing.Any],
    *,
    quiet: bool,
    log: pathlib.Path | None,
    log_secrets: bool,
) -> int:
    """
    Run a command to its end; its exit status, as a shell has it.

    Raises `ConfigurationError` for what cannot be mounted, KeyboardInterrupt when SIGINT ended it.
    """
    program = child.found(command[0], os.environ)
    if isinstance(program, int):
        return program
    settled = {**flags, "host": _HOST, "port": 0, "https": False}
    mock = OAuthMock.from_layers(standalone.layers("oauthmock exec", config, assignments, settled))
    with contextlib.ExitStack() as ends:
        mounted = [_mount(mock, each) for each in mounts]
        for mount in mounted if len(mounted) > 1 else ():
            # Whoever has the API takes the tokens of whoever has the login: there is no telling which is which.
            mount.context.accepts = tuple(each.context for each in mounted)
        ends.enter_context(standalone.logged(mock, log, secrets=log_secrets))
        feed = exchanges.Feed(exchanges.as_text, sys.stderr)
        ends.callback(feed.close)
        if not quiet:
            mock.subscribe(feed.put)
        signals = child.Signals()
        ends.enter_context(mock)
        authority = Authority()
        ends.callback(authority.close)
        proxy = _proxy(mock, authority, ends, feed.say)
        told = surroundings.variables(os.environ, proxy.url, authority, mounted or [mock])
        if not quiet:
            click.echo(greeting.of_mounts(mock, mounted, proxy.url), err=True)
        feed.start()
        return child.run(program, command, told, signals)


def _mount(mock: OAuthMock, flags: MountFlags) -> Mount:
    settings = mock.state.settings
    keys: dict[str, typing.Any] = {
        "clients": [_keys(client) for client in settings.clients],
        "users": [_keys(user) for user in settings.users],
    }
    if flags.profile is not None:
        keys |= {"profile": flags.profile, "variables": flags.variables}
    elif flags.variables:
        keys["variables"] = {**settings.variables, **flags.variables}
    # Not as keywords: a variable may have the name of a parameter.
    return mock.mount(flags.url, settings=keys, connect=False)


def _keys(settings: msgspec.Struct) -> dict[str, typing.Any]:
    """As a file would have them."""
    return {name: value for name, value in msgspec.to_builtins(settings).items() if value is not None}


def _proxy(
    mock: OAuthMock, authority: Authority, ends: contextlib.ExitStack, refused: cabc.Callable[[str], object]
) -> Proxy:
    """Where a tunnel ends: TLS for all mounted hosts at one listener, since the mock goes by scheme and Host."""
    mounted = [origins.parse(each) for each in mock.state.mounts]
    secure = [origin.host for origin in mounted if origin.scheme == "https"]
    ports = {"http": int(mock.state.port or 0)}
    if secure:
        server = Server(
            mock.wsgi,
            ssl_context=_context(authority, secure),
            reject=lambda status, head, why: mock.wsgi.reject(status, head.method, head.target, head.headers, why),
            on_error=mock.exceptions.append,
        )
        server.start()
        ends.callback(server.stop)
        ports["https"] = server.port
    ways = Ways({origin: (_HOST, ports[origin.scheme]) for origin in mounted}, mock.state.settings.allow_hosts)
    return ends.enter_context(Proxy(ways, refused=refused))


def _context(authority: Authority, hosts: cabc.Iterable[str]) -> ssl.SSLContext:
    try:
        return authority.server_context(*dict.fromkeys(hosts))
    except ValueError as error:  # a name that no certificate may have
        raise ConfigurationError(f"no certificate can be made for a mounted host: {error}; mount another") from None
