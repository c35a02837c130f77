"""That the tests of the matrix are those of its data file, and that the file has every cell."""

from __future__ import annotations

import itertools
import pathlib
import subprocess
import sys
import tomllib

from mockserver import variants

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_FILE = _ROOT / "tests" / "matrix" / "cells.toml"

_GRANTS = (*variants.GRANT_TYPES, "authorization_code+pkce")
_COLUMNS = (
    *("none", "basic raw", "basic form", "post", "json", "query", "client_secret_jwt", "private_key_jwt"),
    *("two at once", "missing or wrong"),
)
# What each rank is made of: cases and whether they succeed
_NEEDED = {"M": {(True, "positive"), (False, "negative")}, "N": {(False, "negative")}}


def cases() -> list[dict[str, object]]:
    found: list[dict[str, object]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))["case"]
    return found


def test_every_line_is_a_test_and_every_test_a_line() -> None:
    """What pytest collects, by id."""
    names = ("grant", "method", "case", "send", "registered")
    written = {"-".join(str(case[name]) for name in names) for case in cases()}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    listed = subprocess.run([*command, _FILE.parent], cwd=_ROOT, capture_output=True, text=True, check=True).stdout
    collected = {
        line.partition("::test_cell[")[2].removesuffix("]") for line in listed.splitlines() if "::test_cell[" in line
    }

    assert collected == written


def test_the_file_has_every_cell() -> None:
    """Five rows by ten columns; M and S pass and can fail, L is refused and accepted when switched on, N is refused."""
    by_cell: dict[tuple[object, object], set[tuple[bool, object]]] = {}
    ranks: dict[tuple[object, object], object] = {}
    for case in cases():
        cell = (case["grant"], case["method"])
        by_cell.setdefault(cell, set()).add((case["status"] == 200, case["case"]))
        ranks[cell] = case["rank"]
    short = {cell: rank for cell, rank in ranks.items() if not _NEEDED["N" if rank == "N" else "M"] <= by_cell[cell]}

    assert {*ranks} == {*itertools.product(_GRANTS, _COLUMNS)}
    assert {*ranks.values()} == {"M", "S", "L", "N"}
    assert short == {}
    assert not any(ok for cell, found in by_cell.items() if ranks[cell] == "N" for ok, _ in found)
    assert all(case["registered"] == "default" for case in cases() if case["rank"] == "L" and case["status"] != 200)
