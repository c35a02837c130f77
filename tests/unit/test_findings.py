"""Findings as they are kept and asked for, and rules that break."""

from __future__ import annotations

import json
import pathlib
import typing

import pytest
from werkzeug.test import Client

from mockserver import OAuthMock
from mockserver import findings
from mockserver.errors import ConfigurationError
from mockserver.findings import judgement
from mockserver.findings.history import Kept


def _asks_without(http: Client, path: str = "/api") -> None:
    http.get(path, headers={"Authorization": "Bearer None"})


def test_each_exchange_has_its_own_and_the_server_has_all(mock: OAuthMock, http: Client) -> None:
    """In order of arrival; an issuer has those of what was done to it."""
    mock.issuer("tenant-a")
    _asks_without(http)
    http.get("/jwks")
    _asks_without(http, "/tenant-a/api")

    assert [len(exchange.findings) for exchange in mock.journal] == [1, 0, 1]
    assert [(finding.id, finding.exchange) for finding in mock.findings] == [("OAM081", 1), ("OAM081", 3)]
    assert mock.issuer("tenant-a").findings == mock.findings[1:]
    assert mock.issuer("").findings == mock.findings[:1]
    mock.reset()
    assert mock.findings == ()


def test_a_finding_says_everything_in_one_line(mock: OAuthMock, http: Client) -> None:
    """Id, name, severity, what was seen, the clause, the remedy."""
    _asks_without(http)

    (finding,) = mock.findings
    assert str(finding) == (
        "OAM081 placeholder_token (error): the access token in the Authorization header is 'None': a variable that was"
        " never set (RFC 6750 2.1); check that the token answer had an access_token before anything is sent with it"
    )
    assert mock.journal.last.lines()[-1] == "    finding: OAM081 placeholder_token (error)"


def test_the_assertion_names_rule_exchange_and_remedy(mock: OAuthMock, http: Client) -> None:
    """The same finding at several exchanges is told once."""
    mock.assert_no_findings()
    for _ in range(2):
        _asks_without(http)
    ignored = "OAM086"  # that it was refused before

    with pytest.raises(AssertionError) as caught:
        mock.assert_no_findings(ignore=ignored)
    assert str(caught.value).splitlines() == [
        "2 findings:",
        "OAM081 placeholder_token (error, RFC 6750 2.1)",
        "    #1, #2: the access token in the Authorization header is 'None': a variable that was never set",
        "    remedy: check that the token answer had an access_token before anything is sent with it",
    ]


@pytest.mark.parametrize("ignore", ["OAM081", ["placeholder_token", "OAM001"], ("OAM081",)])
def test_what_is_ignored_does_not_count(mock: OAuthMock, http: Client, ignore: typing.Any) -> None:
    """By id or by name, one or several."""
    _asks_without(http)

    mock.assert_no_findings(ignore=ignore)


def test_only_what_is_severe_enough_counts(mock: OAuthMock, http: Client) -> None:
    """A note is less than a warning, a warning less than an error."""
    mock.client("crm")
    http.get("/authorize?client_id=crm&response_type=code&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcb&state=1")

    assert {finding.severity for finding in mock.findings} == {"warning"}
    mock.assert_no_findings(at_least="error")
    with pytest.raises(AssertionError, match=r"^2 findings:"):
        mock.assert_no_findings(at_least="warning")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"ignore": ["oam081"]}, "ignore: no finding is called 'oam081'; did you mean 'OAM081' (placeholder_token)?"),
        ({"ignore": "no_stat"}, "ignore: no finding is called 'no_stat'; did you mean 'OAM021' (no_state)?"),
        ({"ignore": [7]}, "ignore: no finding is called 7; they are OAM001 to OAM094"),
        ({"at_least": "worse"}, "at_least='worse' is no severity; write one of note, warning, error"),
    ],
)
def test_what_is_no_rule_is_refused(mock: OAuthMock, wrong: dict[str, typing.Any], message: str) -> None:
    """Also when there is nothing to ignore: a wrong id would hide that it ignores nothing."""
    with pytest.raises(ConfigurationError) as caught:
        mock.assert_no_findings(**wrong)

    assert str(caught.value) == message


def test_a_rule_that_breaks_is_the_servers_error_and_the_clients_answer_stays(
    mock: OAuthMock, http: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other rules still see what they see, and the exchange is in the journal."""

    def breaks(case: findings.Case, history: findings.History) -> str | None:
        raise LookupError("of the rule")

    broken = findings.Rule("OAM999", "broken", "note", "RFC 6749 1", "mend it", at="api", judge=breaks)
    monkeypatch.setitem(judgement._AT, "api", (broken, *judgement._AT["api"]))

    assert http.get("/api", headers={"Authorization": "Bearer None"}).status_code == 401
    assert [repr(exception) for exception in mock.exceptions] == ["LookupError('of the rule')"]
    assert [finding.id for finding in mock.journal.last.findings] == ["OAM081"]


def test_a_memory_that_breaks_is_the_servers_error_too(
    mock: OAuthMock, http: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found is kept, and the client's answer stays."""

    def breaks(case: findings.Case) -> None:
        raise LookupError("of the memory")

    monkeypatch.setattr(mock.state.history, "note", breaks)
    _asks_without(http)

    assert [repr(exception) for exception in mock.exceptions] == ["LookupError('of the memory')"]
    assert [finding.id for finding in mock.findings] == ["OAM081"]


def test_the_memory_is_bounded() -> None:
    """The oldest go, many at a time; the newest stay."""
    kept: Kept[int, int] = Kept()
    for number in range(10_000):
        kept.keep(number, number)
        kept.keep_first(number, -1)

    assert 2000 <= len(kept) <= 4000
    assert [*kept][-1] == kept[9999] == 9999


def test_the_files_have_them(mock: OAuthMock, http: Client, tmp_path: pathlib.Path) -> None:
    """With all that a reader of the file needs, and no secret."""
    _asks_without(http)
    mock.save_exchanges(tmp_path / "log.jsonl")

    (entry,) = map(json.loads, (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines())
    assert entry["_oauthmock"]["findings"] == [
        {
            "id": "OAM081",
            "name": "placeholder_token",
            "severity": "error",
            "clause": "RFC 6750 2.1",
            "seen": "the access token in the Authorization header is 'None': a variable that was never set",
            "remedy": "check that the token answer had an access_token before anything is sent with it",
        }
    ]


@pytest.mark.parametrize(
    "request_of",
    [
        {"path": "/token", "method": "POST", "data": b"\xff\xfe{{", "content_type": "application/json"},
        {"path": "/token", "method": "POST", "data": "client_assertion=a.b.c&client_assertion_type=x&grant_type=y"},
        {"path": "/token", "method": "DELETE", "query_string": "grant_type&code=&client_secret"},
        {
            "path": "/authorize",
            "query_string": "client_id=crm&redirect_uri=http%3A%2F%2F%5B&response_type=code&state=%00",
        },
        {
            "path": "/authorize",
            "query_string": "client_id=crm&response_type=token+code&code_challenge=a&state=" + "x" * 9000,
        },
        {"path": "/api", "headers": {"Authorization": "Bearer", "Referer": "::"}},
        {"path": "/api", "headers": {"Authorization": ""}},
        {"path": "/api", "headers": {"Authorization": "Basic \u00ff"}},
        {"path": "/nowhere/{{x}}/${y}", "headers": {"Referer": "?code=1"}},
    ],
)
def test_no_request_breaks_a_rule(mock: OAuthMock, http: Client, request_of: dict[str, typing.Any]) -> None:
    """Whatever is sent: the rules say something or nothing."""
    mock.client("crm")
    http.open(**request_of)

    assert mock.exceptions == []
