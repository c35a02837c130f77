"""`oauthmock exec`: its options and its exit status; everything else is imported when it runs."""

from __future__ import annotations

import pathlib

import click

from .flags import FILE
from .flags import check_log
from .flags import log_flags
from .flags import settings_flag
from .of_mounts import MountFlags
from .of_mounts import OfMounts

__all__ = ["exec_"]


@click.command(
    name="exec",
    cls=OfMounts,
    # What comes after the command's name is its own.
    context_settings={"allow_interspersed_args": False},
    epilog="Exit status: the command's, 128 + N if signal N ended it; 2 usage or configuration,"
    " 126 it cannot be started, 127 there is no such command, 130 Ctrl-C.",
)
@click.option("--mount", "mount", multiple=True, metavar="URL", help="An origin to answer at. Repeatable.")
@click.option(
    "--profile",
    "profile",
    multiple=True,
    metavar="NAME",
    help="The provider whose server is at the --mount before it: a name, or the path of a TOML file.",
)
@click.option(
    "--variable",
    "variable",
    multiple=True,
    metavar="NAME=VALUE",
    help="What a variable of that profile stands for, e.g. tenant=contoso. Repeatable.",
)
@click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="NAME",
    help="A host that may be reached although it is not mounted, with or without :port. Repeatable.",
)
@click.option(
    "--config",
    type=FILE,
    metavar="FILE",
    envvar="OAUTHMOCK_CONFIG",
    show_envvar=True,
    help="TOML file with settings, clients and users, for every mount.",
)
@settings_flag
@log_flags
@click.option("--quiet", is_flag=True, help="No greeting, and no lines for exchanges.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def exec_(
    mounts: list[MountFlags],
    /,
    *,
    command: tuple[str, ...],
    config: pathlib.Path | None,
    assignments: tuple[str, ...],
    allow_hosts: tuple[str, ...],
    quiet: bool,
    log: pathlib.Path | None,
    log_secrets: bool,
    **_: object,
) -> None:
    """
    Run COMMAND, in any language, with the mock at the real origins that it calls.

    A proxy on loopback answers for what is mounted, with certificates of a throw-away CA; the command's environment has
    the variables by which common clients find the proxy and trust the CA. Any other host but loopback is refused with
    403. --profile and --variable belong to the --mount before them. A client demo (secret demo-secret) and a user alice
    (password wonderland) are registered unless the configuration names clients, or users, of its own.

    A line on standard error says each exchange, and each host that was refused.
    """
    from . import beside

    check_log(log, log_secrets=log_secrets)
    status = beside.run(
        command,
        mounts,
        config,
        assignments,
        {"allow_hosts": allow_hosts} if allow_hosts else {},
        quiet=quiet,
        log=log,
        log_secrets=log_secrets,
    )
    raise click.exceptions.Exit(status)
