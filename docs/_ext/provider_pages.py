"""A page for each profile: what it says, where that is from, and what nobody verified."""

from __future__ import annotations

import json
import pathlib
import typing

from tables import table

from mockserver import profiles

__all__ = ["profile_table", "unverified_table", "write_pages"]


def profile_table() -> str:
    rows = []
    for name in profiles.available():
        each = profiles.describe(name)
        label = f"`{name}`" if name == profiles.DEFAULT else f"[`{name}`](providers/{name}.md)"
        variables = ", ".join(f"`{variable}`" for variable in (*each.variables, *each.file.variables))
        versions = ", ".join(f"`{version}`" for version in each.file.versions)
        differs = ", ".join(profiles.DIMENSIONS[number][0] for number in each.dimensions)
        rows.append((label, each.title, variables, versions, differs or "nothing"))
    return table(("profile", "provider", "variables", "versions", "differs in"), rows)


def unverified_table() -> str:
    """What profiles say that nobody found written down; it does not count."""
    rows = [
        (f"`{name}`", f"`{fact.key}`", f"`{_toml(fact.value)}`")
        for name in profiles.available()
        for fact in profiles.describe(name).unverified
    ]
    return table(("profile", "key", "value"), rows)


def write_pages(folder: pathlib.Path) -> None:
    """Write every page that is not there or differs, so that builds side by side do not disturb each other."""
    folder.mkdir(exist_ok=True)
    for name in profiles.available():
        if name != profiles.DEFAULT:
            path, text = folder / f"{name}.md", _page(name)
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")


def _page(name: str) -> str:
    each = profiles.describe(name)
    parts = [f"# {each.title}", "", f"`profile = {json.dumps(name)}`", ""]
    if each.variables or each.file.variables:
        rows = [(f"`{variable}`", "needed") for variable in each.variables]
        rows += [(f"`{variable}`", f"`{value}`") for variable, value in each.file.variables.items()]
        parts += [table(("variable", "unless you say otherwise"), rows), ""]
    if each.file.versions:
        versions = ", ".join(f"`{version}`" for version in each.file.versions)
        parts += [f"Versions: {versions}; `{each.file.version}` unless you say otherwise.", ""]
    for number in sorted({fact.dimension for fact in each.facts}, key=lambda number: int(number[1:])):
        meaning = profiles.DIMENSIONS[number][0] if number in profiles.DIMENSIONS else "besides"
        rows = [
            (f"`{fact.key}`", f"`{_toml(fact.value)}`", _otherwise(fact), _source(fact))
            for fact in each.facts
            if fact.dimension == number
        ]
        parts += [f"## {meaning[0].upper()}{meaning[1:]}", ""]
        parts += [table(("key", "value", "`rfc6749`", "source"), rows), ""]
    if each.file.golden:
        parts += ["## Exchanges", "", "Each is a test.", ""]
        parts += [f"- {golden.title}" for golden in each.file.golden]
    return "\n".join(parts) + "\n"


def _otherwise(fact: profiles.Fact) -> str:
    return "" if fact.otherwise is None else f"`{_toml(fact.otherwise)}`"


def _source(fact: profiles.Fact) -> str:
    if fact.source is None:
        return ""
    if fact.source.unverified:
        return "unverified"
    text = fact.source.source.replace("_", "\\_").replace("*", "\\*")
    return f"{text} ({fact.source.checked})"


def _toml(value: typing.Any) -> str:
    # JSON spells strings, numbers, booleans and lists as TOML does
    return json.dumps(value, ensure_ascii=False)
