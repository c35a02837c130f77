"""RFC 8628: the device's request, the page at which a person decides, and the polling in between."""

from __future__ import annotations

import functools
import re
import typing
import urllib.parse

import pytest

from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver.errors import UnexpectedPage

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_TV = ("tv", "s3cret")


@pytest.fixture
def tv(mock: OAuthMock, request: pytest.FixtureRequest) -> typing.Any:
    """A client with the policies that the test asks for."""
    return mock.client("tv", client_secret="s3cret", **getattr(request, "param", {}))


def begin(http: typing.Any, *, basic: tuple[str, str] | None = _TV, **form: str) -> dict[str, typing.Any]:
    """What the device is given."""
    status, members, headers = http.answer(http.post("/device_authorization", form, basic=basic))
    assert (status, headers) == (200, http.json_headers)
    found: dict[str, typing.Any] = members
    return found


def poll(http: typing.Any, code: str, *, basic: tuple[str, str] | None = _TV, **more: str) -> typing.Any:
    return http.token({"grant_type": _GRANT, "device_code": code, **more}, basic=basic)


def page(http: typing.Any, form: typing.Any = None, **query: str) -> tuple[int, str]:
    """What a person sees at the verification page: opened, or after a button."""
    response = http.client.get("/device", query_string=query) if form is None else http.post("/device", form)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["X-Frame-Options"] == "DENY"
    return response.status_code, response.text


# -- the device --------------------------------------------------------------------------------------------------------


def test_what_the_device_is_given(http: typing.Any, tv: typing.Any) -> None:
    """RFC 8628 3.2: every member."""
    given = begin(http, scope="movies")
    code, user_code = given.pop("device_code"), given.pop("user_code")

    assert re.fullmatch(r"oam_dc_[\w-]{43}", code)
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", user_code)
    assert given == {
        "verification_uri": "http://localhost/device",
        "verification_uri_complete": f"http://localhost/device?user_code={user_code}",
        "expires_in": 1800,
        "interval": 5,
    }


def test_the_whole_way(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """RFC 8628 1, 3.4, 3.5: pending until a person has approved, then tokens for them, once."""
    given = begin(http, scope="movies music")

    assert http.answer(poll(http, given["device_code"])) == http.refused(400, "authorization_pending")
    mock.approve_device(given["user_code"], user="alice", scope="movies")
    answer = poll(http, given["device_code"])

    assert http.answer(answer) == http.tokens(scope="movies")
    token = mock.tokens.last
    assert (token.grant_type, token.username, token.client_id) == (_GRANT, "alice", "tv")
    assert token.claims["auth_time"] == int(mock.clock.now())
    assert http.answer(poll(http, given["device_code"])) == http.refused(400, "invalid_grant")
    assert http.api(token.access_token).status_code == 200


def test_a_public_client(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 8628 3.1, 5.6: devices keep no secrets; both requests have the client_id."""
    mock.client("tv", token_endpoint_auth_method="none")
    given = begin(http, basic=None, client_id="tv")
    mock.approve_device(given["user_code"])

    answer = poll(http, given["device_code"], basic=None, client_id="tv")

    assert http.answer(answer) == http.tokens()
    assert mock.tokens.last.client_auth == "none"


def test_openid(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """OpenID Connect Core 3.1.3.3: an ID token where the scope has openid; refreshing goes on from there."""
    given = begin(http, scope="openid")
    mock.approve_device(given["user_code"], user="alice")

    assert http.answer(poll(http, given["device_code"])) == http.tokens(scope="openid", id_token=True)
    refreshed = http.token({"grant_type": "refresh_token", "refresh_token": mock.tokens.last.refresh_token}, basic=_TV)
    assert http.answer(refreshed) == http.tokens(scope="openid", id_token=True)


@pytest.mark.parametrize("tv", [{"consent": "auto"}], indirect=True)
def test_approved_at_once(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """RFC 8628 3.5: with consent 'auto' nobody has to come."""
    assert http.answer(poll(http, begin(http)["device_code"])) == http.tokens()
    assert mock.tokens.last.username == "alice"


# -- polling -----------------------------------------------------------------------------------------------------------


def test_a_device_that_asks_too_often(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """RFC 8628 3.5: slow_down adds five seconds to the interval, for this request and all that follow."""
    code = begin(http)["device_code"]
    answers = []
    for seconds in (0, 4, 10, 9, 15, 14, 20):
        mock.clock.advance(seconds=seconds)
        answers.append(poll(http, code).get_json()["error"])

    assert answers == [
        "authorization_pending",
        *("slow_down", "authorization_pending"),
        *("slow_down", "authorization_pending"),
        *("slow_down", "authorization_pending"),
    ]
    assert "wait 20 s" in mock.journal.at("token")[-2].why


def test_an_approval_does_not_wait(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """RFC 8628 3.5: slow_down is for requests that are pending."""
    given = begin(http)
    poll(http, given["device_code"])
    mock.approve_device(given["user_code"])

    assert http.answer(poll(http, given["device_code"])) == http.tokens()


@pytest.mark.parametrize("tv", [{"device_code_interval": 0}], indirect=True)
def test_a_server_in_a_hurry(http: typing.Any, tv: typing.Any) -> None:
    """RFC 8628 3.2: an interval of nothing."""
    given = begin(http)

    assert given["interval"] == 0
    assert [poll(http, given["device_code"]).get_json()["error"] for _ in range(3)] == ["authorization_pending"] * 3


def test_denied(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """RFC 8628 3.5: 400 access_denied, however often the device asks."""
    given = begin(http)
    mock.deny_device(given["user_code"])

    for _ in range(2):
        assert http.answer(poll(http, given["device_code"])) == http.refused(400, "access_denied")


@pytest.mark.parametrize("tv", [{"device_code_lifetime": 60}], indirect=True)
def test_expired(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """RFC 8628 3.5: expired_token at the second that expires_in says, and not before; nobody can approve it then."""
    given = begin(http)
    mock.clock.advance(seconds=59)
    assert http.answer(poll(http, given["device_code"])) == http.refused(400, "authorization_pending")
    mock.clock.advance(seconds=1)

    assert http.answer(poll(http, given["device_code"])) == http.refused(400, "expired_token")
    with pytest.raises(UnexpectedPage, match="the code expired 0 s ago"):
        mock.approve_device(given["user_code"])


def test_another_clients_code(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """RFC 8628 3.4: refused, and the owner neither loses the code nor is slowed down."""
    mock.client("radio", client_secret="s3cret-too")
    given = begin(http)
    mock.approve_device(given["user_code"])

    answer = poll(http, given["device_code"], basic=("radio", "s3cret-too"))

    assert http.answer(answer) == http.refused(400, "invalid_grant")
    assert http.answer(poll(http, given["device_code"])) == http.tokens()


def test_one_of_many_gets_the_tokens(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """RFC 8628 3.4: a device code brings tokens once, whoever is first."""
    given = begin(http)
    mock.approve_device(given["user_code"])

    answers = http.at_once([lambda: poll(http, given["device_code"]).status_code] * 8)

    assert sorted(answers) == [200, *[400] * 7]


def test_malformed_token_requests(http: typing.Any, tv: typing.Any) -> None:
    """RFC 8628 3.4, RFC 6749 5.2."""
    assert http.answer(http.token({"grant_type": _GRANT}, basic=_TV)) == http.refused(400, "invalid_request")
    assert http.answer(poll(http, "oam_dc_nonsense")) == http.refused(400, "invalid_grant")
    wrong = poll(http, begin(http)["device_code"], basic=("tv", "wr0ng"))
    assert http.answer(wrong) == http.refused(401, "invalid_client", challenge='Basic realm="token endpoint"')


# -- the request -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("basic", "form", "error"),
    [
        pytest.param(("tv", "wr0ng"), {}, "invalid_client", id="wrong secret"),
        pytest.param(None, {}, "invalid_client", id="nobody"),
        pytest.param(("web", "s3cret-too"), {}, "unauthorized_client", id="not for this grant"),
        pytest.param(("web-tv", "s3cret-three"), {"scope": "music"}, "invalid_scope", id="scope that it may not have"),
        pytest.param(_TV, {"resource": "/orders"}, "invalid_target", id="relative resource"),
        pytest.param(_TV, {"scope": 'mo"vies'}, "invalid_scope", id="malformed scope"),
    ],
)
def test_refused_requests(http: typing.Any, tv: typing.Any, basic: typing.Any, form: typing.Any, error: str) -> None:
    """RFC 8628 3.1, 3.2, RFC 6749 5.2, RFC 8707 2: as at the token endpoint."""
    http.mock.client("web", client_secret="s3cret-too", grant_types=["authorization_code"])
    http.mock.client("web-tv", client_secret="s3cret-three", grant_types=[_GRANT], scope="movies")

    answer = http.post("/device_authorization", form, basic=basic)

    challenge = 'Basic realm="token endpoint"' if basic and error == "invalid_client" else None
    status = 401 if error == "invalid_client" else 400
    assert http.answer(answer) == http.refused(status, error, challenge=challenge)


def test_what_the_token_is_for(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """RFC 8707 2, 2.2: `resource` of the device's request, narrowed by the token request and never widened."""
    a, b = "https://a.example/", "https://b.example/"
    form = [("resource", a), ("resource", b)]
    given = http.post("/device_authorization", form, basic=_TV).get_json()
    mock.approve_device(given["user_code"])

    wider = poll(http, given["device_code"], resource="https://c.example/")
    assert http.answer(wider) == http.refused(400, "invalid_target")
    assert http.answer(poll(http, given["device_code"], resource=a)) == http.tokens()
    assert mock.tokens.last.claims["aud"] == a


# -- the page ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["as it is", "without its hyphen", "in lower case", "with spaces"])
def test_how_the_code_is_typed(http: typing.Any, tv: typing.Any, typed: str) -> None:
    """RFC 8628 6.1: case and punctuation do not count."""
    given = begin(http, scope="movies")
    code = given["user_code"]
    entered = {
        "as it is": code,
        "without its hyphen": code.replace("-", ""),
        "in lower case": code.lower(),
        "with spaces": f" {code.replace('-', ' ')} ",
    }[typed]

    status, text = page(http, user_code=entered)

    assert status == 200
    assert code in text
    assert "tv asks for access" in text
    assert "Continue as alice" in text


def test_the_complete_link(http: typing.Any, tv: typing.Any) -> None:
    """RFC 8628 3.3.1: it saves the typing; the code is shown all the same, and somebody has to press a button."""
    given = begin(http, scope="movies")
    query = urllib.parse.urlsplit(given["verification_uri_complete"]).query

    status, text = page(http, **dict(urllib.parse.parse_qsl(query)))

    assert (status, given["user_code"] in text) == (200, True)
    assert http.answer(poll(http, given["device_code"])) == http.refused(400, "authorization_pending")


def test_buttons(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """RFC 8628 3.3: what is ticked is granted; the page says that it is done, and the code is used up."""
    given = begin(http, scope="movies music")
    assert page(http)[1].count("<input") == 1

    status, text = page(http, [("user_code", given["user_code"]), ("scope", "music"), ("user", "alice")])

    assert (status, "The device is connected." in text) == (200, True)
    assert http.answer(poll(http, given["device_code"])) == http.tokens(scope="music")
    assert page(http, user_code=given["user_code"])[0] == 400
    assert mock.journal.last.why == "somebody has decided already"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        pytest.param("BCDF-GHJK", "This code is not known.", id="unknown"),
        pytest.param("<script>", "This code is not known.", id="no code at all"),
        pytest.param("expired", "This code has expired.", id="expired"),
        pytest.param("decided", "This code has been used.", id="decided"),
    ],
)
def test_codes_that_are_no_good(http: typing.Any, mock: OAuthMock, tv: typing.Any, code: str, message: str) -> None:
    """RFC 8628 3.3: the person is told, and can enter another."""
    given = begin(http)
    if code == "expired":
        code = given["user_code"]
        mock.clock.advance(seconds=1800)
    if code == "decided":
        code = given["user_code"]
        mock.deny_device(code)

    status, text = page(http, {"user_code": code, "user": "alice"})

    assert status == 400
    assert message in text
    assert 'name="user_code"' in text
    assert "<script>" not in text


@pytest.mark.parametrize("account", ["locked", "disabled"])
def test_people_who_cannot_log_in(http: typing.Any, mock: OAuthMock, tv: typing.Any, account: typing.Any) -> None:
    """RFC 8628 3.3: nothing is decided by them, nor by strangers."""
    mock.user("bob", account=account)
    given = begin(http)

    for name in ("bob", "nobody"):
        with pytest.raises(UnexpectedPage, match=rf"'{name}' is"):
            mock.approve_device(given["user_code"], user=name)
    assert http.answer(poll(http, given["device_code"])) == http.refused(400, "authorization_pending")
    mock.approve_device(given["user_code"])
    assert http.answer(poll(http, given["device_code"])) == http.tokens()


def test_a_second_factor(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """RFC 8628 3.3: one page more, and what was ticked stays so."""
    mock.user("bob", account="second_factor")
    given = begin(http, scope="movies music")

    status, text = page(http, [("user_code", given["user_code"]), ("user", "bob"), ("scope", "music")])
    assert (status, "Is it you, bob?" in text) == (200, True)
    assert http.answer(poll(http, given["device_code"])) == http.refused(400, "authorization_pending")
    mock.approve_device(given["user_code"], user="bob", scope="music")

    assert http.answer(poll(http, given["device_code"])) == http.tokens(scope="music")
    assert mock.tokens.last.username == "bob"


def test_two_people_at_once(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """RFC 8628 3.3: whoever is first has decided."""
    given = begin(http)
    form = {"user_code": given["user_code"]}

    said = ({**form, "user": "alice"}, {**form, "deny": "yes"})

    answers = http.at_once([functools.partial(page, http, buttons) for buttons in said])

    assert sorted(status for status, _ in answers) == [200, 400]


# -- on, off, and going wrong ------------------------------------------------------------------------------------------


def test_discovery_tells_of_it(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 8628 4."""
    document = http.client.get("/.well-known/oauth-authorization-server").get_json()

    assert document["device_authorization_endpoint"] == "http://localhost/device_authorization"
    assert document["device_authorization_endpoint"] == mock.device_authorization_url
    assert mock.device_url == "http://localhost/device"
    assert _GRANT in document["grant_types_supported"]


def test_switched_off(http: typing.Any) -> None:
    """Neither endpoint, nor page, nor grant."""
    mock = OAuthMock(issuer="http://localhost", device_authorization=False)
    http = type(http)(mock)
    mock.client("tv", client_secret="s3cret")
    document = http.client.get("/.well-known/oauth-authorization-server").get_json()

    assert http.post("/device_authorization", {}, basic=_TV).status_code == 404
    assert http.client.get("/device").status_code == 404
    assert http.answer(poll(http, "x")) == http.refused(400, "unsupported_grant_type")
    assert "device_authorization_endpoint" not in document
    assert _GRANT not in document["grant_types_supported"]
    with pytest.raises(ConfigurationError, match="switched off"):
        mock.approve_device("BCDF-GHJK")


def test_it_can_be_made_to_fail(http: typing.Any, mock: OAuthMock, tv: typing.Any) -> None:
    """RFC 8628 3.2, 3.5: an answer without `interval`, which means 5; the token endpoint down for a while."""
    mock.device_authorization_endpoint.alter(without=["interval"])
    mock.token_endpoint.fail(503, grant=_GRANT)

    given = begin(http)

    assert "interval" not in given
    assert poll(http, given["device_code"]).status_code == 503
    assert http.answer(poll(http, given["device_code"])) == http.refused(400, "authorization_pending")
