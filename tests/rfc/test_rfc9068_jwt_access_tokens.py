"""RFC 9068: access tokens as JWTs, verified the way an API would do it."""

from __future__ import annotations

import json
import re
import typing

import jwt
import pytest
import time_machine

from mockserver import OAuthMock

_NOW = 1_800_000_000
_CRM = ("crm", "s3cret")


@pytest.fixture(autouse=True)
def crm(mock: OAuthMock) -> typing.Any:
    return mock.client("crm", client_secret="s3cret")


def key_of(http: typing.Any, token: str, path: str = "/jwks") -> jwt.PyJWK:
    """The key that the token's header names, from the published set."""
    kid = jwt.get_unverified_header(token)["kid"]
    return jwt.PyJWKSet.from_dict(http.client.get(path).get_json())[kid]


@pytest.mark.parametrize(
    ("grant", "subject"),
    [
        pytest.param("client_credentials", "crm", id="the client itself"),
        pytest.param("password", "alice", id="a person"),
    ],
)
def test_a_jwt_access_token_has_the_claims_of_the_profile(http: typing.Any, grant: str, subject: str) -> None:
    """RFC 9068 2.2: iss, exp, aud, sub, client_id, iat, jti, scope, and auth_time where a person logged in."""
    parameters = {"grant_type": grant, "username": "alice", "password": "wonderland", "scope": "a b"}
    with time_machine.travel(_NOW, tick=False):
        token = http.token(parameters, basic=_CRM).get_json()["access_token"]
        claims = jwt.decode(
            token, key_of(http, token), algorithms=["ES256"], audience="http://localhost/api", issuer="http://localhost"
        )

    jti = claims.pop("jti")
    assert re.fullmatch("oam_[0-9a-f]{32}", jti)
    assert claims == {
        "iss": "http://localhost",
        "exp": _NOW + 3600,
        "aud": "http://localhost/api",
        "sub": subject,
        "client_id": "crm",
        "iat": _NOW,
        "scope": "a b",
        **({"auth_time": _NOW} if grant == "password" else {}),
    }


def test_the_header_tells_an_access_token_from_an_id_token(http: typing.Any) -> None:
    """RFC 9068 2.1: typ is at+jwt, alg is never none, kid names a published key."""
    token = http.token({"grant_type": "client_credentials"}, basic=_CRM).get_json()["access_token"]

    header = jwt.get_unverified_header(token)
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": key_of(http, token).key_id}


def test_without_scope_there_is_no_scope_claim(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 9068 2.2.3: the claim is there if the request had a scope."""
    http.token({"grant_type": "client_credentials"}, basic=_CRM)

    claims = mock.tokens.last.claims
    assert claims is not None
    assert "scope" not in claims


def test_the_subject_is_the_persons_sub_claim(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 9068 2.2: sub is the resource owner's identifier, which claims may set."""
    mock.user("bob", password="b", sub="248289761001")
    http.token({"grant_type": "password", "username": "bob", "password": "b"}, basic=_CRM)

    assert (mock.tokens.last.claims or {})["sub"] == "248289761001"


@pytest.mark.parametrize(
    ("settings", "path", "audience"),
    [
        pytest.param({}, "/a", "http://localhost/a/api", id="the API behind the issuer"),
        pytest.param({"audience": "https://api.example"}, "/a", "https://api.example", id="a setting"),
    ],
)
def test_the_audience_is_the_api(http: typing.Any, settings: dict[str, str], path: str, audience: str) -> None:
    """RFC 9068 3: a default resource indicator where the request names none."""
    issuer = http.mock.issuer("a", **settings)
    issuer.client("app", client_secret="s")

    token = http.client.post(
        f"{path}/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": http.basic("app", "s")},
    ).get_json()["access_token"]

    key = key_of(http, token, f"{path}/jwks")
    assert jwt.decode(token, key, algorithms=["ES256"], audience=audience)["iss"] == "http://localhost/a"


def test_a_token_that_was_tampered_with_fails(http: typing.Any, crm: typing.Any) -> None:
    """RFC 9068 4: the check can fail: other claims under the same signature are refused by verifier and API."""
    token = crm.grant(user="alice").access_token
    header, _, signature = token.split(".")
    payload = jwt.utils.base64url_encode(json.dumps({"sub": "mallory"}).encode()).decode()
    forged = f"{header}.{payload}.{signature}"

    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(forged, key_of(http, token), algorithms=["ES256"])
    assert http.api(forged).status_code == 401
    assert http.api(token).status_code == 200


def test_issuers_have_keys_of_their_own(http: typing.Any, crm: typing.Any) -> None:
    """RFC 9068 4: the signature of one issuer's token does not verify with another's key."""
    http.mock.issuer("b")
    own, other = http.client.get("/jwks").get_json(), http.client.get("/b/jwks").get_json()

    assert own["keys"][0]["kid"] != other["keys"][0]["kid"]


def test_keys_survive_a_reset(http: typing.Any, crm: typing.Any) -> None:
    """RFC 9068 4: an application that cached the JWK Set may keep it over the tests of a session."""
    before = http.client.get("/jwks").get_json()
    http.mock.reset()

    assert http.client.get("/jwks").get_json() == before
