"""A connector with one bug, and a report that names it."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import pathlib

import httpx
import msgspec
import pytest

from findings.connector import Connector
from findings.connector import Failed
from findings.planted import BUGS
from findings.stories import STORIES
from findings.stories import World
from mockserver import OAuthMock
from mockserver.errors import UnexpectedPage
from pytest_oauthmock.options import FindingsPolicy
from pytest_oauthmock.report import sections
from pytest_oauthmock.verdict import Verdict


class _Bug(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    story: str
    finding: str
    cause: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    bug: list[_Bug]


_PLANTED = msgspec.toml.decode(pathlib.Path(__file__).with_name("planted.toml").read_bytes(), type=_File).bug

# How a connector ends that is refused, or believes what is not so
_ENDS = (Failed, UnexpectedPage, KeyError, TypeError, ValueError)


@pytest.fixture
def http() -> cabc.Iterator[httpx.Client]:
    with httpx.Client(verify=False, trust_env=False) as client:
        yield client


@pytest.fixture
def mock() -> cabc.Iterator[OAuthMock]:
    with OAuthMock(access_token_format="opaque", consent="auto", refresh_policy="rotate") as server:
        server.user("alice")
        yield server
        assert server.exceptions == []


def _report(mock: OAuthMock) -> str:
    verdict = Verdict(mock, FindingsPolicy(frozenset(), None))
    return "\n".join(f"{title}\n{text}" for title, text in sections(verdict))


@pytest.mark.parametrize("bug", _PLANTED, ids=lambda bug: bug.name)
def test_a_planted_bug_is_in_the_report_with_its_cause(mock: OAuthMock, http: httpx.Client, bug: _Bug) -> None:
    """By the rule that is about it, whatever else it brings."""
    with contextlib.suppress(*_ENDS):
        STORIES[bug.story](World(mock, http, BUGS[bug.name]))

    report = _report(mock)
    assert bug.finding in {finding.id for finding in mock.findings}, report
    assert bug.cause in report.partition("OAuth findings")[2], report


@pytest.mark.parametrize("story", STORIES)
def test_the_connector_without_a_bug_is_clean(mock: OAuthMock, http: httpx.Client, story: str) -> None:
    """In every story: what is found is the bug's."""
    with contextlib.suppress(Failed):
        STORIES[story](World(mock, http, Connector))

    assert mock.findings == (), _report(mock)
    assert len(mock.journal) >= 1


def test_at_least_forty_bugs_are_planted_and_none_is_left_out() -> None:
    """The table has each once, of different rules for the most part."""
    assert sorted(bug.name for bug in _PLANTED) == sorted(BUGS)
    assert len(BUGS) >= 40
    assert len({bug.finding for bug in _PLANTED}) >= 38
