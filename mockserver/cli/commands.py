"""Commands, their flags and the exit status; everything else is imported when a command runs."""

from __future__ import annotations

import pathlib
import typing

import click

from .. import __version__
from ..variants import CLIENT_AUTH
from ..variants import DEFAULT_CLIENT_AUTH
from ..variants import DEFAULT_GRANT_TYPES
from ..variants import GRANT_TYPES
from ..variants import cells
from .exec_command import exec_
from .flags import FILE
from .flags import check_log
from .flags import log_flags
from .flags import settings_flag

__all__ = ["main"]

CHECK_FAILED, USAGE, PORT_IN_USE, INTERRUPTED = 1, 2, 3, 130

_EVERY = "all"


class _Commands(click.Group):
    """The one place where what was raised becomes lines on standard error and an exit status."""

    def invoke(self, ctx: click.Context) -> typing.Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except Exception as error:  # the house's errors are imported only now: they bring msgspec
            from ..errors import MockServerError
            from ..errors import PortInUse

            if not isinstance(error, MockServerError):
                raise
            click.echo(str(error), err=True)
            ctx.exit(PORT_IN_USE if isinstance(error, PortInUse) else USAGE)


@click.group(
    name="oauthmock",
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 ok, 1 a check failed, 2 usage or configuration, 3 port in use, 130 Ctrl-C.",
)
@click.version_option(__version__, prog_name="oauthmock", message="%(prog)s %(version)s")
def main() -> None:
    """A mock OAuth 2.0 server for testing connectors: strict where the RFCs are, and it says why it refuses."""


@main.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, metavar="PORT", help="Port; 0 takes any that is free.  [default: 9400]")
@click.option(
    "--config",
    type=FILE,
    metavar="FILE",
    envvar="OAUTHMOCK_CONFIG",
    show_envvar=True,
    help="TOML file with settings, clients, users and further issuers.",
)
@click.option(
    "--issuer",
    metavar="URL",
    help="The issuer's URL where it is not what clients connect to: in a container, behind a proxy.",
)
@click.option("--https", is_flag=True, help="Serve TLS with a certificate of a throw-away CA, and say how to trust it.")
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    help="A host name that may be asked besides loopback, with or without :port. Repeatable.",
)
@click.option("--trust-proxy", is_flag=True, help="Believe X-Forwarded-Host and X-Forwarded-Proto.")
@click.option("--allow-remote", is_flag=True, help="Let --host be an address that other machines can reach.")
@settings_flag
@log_flags
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: first that it is ready, then exchanges.")
@click.option("--quiet", is_flag=True, help="No lines for exchanges.")
def serve(
    *,
    config: pathlib.Path | None,
    assignments: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    log: pathlib.Path | None,
    log_secrets: bool,
    **flags: typing.Any,
) -> None:
    """
    Serve until Ctrl-C (exit status 130) or SIGTERM (0).

    Prints where everything is, then a line for each exchange; a refused one also says why, secrets redacted.
    A client demo (secret demo-secret) and a user alice (password wonderland) are registered unless the
    configuration names clients, or users, of its own.

    Settings come from the file, then OAUTHMOCK_<KEY> variables, then flags; the last one counts.
    """
    from . import standalone

    # Not by equality: 0 is a port.
    given = {key: value for key, value in flags.items() if value is not None and value is not False and value != ()}
    check_log(log, log_secrets=log_secrets)
    standalone.serve(config, assignments, given, as_json=as_json, quiet=quiet, log=log, log_secrets=log_secrets)


@main.command()
@click.option(
    "--grant-type",
    "grant_types",
    multiple=True,
    type=click.Choice([*GRANT_TYPES, _EVERY]),
    help=f"A grant to run. Repeatable.  [default: {', '.join(DEFAULT_GRANT_TYPES)}]",
)
@click.option(
    "--client-auth",
    "client_auth",
    multiple=True,
    type=click.Choice([*CLIENT_AUTH, _EVERY]),
    help=f"A client authentication method to run. Repeatable.  [default: {', '.join(DEFAULT_CLIENT_AUTH)}]",
)
def demo(grant_types: tuple[str, ...], client_auth: tuple[str, ...]) -> None:
    """
    Run the matrix once against a small connector.

    Prints a row for every grant x client authentication: whether it passed, and what the server saw; if not, why.
    Exit status 1 if a cell fails.
    """
    chosen = cells(
        GRANT_TYPES if _EVERY in grant_types else grant_types or DEFAULT_GRANT_TYPES,
        CLIENT_AUTH if _EVERY in client_auth else client_auth or DEFAULT_CLIENT_AUTH,
    )
    if not chosen:
        raise click.UsageError(
            "a public client ('none') may not use client_credentials (RFC 6749 4.4); add a grant or a method"
        )
    from . import table

    if not table.run(chosen):
        raise click.exceptions.Exit(CHECK_FAILED)


@main.group()
def config() -> None:
    """Look at a configuration file."""


@config.command()
@click.argument("file", type=FILE, metavar="FILE")
def check(file: pathlib.Path) -> None:
    """
    Check FILE without serving it.

    Says how many clients, users and issuers (the default one included) it makes, and how many faults it arms, or
    names each error with file, line, key and the nearest right one (exit status 2).
    """
    from .. import settings as from_settings

    settings = from_settings.resolve([from_settings.file(file)])
    issuers = [settings, *settings.issuers.values()]
    clients = _counted(sum(len(issuer.clients) for issuer in issuers), "client")
    users = _counted(sum(len(issuer.users) for issuer in issuers), "user")
    faults = sum(len(issuer.faults) for issuer in issuers)
    armed = f", {_counted(faults, 'fault')}" if faults else ""
    click.echo(f"{file}: ok, {clients}, {users}, {_counted(len(issuers), 'issuer')}{armed}")


@main.group()
def profiles() -> None:
    """Look at the profiles of providers."""


@profiles.command(name="list")
def list_profiles() -> None:
    """Name every profile, in how many of 24 ways it differs from RFC 6749, and the variables that it needs."""
    from . import providers

    providers.list_all()


@profiles.command()
@click.argument("name", metavar="NAME")
def show(name: str) -> None:
    """
    Show what the profile NAME says, and what rfc6749 has in its place.

    NAME may be the path of a TOML file.
    """
    from . import providers

    _blamed(name, providers.show)


@profiles.command(name="check")
@click.argument("file", metavar="FILE")
def check_profile(file: str) -> None:
    """
    Check the profile FILE, in each of its versions.

    Says how much it has, or names each error with file, line, key and the nearest right one (exit status 2).
    """
    from . import providers

    _blamed(file, providers.check)


def _blamed(name: str, act: typing.Callable[[str], None]) -> None:
    """What is wrong with a profile, with its name where the message has no file."""
    from ..errors import ConfigurationError

    try:
        act(name)
    except ConfigurationError as error:
        message = str(error)
        raise ConfigurationError(message if message.startswith(name) else f"{name}: {message}") from None


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


main.add_command(exec_)
