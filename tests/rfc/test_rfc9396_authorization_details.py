"""RFC 9396: what a client asks for in detail, at the authorization endpoint, pushed, and at the token endpoint."""

from __future__ import annotations

import json
import typing
import urllib.parse

import pytest
from werkzeug.test import TestResponse

from mockserver import OAuthMock
from mockserver import RegisteredClient

_CALLBACK = "http://127.0.0.1:9/callback"
_PAYMENT = {"type": "payment", "actions": ["initiate"], "amount": {"currency": "EUR", "value": "123.50"}}
_ACCOUNT = {"type": "account", "locations": ["https://api.example/accounts"], "identifier": "account-1"}
_REFUSED = "The authorization details are not acceptable."


@pytest.fixture
def client(mock: OAuthMock) -> RegisteredClient:
    return mock.client("crm", scope="orders:read", redirect_uris=[_CALLBACK], consent="auto")


def authorize(http: typing.Any, details: object, **more: str) -> dict[str, str]:
    asked = {"response_type": "code", "client_id": "crm", "redirect_uri": _CALLBACK, **more}
    if details is not None:
        asked["authorization_details"] = details if isinstance(details, str) else json.dumps(details)
    location = http.authorize(asked).headers["Location"]
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))


def ask(http: typing.Any, client: RegisteredClient, details: object = None, **form: str) -> TestResponse:
    if details is not None:
        form["authorization_details"] = details if isinstance(details, str) else json.dumps(details)
    return http.token(form, basic=("crm", client.client_secret))  # type: ignore[no-any-return]


def redeem(http: typing.Any, client: RegisteredClient, code: str, details: object = None) -> TestResponse:
    return ask(http, client, details, grant_type="authorization_code", code=code, redirect_uri=_CALLBACK)


def test_what_is_granted_in_detail_is_told(mock: OAuthMock, http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9396 7, 9.1: in the token answer, in the JWT, on the issued token; no scope is needed."""
    answer = redeem(http, client, authorize(http, [_PAYMENT, _ACCOUNT])["code"]).get_json()

    assert answer["authorization_details"] == [_PAYMENT, _ACCOUNT]
    assert mock.tokens.last.authorization_details == (_PAYMENT, _ACCOUNT)
    assert (mock.tokens.last.claims or {})["authorization_details"] == [_PAYMENT, _ACCOUNT]


def test_without_it_nothing_is_told(mock: OAuthMock, http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9396 7: the member is there for who asked."""
    response = redeem(http, client, authorize(http, None)["code"])

    assert http.answer(response) == http.tokens(scope="orders:read")
    assert "authorization_details" not in (mock.tokens.last.claims or {})


def test_it_may_be_pushed(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9396 3, RFC 9126 2.1."""
    form = {"response_type": "code", "redirect_uri": _CALLBACK, "authorization_details": json.dumps([_PAYMENT])}
    form |= {"client_id": "crm", "client_secret": client.client_secret}
    pushed = http.client.post("/par", data=form).get_json()
    code = authorize(http, None, request_uri=pushed["request_uri"])["code"]

    assert redeem(http, client, code).get_json()["authorization_details"] == [_PAYMENT]
    wrong = http.client.post("/par", data={**form, "authorization_details": "{}"})
    assert http.answer(wrong) == http.refused(400, "invalid_authorization_details")


@pytest.mark.parametrize(
    "form",
    [{"grant_type": "client_credentials"}, {"grant_type": "password", "username": "alice", "password": "wonderland"}],
    ids=["client_credentials", "password"],
)
def test_a_grant_without_an_authorization_endpoint(
    http: typing.Any, client: RegisteredClient, form: dict[str, str]
) -> None:
    """RFC 9396 6: asked for at the token endpoint alone."""
    assert ask(http, client, [_PAYMENT], **form).get_json()["authorization_details"] == [_PAYMENT]


def test_a_token_request_narrows_it(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9396 6, 6.1: one of those that were authorized, as it was; the refresh token keeps them all."""
    answer = redeem(http, client, authorize(http, [_PAYMENT, _ACCOUNT])["code"], [_ACCOUNT]).get_json()
    assert answer["authorization_details"] == [_ACCOUNT]
    refresh = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}

    wider = ask(http, client, [{**_PAYMENT, "amount": {"currency": "EUR", "value": "999.00"}}], **refresh)
    assert http.answer(wider) == http.refused(400, "invalid_authorization_details")
    assert "[0], of type 'payment', was not authorized" in http.mock.journal.last.why
    answer = ask(http, client, **refresh).get_json()
    assert answer["authorization_details"] == [_PAYMENT, _ACCOUNT]
    refresh["refresh_token"] = answer["refresh_token"]
    assert "authorization_details" not in ask(http, client, "[]", **refresh).get_json()


def test_a_token_request_does_not_widen_it(http: typing.Any, client: RegisteredClient) -> None:
    """RFC 9396 6: what the person did not see."""
    response = redeem(http, client, authorize(http, [_PAYMENT])["code"], [_PAYMENT, _ACCOUNT])

    assert http.answer(response) == http.refused(400, "invalid_authorization_details")
    assert "[1], of type 'account', was not authorized" in http.mock.journal.last.why


@pytest.mark.parametrize(
    ("details", "why"),
    [
        pytest.param("payment", "it is no JSON", id="no JSON"),
        pytest.param("[" * 50_000, "it is no JSON", id="nested deeply"),
        pytest.param('[{"type":"payment","x":NaN}]', "it is no JSON", id="no number"),
        pytest.param("null", "it is no JSON array of objects", id="null"),
        pytest.param({"type": "payment"}, "it is no JSON array of objects", id="an object"),
        pytest.param(["payment"], "it is no JSON array of objects", id="a list of texts"),
        pytest.param([_PAYMENT] * 101, "it has 101 objects; at most 100 are taken", id="many"),
        pytest.param([{}], "[0] has the type None; write a string", id="no type"),
        pytest.param([_PAYMENT, {"type": 7}], "[1] has the type 7", id="a type that is no text"),
        pytest.param([{"type": ""}], "[0] has the type ''", id="an empty type"),
        pytest.param([{"type": "a", "actions": "read"}], "[0].actions is no array of strings", id="actions"),
        pytest.param([{"type": "a", "locations": [7]}], "[0].locations is no array of strings", id="locations"),
        pytest.param([{"type": "a", "datatypes": None}], "[0].datatypes is no array of strings", id="datatypes"),
        pytest.param([{"type": "a", "privileges": {}}], "[0].privileges is no array of strings", id="privileges"),
        pytest.param([{"type": "a", "identifier": 7}], "[0].identifier is no string", id="identifier"),
    ],
)
def test_details_that_are_malformed(http: typing.Any, client: RegisteredClient, details: object, why: str) -> None:
    """RFC 9396 2, 5: told by way of the browser, and at the token endpoint."""
    assert authorize(http, details) == {"error": "invalid_authorization_details", "error_description": _REFUSED}
    assert why in http.mock.journal.last.why
    response = ask(http, client, details, grant_type="client_credentials")
    assert http.answer(response) == http.refused(400, "invalid_authorization_details")


@pytest.mark.parametrize(
    ("settings", "registered", "said"),
    [
        pytest.param(["account"], None, "(authorization_details_types_supported)", id="of the issuer"),
        pytest.param(None, ["account"], "(authorization_details_types)", id="of the client"),
    ],
)
def test_a_type_that_is_unknown(settings: list[str] | None, registered: list[str] | None, said: str) -> None:
    """RFC 9396 5, 10: in the metadata, of server and client."""
    from werkzeug.test import Client

    mock = OAuthMock(issuer="http://localhost", authorization_details_types_supported=settings)
    client, http = mock.client("crm", authorization_details_types=registered), Client(mock.wsgi)

    def status(details: object) -> int:
        form = {"grant_type": "client_credentials", "authorization_details": json.dumps([details])}
        who = {"client_id": "crm", "client_secret": client.client_secret}
        return http.post("/token", data={**form, **who}).status_code

    assert (status(_ACCOUNT), status(_PAYMENT)) == (200, 400)
    assert f"[0] has the type 'payment', which is none of account {said}" in mock.journal.last.why
    document = http.get("/.well-known/oauth-authorization-server").get_json()
    assert document.get("authorization_details_types_supported") == settings


def test_a_server_without_it() -> None:
    """RFC 6749 3.2: a parameter that it does not know is ignored."""
    from werkzeug.test import Client

    mock = OAuthMock(issuer="http://localhost", authorization_details_types_supported=[])
    form = {"grant_type": "client_credentials", "authorization_details": "rubbish", "client_id": "crm"}
    answer = Client(mock.wsgi).post("/token", data={**form, "client_secret": mock.client("crm").client_secret})

    assert (answer.status_code, "authorization_details" in answer.get_json()) == (200, False)


def test_a_token_that_is_given_again_is_for_the_same(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9396 7: under `access_token_policy="same"` other details are another token."""
    client = mock.client("crm", access_token_policy="same")
    form = {"grant_type": "client_credentials"}

    one, two, other = (
        ask(http, client, [each], **form).get_json() for each in (_PAYMENT, dict(reversed(_PAYMENT.items())), _ACCOUNT)
    )

    assert one["access_token"] == two["access_token"] != other["access_token"]
    assert two["authorization_details"] == [_PAYMENT]
