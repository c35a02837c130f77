"""OpenID Connect CIBA Core 1.0, poll mode: somebody elsewhere is asked, and the client asks until they decide."""

from __future__ import annotations

import typing

import jwt
import pytest
from werkzeug.test import Client

from mockserver import ConfigurationError
from mockserver import OAuthMock

_GRANT = "urn:openid:params:grant-type:ciba"
_BANK = ("bank", "s3cret")


@pytest.fixture
def bank(mock: OAuthMock, request: pytest.FixtureRequest) -> typing.Any:
    """A client with the policies that the test asks for."""
    return mock.client("bank", client_secret="s3cret", **getattr(request, "param", {}))


def ask(http: typing.Any, *, basic: tuple[str, str] | None = _BANK, **form: str) -> typing.Any:
    return http.post("/bc-authorize", {"scope": "openid", "login_hint": "alice", **form}, basic=basic)


def asked(http: typing.Any, **form: str) -> str:
    """The `auth_req_id`."""
    status, members, headers = http.answer(ask(http, **form))
    assert (status, headers) == (200, http.json_headers), members
    return str(members["auth_req_id"])


def poll(http: typing.Any, auth_req_id: str, *, basic: tuple[str, str] | None = _BANK, **more: str) -> typing.Any:
    return http.token({"grant_type": _GRANT, "auth_req_id": auth_req_id, **more}, basic=basic)


def test_what_the_client_is_given(http: typing.Any, bank: typing.Any) -> None:
    """CIBA 7.3."""
    members = ask(http).get_json()

    assert members.pop("auth_req_id").startswith("oam_ar_")
    assert members == {"expires_in": 120, "interval": 5}


def test_the_whole_way(http: typing.Any, mock: OAuthMock, bank: typing.Any) -> None:
    """CIBA 10.1, 11: pending until the person has approved, then tokens with an ID token, once."""
    auth_req_id = asked(http, scope="openid pay", binding_message="W4SCT")

    assert http.answer(poll(http, auth_req_id)) == http.refused(400, "authorization_pending")
    (waiting,) = mock.backchannel_requests
    assert (waiting.user, waiting.message, str(waiting.scope)) == (
        mock.state.issuers[""].users["alice"],
        "W4SCT",
        "openid pay",
    )
    mock.approve_backchannel(auth_req_id)

    assert http.answer(poll(http, auth_req_id)) == http.tokens(scope="openid pay", id_token=True)
    token = mock.tokens.last
    assert (token.grant_type, token.username) == (_GRANT, "alice")
    assert jwt.decode(token.id_token, options={"verify_signature": False})["aud"] == "bank"
    assert http.answer(poll(http, auth_req_id)) == http.refused(400, "invalid_grant")
    assert mock.backchannel_requests == []


def test_less_is_approved(http: typing.Any, mock: OAuthMock, bank: typing.Any) -> None:
    """RFC 6749 3.3: and the answer says so."""
    auth_req_id = asked(http, scope="openid pay")
    mock.approve_backchannel(scope="openid")

    assert http.answer(poll(http, auth_req_id)) == http.tokens(scope="openid", id_token=True)


def test_a_client_that_asks_too_often(http: typing.Any, mock: OAuthMock, bank: typing.Any) -> None:
    """CIBA 11: slow_down adds five seconds."""
    auth_req_id, errors = asked(http), []
    for seconds in (0, 4, 10):
        mock.clock.advance(seconds=seconds)
        errors.append(poll(http, auth_req_id).get_json()["error"])

    assert errors == ["authorization_pending", "slow_down", "authorization_pending"]


def test_denied(http: typing.Any, mock: OAuthMock, bank: typing.Any) -> None:
    """CIBA 11."""
    auth_req_id = asked(http)
    mock.deny_backchannel()

    assert http.answer(poll(http, auth_req_id)) == http.refused(400, "access_denied")


@pytest.mark.parametrize(("requested", "lifetime"), [("30", 30), ("120", 120), ("999", 120)])
def test_expired(http: typing.Any, mock: OAuthMock, bank: typing.Any, requested: str, lifetime: int) -> None:
    """CIBA 7.1, 11: at the second that expires_in says; less may be asked for, and more is not given."""
    answer = ask(http, requested_expiry=requested).get_json()
    assert answer["expires_in"] == lifetime
    mock.clock.advance(seconds=lifetime - 1)
    assert http.answer(poll(http, answer["auth_req_id"])) == http.refused(400, "authorization_pending")
    mock.clock.advance(seconds=1)

    assert http.answer(poll(http, answer["auth_req_id"])) == http.refused(400, "expired_token")
    with pytest.raises(ConfigurationError, match="let the client ask first"):
        mock.approve_backchannel(answer["auth_req_id"])


def test_another_clients_request(http: typing.Any, mock: OAuthMock, bank: typing.Any) -> None:
    """CIBA 10.1, 11: refused, and its owner loses nothing."""
    mock.client("shop", client_secret="s3cret-too")
    auth_req_id = asked(http)
    mock.approve_backchannel()

    assert http.answer(poll(http, auth_req_id, basic=("shop", "s3cret-too"))) == http.refused(400, "invalid_grant")
    assert http.answer(poll(http, auth_req_id)) == http.tokens(scope="openid", id_token=True)


def test_one_of_many_gets_the_tokens(http: typing.Any, mock: OAuthMock, bank: typing.Any) -> None:
    """CIBA 10.1."""
    auth_req_id = asked(http)
    mock.approve_backchannel()

    assert sorted(http.at_once([lambda: poll(http, auth_req_id).status_code] * 8)) == [200, *[400] * 7]


@pytest.mark.parametrize("bank", [{"consent": "auto"}], indirect=True)
def test_approved_at_once(http: typing.Any, bank: typing.Any) -> None:
    """With consent 'auto' nobody has to come."""
    assert http.answer(poll(http, asked(http))) == http.tokens(scope="openid", id_token=True)


# -- who is asked ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hint", ["alice", "alice@example.com", "id_token_hint", "login_hint_token"])
def test_hints(http: typing.Any, mock: OAuthMock, bank: typing.Any, hint: str) -> None:
    """CIBA 7.1: a name, an ID token that may have expired, a JWT of somebody who is trusted."""
    form = {"login_hint": hint}
    if hint == "id_token_hint":
        code = bank.issue_code(user="alice", scope="openid")
        http.token({"grant_type": "authorization_code", "code": code}, basic=_BANK)
        form = {"login_hint": "", hint: str(mock.tokens.last.id_token)}
        mock.clock.advance(days=1)
    if hint == "login_hint_token":
        form = {"login_hint": "", hint: mock.identity_provider("https://idp.example").assertion("alice")}

    assert asked(http, **form)
    assert [waiting.user.username for waiting in mock.backchannel_requests if waiting.user] == ["alice"]


def idp_token(mock: OAuthMock, **claims: typing.Any) -> dict[str, str]:
    token = mock.identity_provider("https://idp.example").assertion(**{"subject": "alice", **claims})
    return {"login_hint": "", "login_hint_token": token}


def anothers_id_token(mock: OAuthMock) -> dict[str, str]:
    shop = mock.client("shop")
    form = {"grant_type": "authorization_code", "code": shop.issue_code(user="alice", scope="openid")}
    form |= {"client_id": "shop", "client_secret": shop.client_secret}
    Client(mock.wsgi).post("/token", data=form)
    return {"login_hint": "", "id_token_hint": str(mock.tokens.last.id_token)}


@pytest.mark.parametrize(
    ("form", "error"),
    [
        pytest.param({"login_hint": ""}, "invalid_request", id="no hint"),
        pytest.param({"id_token_hint": "x"}, "invalid_request", id="two hints"),
        pytest.param({"login_hint": "mallory"}, "unknown_user_id", id="nobody"),
        pytest.param({"login_hint": "", "id_token_hint": "x"}, "invalid_request", id="no ID token"),
        pytest.param(anothers_id_token, "invalid_request", id="another client's ID token"),
        pytest.param(lambda mock: idp_token(mock, subject="mallory"), "unknown_user_id", id="a stranger"),
        pytest.param(lambda mock: idp_token(mock, lifetime=-1), "expired_login_hint_token", id="expired token"),
        pytest.param(lambda mock: idp_token(mock, audience="x"), "invalid_request", id="token for somebody else"),
        pytest.param(lambda mock: idp_token(mock, sub=None), "invalid_request", id="token about nobody"),
        pytest.param(lambda mock: idp_token(mock, iss="https://x.example"), "invalid_request", id="a stranger's"),
        pytest.param({"scope": "pay"}, "invalid_scope", id="no openid"),
        pytest.param({"scope": ""}, "invalid_scope", id="no scope"),
        pytest.param({"binding_message": "x" * 65}, "invalid_binding_message", id="long message"),
        pytest.param({"binding_message": "a\u202eb"}, "invalid_binding_message", id="message that turns around"),
        pytest.param({"requested_expiry": "0"}, "invalid_request", id="no time"),
        pytest.param({"requested_expiry": "soon"}, "invalid_request", id="no number"),
        pytest.param({"resource": "/orders"}, "invalid_target", id="relative resource"),
    ],
)
def test_refused_requests(http: typing.Any, mock: OAuthMock, bank: typing.Any, form: typing.Any, error: str) -> None:
    """CIBA 13."""
    answer = ask(http, **(form(mock) if callable(form) else form))

    assert http.answer(answer) == http.refused(400, error)
    assert mock.backchannel_requests == []


@pytest.mark.parametrize("account", ["locked", "disabled"])
def test_people_who_cannot_log_in(http: typing.Any, mock: OAuthMock, bank: typing.Any, account: typing.Any) -> None:
    """CIBA 13: 403 access_denied."""
    mock.user("bob", account=account)

    assert http.answer(ask(http, login_hint="bob")) == http.refused(403, "access_denied")


def test_who_may_ask(http: typing.Any, mock: OAuthMock, bank: typing.Any) -> None:
    """CIBA 7.1, 13: a confidential client that is registered for it."""
    mock.client("spa", token_endpoint_auth_method="none")
    mock.client("web", client_secret="s3cret-too", grant_types=["authorization_code"])

    assert http.answer(ask(http, basic=None, client_id="spa")) == http.refused(401, "invalid_client")
    assert http.answer(ask(http, basic=("web", "s3cret-too"))) == http.refused(400, "unauthorized_client")
    wrong = http.refused(401, "invalid_client", challenge='Basic realm="token endpoint"')
    assert http.answer(ask(http, basic=("bank", "wr0ng"))) == wrong


def test_discovery_tells_of_it(http: typing.Any, mock: OAuthMock) -> None:
    """CIBA 4."""
    document = http.client.get("/.well-known/openid-configuration").get_json()

    assert document["backchannel_authentication_endpoint"] == "http://localhost/bc-authorize"
    assert document["backchannel_authentication_endpoint"] == mock.backchannel_authentication_url
    assert document["backchannel_token_delivery_modes_supported"] == ["poll"]
    assert _GRANT in document["grant_types_supported"]


def test_switched_off(http: typing.Any) -> None:
    """Neither endpoint nor grant."""
    mock = OAuthMock(issuer="http://localhost", backchannel_authentication=False)
    http = type(http)(mock)
    mock.client("bank", client_secret="s3cret")
    document = http.client.get("/.well-known/openid-configuration").get_json()

    assert ask(http).status_code == 404
    assert http.answer(poll(http, "x")) == http.refused(400, "unsupported_grant_type")
    assert [name for name in document if name.startswith("backchannel")] == []


def test_it_can_be_made_to_fail(http: typing.Any, mock: OAuthMock, bank: typing.Any) -> None:
    """Like every other endpoint."""
    mock.backchannel_authentication_endpoint.fail(503, retry_after=1)

    assert ask(http).status_code == 503
    assert asked(http)
