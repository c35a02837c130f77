"""OpenID Connect RP-Initiated Logout 1.0: who is asked, who is logged out, and where the browser goes then."""

from __future__ import annotations

import typing
import urllib.parse

import pytest
from werkzeug.test import Client

from mockserver import OAuthMock
from mockserver.errors import ConfigurationError
from mockserver.errors import UnexpectedPage

_BACK = "http://127.0.0.1:7001/callback"
_AFTER = "https://app.example/bye?tenant=a"
_SECRET = "s3cret-of-crm"


@pytest.fixture(autouse=True)
def crm(mock: OAuthMock) -> None:
    mock.client("crm", client_secret=_SECRET, client_name="Acme CRM", post_logout_redirect_uris=[_AFTER])
    mock.client("erp", client_secret=_SECRET)
    mock.client("auto", client_secret=_SECRET, consent="auto")
    mock.user("bob")


def login_url(**changes: str) -> str:
    right = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, "scope": "openid"}
    return "http://localhost/authorize?" + urllib.parse.urlencode({**right, **changes})


def logout_url(**parameters: str) -> str:
    return "http://localhost/end_session?" + urllib.parse.urlencode(parameters)


def logged_in(http: typing.Any, browser: typing.Any, user: str = "alice", client_id: str = "crm") -> str:
    """Log somebody in; their ID token."""
    code = browser.approve(login_url(client_id=client_id, prompt="login"), user=user).code
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": _BACK}
    return str(http.token(form, basic=(client_id, _SECRET)).get_json()["id_token"])


def is_logged_in(browser: typing.Any) -> bool:
    return bool(browser.approve(login_url(prompt="none")).error is None)


def test_an_id_token_logs_its_person_out_and_sends_them_back(mock: OAuthMock, http: typing.Any) -> None:
    """OpenID Connect RP-Initiated Logout 2, 3: at once; state comes back, the URI's own query stays."""
    browser = mock.browser()
    hint = logged_in(http, browser)
    before = is_logged_in(browser)

    callback = browser.log_out(logout_url(id_token_hint=hint, post_logout_redirect_uri=_AFTER, state="a b&c"))

    assert callback is not None
    assert callback.url == f"{_AFTER}&state=a%20b%26c"
    assert (before, is_logged_in(browser)) == (True, False)
    assert [exchange.request.method for exchange in mock.journal.at("end_session")] == ["GET"]


def test_an_old_id_token_will_do(mock: OAuthMock, http: typing.Any) -> None:
    """OpenID Connect RP-Initiated Logout 2: an ID token that has expired should be accepted; no state, no query."""
    browser = mock.browser()
    hint = logged_in(http, browser)
    mock.clock.advance(days=30)
    mock.rotate_keys(overlap=True)

    callback = browser.log_out(logout_url(id_token_hint=hint, client_id="crm", post_logout_redirect_uri=_AFTER))

    assert callback is not None
    assert callback.url == _AFTER
    assert not is_logged_in(browser)


@pytest.mark.parametrize(
    "parameters", [{}, {"client_id": "crm"}, {"client_id": "crm", "post_logout_redirect_uri": _AFTER}]
)
def test_without_an_id_token_the_person_is_asked(mock: OAuthMock, http: typing.Any, parameters: dict[str, str]) -> None:
    """OpenID Connect RP-Initiated Logout 2, 6: anybody may have made the link."""
    browser = mock.browser()
    logged_in(http, browser)

    callback = browser.log_out(logout_url(**parameters))

    assert [exchange.request.method for exchange in mock.journal.at("end_session")] == ["GET", "POST"]
    assert mock.journal.at("end_session")[0].why == "'alice' was asked whether to log out"
    assert (None if callback is None else callback.url) == parameters.get("post_logout_redirect_uri")
    assert not is_logged_in(browser)


def test_an_id_token_of_somebody_else_does_not_log_out_who_is_there(mock: OAuthMock, http: typing.Any) -> None:
    """OpenID Connect RP-Initiated Logout 2: the person is asked where the hint is not who is logged in."""
    browser = mock.browser()
    hint = logged_in(http, mock.browser(), "bob")
    logged_in(http, browser, "alice")
    client = Client(mock.wsgi)
    client.get("/authorize?" + login_url(client_id="auto").partition("?")[2])

    page = client.get("/end_session", query_string={"id_token_hint": hint})

    assert page.status_code == 200
    assert "You are logged in as <strong>alice</strong>." in page.text
    assert "<strong>Acme CRM</strong> asks whether you want to log out." in page.text
    assert 'name="log_out"' in page.text
    assert "Set-Cookie" not in page.headers
    assert is_logged_in(browser)


def test_a_person_may_stay(mock: OAuthMock) -> None:
    """OpenID Connect RP-Initiated Logout 2: asked, and said no."""
    client = Client(mock.wsgi)
    client.get("/authorize?" + login_url(client_id="auto").partition("?")[2])

    page = client.post("/end_session?client_id=crm", data={"stay": "yes"})

    assert "You are still logged in" in page.text
    assert client.get_cookie("oauthmock_session") is not None


@pytest.mark.parametrize("client_id", ["crm", "auto"])
def test_who_is_logged_out_is_told_so(mock: OAuthMock, client_id: str) -> None:
    """OpenID Connect RP-Initiated Logout 2, 3: also where nobody was; with consent = "auto" nobody is asked."""
    client = Client(mock.wsgi)
    client.get("/authorize?" + login_url(client_id="auto").partition("?")[2])
    if client_id == "crm":
        client.delete_cookie("oauthmock_session")

    page = client.get("/end_session", query_string={"client_id": client_id})

    assert (page.status_code, "You are logged out" in page.text) == (200, True)
    assert page.headers["Set-Cookie"] == "oauthmock_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    assert client.get_cookie("oauthmock_session") is None


def test_a_logout_request_may_come_by_post(mock: OAuthMock, http: typing.Any) -> None:
    """OpenID Connect RP-Initiated Logout 2: GET and POST; the page's form goes on with the same request."""
    hint = logged_in(http, mock.browser())
    client = Client(mock.wsgi)
    form = {"id_token_hint": hint, "post_logout_redirect_uri": _AFTER, "state": "s"}

    at_once = client.post("/end_session", data=form)
    client.get("/authorize?" + login_url(client_id="auto").partition("?")[2])
    page = client.post("/end_session", data={"client_id": "crm", "post_logout_redirect_uri": _AFTER, "state": "s"})
    action = page.text.partition('<form method="post" action="')[2].partition('"')[0].replace("&amp;", "&")
    back = client.post(f"/end_session{action}", data={"log_out": "yes"})

    assert (at_once.status_code, at_once.headers["Location"]) == (302, f"{_AFTER}&state=s")
    assert (back.status_code, back.headers["Location"]) == (302, f"{_AFTER}&state=s")


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"post_logout_redirect_uri": _AFTER}, "neither an id_token_hint nor a client_id"),
        ({"post_logout_redirect_uri": "https://app.example/bye", "client_id": "crm"}, "character by character"),
        ({"post_logout_redirect_uri": f"{_AFTER}/", "client_id": "crm"}, "character by character"),
        ({"post_logout_redirect_uri": _BACK, "client_id": "crm"}, "character by character"),
        ({"post_logout_redirect_uri": "https://evil.example/", "client_id": "erp"}, "any loopback URI"),
        ({"post_logout_redirect_uri": "javascript:alert(1)", "client_id": "erp"}, "any loopback URI"),
        ({"post_logout_redirect_uri": "http://127.0.0.1/\r\nX: y", "client_id": "erp"}, "control character"),
        ({"client_id": "nobody"}, "no client is called 'nobody'"),
        ({"id_token_hint": "x.y.z"}, "id_token_hint: "),
        ({"id_token_hint": "HINT", "client_id": "erp"}, "client_id is 'erp', and id_token_hint was issued to 'crm'"),
        ([("client_id", "crm"), ("client_id", "erp")], "came more than once"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_cannot_be_trusted_is_shown_and_not_redirected(
    mock: OAuthMock, http: typing.Any, parameters: typing.Any, why: str, method: str
) -> None:
    """OpenID Connect RP-Initiated Logout 4: an error page, and nobody is logged out."""
    browser = mock.browser()
    hint = logged_in(http, browser)
    pairs = parameters if isinstance(parameters, list) else list(parameters.items())
    sent = urllib.parse.urlencode([(name, hint if value == "HINT" else value) for name, value in pairs])

    if method == "GET":
        response = http.client.get("/end_session", query_string=sent)
    else:
        form = "application/x-www-form-urlencoded"
        response = http.client.post("/end_session", data=sent.encode(), content_type=form)

    assert (response.status_code, response.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "Location" not in response.headers
    assert "Set-Cookie" not in response.headers
    assert mock.journal.last.error == "invalid_request"
    assert why in mock.journal.last.why
    assert is_logged_in(browser)


def test_a_browser_that_meets_an_error_says_why(mock: OAuthMock) -> None:
    """OpenID Connect RP-Initiated Logout 4."""
    with pytest.raises(UnexpectedPage, match="answered 400: no client is called 'nobody'"):
        mock.browser().log_out(logout_url(client_id="nobody"))


def test_a_loopback_uri_will_do_for_a_client_that_registered_none(mock: OAuthMock) -> None:
    """OpenID Connect RP-Initiated Logout 3: what a client leaves out is as generous as its redirect URIs."""
    callback = mock.browser().log_out(logout_url(client_id="erp", post_logout_redirect_uri="http://localhost:7001/bye"))

    assert callback is not None
    assert callback.url == "http://localhost:7001/bye"


def test_what_is_no_uri_cannot_be_registered(mock: OAuthMock) -> None:
    """OpenID Connect RP-Initiated Logout 3.1."""
    with pytest.raises(ConfigurationError, match="post_logout_redirect_uris has '/bye', which is not an absolute URI"):
        mock.client(post_logout_redirect_uris=["/bye"])


def test_discovery_says_where(mock: OAuthMock, http: typing.Any) -> None:
    """OpenID Connect RP-Initiated Logout 2.1: end_session_endpoint; tokens outlive the login."""
    client = mock.client()
    token = client.grant(scope="openid").access_token
    document = http.client.get("/.well-known/openid-configuration").get_json()

    mock.browser().log_out(logout_url())

    assert document["end_session_endpoint"] == "http://localhost/end_session"
    assert http.api(token).status_code == 200


def test_the_endpoint_can_be_switched_off(http: typing.Any) -> None:
    """OpenID Connect RP-Initiated Logout 2.1: then it is neither served nor in the metadata."""
    own = type(http)(OAuthMock(issuer="http://localhost", end_session=False))

    assert own.client.get("/end_session").status_code == 404
    assert "end_session_endpoint" not in own.client.get("/.well-known/openid-configuration").get_json()
    with pytest.raises(ConfigurationError, match="end_session"):
        _ = own.mock.end_session_url
