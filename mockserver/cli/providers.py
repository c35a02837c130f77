"""`oauthmock profiles`: which there are, what one says, and whether a file of one's own is good."""

from __future__ import annotations

import json
import typing

import click

from .. import profiles
from .. import settings as from_settings

__all__ = ["check", "list_all", "show"]


def list_all() -> None:
    """A line for each profile: name, title, in how many ways it differs, what it needs."""
    described = [profiles.describe(name) for name in profiles.available()]
    widest = max(len(each.name) for each in described)
    for each in described:
        needs = f"  needs {', '.join(each.variables)}" if each.variables else ""
        versions = f"  versions {', '.join(each.file.versions)}" if each.file.versions else ""
        click.echo(f"{each.name:<{widest}}  {each.title} ({len(each.dimensions)} of 24){needs}{versions}")


def show(name: str) -> None:
    """What a profile says, by dimension, and what `rfc6749` has in its place. Raises `ConfigurationError`."""
    each = profiles.describe(name)
    click.echo(f"{each.name}: {each.title}, differs from rfc6749 in {len(each.dimensions)} of 24 ways")
    for variable in dict.fromkeys([*each.variables, *each.file.variables]):
        default = each.file.variables.get(variable)
        click.echo(
            f"  variable {variable}: {'needs a value' if default is None else f'{default!r} unless you say otherwise'}"
        )
    if each.file.versions:
        click.echo(f"  versions: {', '.join(each.file.versions)} ({each.file.version} unless you say otherwise)")
    for number in sorted({fact.dimension for fact in each.facts}, key=lambda number: int(number[1:])):
        meaning = profiles.DIMENSIONS[number][0] if number in profiles.DIMENSIONS else "besides"
        click.echo(f"\n{number} {meaning}")
        for fact in each.facts:
            if fact.dimension == number:
                otherwise = "" if fact.otherwise is None else f"  (rfc6749: {_toml(fact.otherwise)})"
                unverified = "  unverified" if fact.source is not None and fact.source.unverified else ""
                click.echo(f"  {fact.key} = {_toml(fact.value)}{otherwise}{unverified}")


def check(name: str) -> None:
    """Whether a profile can be used, each of its versions. Raises `ConfigurationError`."""
    each = profiles.describe(name)
    example = {**dict.fromkeys(each.variables, "x"), **each.file.example}
    for version in each.file.versions or [None]:
        variables = example if version is None else {**example, "version": version}
        from_settings.resolve([from_settings.given(name, {"profile": name, "variables": variables})])
    unsourced = sum(fact.source is None for fact in each.facts)
    said = f"{len(each.facts)} keys, {len(each.dimensions)} of 24 dimensions"
    click.echo(f"{name}: ok, {said}, {unsourced} without a source, {len(each.unverified)} unverified")


def _toml(value: typing.Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(inner)}' for name, inner in value.items())} }}" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # JSON spells strings, numbers and booleans as TOML does
    return json.dumps(value, ensure_ascii=False)
