"""Every rule sees the wrong requests of its row, and nothing in the right ones."""

from __future__ import annotations

import re

import pytest

from findings.rows import ROWS
from findings.rows import Row
from findings.rows import Story
from mockserver.finding import SEVERITIES
from mockserver.findings import RULES


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_wrong_request_is_found_at_the_last_exchange(row: Row) -> None:
    """The finding is at the exchange that made it one, names its clause and remedy, and shows no secret."""
    story = Story(row, right=False)
    story.run(row.wrong)

    found = story.mock.findings
    assert story.mock.exceptions == []
    assert {finding.id for finding in found} == {row.id, *row.also}
    last = next(finding for finding in reversed(found) if finding.id == row.id)
    # Of two that come together either may be the second
    together = any(isinstance(step, dict) and "together" in step for step in row.wrong)
    assert last.exchange >= len(story.mock.journal) - together
    assert last in story.mock.journal[last.exchange - 1].findings
    assert all(secret not in str(last) for secret in story.mock.context.secrets())
    assert "***" not in str(last)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_right_request_is_clean(row: Row) -> None:
    """Not one finding of any rule."""
    story = Story(row, right=True)
    story.run(row.right)

    assert story.mock.exceptions == []
    assert story.mock.findings == ()
    assert len(story.mock.journal) >= 1


def test_every_rule_has_a_row_and_every_row_a_rule() -> None:
    """In the order of the ids, so that both can be read side by side."""
    assert [row.id for row in ROWS] == [rule.id for rule in RULES]
    assert len(RULES) >= 30


def test_the_registry_is_data_that_can_be_relied_on() -> None:
    """Ids and names are unique and of one form; each rule has a severity, a clause and a remedy that is a sentence."""
    assert len({rule.id for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert re.fullmatch(r"OAM\d{3}", rule.id)
        assert re.fullmatch(r"[a-z0-9_]+", rule.name)
        assert rule.severity in SEVERITIES
        assert re.fullmatch(r"(RFC \d{4}|OpenID Connect Core) [\d.]+", rule.clause)
        assert rule.remedy[0].islower()
        assert not rule.remedy.endswith(".")
