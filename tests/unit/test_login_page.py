"""The page between opening and pressing: late, twice, never."""

from __future__ import annotations

import typing
import urllib.parse

import pytest
from werkzeug.test import Client

from mockserver import LoginPage
from mockserver import OAuthMock
from mockserver.errors import UnexpectedPage

_BACK = "http://127.0.0.1:7001/callback"
_RIGHT = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, "scope": "b a", "state": "s"}


def url(**changes: str) -> str:
    return "http://localhost/authorize?" + urllib.parse.urlencode({**_RIGHT, **changes})


@pytest.fixture(autouse=True)
def crm(mock: OAuthMock) -> None:
    mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK], login_page_lifetime=600)
    mock.client("for ever", client_secret="s3cret", redirect_uris=[_BACK])
    mock.client("auto", client_secret="s3cret", redirect_uris=[_BACK], consent="auto")
    mock.user("alice")
    mock.user("bob")


def redeemed(http: Client, code: str | None) -> int:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": _BACK}
    return http.post("/token", data=form, auth=("crm", "s3cret")).status_code


def test_a_page_says_what_it_offers(mock: OAuthMock) -> None:
    """And stays as it was, whatever is done to the lists."""
    page = mock.open_page(url())

    assert (page.users, page.scopes) == (["alice", "bob"], ["b", "a"])
    page.users.clear()
    assert page.users == ["alice", "bob"]
    assert repr(page) == f"<LoginPage {url()}>"
    assert len(mock.journal) == 1


def test_two_presses_bring_two_codes(mock: OAuthMock, http: Client) -> None:
    """A double click: both codes are good, and each works once."""
    page = mock.open_page(url())
    first, second = page.approve(user="bob", scope="a"), page.approve()

    assert first.code != second.code
    assert [redeemed(http, first.code), redeemed(http, second.code), redeemed(http, first.code)] == [200, 200, 400]
    assert page.deny().error == "access_denied"


def test_nobody_need_press(mock: OAuthMock) -> None:
    """The connector waits in vain."""
    mock.open_page(url())

    assert [exchange.status for exchange in mock.journal] == [200]


@pytest.mark.parametrize("press", [LoginPage.approve, LoginPage.deny])
def test_a_late_press_is_a_press(mock: OAuthMock, press: typing.Any) -> None:
    """For ever by default; the code's life begins with the press."""
    page = mock.open_page(url(client_id="for ever"))
    mock.clock.advance(days=400)

    assert press(page).state == "s"


@pytest.mark.parametrize(("seconds", "too_late"), [(599, False), (600, True), (10**6, True)])
def test_a_page_that_is_too_old_is_shown_again(mock: OAuthMock, seconds: int, too_late: bool) -> None:
    """With what it takes to go on; pressing Deny is always possible."""
    page = mock.open_page(url())
    mock.clock.advance(seconds=seconds)
    if not too_late:
        assert page.approve().code
        return
    with pytest.raises(UnexpectedPage, match=rf"opened {seconds} s ago \(login_page_lifetime = 600\), so it was shown"):
        page.approve()

    assert mock.journal.last.status == 200
    assert page.deny().error == "access_denied"
    assert mock.open_page(url()).approve().code


@pytest.mark.parametrize("opened", [None, "", "yesterday", "nan", "-inf"])
def test_a_form_that_does_not_say_when_it_was_opened_is_too_old(
    mock: OAuthMock, http: Client, opened: str | None
) -> None:
    """Nor one that says nonsense."""
    form = {"user": "alice"} | ({} if opened is None else {"opened": opened})
    response = http.post("/authorize", query_string=_RIGHT, data=form)

    assert response.status_code == 200
    assert 'name="opened"' in response.text
    assert "so it was shown again" in mock.journal.last.why
    assert mock.exceptions == []


def test_the_second_page_is_as_old_as_the_first(mock: OAuthMock) -> None:
    """The time is handed on."""
    mock.change_user("alice", account="second_factor")

    assert mock.open_page(url()).approve().code
    page = mock.open_page(url(client_id="auto"))
    assert (page.users, page.scopes) == ([], [])
    assert page.approve().code
    assert page.deny().error == "access_denied"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"client_id": "auto"}, "was approved without asking, so there is no page; set consent='page'"),
        ({"scope": '"'}, r"was refused \(invalid_scope\) before a page was shown: "),
        ({"client_id": "crn"}, "answered 400 and not with a login page: no client is called 'crn'"),
    ],
)
def test_where_there_is_no_page_none_can_be_opened(mock: OAuthMock, changes: dict[str, str], why: str) -> None:
    """With the reason and the remedy."""
    with pytest.raises(UnexpectedPage, match=why):
        mock.open_page(url(**changes))


@pytest.mark.parametrize(("user", "scope"), [("mallory", None), ("alice", "a c")])
def test_only_what_is_offered_can_be_chosen(mock: OAuthMock, user: str, scope: str | None) -> None:
    """The page is still open afterwards."""
    page = mock.open_page(url())
    with pytest.raises(UnexpectedPage):
        page.approve(user=user, scope=scope)

    assert page.approve().code
