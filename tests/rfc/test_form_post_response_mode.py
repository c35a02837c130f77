"""OAuth 2.0 Form Post Response Mode, with RFC 6749 4.1.2 and 4.1.2.1: the answer as a form that posts itself."""

from __future__ import annotations

import base64
import hashlib
import re
import typing
import urllib.parse

import pytest

from mockserver import OAuthMock

_BACK = "http://127.0.0.1:7001/callback?tenant=a"
_RIGHT = {
    "response_type": "code",
    "client_id": "crm",
    "redirect_uri": _BACK,
    "state": "s&1",
    "response_mode": "form_post",
}


@pytest.fixture(autouse=True)
def crm(mock: OAuthMock) -> None:
    mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK])
    mock.client("auto", client_secret="s3cret", redirect_uris=[_BACK], consent="auto")


def url(**changes: str) -> str:
    return "http://localhost/authorize?" + urllib.parse.urlencode({**_RIGHT, **changes})


@pytest.mark.parametrize("client_id", ["crm", "auto"])
def test_a_code_comes_in_a_form(mock: OAuthMock, http: typing.Any, client_id: str) -> None:
    """OAuth 2.0 Form Post Response Mode 2, RFC 6749 4.1.2: code and state in the body, the URI's query kept."""
    callback = mock.approve(url(client_id=client_id))

    assert (callback.method, callback.url, callback.path_and_query) == ("POST", _BACK, "/callback?tenant=a")
    assert callback.form == {"code": http.some.code, "state": "s&1"}
    assert (callback.code, callback.state, callback.error) == (callback.form["code"], "s&1", None)
    assert mock.journal.last.verdict == "accepted"
    form = {"grant_type": "authorization_code", "code": callback.code, "redirect_uri": _BACK}
    assert http.answer(http.token(form, basic=(client_id, "s3cret"))) == http.tokens()


def test_an_error_comes_in_a_form(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 4.1.2.1: errors travel as successes do."""
    denied, wrong = mock.deny(url()), mock.approve(url(scope='"'))

    for callback, error in ((denied, "access_denied"), (wrong, "invalid_scope")):
        assert (callback.method, callback.url) == ("POST", _BACK)
        assert callback.form == {"error": error, "error_description": http.some.description, "state": "s&1"}
    assert (mock.journal.last.verdict, mock.journal.last.error) == ("refused", "invalid_scope")


def test_the_page_may_post_here_and_run_this_and_nothing_else(http: typing.Any) -> None:
    """OAuth 2.0 Form Post Response Mode 4: not cached, and its policy names one script and one place to post to."""
    response = http.authorize({**_RIGHT, "client_id": "auto"})
    script = re.findall(r"<script>(.*?)</script>", response.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()

    assert len(script) == 1
    assert dict(response.headers) == {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(response.data)),
        "Cache-Control": "no-store",
        "Pragma": "no-cache",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none';"
        f" base-uri 'none'; script-src 'sha256-{digest}'; form-action http://127.0.0.1:7001",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin",
        "Set-Cookie": http.some.session_cookie,
        "Date": http.some.description,
    }
    assert '<form method="post" action="http://127.0.0.1:7001/callback?tenant=a">' in response.text
    assert "<button>Continue</button>" in response.text


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("https://App.example/cb", "https://App.example"),
        ("http://[::1]:7001/cb", "http:"),
        ("http://127.0.0.1/'; script-src *", None),
        ("http://caf\u00e9.example/cb", "http:"),
    ],
)
def test_what_is_registered_cannot_widen_the_policy(http: typing.Any, uri: str, source: str | None) -> None:
    """RFC 9700 4.16: a host that a policy cannot name is named by its scheme."""
    uri = uri.replace(" ", "")
    http.mock.client("app", client_secret="s3cret", redirect_uris=[uri], consent="auto")

    response = http.authorize({**_RIGHT, "client_id": "app", "redirect_uri": uri})

    policy = response.headers["Content-Security-Policy"]
    assert policy.endswith(f"; form-action {source or 'http://127.0.0.1'}")
    assert policy.count("script-src") == 1


def test_the_state_is_escaped(http: typing.Any) -> None:
    """RFC 6749 10.14: it is a value of a field and no markup."""
    response = http.authorize({**_RIGHT, "client_id": "auto", "state": '"><script>alert(1)</script>'})

    assert response.text.count("<script") == 1
    assert "&#34;&gt;&lt;script&gt;alert(1)" in response.text


def test_a_custom_scheme_cannot_be_posted_to(http: typing.Any) -> None:
    """OAuth 2.0 Form Post Response Mode 2: HTTP POST needs HTTP; the error comes as it can come, in the query."""
    http.mock.client("app", client_secret="s3cret", redirect_uris=["app:/cb", "javascript:alert(1)"])

    for uri in ("app:/cb", "javascript:alert(1)"):
        response = http.authorize({**_RIGHT, "client_id": "app", "redirect_uri": uri})
        parameters = [("error", "invalid_request"), ("error_description", http.some.description), ("state", "s&1")]
        assert http.callback(response) == (302, uri, parameters, "no-store")
        assert "a form cannot be posted to" in http.mock.journal.last.why


def test_two_response_modes_are_none(http: typing.Any) -> None:
    """RFC 6749 3.1: of two nobody can say which is meant."""
    response = http.authorize([*_RIGHT.items(), ("response_mode", "form_post")])

    parameters = [("tenant", "a"), ("error", "invalid_request"), ("error_description", http.some.description)]
    assert http.callback(response)[2] == [*parameters, ("state", "s&1")]


def test_the_form_has_the_providers_names(http: typing.Any) -> None:
    """RFC 6749 4.1.2: the names of `callback_names`, in whatever mode; a field may even be called submit."""
    issuer = http.mock.issuer("a", callback_names={"code": "spapi_oauth_code", "state": "submit"})
    issuer.client("crm", client_secret="s3cret", redirect_uris=[_BACK])

    callback = http.mock.approve(url().replace("/authorize", "/a/authorize"))

    assert callback.form == {"spapi_oauth_code": http.some.code, "submit": "s&1"}
    assert (callback.code, callback.state) == (callback.form["spapi_oauth_code"], "s&1")
