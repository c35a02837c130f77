"""An exchange as a line and as an object, in process."""

from __future__ import annotations

import collections.abc as cabc
import json
import pathlib
import re
import typing

import httpx
import pytest

from mockserver import Exchange
from mockserver import OAuthMock
from mockserver.cli import exchanges


@pytest.fixture
def mock() -> cabc.Iterator[OAuthMock]:
    """A server with a client, a user and a second issuer."""
    with OAuthMock() as mock:
        mock.client("crm", client_secret="s3cret")
        mock.issuer("tenant-a")
        yield mock


def _line(exchange: Exchange) -> list[str]:
    """Its lines, without the time at the front and the milliseconds at the end of the first."""
    first, *more = exchanges.as_text(exchange).split("\n")
    found = re.fullmatch(r"\d\d:\d\d:\d\d  (.*)  \d+\.\d ms", first)
    assert found, first
    return [found[1], *more]


def _object(exchange: Exchange) -> dict[str, typing.Any]:
    members: dict[str, typing.Any] = json.loads(exchanges.as_json(exchange))
    return members


def test_an_accepted_exchange_is_one_line(mock: OAuthMock) -> None:
    """What does not apply is left out."""
    httpx.get(mock.jwks_url)

    assert _line(mock.journal.last) == ["GET /jwks  200"]


def test_another_issuer_is_in_the_path_of_the_line_and_a_member_of_the_object(mock: OAuthMock) -> None:
    """A person sees what was asked, a program what was made of it."""
    httpx.get(mock.issuer("tenant-a").jwks_url)

    assert _line(mock.journal.last) == ["GET /tenant-a/jwks  200"]
    assert (_object(mock.journal.last)["issuer"], _object(mock.journal.last)["path"]) == ("tenant-a", "/jwks")


def test_a_fault_says_why_it_was_refused(mock: OAuthMock) -> None:
    """Not accepted, whoever decided it."""
    mock.token_endpoint.fail(503)
    httpx.post(mock.token_url)

    line, why = _line(mock.journal.last)
    assert line.startswith("POST /token  503")
    assert why.startswith("          why: ")
    assert _object(mock.journal.last)["verdict"] == "faulted"


def test_a_server_that_broke_shows_its_traceback(mock: OAuthMock) -> None:
    """The mock's own defects are not hidden."""
    del mock.context.ledger
    httpx.post(mock.token_url, data={"grant_type": "client_credentials"}, auth=("crm", "s3cret"))

    lines = _line(mock.journal.last)
    assert lines[0] == "POST /token  client_credentials  client_secret_basic  crm  500 server_error"
    assert lines[1].startswith("          why: AttributeError: ")
    assert lines[2] == "Traceback (most recent call last):"
    assert lines[-1].startswith("AttributeError: ")
    assert _object(mock.journal.last)["verdict"] == "error"


def test_control_characters_do_not_reach_the_terminal(mock: OAuthMock) -> None:
    """No second line, no escape sequence, no text from right to left."""
    httpx.post(mock.token_url, data={"client_id": "a\n12:00:00  GET /\x1b[2J\u202e", "client_secret": "x"})

    line = exchanges.as_text(mock.journal.last)
    assert "  a\\n12:00:00  GET /\\x1b[2J\\u202e  " in line
    assert line.count("\n") == 1
    assert exchanges.as_json(mock.journal.last).isprintable()


def test_what_is_long_is_cut_in_a_line(mock: OAuthMock) -> None:
    """A path may have a quarter of a megabyte; the object has it whole."""
    httpx.get(f"{mock.api_url}/{'x' * 500}")

    assert _line(mock.journal.last)[0] == f"GET /api/{'x' * 111}...  401"
    assert len(_object(mock.journal.last)["path"]) == 505


@pytest.mark.parametrize("show", [exchanges.as_text, exchanges.as_json])
def test_a_token_in_the_wrong_place_is_redacted(mock: OAuthMock, show: cabc.Callable[[Exchange], str]) -> None:
    """In a path, say: whoever reads the log must not be able to use it."""
    token = mock.client("other").grant().access_token
    httpx.get(f"{mock.api_url}/{token}")

    assert "/api/eyJ***" in show(mock.journal.last)
    assert token.rpartition(".")[2] not in show(mock.journal.last)


@pytest.mark.parametrize("show", [exchanges.as_text, exchanges.as_json])
def test_a_secret_that_is_sent_as_something_else_is_masked(
    mock: OAuthMock, show: cabc.Callable[[Exchange], str]
) -> None:
    """It has no shape to be known by, but the server knows it; a client_id that is none stays as it is."""
    httpx.post(mock.token_url, data={"client_id": "s3cret", "client_secret": "s3cret", "grant_type": "s3cret"})
    masked = show(mock.journal.last)
    httpx.post(mock.token_url, data={"client_id": "nobody", "client_secret": "s3cret"})
    shown = show(mock.journal.last)

    assert "s3cret" not in masked + shown
    assert "***" in masked
    assert "nobody" in shown


def test_a_feed_writes_what_was_put_before_it_began_and_the_rest_at_its_end(
    mock: OAuthMock, tmp_path: pathlib.Path
) -> None:
    """The greeting comes first, so exchanges may have to wait for it."""
    httpx.get(mock.jwks_url)
    path = tmp_path / "log"
    with path.open("w", encoding="utf-8") as stream:
        feed = exchanges.Feed(lambda exchange: exchange.path, stream)
        feed.put(mock.journal.last)
        feed.start()
        feed.put(mock.journal.last)
        feed.close()

    assert path.read_text(encoding="utf-8") == "/jwks\n/jwks\n"


def test_a_feed_that_nobody_reads_drops_what_it_cannot_keep(
    mock: OAuthMock, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`put` never blocks the server."""
    monkeypatch.setattr(exchanges, "_WAITING", 1)
    httpx.get(mock.jwks_url)
    path = tmp_path / "log"
    with path.open("w", encoding="utf-8") as stream:
        feed = exchanges.Feed(lambda exchange: exchange.path, stream)
        feed.put(mock.journal.last)
        feed.put(mock.journal.last)
        feed.start()
        feed.close()

    assert path.read_text(encoding="utf-8") == "/jwks\n"


def test_a_feed_that_never_began_can_be_closed(tmp_path: pathlib.Path) -> None:
    """The port was in use, say."""
    path = tmp_path / "log"
    with path.open("w", encoding="utf-8") as stream:
        exchanges.Feed(exchanges.as_text, stream).close()

    assert path.read_text(encoding="utf-8") == ""


def test_what_the_streams_encoding_lacks_is_escaped(mock: OAuthMock, tmp_path: pathlib.Path) -> None:
    """A terminal that knows ASCII only gets ASCII."""
    httpx.get(f"{mock.url}/é")
    path = tmp_path / "log"
    with path.open("w", encoding="ascii") as stream:
        feed = exchanges.Feed(lambda exchange: exchange.path, stream)
        feed.start()
        feed.put(mock.journal.last)
        feed.close()

    assert path.read_text(encoding="ascii") == "/\\xe9\n"
