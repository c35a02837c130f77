"""The command and its options."""

from __future__ import annotations

import importlib
import inspect

import click
from tables import table

__all__ = ["command_pages", "commands"]


def _root_command() -> click.Command:
    cli = importlib.import_module("mockserver.cli")
    found = [value for value in vars(cli).values() if isinstance(value, click.Group)]
    nested = {id(command) for group in found for command in group.commands.values()}
    return next(group for group in found if id(group) not in nested)


def commands() -> dict[str, click.Command]:
    """`oauthmock`, `oauthmock serve`, ... -> the click command."""
    found: dict[str, click.Command] = {}

    def visit(name: str, command: click.Command) -> None:
        found[name] = command
        if isinstance(command, click.Group):
            for key, inner in command.commands.items():
                visit(f"{name} {key}", inner)

    visit("oauthmock", _root_command())
    return found


def command_pages() -> str:
    """Every command with its arguments and options."""
    parts: list[str] = []
    help_names = _root_command().context_settings.get("help_option_names")
    for name, command in commands().items():
        context = click.Context(command, info_name=name, help_option_names=help_names)
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        help_text = inspect.cleandoc(command.help or command.short_help or "").replace("\b\n", "").replace("<", "&lt;")
        parts += [f"## {name}", "", f"```text\n{usage}\n```", "", help_text.replace("``", "`"), ""]
        rows = []
        for parameter in command.get_params(context):
            record = parameter.get_help_record(context)
            if record is not None:
                rows.append((f"`{record[0]}`", record[1]))
        parts += [table(("option", "what it does"), rows), ""]
    return "\n".join(parts)
