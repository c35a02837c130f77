"""OpenID Connect Core 5.3, 5.5: userinfo in every form, and claims that are asked for one by one."""

from __future__ import annotations

import json
import typing
import urllib.parse

import jwt
import pytest

from mockserver import OAuthMock

_BACK = "http://127.0.0.1:7001/callback"
_SECRET = "s3cret-of-crm"
_JSON = {"Cache-Control": "no-store", "Content-Type": "application/json", "Pragma": "no-cache"}
_ALICE = {"name": "Alice", "email": "a@example.com", "locale": "en", "roles": ["admin"]}


@pytest.fixture(autouse=True)
def carol(mock: OAuthMock) -> None:
    mock.user("carol", **_ALICE)


def url(**changes: str) -> str:
    right = {
        "response_type": "code",
        "client_id": "crm",
        "redirect_uri": _BACK,
        "scope": "openid",
        "login_hint": "carol",
    }
    return "http://localhost/authorize?" + urllib.parse.urlencode({**right, **changes})


def login(http: typing.Any, **changes: str) -> tuple[dict[str, typing.Any], dict[str, typing.Any]]:
    """What userinfo and the ID token have of Alice's claims."""
    callback = http.mock.approve(url(**changes))
    form = {"grant_type": "authorization_code", "code": callback.code or "", "redirect_uri": _BACK}
    answer = http.token(form, basic=("crm", _SECRET)).get_json()
    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})
    userinfo = http.api(answer["access_token"], "/userinfo").get_json()
    again = http.token(
        {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}, basic=("crm", _SECRET)
    ).get_json()
    assert http.api(again["access_token"], "/userinfo").get_json() == userinfo
    return tuple({name: found[name] for name in _ALICE if name in found} for found in (userinfo, claims))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("asked", "userinfo", "id_token"),
    [
        pytest.param({"userinfo": {"email": None}}, {"roles", "email"}, set(), id="null"),
        pytest.param({"id_token": {"email": {"essential": True}}}, {"roles"}, {"email"}, id="essential"),
        pytest.param(
            {"userinfo": {"name": None}, "id_token": {"locale": None}}, {"roles", "name"}, {"locale"}, id="both"
        ),
        pytest.param({"userinfo": {"locale": {"value": "en"}}}, {"roles", "locale"}, set(), id="the value"),
        pytest.param({"userinfo": {"locale": {"value": "fr"}}}, {"roles"}, set(), id="another value"),
        pytest.param({"userinfo": {"locale": {"values": ["fr", "en"]}}}, {"roles", "locale"}, set(), id="values"),
        pytest.param({"userinfo": {"roles": {"values": []}}}, set(), set(), id="no value will do"),
        pytest.param({"userinfo": {"nickname": {"essential": True}}}, {"roles"}, set(), id="nobody knows"),
        pytest.param({"userinfo": None, "other": 1}, {"roles"}, set(), id="unknown members"),
        pytest.param({}, {"roles"}, set(), id="nothing"),
    ],
)
def test_claims_are_asked_for_one_by_one(
    http: typing.Any, asked: dict[str, typing.Any], userinfo: set[str], id_token: set[str]
) -> None:
    """OpenID Connect Core 5.5, 5.5.1: where they were asked for; one that cannot be is left out, and no error."""
    http.mock.client("crm", client_secret=_SECRET, claims_by_scope="always", id_token_claims="requested")

    found = login(http, claims=json.dumps(asked))

    assert tuple(map(set, found)) == (userinfo, id_token)


def test_scopes_and_single_claims_add_up(http: typing.Any) -> None:
    """OpenID Connect Core 5.5: beside those of the scopes; the ID token has what userinfo has."""
    http.mock.client("crm", client_secret=_SECRET)

    userinfo, id_token = login(http, scope="openid email", claims='{"id_token": {"name": null}}')

    assert userinfo == {"email": "a@example.com", "roles": ["admin"]}
    assert id_token == {"email": "a@example.com", "roles": ["admin"], "name": "Alice"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "it is no JSON;"),
        ("[]", "it is no JSON object"),
        ("[" * 100_000, "it is no JSON;"),
        ('{"userinfo": []}', "its member 'userinfo' is no JSON object"),
        ('{"id_token": {"email": true}}', "id_token.email is neither null nor a JSON object"),
        ('{"id_token": {"email": {"essential": "yes"}}}', "essential is neither true nor false"),
        ('{"id_token": {"email": {"value": 1, "values": [1]}}}', "both value and values"),
        ('{"id_token": {"email": {"values": 1}}}', "values is no list"),
    ],
)
def test_malformed_claims_are_refused(mock: OAuthMock, text: str, why: str) -> None:
    """OpenID Connect Core 5.5: a JSON object with the members that are listed there: invalid_request."""
    mock.client("crm", consent="auto")

    assert mock.approve(url(claims=text)).error == "invalid_request"
    assert why in mock.journal.last.why


def test_where_the_parameter_is_not_supported_it_means_nothing(http: typing.Any) -> None:
    """OpenID Connect Core 5.5, Discovery 3: claims_parameter_supported; an unknown parameter is ignored."""
    mock = OAuthMock(issuer="http://localhost", claims_parameter_supported=False, claims_by_scope="always")
    mock.user("carol", **_ALICE)
    mock.client("crm", client_secret=_SECRET)
    own = type(http)(mock)

    assert login(own, claims="{")[0] == {"roles": ["admin"]}
    assert own.client.get("/.well-known/openid-configuration").get_json()["claims_parameter_supported"] is False


@pytest.mark.parametrize("path", ["header", "form"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo_takes_the_token_in_header_or_form(http: typing.Any, method: str, path: str) -> None:
    """OpenID Connect Core 5.3.1, RFC 6750 2.2: by GET in the header alone."""
    token = http.mock.client("crm").grant(user="carol", scope="openid").access_token
    sent = {"data": {"access_token": token}} if path == "form" else {}

    response = http.api(None if path == "form" else token, "/userinfo", method=method, **sent)

    if (method, path) == ("GET", "form"):
        assert response.status_code == 401
    else:
        assert http.answer(response) == (200, {**_ALICE, "sub": "carol"}, _JSON)


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA", "PS384", "HS256"])
@pytest.mark.filterwarnings("ignore:The HMAC key")
def test_userinfo_may_be_signed(http: typing.Any, alg: typing.Any) -> None:
    """OpenID Connect Core 5.3.2: application/jwt with iss and aud; the algorithm is published and advertised."""
    client = http.mock.client("crm", client_secret=_SECRET, userinfo_signed_response_alg=alg)

    response = http.api(client.grant(user="carol", scope="openid").access_token, "/userinfo", method="POST")

    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/jwt")
    assert (response.headers["Cache-Control"], response.headers["Pragma"]) == ("no-store", "no-cache")
    jwks = jwt.PyJWKSet.from_dict(http.client.get("/jwks").get_json())
    key: typing.Any = _SECRET if alg == "HS256" else jwks[jwt.get_unverified_header(response.text)["kid"]]
    claims = jwt.decode(response.text, key, algorithms=[alg], audience="crm", issuer="http://localhost")
    assert claims == {**_ALICE, "sub": "carol", "iss": "http://localhost", "aud": "crm"}
    document = http.client.get("/.well-known/openid-configuration").get_json()
    assert document["userinfo_signing_alg_values_supported"] == [alg]


def test_a_refusal_of_signed_userinfo_is_no_jwt(http: typing.Any) -> None:
    """OpenID Connect Core 5.3.3: errors are those of RFC 6750 3."""
    http.mock.client("crm", userinfo_signed_response_alg="RS256")

    assert http.answer(http.api(None, "/userinfo")) == http.challenged(401, None, scope="openid")
