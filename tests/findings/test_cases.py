"""Where a rule ends."""

from __future__ import annotations

import pathlib
import typing

import msgspec
import pytest

from findings.rows import Row
from findings.rows import Step
from findings.rows import Story


class _Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    steps: list[Step]
    found: list[str] = []
    client: dict[str, typing.Any] = {}
    settings: dict[str, typing.Any] = {}
    protect: dict[str, typing.Any] | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    case: list[_Case]


_CASES = msgspec.toml.decode(pathlib.Path(__file__).with_name("cases.toml").read_bytes(), type=_File).case


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.title)
def test_these_and_no_others_are_found(case: _Case) -> None:
    """What looks wrong and is not, and what is wrong although it looks otherwise."""
    row = Row(
        id=case.title,
        why="",
        wrong=case.steps,
        right=[],
        client=case.client,
        settings=case.settings,
        protect=case.protect,
    )
    story = Story(row, right=False)
    story.run(row.wrong)

    assert story.mock.exceptions == []
    assert sorted({finding.id for finding in story.mock.findings}) == case.found, story.mock.findings
