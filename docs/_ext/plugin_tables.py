"""What the plugin adds to pytest: fixtures, markers, flags, ini options, the matrix."""

from __future__ import annotations

import ast
import collections.abc as cabc
import itertools
import pathlib
import typing

from tables import table

from mockserver import variants
from pytest_oauthmock import options

__all__ = ["axes", "fixture_table", "fixtures", "flag_table", "ini_table", "marker_table", "matrix", "option_names"]

_ROOT = pathlib.Path(__file__).resolve().parents[2]


def fixtures() -> dict[str, tuple[str, str]]:
    """Name -> (scope, docstring), read from the source so that no pytest internals are needed."""
    source = (_ROOT / "pytest_oauthmock" / "plugin.py").read_text(encoding="utf-8")
    found: dict[str, tuple[str, str]] = {}
    for node in ast.parse(source).body:
        for decorator in getattr(node, "decorator_list", []):
            text = ast.unparse(decorator)
            if text.startswith("pytest.fixture"):
                scope = "session" if "session" in text else "function"
                found[node.name] = (scope, ast.get_docstring(node) or "")  # type: ignore[attr-defined, arg-type]
    return found


class _Recorder:
    """Stands in for `pytest.Parser`: notes what the plugin adds."""

    def __init__(self) -> None:
        self.flags: list[tuple[str, dict[str, typing.Any]]] = []
        self.ini: list[tuple[str, str, str]] = []

    def getgroup(self, name: str, description: str = "") -> typing.Self:  # noqa: ARG002 - pytest's signature
        return self

    def addoption(self, flag: str, **attributes: typing.Any) -> None:
        self.flags.append((flag, attributes))

    def addini(self, name: str, help: str, type: str | None = None) -> None:  # noqa: A002 - pytest's names
        self.ini.append((name, type or "string", help))


def _recorded() -> _Recorder:
    recorder = _Recorder()
    options.add(recorder)  # type: ignore[arg-type]
    return recorder


def option_names() -> list[str]:
    """Every flag and ini option of the plugin."""
    recorded = _recorded()
    return [*(flag for flag, _ in recorded.flags), *(name for name, _, _ in recorded.ini)]


def fixture_table() -> str:
    rows = ((f"`{name}`", scope, " ".join(text.split())) for name, (scope, text) in fixtures().items())
    return table(("fixture", "scope", "what it is"), rows)


def marker_table() -> str:
    rows = []
    for line in options.MARKERS:
        signature, _, meaning = line.partition(": ")
        rows.append((f"`@pytest.mark.{signature}`", meaning))
    return table(("marker", "what it does"), rows)


def flag_table() -> str:
    rows = ((f"`{flag} {known.get('metavar', '')}".rstrip() + "`", known["help"]) for flag, known in _recorded().flags)
    return table(("flag", "what it does"), rows)


def ini_table() -> str:
    return table(("ini option", "type", "what it does"), ((f"`{n}`", t, text) for n, t, text in _recorded().ini))


def matrix() -> str:
    """Which cells there are, and which run by default."""
    default = {cell.id for cell in variants.cells()}
    every = {cell.id for cell in variants.cells(variants.GRANT_TYPES, variants.CLIENT_AUTH)}

    def shown(grant_type: str, method: str) -> str:
        cell = f"{grant_type}-{method}"
        return "default" if cell in default else "on demand" if cell in every else "left out"

    rows = ((f"`{g}`", *(shown(g, m) for m in variants.CLIENT_AUTH)) for g in variants.GRANT_TYPES)
    return table(("", *(f"`{method}`" for method in variants.CLIENT_AUTH)), rows)


def axes() -> str:
    """What the matrix marker may name besides grant and method."""

    def shown(name: str, values: cabc.Sequence[str] | None) -> tuple[str, str]:
        return f"`{name}`", "seconds" if values is None else ", ".join(f'`"{value}"`' for value in values)

    return table(("axis", "values"), itertools.starmap(shown, variants.AXES.items()))
