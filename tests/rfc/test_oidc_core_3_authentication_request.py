"""OpenID Connect Core 3.1.2.1: what a request asks of the login, and who is logged in at which browser."""

from __future__ import annotations

import base64
import json
import typing
import urllib.parse

import jwt
import pytest
import time_machine
from werkzeug.test import Client

from mockserver import Callback
from mockserver import OAuthMock

_NOW = 1_800_000_000
_BACK = "http://127.0.0.1:7001/callback"
_SECRET = "s3cret-of-crm"
_RIGHT = {
    "response_type": "code",
    "client_id": "crm",
    "redirect_uri": _BACK,
    "scope": "openid orders:read",
    "state": "s-1",
    "nonce": "n-1",
}


@pytest.fixture(autouse=True)
def crm(mock: OAuthMock) -> None:
    mock.client("crm", client_secret=_SECRET)
    mock.client("auto", client_secret=_SECRET, consent="auto")
    mock.user("bob")


@pytest.fixture
def clock() -> typing.Iterator[typing.Any]:
    with time_machine.travel(_NOW, tick=False) as traveller:
        yield traveller


def url(**changes: str) -> str:
    return "http://localhost/authorize?" + urllib.parse.urlencode({**_RIGHT, **changes})


def claims_of(http: typing.Any, callback: Callback, client_id: str = "crm") -> dict[str, typing.Any]:
    """The ID token of a login, as the token endpoint gives it."""
    assert callback.code is not None, callback.params
    form = {"grant_type": "authorization_code", "code": callback.code, "redirect_uri": _BACK}
    answer = http.token(form, basic=(client_id, _SECRET)).get_json()
    return {
        **jwt.decode(answer["id_token"], options={"verify_signature": False}),
        "raw": answer["id_token"],
        "access_token": answer["access_token"],
    }


def refusal(mock: OAuthMock, callback: Callback) -> tuple[str | None, str | None, str]:
    return callback.error, callback.state, mock.journal.last.why


# -- the login session -------------------------------------------------------------------------------------------------


def test_who_has_logged_in_and_consented_is_let_in_without_a_page(
    mock: OAuthMock, http: typing.Any, clock: typing.Any
) -> None:
    """OpenID Connect Core 3.1.2.1: prompt=none; auth_time stays that of the login."""
    browser = mock.browser()
    first = claims_of(http, browser.approve(url(), user="bob"))
    clock.shift(60)

    silent = claims_of(http, browser.approve(url(prompt="none")))

    assert (first["sub"], first["auth_time"], first["iat"]) == ("bob", _NOW, _NOW)
    assert (silent["sub"], silent["auth_time"], silent["iat"]) == ("bob", _NOW, _NOW + 60)


def test_another_browser_knows_nobody(mock: OAuthMock) -> None:
    """OpenID Connect Core 3.1.2.6: login_required where nobody is logged in."""
    mock.browser().approve(url())

    for browser in (mock.browser(), mock):
        error, state, why = refusal(mock, browser.approve(url(prompt="none")))
        assert (error, state, why) == ("login_required", "s-1", "prompt=none, but nobody is logged in at this browser")


@pytest.mark.parametrize(
    ("changes", "error", "why"),
    [
        pytest.param(
            {"scope": "openid orders:write"}, "consent_required", "has not consented to client", id="more scope"
        ),
        pytest.param(
            {"client_id": "other"}, "consent_required", "has not consented to client 'other'", id="another client"
        ),
        pytest.param({"scope": "openid"}, None, "", id="less scope"),
        pytest.param({"prompt": "none login"}, "invalid_request", "none stands alone", id="none and login"),
        pytest.param({"prompt": "none none"}, "invalid_request", "none stands alone", id="none twice"),
        pytest.param({"prompt": "logn"}, "invalid_request", "did you mean 'login'?", id="a slip of the pen"),
        pytest.param({"max_age": "59"}, "login_required", "60 s ago, and max_age is 59", id="too long ago"),
        pytest.param({"max_age": "60"}, None, "", id="just in time"),
        pytest.param({"max_age": "0"}, "login_required", "max_age is 0", id="max_age 0"),
        pytest.param({"max_age": "-1"}, "invalid_request", "max_age is '-1'", id="max_age below 0"),
        pytest.param({"max_age": "soon"}, "invalid_request", "max_age is 'soon'", id="max_age no number"),
        pytest.param({"max_age": "٣"}, "invalid_request", "write whole seconds", id="max_age in other digits"),
        pytest.param({"display": "hologram"}, "invalid_request", "display is 'hologram'", id="unknown display"),
        pytest.param(
            {"display": "popup", "ui_locales": "tlh de", "claims_locales": "x"}, None, "", id="not our language"
        ),
        pytest.param({"login_hint": "alice"}, None, "", id="a hint at somebody else"),
    ],
)
def test_prompt_none_succeeds_or_says_what_is_missing(
    mock: OAuthMock, http: typing.Any, clock: typing.Any, *, changes: dict[str, str], error: str | None, why: str
) -> None:
    """OpenID Connect Core 3.1.2.1, 3.1.2.6: no page, whatever happens."""
    mock.client("other", client_secret=_SECRET)
    browser = mock.browser()
    browser.approve(url(), user="bob")
    clock.shift(60)

    callback = browser.approve(url(**{"prompt": "none", **changes}))

    assert (callback.error, callback.state) == (error, "s-1")
    assert why in mock.journal.last.why
    if error is None:
        assert claims_of(http, callback)["sub"] == "bob"


@pytest.mark.parametrize(
    ("changes", "anew"),
    [
        ({}, False),
        ({"prompt": "consent"}, False),
        ({"prompt": "select_account"}, False),
        ({"prompt": "login"}, True),
        ({"prompt": "login consent"}, True),
        ({"max_age": "59"}, True),
        ({"max_age": "10000"}, False),
        ({"acr_values": "gold"}, True),
    ],
)
def test_a_page_lets_go_on_who_is_logged_in(
    mock: OAuthMock, http: typing.Any, clock: typing.Any, changes: dict[str, str], anew: bool
) -> None:
    """OpenID Connect Core 3.1.2.3: reauthentication where it is asked for, and a new auth_time only then."""
    browser = mock.browser()
    browser.approve(url(), user="bob")
    clock.shift(60)

    page = browser.open_page(url(**changes))

    assert page.users == (["alice", "bob"] if anew else ["bob", "alice"])
    claims = claims_of(http, page.approve(user="bob"))
    assert claims["auth_time"] == (_NOW + 60 if anew else _NOW)


def test_choosing_somebody_else_is_a_login(mock: OAuthMock, http: typing.Any, clock: typing.Any) -> None:
    """OpenID Connect Core 3.1.2.1: select_account; the browser is then theirs."""
    browser = mock.browser()
    browser.approve(url(), user="bob")
    clock.shift(60)

    claims = claims_of(http, browser.approve(url(prompt="select_account"), user="alice"))

    assert (claims["sub"], claims["auth_time"]) == ("alice", _NOW + 60)
    assert claims_of(http, browser.approve(url(prompt="none")))["sub"] == "alice"


@pytest.mark.parametrize(
    ("changes", "shown"),
    [({}, False), ({"prompt": "consent"}, True), ({"scope": "openid orders:write"}, True), ({"max_age": "1"}, True)],
)
def test_single_sign_on_shows_no_page_twice(clock: typing.Any, changes: dict[str, str], shown: bool) -> None:
    """OpenID Connect Core 3.1.2.3, 3.1.2.4: as most servers do; a prompt or more scope shows it again."""
    mock = OAuthMock(issuer="http://localhost", single_sign_on=True)
    mock.client("crm", client_secret=_SECRET)
    browser = mock.browser()
    browser.open_page(url()).approve()
    clock.shift(60)

    browser.approve(url(**changes))

    assert [exchange.request.method for exchange in mock.journal] == ["GET", "POST", "GET", *(["POST"] * shown)]


@pytest.mark.parametrize("change", ["locked", "withdrawn", "reset"])
def test_a_login_does_not_outlive_the_account(mock: OAuthMock, change: str) -> None:
    """OpenID Connect Core 3.1.2.6: access_denied, consent_required or login_required."""
    browser = mock.browser()
    browser.approve(url(), user="bob")
    if change == "locked":
        mock.change_user("bob", account="locked")
    elif change == "withdrawn":
        mock.context.consents.clear()
    else:
        mock.reset()
        mock.client("crm")

    errors = {"locked": "access_denied", "withdrawn": "consent_required", "reset": "login_required"}
    assert browser.approve(url(prompt="none")).error == errors[change]


def test_a_second_factor_is_not_asked_for_again(mock: OAuthMock, http: typing.Any) -> None:
    """OpenID Connect Core 2: amr is that of the login."""
    mock.change_user("bob", account="second_factor")
    browser = mock.browser()
    browser.approve(url(), user="bob")

    assert claims_of(http, browser.approve(url(prompt="none")))["amr"] == ["pwd", "mfa"]


def test_automatic_consent_keeps_the_login(mock: OAuthMock, http: typing.Any, clock: typing.Any) -> None:
    """OpenID Connect Core 3.1.2.1: consent = "auto" has logins as well, and prompt=login makes a new one."""
    browser = mock.browser()
    times = []
    for prompt in ("", "none", "login"):
        times.append(claims_of(http, browser.approve(url(client_id="auto", prompt=prompt)), "auto")["auth_time"])
        clock.shift(60)

    assert times == [_NOW, _NOW, _NOW + 120]


@pytest.mark.parametrize(
    ("base", "path", "secure"),
    [("http://localhost", "/", ""), ("https://localhost", "/", "; Secure"), ("http://localhost/a", "/a", "")],
)
def test_the_cookie_says_nothing(mock: OAuthMock, http: typing.Any, base: str, path: str, secure: str) -> None:
    """RFC 6265 4.1.2, RFC 9700 4.16: a random name, for this issuer, not for scripts nor other sites."""
    mock.issuer("a").client("crm", consent="auto")
    client = Client(mock.wsgi, use_cookies=False)
    query = urllib.parse.urlencode({**_RIGHT, "client_id": "crm" if base.endswith("/a") else "auto"})

    response = client.get(
        "/authorize" if path == "/" else "/a/authorize", base_url=base.removesuffix("/a"), query_string=query
    )

    name, _, rest = response.headers["Set-Cookie"].partition("=")
    value, _, attributes = rest.partition("; ")
    assert (name, attributes) == ("oauthmock_session", f"Path={path}; HttpOnly; SameSite=Lax{secure}")
    assert value.startswith("oam_se_")


def test_a_login_has_a_new_cookie_and_the_old_one_is_dead(mock: OAuthMock) -> None:
    """RFC 9700 4.16, session fixation: a name that somebody else knew before the login is worth nothing after it."""
    client = Client(mock.wsgi)
    query = urllib.parse.urlencode({**_RIGHT, "client_id": "auto"})
    cookies = []
    for prompt in ("", "login"):
        client.get("/authorize", query_string=f"{query}&prompt={prompt}")
        cookies.append(client.get_cookie("oauthmock_session").value)
    client.set_cookie("oauthmock_session", cookies[0])

    client.get("/authorize", query_string=urllib.parse.urlencode({**_RIGHT, "prompt": "none"}))

    assert cookies[0] != cookies[1]
    assert mock.journal.last.error == "login_required"


@pytest.mark.parametrize(
    "cookie", ["oauthmock_session=guess", "oauthmock_session", "=;;=", "a=b; oauthmock_session=\xff"]
)
def test_a_strange_cookie_is_nobodys(mock: OAuthMock, http: typing.Any, cookie: str) -> None:
    """RFC 6265 5.4: whatever a browser sends, it is no login."""
    query = urllib.parse.urlencode({**_RIGHT, "prompt": "none"})
    response = http.client.get("/authorize", query_string=query, headers={"Cookie": cookie})

    assert dict(http.callback(response)[2])["error"] == "login_required"


# -- who is meant ------------------------------------------------------------------------------------------------------


def test_whom_a_hint_names_comes_first(mock: OAuthMock) -> None:
    """OpenID Connect Core 3.1.2.1: login_hint is a hint; one at nobody is none."""
    assert mock.open_page(url(login_hint="bob")).users == ["bob", "alice"]
    assert mock.open_page(url(login_hint="mallory")).users == ["alice", "bob"]


@pytest.mark.parametrize("alg", ["RS256", "EdDSA", "HS256"])
def test_an_id_token_hints_at_its_person(mock: OAuthMock, http: typing.Any, clock: typing.Any, alg: typing.Any) -> None:
    """OpenID Connect Core 3.1.2.1, 3.1.2.2: only they will do; that it or its key has expired is no matter."""
    mock.client("hinted", client_secret=_SECRET, id_token_signed_response_alg=alg)
    browser = mock.browser()
    hint = claims_of(http, browser.approve(url(client_id="hinted"), user="bob"), "hinted")["raw"]
    mock.rotate_keys(overlap=True)
    clock.shift(86400)

    same = browser.approve(url(client_id="hinted", prompt="none", id_token_hint=hint))
    chosen = mock.approve(url(client_id="hinted", id_token_hint=hint), user="alice")
    refused = refusal(mock, chosen)
    first = mock.open_page(url(client_id="hinted", id_token_hint=hint)).users[0]
    automatic = mock.approve(url(client_id="auto", id_token_hint=hint))
    browser.approve(url(client_id="hinted", prompt="login"), user="alice")
    other = refusal(mock, browser.approve(url(client_id="hinted", prompt="none", id_token_hint=hint)))

    assert claims_of(http, same, "hinted")["sub"] == "bob"
    assert refused[0] == "login_required"
    assert "'alice' was chosen, and id_token_hint or the claim sub asks for 'bob'" in refused[2]
    assert (first, claims_of(http, automatic, "auto")["sub"]) == ("bob", "bob")
    assert other == ("login_required", "s-1", "prompt=none, but 'alice' is logged in, and 'bob' is asked for")


def _unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(lambda token: "x", "it has 1 parts and not three", id="no JWT"),
        pytest.param(lambda token: token[:-9] + "AAAAAAAAA", "no key of this issuer verifies it", id="signature"),
        pytest.param(_unsigned, "no key of this issuer verifies it (alg 'none'", id="unsigned"),
        pytest.param(lambda token: "a" * 70000 + "..", "more than 65536 are not read", id="too long"),
        pytest.param(lambda token: jwt.encode({"sub": "bob"}, "x" * 32), "no key of this issuer", id="somebody else's"),
    ],
)
def test_what_is_no_id_token_of_ours_hints_at_nobody(
    mock: OAuthMock, http: typing.Any, change: typing.Any, why: str
) -> None:
    """OpenID Connect Core 3.1.2.1: it must be one that this server issued: invalid_request."""
    browser = mock.browser()
    hint = claims_of(http, browser.approve(url(), user="bob"))["raw"]

    error, state, said = refusal(mock, browser.approve(url(prompt="none", id_token_hint=change(hint))))

    assert (error, state) == ("invalid_request", "s-1")
    assert why in said


def test_an_id_token_of_another_issuer_hints_at_nobody(mock: OAuthMock, http: typing.Any) -> None:
    """OpenID Connect Core 3.1.2.1: the issuers of one server do not know each other's people."""
    other = mock.issuer("other")
    other.client("crm", client_secret=_SECRET, consent="auto")
    callback = other.approve(url().replace("/authorize", "/other/authorize"))
    form = {"grant_type": "authorization_code", "code": callback.code or "", "redirect_uri": _BACK}
    hint = http.client.post("/other/token", data=form, headers={"Authorization": http.basic("crm", _SECRET)})

    refused = mock.approve(url(id_token_hint=hint.get_json()["id_token"]))

    assert refused.error == "invalid_request"
    assert "its iss is 'http://localhost/other', and this issuer is 'http://localhost'" in mock.journal.last.why


@pytest.mark.parametrize("where", ["id_token", "userinfo"])
@pytest.mark.parametrize(
    ("wanted", "user", "error"),
    [
        ({"value": "bob"}, "bob", None),
        ({"value": "bob"}, "alice", "login_required"),
        ({"values": ["bob", "alice"]}, "bob", None),
        ({"value": "mallory"}, None, "login_required"),
        ({"value": 1}, None, "login_required"),
        ({"essential": True}, "alice", None),
    ],
)
def test_the_claim_sub_names_who_will_do(
    mock: OAuthMock, http: typing.Any, *, where: str, wanted: object, user: str | None, error: str | None
) -> None:
    """OpenID Connect Core 3.1.2.2, 5.5.1: a positive answer is for that person or there is none."""
    callback = mock.approve(url(claims=json.dumps({where: {"sub": wanted}})), user=user)

    assert callback.error == error
    if error is None:
        assert claims_of(http, callback)["sub"] == user


# -- how strong the login is -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "asked", "acr"),
    [
        (None, {}, None),
        (None, {"acr_values": "gold silver"}, "gold"),
        (["bronze", "gold"], {}, "bronze"),
        (["bronze", "gold"], {"acr_values": "platinum gold"}, "gold"),
        (["bronze", "gold"], {"acr_values": "platinum"}, "bronze"),
        (["bronze", "gold"], {"claims": '{"id_token": {"acr": {"essential": true, "values": ["gold"]}}}'}, "gold"),
        (["bronze", "gold"], {"claims": '{"id_token": {"acr": {"value": "gold"}}}'}, "gold"),
        (["bronze", "gold"], {"claims": '{"id_token": {"acr": {"essential": true}}}'}, "bronze"),
        (["bronze"], {"claims": '{"id_token": {"acr": {"values": ["gold"]}}}'}, "bronze"),
    ],
)
def test_the_class_of_a_login_is_what_was_asked_for(
    http: typing.Any, known: typing.Any, asked: dict[str, str], acr: str | None
) -> None:
    """OpenID Connect Core 2, 3.1.2.1, 5.5.1.1: acr, in the ID token and (RFC 9470 6.1) in the access token."""
    mock = OAuthMock(issuer="http://localhost", acr_values_supported=known)
    mock.client("crm", client_secret=_SECRET)

    claims = claims_of(type(http)(mock), mock.approve(url(**asked)))

    assert claims.get("acr") == acr
    assert jwt.decode(claims["access_token"], options={"verify_signature": False}).get("acr") == acr


@pytest.mark.parametrize("values", ["platinum", "platinum iron"])
def test_an_essential_class_that_no_login_has(http: typing.Any, values: str) -> None:
    """OpenID Connect Core 5.5.1.1, Error Code unmet_authentication_requirements 2: a failed attempt."""
    mock = OAuthMock(issuer="http://localhost", acr_values_supported=["bronze", "gold"])
    mock.client("crm", client_secret=_SECRET)
    claims = {"id_token": {"acr": {"essential": True, "values": values.split()}}}

    error, state, why = refusal(mock, mock.approve(url(claims=json.dumps(claims))))

    assert (error, state) == ("unmet_authentication_requirements", "s-1")
    assert "is essential, and acr_values_supported has 'bronze', 'gold'" in why


@pytest.mark.parametrize(
    ("first", "then", "silent"),
    [("bronze", "gold", False), ("gold", "bronze", True), ("gold", "gold", True), ("", "bronze", True)],
)
def test_a_login_of_a_weaker_class_is_not_enough(http: typing.Any, first: str, then: str, silent: bool) -> None:
    """OpenID Connect Core 3.1.2.1, RFC 9470 4: step-up asks again; a stronger login is good for less."""
    mock = OAuthMock(issuer="http://localhost", acr_values_supported=["bronze", "gold"])
    mock.client("crm", client_secret=_SECRET)
    browser = mock.browser()
    browser.approve(url(acr_values=first))

    callback = browser.approve(url(acr_values=then, prompt="none"))

    if silent:
        assert claims_of(type(http)(mock), callback)["acr"] == (first or "bronze")
    else:
        assert callback.error == "login_required"
        assert "was of class 'bronze', and 'gold' is asked for" in mock.journal.last.why


# -- the request in a form ---------------------------------------------------------------------------------------------


def posted(http: typing.Any, **changes: str) -> typing.Any:
    return http.client.post("/authorize", data={**_RIGHT, **changes})


def test_a_request_may_come_by_post(http: typing.Any) -> None:
    """OpenID Connect Core 3.1.2.1: GET and POST must be supported."""
    response = posted(http, client_id="auto")

    status, where, pairs, _ = http.callback(response)
    assert (status, where) == (302, _BACK)
    assert dict(pairs) == {"code": http.some.code, "state": "s-1"}


def test_the_page_of_a_request_by_post_knows_its_parameters(http: typing.Any) -> None:
    """OpenID Connect Core 3.1.2.1, 3.1.2.4: the page's form goes on with the same request."""
    page = posted(http, scope='openid "<&>', prompt="login")
    assert page.status_code == 302  # a malformed scope, to see that it is read
    page = posted(http)
    action = page.text.partition('<form method="post" action="')[2].partition('"')[0].replace("&amp;", "&")

    response = http.client.post(f"/authorize{action}", data={"user": "bob", "scope": ["openid"]})

    assert action.startswith("?response_type=code&client_id=crm&")
    callback = Callback(response.headers["Location"])
    assert (claims_of(http, callback)["sub"], callback.state) == ("bob", "s-1")


def test_errors_of_a_request_by_post_are_those_of_one_by_get(http: typing.Any) -> None:
    """RFC 6749 4.1.2.1: a page where the client is unknown, a redirect where it is known."""
    page = posted(http, client_id="nobody")
    back = posted(http, prompt="none")
    twice = http.client.post("/authorize?state=other", data=_RIGHT)

    assert (page.status_code, http.mock.journal[0].error) == (400, "invalid_request")
    assert dict(http.callback(back)[2])["error"] == "login_required"
    assert dict(http.callback(twice)[2])["error"] == "invalid_request"
    assert "'state' came more than once" in http.mock.journal.last.why


def test_a_provider_names_its_parameters_in_a_form_too(http: typing.Any) -> None:
    """OpenID Connect Core 3.1.2.1: `parameter_names` hold wherever the request is."""
    http.mock.issuer("a", parameter_names={"authorize": {"client_key": "client_id"}}).client("crm", consent="auto")
    form = {"client_key": "crm", **{name: value for name, value in _RIGHT.items() if name != "client_id"}}

    response = http.client.post("/a/authorize", data=form)

    assert dict(http.callback(response)[2])["state"] == "s-1"
