"""OpenID Connect Core 1.0: the ID token and userinfo, as far as clients that log a person in need them."""

from __future__ import annotations

import base64
import hashlib
import re
import typing

import jwt
import pytest
import time_machine

from mockserver import OAuthMock

_NOW = 1_800_000_000
_BACK = "http://127.0.0.1:7001/callback"
_CRM = ("crm", "s3cret")
_JSON = {"Cache-Control": "no-store", "Content-Type": "application/json", "Pragma": "no-cache"}


@pytest.fixture(autouse=True)
def crm(mock: OAuthMock) -> typing.Any:
    return mock.client("crm", client_secret="s3cret", consent="auto")


def decoded(http: typing.Any, token: str, algorithm: str = "RS256") -> dict[str, typing.Any]:
    """The claims, verified by the published key, the issuer and the audience."""
    header = jwt.get_unverified_header(token)
    assert (header["alg"], header["typ"]) == (algorithm, "JWT")
    key = jwt.PyJWKSet.from_dict(http.client.get("/jwks").get_json())[header["kid"]]
    return jwt.decode(token, key, algorithms=[algorithm], audience="crm", issuer="http://localhost")


def half_hash(token: str) -> str:
    """OpenID Connect Core 3.1.3.6."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()


@pytest.mark.parametrize("nonce", [pytest.param("n-0S6_WzA2Mj", id="nonce"), pytest.param(None, id="no nonce")])
def test_a_login_brings_an_id_token(mock: OAuthMock, http: typing.Any, nonce: str | None) -> None:
    """OpenID Connect Core 2, 3.1.3.3, 3.1.3.6: every claim, the nonce unchanged, at_hash of this access token."""
    asked = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, "scope": "openid email"}
    with time_machine.travel(_NOW, tick=False) as traveller:
        response = http.authorize(asked if nonce is None else {**asked, "nonce": nonce})
        code = http.callback(response)[2][0][1]
        traveller.shift(30)
        response = http.token({"grant_type": "authorization_code", "code": code, "redirect_uri": _BACK}, basic=_CRM)
        assert http.answer(response) == http.tokens(scope="openid email", id_token=True)
        claims = decoded(http, response.get_json()["id_token"])

    # RFC 7519 4.1.7, with the prefix by which a leak is recognised
    assert re.fullmatch("oam_[0-9a-f]{32}", claims.pop("jti"))
    assert claims == {
        "iss": "http://localhost",
        "sub": "alice",
        "aud": "crm",
        "exp": _NOW + 30 + 3600,
        "iat": _NOW + 30,
        "auth_time": _NOW,
        "amr": ["pwd"],
        "at_hash": half_hash(response.get_json()["access_token"]),
        "email": "alice@example.com",
        **({} if nonce is None else {"nonce": nonce}),
    }
    assert mock.tokens.last.id_token == response.get_json()["id_token"]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_the_algorithm_is_the_registered_one(http: typing.Any, algorithm: typing.Any) -> None:
    """OpenID Connect Core 2: id_token_signed_response_alg of the client's registration."""
    http.mock.reset()
    http.mock.user("alice", password="wonderland")
    http.mock.client("crm", client_secret="s3cret", id_token_signed_response_alg=algorithm)

    response = http.token(
        {"grant_type": "password", "username": "alice", "password": "wonderland", "scope": "openid"}, basic=_CRM
    )

    assert decoded(http, response.get_json()["id_token"], algorithm)["sub"] == "alice"


@pytest.mark.parametrize(
    ("scope", "id_token"),
    [
        pytest.param("openid", True, id="openid"),
        pytest.param("email", False, id="another scope"),
        pytest.param("OpenID", False, id="another case"),
    ],
)
@pytest.mark.parametrize("grant", ["authorization_code", "password"])
def test_only_openid_brings_an_id_token(
    http: typing.Any, crm: typing.Any, grant: str, scope: str, id_token: bool
) -> None:
    """OpenID Connect Core 3.1.2.1: without the openid scope it is plain OAuth."""
    parameters = {"grant_type": grant, "username": "alice", "password": "wonderland", "scope": scope}

    response = http.token({**parameters, "code": crm.issue_code(scope=scope)}, basic=_CRM)

    assert http.answer(response) == http.tokens(scope=scope, id_token=id_token)


def test_the_client_itself_gets_no_id_token(http: typing.Any) -> None:
    """OpenID Connect Core 2: an ID token is about an end-user; client_credentials have none."""
    response = http.token({"grant_type": "client_credentials", "scope": "openid"}, basic=_CRM)

    assert http.answer(response) == http.tokens(scope="openid", refresh_token=False)


def test_a_refresh_brings_an_id_token_of_the_same_person(http: typing.Any, crm: typing.Any) -> None:
    """OpenID Connect Core 12.2: the same sub, aud and auth_time, no nonce, a new iat."""
    code = crm.issue_code(user="alice", scope="openid", nonce="n")
    with time_machine.travel(_NOW, tick=False) as traveller:
        crm_code = crm.issue_code(user="alice", scope="openid", nonce="n")
        first = http.token({"grant_type": "authorization_code", "code": crm_code}, basic=_CRM).get_json()
        traveller.shift(60)
        response = http.token({"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}, basic=_CRM)
        claims, before = decoded(http, response.get_json()["id_token"]), decoded(http, first["id_token"])

    assert code != crm_code
    assert http.answer(response) == http.tokens(scope="openid", id_token=True)
    same = ("iss", "sub", "aud", "auth_time")
    assert {name: claims[name] for name in same} == {name: before[name] for name in same}
    assert (before["nonce"], claims.get("nonce")) == ("n", None)
    assert (before["iat"], claims["iat"]) == (_NOW, _NOW + 60)


def test_claims_of_a_person_do_not_replace_the_protocols(http: typing.Any, mock: OAuthMock) -> None:
    """OpenID Connect Core 2: iss, aud, exp and iat are the server's, whatever a user's claims say."""
    mock.user("eve", password="e", iss="https://evil.example", aud="other", exp=1, iat=1, email="eve@example.com")

    response = http.token({"grant_type": "password", "username": "eve", "password": "e", "scope": "openid"}, basic=_CRM)

    claims = decoded(http, response.get_json()["id_token"])
    assert (claims["iss"], claims["aud"], claims["email"]) == ("http://localhost", "crm", "eve@example.com")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo_tells_about_the_person(http: typing.Any, crm: typing.Any, method: str) -> None:
    """OpenID Connect Core 5.3.1, 5.3.2: claims as JSON by GET and POST; sub is always there."""
    token = crm.grant(user="alice", scope="openid").access_token

    response = http.api(token, "/userinfo", method=method)

    assert http.answer(response) == (200, {"email": "alice@example.com", "sub": "alice"}, _JSON)


def test_userinfo_and_id_token_have_one_subject(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """OpenID Connect Core 5.3.2: the sub of userinfo must be the one of the ID token, a registered sub claim too."""
    mock.user("bob", password="b", sub="2482")
    response = http.token({"grant_type": "password", "username": "bob", "password": "b", "scope": "openid"}, basic=_CRM)

    userinfo = http.api(response.get_json()["access_token"], "/userinfo").get_json()

    assert userinfo == {"sub": "2482"}
    assert decoded(http, response.get_json()["id_token"])["sub"] == "2482"


@pytest.mark.parametrize(
    ("kind", "description"),
    [
        pytest.param(
            "no openid",
            "The request requires higher privileges than provided by the access token.",
            id="without the openid scope",
        ),
        pytest.param("no person", "The access token stands for no person.", id="a token of the client itself"),
    ],
)
def test_userinfo_needs_a_person_and_openid(http: typing.Any, crm: typing.Any, kind: str, description: str) -> None:
    """OpenID Connect Core 5.3.3, RFC 6750 3.1: otherwise 403 insufficient_scope."""
    if kind == "no openid":
        token = crm.grant(user="alice", scope="email").access_token
    else:
        parameters = {"grant_type": "client_credentials", "scope": "openid"}
        token = http.token(parameters, basic=_CRM).get_json()["access_token"]

    response = http.api(token, "/userinfo")

    challenge = f'Bearer realm="api", error="insufficient_scope", error_description="{description}", scope="openid"'
    body = {"error": "insufficient_scope", "error_description": description}
    assert http.answer(response) == (403, body, {**_JSON, "WWW-Authenticate": challenge})


@pytest.mark.parametrize(
    ("hint", "who"),
    [
        pytest.param("bob", "bob", id="known"),
        pytest.param("nobody", "alice", id="unknown"),
        pytest.param("", "alice", id="none"),
    ],
)
def test_automatic_approval_follows_the_login_hint(http: typing.Any, hint: str, who: str) -> None:
    """OpenID Connect Core 3.1.2.1: login_hint says who may log in; an unknown one is only a hint."""
    http.mock.user("bob")
    asked = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, "login_hint": hint}
    code = http.callback(http.authorize(asked))[2][0][1]

    http.token({"grant_type": "authorization_code", "code": code, "redirect_uri": _BACK}, basic=_CRM)

    assert http.mock.tokens.last.username == who


def test_a_stranger_logs_in_where_nobody_is_registered(http: typing.Any) -> None:
    """OpenID Connect Core 2: a server without users still has somebody to log in: `user`."""
    http.mock.reset()
    crm = http.mock.client("crm", client_secret="s3cret")

    response = http.api(crm.grant(scope="openid").access_token, "/userinfo")

    assert http.answer(response) == (200, {"sub": "user"}, _JSON)
