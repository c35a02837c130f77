"""That the tests of the connectors are the rows of their data file, and that no row is missing or left out quietly."""

from __future__ import annotations

import ast
import pathlib
import subprocess
import sys
import typing

import pytest

from connectors.rows import ROWS
from connectors.rows import Case
from connectors.rows import Row

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_FOLDER = _ROOT / "tests" / "connectors"

# All that can be tested: 55 is about the platform that the connectors run on.
_NUMBERS = (*range(1, 55), 56)
_TESTABLE = 55
# The requirement has no case that is refused
_ONLY_POSITIVE = {54}


def differences(rows: typing.Iterable[Row], collected: typing.Iterable[str]) -> list[str]:
    """Cases without a test and tests without a case, as pytest names both."""
    written = {f"{row.test}[{case.id}]" for row in rows for case in row.cases if not case.not_covered}
    ids = list(collected)
    return [
        *(f"no test: {name}" for name in sorted(written - {*ids})),
        *(f"no row: {name}" for name in sorted({*ids} - written)),
        *(f"twice: {name}" for name in sorted({name for name in ids if ids.count(name) > 1})),
    ]


def short(rows: typing.Iterable[Row]) -> list[str]:
    """Rows in which a kind is missing, and cases that are left out without a reason that a reader could accept."""
    found = []
    for row in rows:
        kinds = {case.kind for case in row.cases if not case.not_covered}
        needed = {"positive"} if row.number in _ONLY_POSITIVE else {"positive", "negative"}
        found += [f"row {row.number} has no {kind} case" for kind in sorted(needed - kinds)]
        found += [
            f"row {row.number}, {case.case}: why not?"
            for case in row.cases
            if case.not_covered and len(case.not_covered.split()) < 8
        ]
    return found


def unused(rows: typing.Iterable[Row], functions: typing.Iterable[str]) -> list[str]:
    """Functions that no case names, and names that no function has."""
    named = {case.function for row in rows for case in row.cases if case.product is None and not case.not_covered}
    return sorted(named ^ {*functions})


def _functions() -> list[str]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("test_*.py"))]
    names = [node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [name for name in names if not name.startswith(("_", "test_")) and name != "logged"]


def test_every_case_is_a_test_and_every_test_a_case() -> None:
    """What pytest collects, by id."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    listed = subprocess.run([*command, _FOLDER], cwd=_ROOT, capture_output=True, text=True, check=True).stdout
    collected = [line.partition("::")[2] for line in listed.splitlines() if "::" in line]

    assert differences(ROWS.values(), collected) == []


def test_every_row_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with cases that pass and cases that fail, and how many are left out."""
    left = [case for row in ROWS.values() for case in row.cases if case.not_covered]
    with capsys.disabled():
        sys.stdout.write(f" [{len(ROWS)} of {_TESTABLE} rows of the connectors; {len(left)} cases are not covered] ")

    assert sorted(ROWS) == [*_NUMBERS]
    assert short(ROWS.values()) == []


def test_every_function_is_a_case() -> None:
    """Nothing that looks like a test and never runs."""
    assert unused(ROWS.values(), _functions()) == []


def _row(*cases: Case, number: int = 12) -> Row:
    return Row(number=number, title="three grants", asks="", seed="", cases=[*cases])


_POSITIVE = Case(kind="positive", case="a b")
_NEGATIVE = Case(kind="negative", case="c", product="sap")


@pytest.mark.parametrize(
    ("collected", "found"),
    [
        pytest.param(["test_row_12_three_grants[positive-a b]"], [], id="alike"),
        pytest.param([], ["no test: test_row_12_three_grants[positive-a b]"], id="no test"),
        pytest.param(
            ["test_row_12_three_grants[positive-a b]", "test_row_99_x[edge-y]"],
            ["no row: test_row_99_x[edge-y]"],
            id="no row",
        ),
        pytest.param(
            ["test_row_12_three_grants[positive-a b]"] * 2,
            ["twice: test_row_12_three_grants[positive-a b]"],
            id="twice",
        ),
    ],
)
def test_a_difference_is_found(collected: list[str], found: list[str]) -> None:
    """The comparison itself."""
    assert differences([_row(_POSITIVE)], collected) == found


def test_a_short_row_is_found() -> None:
    """A kind that is missing, and an excuse that is none."""
    lazy = Case(kind="edge", case="d", not_covered="too hard")
    assert short([_row(_POSITIVE)]) == ["row 12 has no negative case"]
    assert short([_row(_POSITIVE, number=54)]) == []
    assert short([_row(_POSITIVE, _NEGATIVE, lazy)]) == ["row 12, d: why not?"]


def test_a_function_without_a_case_is_found() -> None:
    """And a case without a function; one with a product needs none."""
    assert unused([_row(_POSITIVE, _NEGATIVE)], ["a_b"]) == []
    assert unused([_row(_POSITIVE, _NEGATIVE)], ["e"]) == ["a_b", "e"]
