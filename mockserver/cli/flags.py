"""Flags that commands have in common."""

from __future__ import annotations

import collections.abc as cabc
import pathlib
import typing

import click

__all__ = ["FILE", "check_log", "log_flags", "settings_flag"]

Function = typing.TypeVar("Function", bound=cabc.Callable[..., typing.Any])

FILE = click.Path(path_type=pathlib.Path)

settings_flag = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any other setting, e.g. access_token_lifetime=60 or consent=auto. Repeatable.",
)


def log_flags(command: Function) -> Function:
    """`--log` and `--log-secrets`, which the command hands to `check_log`."""
    # The last is the first in the help, as with decorators
    command = click.option("--log-secrets", is_flag=True, help="Write secrets to the log as they are.")(command)
    return click.option(
        "--log",
        type=FILE,
        metavar="FILE",
        help="Write exchanges to FILE.har (HAR 1.2) or FILE.jsonl (JSON Lines), secrets redacted.",
    )(command)


def check_log(log: pathlib.Path | None, *, log_secrets: bool) -> None:
    """Raises `click.UsageError`."""
    if log_secrets and log is None:
        raise click.UsageError("--log-secrets says how --log is written; add --log FILE")
