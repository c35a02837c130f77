"""What three products' connection forms ask for, row by row, and which tests have it: from `tests/connectors`."""

from __future__ import annotations

import collections.abc as cabc
import pathlib
import re
import tomllib
import typing

__all__ = ["not_covered", "rows", "table", "tests"]

_FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests" / "connectors"

Row = dict[str, typing.Any]


def rows() -> list[Row]:
    """The rows in the order of their numbers."""
    found: list[Row] = tomllib.loads((_FOLDER / "rows.toml").read_text(encoding="utf-8"))["row"]
    return sorted(found, key=lambda row: row["number"])


def tests() -> dict[int, str]:
    """By the number of its row, each test as pytest is asked for it."""
    found = {}
    for path in sorted(_FOLDER.glob("test_*.py")):
        for name, number in re.findall(r"^def (test_row_(\d+)_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            found[int(number)] = f"tests/connectors/{path.name}::{name}"
    return found


def table() -> str:
    """Row, what it asks, where that is said, cases by kind, test."""
    by_row = tests()
    lines = ["| row | what it asks | from | cases | test |", "| --- | --- | --- | --- | --- |"]
    for row in rows():
        shown = "<br>".join(_counts(row["cases"]))
        lines.append(f"| {row['number']} | {row['asks']} | {row['seed']} | {shown} | `{by_row[row['number']]}` |")
    return "\n".join(lines)


def not_covered() -> str:
    """The cases that no test has, and why."""
    left = [
        f'- Row {row["number"]}, {row["title"]}, "{case["case"]}": {case["not_covered"]}.'
        for row in rows()
        for case in row["cases"]
        if "not_covered" in case
    ]
    return "\n".join(left) or "None."


def _counts(cases: cabc.Iterable[Row]) -> cabc.Iterator[str]:
    covered = [case["kind"] for case in cases if "not_covered" not in case]
    for kind in ("positive", "negative", "edge"):
        if kind in covered:
            yield f"{covered.count(kind)} {kind}"
