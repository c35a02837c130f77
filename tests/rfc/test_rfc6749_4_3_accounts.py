"""RFC 6749 4.1.2.1, 4.3.2, 5.2 and 10.7: people whose account does not let them in, or not yet."""

from __future__ import annotations

import typing
import urllib.parse

import pytest

from mockserver import OAuthMock
from mockserver.errors import ConfigurationError

_BACK = "http://127.0.0.1:7001/callback"
_RIGHT = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, "scope": "a b", "state": "s-1"}
_URL = "http://localhost/authorize?" + urllib.parse.urlencode(_RIGHT)
_DESCRIPTIONS = {
    "locked": "The account is locked.",
    "disabled": "The account is disabled.",
    "second_factor": "A second factor is required.",
}


@pytest.fixture(autouse=True)
def crm(mock: OAuthMock) -> None:
    mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK])
    mock.client("auto", client_secret="s3cret", redirect_uris=[_BACK], consent="auto")


def password_grant(http: typing.Any, password: str = "wonderland") -> typing.Any:
    form = {"grant_type": "password", "username": "alice", "password": password}
    return http.answer(http.token(form, basic=("crm", "s3cret")))


@pytest.mark.parametrize("account", ["locked", "disabled", "second_factor"])
def test_the_password_grant_refuses_with_the_reason(mock: OAuthMock, http: typing.Any, account: typing.Any) -> None:
    """RFC 6749 5.2, 10.7: 400 invalid_grant, the reason for those alone who know the password."""
    mock.change_user("alice", account=account)

    status, body, headers = password_grant(http)
    assert (status, headers) == (400, http.json_headers)
    assert body == {"error": "invalid_grant", "error_description": _DESCRIPTIONS[account]}
    assert f"'alice' has account={account!r}" in mock.journal.last.why
    _, wrong, _ = password_grant(http, "wrong")
    assert wrong == {"error": "invalid_grant", "error_description": "The resource owner credentials are invalid."}
    assert "account" not in mock.journal.last.why

    mock.change_user("alice", account="active")
    assert password_grant(http) == http.tokens()


@pytest.mark.parametrize("account", ["locked", "disabled"])
@pytest.mark.parametrize("client_id", ["crm", "auto"])
def test_the_page_sends_those_back_who_cannot_log_in(http: typing.Any, account: typing.Any, client_id: str) -> None:
    """RFC 6749 4.1.2.1: access_denied, with the state."""
    http.mock.change_user("alice", account=account)

    response = http.authorize({**_RIGHT, "client_id": client_id}, {"user": "alice", "scope": "a"})

    parameters = [("error", "access_denied"), ("error_description", "The resource owner cannot log in.")]
    assert http.callback(response) == (302, _BACK, [*parameters, ("state", "s-1")], "no-store")
    assert f"'alice' has account={account!r}" in http.mock.journal.last.why


def test_a_second_factor_is_one_page_more(http: typing.Any) -> None:
    """RFC 6749 3.1: how the person is authenticated is the server's affair; what was ticked is kept."""
    http.mock.change_user("alice", account="second_factor")

    page = http.authorize(_RIGHT, [("user", "alice"), ("scope", "b")])
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<h1>Is it you, alice?</h1>" in page.text
    assert http.mock.journal.last.why == "'alice' was asked for the second factor"

    response = http.authorize(_RIGHT, [("user", "alice"), ("scope", "b"), ("second_factor", "yes")])
    assert http.callback(response) == (302, _BACK, [("code", http.some.code), ("state", "s-1")], "no-store")
    assert http.mock.journal.last.why == "'alice' approved client 'crm' for scope 'b'"


@pytest.mark.parametrize("client_id", ["crm", "auto"])
def test_the_actor_confirms_and_denies(mock: OAuthMock, client_id: str) -> None:
    """RFC 6749 4.1.2: by as many presses as a person needs; an automatic approval cannot give a second factor."""
    mock.change_user("alice", account="second_factor")
    url = _URL.replace("client_id=crm", f"client_id={client_id}")

    assert mock.approve(url).code
    methods = [exchange.request.method for exchange in mock.journal]
    assert methods == (["GET", "POST", "POST"] if client_id == "crm" else ["GET", "POST"])
    assert mock.journal.last.why == f"'alice' approved client '{client_id}' for scope 'a b'"
    assert mock.deny(url).error == "access_denied"


def test_prompt_none_cannot_ask_for_a_second_factor(http: typing.Any) -> None:
    """OpenID Connect Core 3.1.2.6."""
    http.mock.change_user("alice", account="second_factor")

    response = http.authorize({**_RIGHT, "client_id": "auto", "prompt": "none"})

    parameters = [("error", "login_required"), ("error_description", http.some.description), ("state", "s-1")]
    assert http.callback(response) == (302, _BACK, parameters, "no-store")


def test_an_account_is_its_own_keyword(mock: OAuthMock) -> None:
    """OpenID Connect Core 5.1: it is no claim, and a change keeps the claims and the password."""
    user = mock.user("bob", password="p", account="locked", email="bob@example.com")
    changed = mock.change_user("bob", account="active")

    assert (user.account, user.claims) == ("locked", {"email": "bob@example.com"})
    assert (changed.account, changed.claims, changed.password) == ("active", {"email": "bob@example.com"}, "p")
    assert mock.change_user("bob", password="q").password == "q"
    assert mock.context.users["bob"].password == "q"


def test_an_account_that_does_not_exist_is_refused(mock: OAuthMock) -> None:
    """The error names key, value and the nearest right one."""
    with pytest.raises(ConfigurationError, match=r"user 'bob': account = 'lokced'; did you mean 'locked'\?"):
        mock.user("bob", account="lokced")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"no user is called 'bob' .*; register: oauthmock\.user\('bob'\)"):
        mock.change_user("bob", account="locked")
    with pytest.raises(ConfigurationError, match=r"did you mean 'disabled'\?"):
        OAuthMock(users=[{"username": "eve", "account": "disable"}])
    assert OAuthMock(users=[{"username": "eve", "account": "disabled"}]).context.users["eve"].account == "disabled"
