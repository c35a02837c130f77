"""Sections 2 to 4 of the matrix: the front channel, the lifecycle of tokens, failures, as `rows.toml` has them."""

from __future__ import annotations

import pathlib
import typing

import msgspec
import pytest

__all__ = ["CASES", "Case", "of"]


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the file, which is one test."""

    row: str
    title: str
    case: typing.Literal["positive", "negative", "edge"]
    section: str
    happens: str
    status: int | None = None
    error: str | None = None
    """Of the answer that the case is about (RFC 6749 4.1.2.1, 5.2, RFC 6750 3.1)."""
    connector: str = ""
    """`right`, or the name of a defect in `defects.py`; empty where no connector takes part."""
    seen: list[str] = []
    """With a connector: every exchange that the mock saw, in order."""
    given: dict[str, typing.Any] = {}
    """What the case is made with."""

    @property
    def id(self) -> str:
        return "-".join(filter(None, (self.row, self.case, self.title, self.connector)))


class _File(msgspec.Struct, forbid_unknown_fields=True):
    case: list[Case]


CASES = msgspec.toml.decode(pathlib.Path(__file__).with_name("rows.toml").read_bytes(), type=_File).case


def of(row: str, *titles: str) -> pytest.MarkDecorator:
    """Run a test once for each line of a row that has one of the titles. Raises LookupError for one without a line."""
    chosen = [case for case in CASES if case.row == row and case.title in titles]
    missing = {*titles} - {case.title for case in chosen}
    if missing or not chosen:
        raise LookupError(f"rows.toml has no line of row {row} called {sorted(missing)}")
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in chosen])
