"""That the tests of the matrix are those of its data files, and that the files have every cell and row."""

from __future__ import annotations

import collections
import collections.abc as cabc
import functools
import itertools
import pathlib
import subprocess
import sys
import tomllib
import typing

import pytest

from matrix import defects
from matrix import relying_party
from mockserver import variants

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_MATRIX = _ROOT / "tests" / "matrix"

_GRANTS = (
    *variants.GRANT_TYPES,
    "authorization_code+pkce",
    *("device_code", "jwt-bearer", "saml2-bearer", "token-exchange", "vendor"),
)
# Where grant and method have nothing to do with each other
_MEANINGLESS = {
    ("jwt-bearer", "client_secret_jwt"),
    ("saml2-bearer", "client_secret_jwt"),
    *(("vendor", method) for method in ("none", "basic form", "client_secret_jwt", "private_key_jwt")),
    *(("vendor", method) for method in ("tls_client_auth", "self_signed_tls_client_auth")),
}
_COLUMNS = (
    *("none", "basic raw", "basic form", "post", "json", "query", "client_secret_jwt", "private_key_jwt"),
    *("tls_client_auth", "self_signed_tls_client_auth"),
    *("two at once", "missing or wrong"),
)
# What each rank is made of: cases and whether they succeed
_NEEDED = {"M": {(True, "positive"), (False, "negative")}, "N": {(False, "negative")}}

# The keys that make a line's id in each file, and the test files that it governs
_FILES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "cells.toml": (("grant", "method", "case", "send", "registered"), ("test_cells.py",)),
    "rows.toml": (
        ("row", "case", "title", "connector"),
        (
            *("test_front_channel.py", "test_front_channel_requests.py"),
            *("test_around_the_grants.py", "test_binding.py", "test_openid_connect.py"),
            *("test_lifecycle.py", "test_lifecycle_refresh.py", "test_lifecycle_grants.py", "test_lifecycle_tokens.py"),
            *("test_failures.py", "test_failures_of_aws.py"),
        ),
    ),
}
_ROWS = (
    *(f"F{number}" for number in range(1, 25)),
    *(f"L{number}" for number in range(1, 32)),
    *("X25", "X26", "X27", "X28"),
)

Case = dict[str, typing.Any]


def cases(file: str) -> list[Case]:
    found: list[Case] = tomllib.loads((_MATRIX / file).read_text(encoding="utf-8"))["case"]
    return found


@functools.cache
def collected() -> tuple[str, ...]:
    """What pytest collects of the matrix, as it names it."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    listed = subprocess.run([*command, _MATRIX], cwd=_ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(line for line in listed.splitlines() if "::" in line)


def astray(lines: cabc.Iterable[str], tests: cabc.Iterable[str]) -> list[str]:
    """What is not one line and one test: ids, and names of tests that have none."""
    by_id = collections.Counter(
        name.partition("[")[2].removesuffix("]") or name for name in (test.partition("::")[2] for test in tests)
    )
    wanted = collections.Counter(lines)
    return sorted({*(wanted - by_id), *(by_id - wanted), *(line for line, times in wanted.items() if times > 1)})


def short_rows(lines: cabc.Iterable[Case], rows: cabc.Iterable[str]) -> dict[str, str]:
    """Rows with too little, or that nobody asked for, and what is wrong with them."""
    by_row: dict[str, list[Case]] = {row: [] for row in rows}
    wrong = {}
    for line in lines:
        if line["row"] in by_row:
            by_row[line["row"]].append(line)
        else:
            wrong[line["row"]] = "is no row of these"
    for row, found in by_row.items():
        kinds = {line["case"] for line in found}
        connectors = {line["connector"] for line in found if "connector" in line}
        if "positive" not in kinds or not kinds & {"negative", "edge"}:
            wrong[row] = f"has only {sorted(kinds)}"
        elif connectors and ("right" not in connectors or connectors == {"right"}):
            wrong[row] = f"has no connectors to compare: {sorted(connectors)}"
    return wrong


@pytest.mark.parametrize("file", _FILES)
def test_every_line_is_a_test_and_every_test_a_line(file: str) -> None:
    """What pytest collects, by id."""
    keys, governed = _FILES[file]
    written = ["-".join(str(case[key]) for key in keys if case.get(key)) for case in cases(file)]
    tests = [test for test in collected() if pathlib.PurePath(test.partition("::")[0]).name in governed]

    assert astray(written, tests) == []
    assert written


def test_every_test_file_is_governed() -> None:
    """A test of the matrix cannot be put where no data file knows it."""
    governed = {name for _, names in _FILES.values() for name in names}

    assert {path.name for path in _MATRIX.glob("test_*.py")} == governed


def test_what_is_astray_is_seen() -> None:
    """A line without a test, a test without a line, one without an id, a line written twice, a test run twice."""
    tests = ["m.py::test_a[x-1]", "m.py::test_a[x-2]"]

    assert astray(["x-1", "x-2"], tests) == []
    assert astray(["x-1", "x-2", "x-3"], tests) == ["x-3"]
    assert astray(["x-1"], tests) == ["x-2"]
    assert astray(["x-1", "x-2"], [*tests, "m.py::test_b"]) == ["test_b"]
    assert astray(["x-1", "x-1", "x-2"], [*tests, "m.py::test_b[x-1]"]) == ["x-1"]
    assert astray(["x-1", "x-2"], [*tests, "m.py::test_b[x-2]"]) == ["x-2"]


def test_the_file_has_every_cell() -> None:
    """Ten rows by twelve columns; M and S pass and can fail, L is refused or, switched on, accepted, N is refused."""
    by_cell: dict[tuple[object, object], set[tuple[bool, object]]] = {}
    ranks: dict[tuple[object, object], object] = {}
    for case in cases("cells.toml"):
        cell = (case["grant"], case["method"])
        by_cell.setdefault(cell, set()).add((case["status"] == 200, case["case"]))
        ranks[cell] = case["rank"]
    short = {cell: rank for cell, rank in ranks.items() if not _NEEDED["N" if rank == "N" else "M"] <= by_cell[cell]}

    assert {*ranks} == {*itertools.product(_GRANTS, _COLUMNS)} - _MEANINGLESS
    assert {*ranks.values()} == {"M", "S", "L", "N"}
    assert short == {}
    assert not any(ok for cell, found in by_cell.items() if ranks[cell] == "N" for ok, _ in found)
    assert all(
        case["registered"] == "default" for case in cases("cells.toml") if case["rank"] == "L" and case["status"] != 200
    )


def test_the_file_has_every_row() -> None:
    """Each passes and can fail; where a connector is judged, the right one is told from one with a defect."""
    assert short_rows(cases("rows.toml"), _ROWS) == {}


def test_every_defect_is_met() -> None:
    """A defect without a line would stand for a check that nobody makes."""
    assert {case["connector"] for case in cases("rows.toml") if "connector" in case} == {
        *defects.NAMED,
        *relying_party.NAMED,
    }


def test_a_row_that_is_short_is_seen() -> None:
    good = {"row": "F1", "case": "positive", "connector": "right"}
    bad = {"row": "F1", "case": "negative", "connector": "no state check"}

    assert short_rows([good, bad], ["F1"]) == {}
    assert short_rows([good, bad], ["F1", "F2"]) == {"F2": "has only []"}
    assert short_rows([good], ["F1"]) == {"F1": "has only ['positive']"}
    assert short_rows([bad], ["F1"]) == {"F1": "has only ['negative']"}
    assert short_rows([good, {**good, "case": "edge"}], ["F1"]) == {"F1": "has no connectors to compare: ['right']"}
    assert short_rows([good, bad, {**bad, "row": "Z1"}], ["F1"]) == {"Z1": "is no row of these"}


def test_every_case_says_what_the_server_or_the_connector_does() -> None:
    """Status, or a connector and what was seen of it; a clause; no key that means nothing."""
    for case in cases("rows.toml"):
        assert case["section"].startswith(("RFC ", "OpenID Connect ")), case
        assert case["happens"], case
        assert ("status" in case) != ("connector" in case), case
        assert ("seen" in case) == ("connector" in case), case
