"""RFC 6749 4.1.2.1, appendix A.11 and OpenID Connect Core 3.1.2.6: errors through the browser, and awkward codes."""

from __future__ import annotations

import typing
import urllib.parse

import pytest

from mockserver import OAuthMock
from mockserver.errors import ConfigurationError
from mockserver.errors import UnexpectedPage

_BACK = "http://127.0.0.1:7001/callback"
_RIGHT = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, "scope": "a b", "state": "s-1"}
_ERRORS = [
    *("invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "invalid_scope"),
    *("server_error", "temporarily_unavailable", "interaction_required", "login_required"),
    *("account_selection_required", "consent_required", "invalid_request_uri", "invalid_request_object"),
    *("request_not_supported", "request_uri_not_supported", "registration_not_supported", "acme: no!"),
]


def url(**changes: str) -> str:
    return "http://localhost/authorize?" + urllib.parse.urlencode({**_RIGHT, **changes})


@pytest.fixture(autouse=True)
def crm(mock: OAuthMock) -> None:
    mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK])
    mock.client("auto", client_secret="s3cret", redirect_uris=[_BACK], consent="auto")


@pytest.mark.parametrize("error", _ERRORS)
@pytest.mark.parametrize("client_id", ["crm", "auto"])
def test_every_error_can_be_sent_back(mock: OAuthMock, error: str, client_id: str) -> None:
    """RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6: to the redirect URI, with the state."""
    callback = mock.refuse(url(client_id=client_id), error=error, description="Not today.")

    assert callback.params == {"error": error, "error_description": "Not today.", "state": "s-1"}
    assert callback.url.startswith(f"{_BACK}?error=")
    exchange = mock.journal.last
    assert (exchange.verdict, exchange.error, exchange.fault) == ("faulted", error, f"refuse({error})")
    assert mock.approve(url(client_id=client_id)).code


def test_a_description_may_be_left_out_and_the_form_may_be_posted(mock: OAuthMock) -> None:
    """RFC 6749 4.1.2.1: optional; OAuth 2.0 Form Post Response Mode carries errors too."""
    assert mock.refuse(url(), error="server_error").params == {"error": "server_error", "state": "s-1"}
    callback = mock.refuse(url(response_mode="form_post"), error="server_error")
    assert (callback.method, callback.form) == ("POST", {"error": "server_error", "state": "s-1"})


def test_an_armed_refusal_meets_whoever_comes(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 4.1.2.1: so often, at the page's button as well, and not where nothing may be redirected (3.1.2.4)."""
    mock.authorization_endpoint.refuse(error="temporarily_unavailable", times=2)

    shown = http.authorize({**_RIGHT, "redirect_uri": "https://evil.example/"})
    first, second = http.authorize({**_RIGHT, "client_id": "auto"}), http.authorize(_RIGHT, {"user": "alice"})
    third = http.authorize(_RIGHT, {"user": "alice"})

    assert (shown.status_code, shown.headers.get("Location")) == (400, None)
    for response in (first, second):
        parameters = [("error", "temporarily_unavailable"), ("state", "s-1")]
        assert http.callback(response) == (302, _BACK, parameters, "no-store")
    assert http.callback(third)[2] == [("code", http.some.code), ("state", "s-1")]
    assert mock.state.faults.unused() == []


def test_a_refusal_that_cannot_travel_leaves_nothing_armed(mock: OAuthMock) -> None:
    """RFC 6749 3.1.2.4: the page is an error to the tester, and the next login is as ever."""
    with pytest.raises(UnexpectedPage, match="is none of"):
        mock.refuse(url(redirect_uri="https://evil.example/"), error="server_error")
    for nonsense in ("http://localhost/token", "nonsense", "", "http://[::1"):
        with pytest.raises(UnexpectedPage):
            mock.refuse(nonsense, error="server_error")
    assert list(mock.state.faults) == []
    assert mock.approve(url()).code


def test_a_url_of_another_issuer_is_refused_by_that_one(mock: OAuthMock) -> None:
    """RFC 6749 4.1.2.1: as with approve, the URL says whose it is."""
    mock.issuer("a").client("crm", client_secret="s3cret")

    assert mock.refuse(url().replace("/authorize", "/a/authorize"), error="server_error").error == "server_error"
    assert mock.issuer("a").refuse(url(), error="server_error").error == "server_error"
    assert [exchange.issuer for exchange in mock.journal] == ["a", ""]


@pytest.mark.parametrize(
    ("error", "description"), [("", ""), ('a"b', ""), ("a\\b", ""), ("a\nb", ""), ("\u00e9", ""), ("x", "\u00e9")]
)
def test_what_the_grammar_forbids_cannot_be_armed(mock: OAuthMock, error: str, description: str) -> None:
    """RFC 6749 4.1.2.1: printable ASCII without quote and backslash."""
    with pytest.raises(ConfigurationError, match="write for example error='server_error'"):
        mock.authorization_endpoint.refuse(error=error, description=description)


@pytest.mark.parametrize("length", [64, 255, 2500])
@pytest.mark.parametrize("response_mode", ["query", "form_post"])
def test_a_code_may_be_long_and_full_of_what_has_to_be_encoded(
    mock: OAuthMock, http: typing.Any, length: int, response_mode: str
) -> None:
    """RFC 6749 4.1.2, appendix A.11: its size is undefined, and it may have every printable ASCII character."""
    client = mock.client("shop", client_secret="s3cret", redirect_uris=[_BACK], authorization_code_length=length)
    codes = [mock.approve(url(client_id="shop", response_mode=response_mode)).code, client.issue_code()]

    for code, redirect_uri in zip(codes, [_BACK, None], strict=True):
        assert code is not None
        assert len(code) == length
        assert {*"+/=%"} <= {*code}
        form = {"grant_type": "authorization_code", "code": code}
        again = form if redirect_uri is None else {**form, "redirect_uri": redirect_uri}
        cut = http.token({**again, "code": code[:-1]}, basic=("shop", "s3cret"))
        assert http.answer(cut) == http.refused(400, "invalid_grant")
        right = http.token(again, basic=("shop", "s3cret"))
        assert (right.status_code, right.get_json()["token_type"]) == (200, "Bearer")
