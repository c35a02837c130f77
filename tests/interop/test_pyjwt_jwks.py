"""PyJWT 2.15: what an API does that verifies tokens by the issuer's keys."""

from __future__ import annotations

import typing

import httpx
import jwt
import pytest

from mockserver import OAuthMock


def _key(oauthmock: OAuthMock, token: str) -> jwt.PyJWK:
    return jwt.PyJWKClient(oauthmock.jwks_url).get_signing_key_from_jwt(token)


def test_an_access_token_verifies_as_rfc_9068_says(oauthmock: OAuthMock) -> None:
    """RFC 9068 4: typ at+jwt, ES256, iss, aud, exp; the client is sub where no person is."""
    client = oauthmock.client()
    answer = httpx.post(
        oauthmock.token_url,
        auth=(client.client_id, client.client_secret),
        data={"grant_type": "client_credentials", "scope": "orders:read"},
    )
    token = answer.json()["access_token"]
    decoded = jwt.decode_complete(
        token,
        _key(oauthmock, token),
        algorithms=["ES256"],
        issuer=oauthmock.url,
        audience=oauthmock.api_url,
        options={"require": ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]},
    )

    # RFC 9068 4: the resource server must verify the type
    assert decoded["header"]["typ"] == "at+jwt"
    assert decoded["header"]["alg"] == "ES256"
    claims = decoded["payload"]
    assert claims["sub"] == claims["client_id"] == client.client_id
    assert claims["scope"] == "orders:read"
    assert claims["exp"] - claims["iat"] == answer.json()["expires_in"] == 3600
    assert oauthmock.tokens.last.claims == claims
    assert len(oauthmock.jwks_endpoint.exchanges) == 1


def test_an_access_token_is_for_its_audience_and_issuer_alone(oauthmock: OAuthMock) -> None:
    """RFC 9068 4: another aud or iss is refused, and a setting changes the audience."""
    client = oauthmock.client()
    token = client.grant(user="alice").access_token
    key = _key(oauthmock, token)

    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, key, algorithms=["ES256"], audience="https://elsewhere.example")
    with pytest.raises(jwt.InvalidIssuerError):
        jwt.decode(token, key, algorithms=["ES256"], audience=oauthmock.api_url, issuer=f"{oauthmock.url}/")
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(token, key, algorithms=["RS256"], audience=oauthmock.api_url)
    orders = oauthmock.issuer("orders", audience="https://orders.example")
    orders.user("alice")
    other = orders.client().grant().access_token
    claims = jwt.decode(
        other,
        jwt.PyJWKClient(orders.jwks_url).get_signing_key_from_jwt(other),
        algorithms=["ES256"],
        audience="https://orders.example",
        issuer=orders.url,
    )
    assert claims["iss"] == f"{oauthmock.url}/orders"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_an_id_token_verifies_by_its_own_key(oauthmock: OAuthMock, algorithm: str) -> None:
    """OpenID Connect Core 3.1.3.7: RS256 unless the client is registered otherwise; aud is the client."""
    client = oauthmock.client() if algorithm == "RS256" else oauthmock.client(id_token_signed_response_alg="ES256")
    answer = httpx.post(
        oauthmock.token_url,
        auth=(client.client_id, client.client_secret),
        data={"grant_type": "password", "username": "alice", "password": "wonderland", "scope": "openid"},
    )
    token = answer.json()["id_token"]
    decoded = jwt.decode_complete(
        token,
        _key(oauthmock, token),
        algorithms=[algorithm],
        issuer=oauthmock.url,
        audience=client.client_id,
        options={"require": ["iss", "sub", "aud", "exp", "iat"]},
    )

    assert decoded["header"]["alg"] == algorithm
    # an ID token must not pass for an access token
    assert decoded["header"]["typ"] != "at+jwt"
    assert decoded["payload"]["sub"] == "alice"
    assert oauthmock.tokens.last.id_token == token


def test_the_key_set_holds_public_signature_keys_with_names(oauthmock: OAuthMock) -> None:
    """RFC 7517 4: kid, use and alg in every key, no private member in any."""
    keys = jwt.PyJWKClient(oauthmock.jwks_url).get_signing_keys()
    published = httpx.get(oauthmock.jwks_url).json()["keys"]

    assert {key.algorithm_name for key in keys} == {"ES256", "RS256"}
    assert len({key.key_id for key in keys}) == len(keys)
    for key in published:
        assert key["use"] == "sig"
        # RFC 7518 6.2.2, 6.3.2
        assert not {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & set(key)


def test_a_cached_key_set_outlives_a_reset(oauthmock: OAuthMock) -> None:
    """Keys stay when everything else is forgotten: an application may keep the JWK Set between tests."""
    keys = jwt.PyJWKClient(oauthmock.jwks_url)
    token = oauthmock.client().grant().access_token
    before = keys.get_signing_key_from_jwt(token).key_id
    oauthmock.reset()
    oauthmock.user("alice")
    token = oauthmock.client().grant().access_token
    after = keys.get_signing_key_from_jwt(token)

    assert after.key_id == before
    assert jwt.decode(token, after, algorithms=["ES256"], audience=oauthmock.api_url)["sub"] == "alice"
    assert oauthmock.journal.at("jwks") == []


def test_a_token_past_its_lifetime_no_longer_verifies(oauthmock: OAuthMock) -> None:
    """RFC 9068 4: exp is in the past for a token that the server made two hours ago."""
    client = oauthmock.client()
    oauthmock.clock.advance(hours=-2)
    token = client.grant(user="alice").access_token

    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(token, _key(oauthmock, token), algorithms=["ES256"], audience=oauthmock.api_url)


@pytest.mark.parametrize("overlap", [True, False])
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_an_id_token_after_the_keys_were_rotated(oauthmock: OAuthMock, algorithm: typing.Any, overlap: bool) -> None:
    """OpenID Connect Core 10.1.1: an unknown kid makes it ask again; an old token verifies while its key is there."""
    client = oauthmock.client(id_token_signed_response_alg=algorithm)
    keys = jwt.PyJWKClient(oauthmock.jwks_url, cooldown_duration=0)

    def logged_in() -> str:
        code = client.issue_code(user="alice", scope="openid")
        form = {"grant_type": "authorization_code", "code": code}
        answer = httpx.post(oauthmock.token_url, auth=(client.client_id, client.client_secret), data=form)
        return str(answer.json()["id_token"])

    def subject(token: str) -> str:
        key = keys.get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key, algorithms=[algorithm], audience=client.client_id, issuer=oauthmock.url)
        return str(claims["sub"])

    old = logged_in()
    assert subject(old) == "alice"
    oauthmock.rotate_keys(overlap=overlap)
    new = logged_in()

    assert jwt.get_unverified_header(new)["kid"] != jwt.get_unverified_header(old)["kid"]
    assert subject(new) == "alice"
    assert len(oauthmock.jwks_endpoint.exchanges) == 2
    if overlap:
        assert subject(old) == "alice"
        assert len(oauthmock.jwks_endpoint.exchanges) == 2
    else:
        with pytest.raises(jwt.PyJWKClientError, match="Unable to find a signing key"):
            subject(old)
        assert len(oauthmock.jwks_endpoint.exchanges) == 3
