"""Authlib 1.9 on requests."""

from __future__ import annotations

import typing

import httpx
import pytest
import time_machine
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from authlib.oidc.core import UserInfo
from joserfc import jws
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey
from joserfc.jwk import KeySet

from mockserver import OAuthMock
from mockserver.server import RegisteredClient

_REDIRECT_URI = "http://127.0.0.1:8765/callback"
_METHODS = ["client_secret_basic", "client_secret_post", "none"]


def _session(client: RegisteredClient, method: str, **settings: typing.Any) -> OAuth2Session:
    return OAuth2Session(
        client.client_id,
        None if method == "none" else client.client_secret,
        token_endpoint_auth_method=method,
        redirect_uri=_REDIRECT_URI,
        code_challenge_method="S256",
        **settings,
    )


@pytest.mark.parametrize("method", _METHODS)
def test_the_code_flow_with_pkce_by_every_method(oauthmock: OAuthMock, method: str) -> None:
    """RFC 6749 4.1, RFC 7636: the code is redeemed with its verifier, whichever way the client shows itself."""
    client = oauthmock.client(redirect_uris=[_REDIRECT_URI], token_endpoint_auth_method=method)
    with _session(client, method, scope="orders:read") as session:
        verifier = generate_token(48)
        url, state = session.create_authorization_url(oauthmock.authorize_url, code_verifier=verifier)
        callback = oauthmock.approve(url)
        token = session.fetch_token(
            oauthmock.token_url, authorization_response=callback.url, state=state, code_verifier=verifier
        )
        answer = session.patch(f"{oauthmock.api_url}/orders/1", json={"state": "sent"})

    assert answer.json()["body"] == '{"state": "sent"}'
    assert token["scope"] == "orders:read"
    issued = oauthmock.tokens.last
    assert (issued.grant_type, issued.client_auth, issued.username) == ("authorization_code", method, "alice")
    assert oauthmock.journal.grant_types == ["authorization_code"]


@pytest.mark.parametrize("method", _METHODS)
def test_the_password_grant_by_every_method(oauthmock: OAuthMock, method: str) -> None:
    """RFC 6749 4.3.2: username and password in the body."""
    client = oauthmock.client(token_endpoint_auth_method=method)
    with _session(client, method) as session:
        session.fetch_token(oauthmock.token_url, username="alice", password="wonderland")
        assert session.get(oauthmock.api_url).status_code == 200

    issued = oauthmock.tokens.last
    assert (issued.grant_type, issued.client_auth, issued.username) == ("password", method, "alice")


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_client_credentials_by_header_and_body(oauthmock: OAuthMock, method: str) -> None:
    """RFC 6749 4.4.2."""
    client = oauthmock.client(token_endpoint_auth_method=method, grant_types=["client_credentials"])
    with _session(client, method, scope="orders:read") as session:
        token = session.fetch_token(oauthmock.token_url, grant_type="client_credentials")
        assert session.get(oauthmock.api_url).status_code == 200

    assert "refresh_token" not in token
    issued = oauthmock.tokens.last
    assert (issued.grant_type, issued.client_auth, str(issued.scope)) == ("client_credentials", method, "orders:read")


def test_a_public_client_gets_no_client_credentials(oauthmock: OAuthMock) -> None:
    """RFC 6749 4.4: the grant is for confidential clients."""
    client = oauthmock.client(token_endpoint_auth_method="none")
    with _session(client, "none") as session, pytest.raises(OAuthError) as raised:
        session.fetch_token(oauthmock.token_url, grant_type="client_credentials")

    assert raised.value.error == "unauthorized_client"
    assert (oauthmock.journal.last.status, oauthmock.journal.last.client_auth) == (400, "none")


@pytest.mark.parametrize("method", _METHODS)
def test_an_expired_token_is_refreshed_by_the_session_itself(
    oauthmock: OAuthMock, traveller: time_machine.Traveller, method: str
) -> None:
    """RFC 6749 6: the session authenticates the refresh as it did the first request, and hands the new token out."""
    client = oauthmock.client(token_endpoint_auth_method=method, access_token_lifetime=600)
    kept: list[tuple[str, str]] = []

    def keep(token: dict[str, str], refresh_token: str) -> None:
        kept.append((refresh_token, token["refresh_token"]))

    with _session(client, method, token_endpoint=oauthmock.token_url, update_token=keep) as session:
        first = dict(session.fetch_token(username="alice", password="wonderland"))
        traveller.shift(601)
        answer = session.patch(oauthmock.api_url, data=b"{}")

    assert answer.status_code == 200
    assert kept == [(first["refresh_token"], oauthmock.tokens.last.refresh_token)]
    # refresh_policy "rotate" is the default
    assert kept[0][0] != kept[0][1]
    assert oauthmock.journal.grant_types == ["password", "refresh_token"]
    assert [exchange.client_auth for exchange in oauthmock.token_endpoint.exchanges] == [method, method]


def test_client_credentials_are_asked_for_again_when_they_expire(
    oauthmock: OAuthMock, traveller: time_machine.Traveller
) -> None:
    """RFC 6749 4.4.3: there is no refresh token, so the session repeats the grant."""
    client = oauthmock.client()
    # Authlib repeats the grant only when it is set on the session
    settings = {"token_endpoint": oauthmock.token_url, "grant_type": "client_credentials"}
    with _session(client, "client_secret_basic", **settings) as session:
        session.fetch_token()
        traveller.shift(3601)
        assert session.get(oauthmock.api_url).status_code == 200

    assert oauthmock.journal.grant_types == ["client_credentials", "client_credentials"]


def test_a_spent_refresh_token_surfaces_as_invalid_grant(oauthmock: OAuthMock) -> None:
    """RFC 6749 5.2, 10.4: under rotation the old refresh token no longer works."""
    client = oauthmock.client()
    stored = client.grant(user="alice").refresh_token
    with _session(client, "client_secret_post") as session:
        session.refresh_token(oauthmock.token_url, refresh_token=stored)
        with pytest.raises(OAuthError) as raised:
            session.refresh_token(oauthmock.token_url, refresh_token=stored)

    assert raised.value.error == "invalid_grant"
    assert oauthmock.journal.grant_types == ["refresh_token", "refresh_token"]
    assert "used before" in oauthmock.journal.last.why


def test_a_refresh_can_narrow_the_scope(oauthmock: OAuthMock) -> None:
    """RFC 6749 6: less than what was granted, and back to all of it with the next refresh."""
    client = oauthmock.client()
    stored = client.grant(user="alice", scope="orders:read orders:write").refresh_token
    with _session(client, "client_secret_basic") as session:
        narrow = dict(session.refresh_token(oauthmock.token_url, refresh_token=stored, scope="orders:read"))
        wide = session.refresh_token(oauthmock.token_url, refresh_token=narrow["refresh_token"])

    assert narrow["scope"] == "orders:read"
    assert wide["scope"] == "orders:read orders:write"


def test_a_denied_login_surfaces_with_its_error(oauthmock: OAuthMock) -> None:
    """RFC 6749 4.1.2.1: the callback of a denial has no code, and its state is the client's."""
    client = oauthmock.client()
    with _session(client, "client_secret_basic") as session:
        url, state = session.create_authorization_url(oauthmock.authorize_url)
        callback = oauthmock.deny(url)

    assert callback.params == {
        "error": "access_denied",
        "error_description": "The resource owner denied the request.",
        "state": state,
    }
    assert oauthmock.journal.at("token") == []


def test_a_wrong_secret_surfaces_as_invalid_client(oauthmock: OAuthMock) -> None:
    """RFC 6749 5.2: 401 with the challenge of the scheme that was tried."""
    client = oauthmock.client()
    with (
        OAuth2Session(client.client_id, client.client_secret + "\n") as session,
        pytest.raises(OAuthError) as raised,
    ):
        session.fetch_token(oauthmock.token_url, grant_type="client_credentials")

    assert raised.value.error == "invalid_client"
    exchange = oauthmock.journal.last
    assert dict(exchange.reply.headers)["WWW-Authenticate"] == 'Basic realm="token endpoint"'
    assert "trailing newline" in exchange.why


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_login_with_openid_connect(oauthmock: OAuthMock, algorithm: str) -> None:
    """OpenID Connect Core 3.1: discovery, code with nonce, an ID token that the JWKS verifies, userinfo."""
    client = oauthmock.client(id_token_signed_response_alg=algorithm)
    found = httpx.get(oauthmock.openid_configuration_url).json()
    with _session(client, "client_secret_basic", scope="openid email") as session:
        nonce, verifier = generate_token(), generate_token(48)
        url, state = session.create_authorization_url(
            found["authorization_endpoint"], nonce=nonce, code_verifier=verifier
        )
        callback = oauthmock.approve(url, user="alice")
        token = session.fetch_token(
            found["token_endpoint"], authorization_response=callback.url, state=state, code_verifier=verifier
        )
        keys = KeySet.import_key_set(session.get(found["jwks_uri"], withhold_token=True).json())
        person = UserInfo(session.get(found["userinfo_endpoint"]).json())
        posted = UserInfo(session.post(found["userinfo_endpoint"]).json())

    decoded = jwt.decode(token["id_token"], keys, algorithms=[algorithm])
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        options={
            "iss": {"essential": True, "value": oauthmock.url},
            "aud": {"essential": True, "value": client.client_id},
        },
        params={"nonce": nonce, "client_id": client.client_id, "access_token": token["access_token"]},
    )
    claims.validate()  # also nonce and at_hash
    assert decoded.header["kid"]
    assert claims["sub"] == person["sub"] == "alice"
    assert person == posted
    assert person["email"] == claims["email"] == "alice@example.com"
    issued = oauthmock.tokens.last
    assert (issued.grant_type, issued.client_auth, str(issued.scope)) == (
        "authorization_code",
        "client_secret_basic",
        "openid email",
    )
    assert len(oauthmock.userinfo_endpoint.exchanges) == 2


def test_an_id_token_of_another_server_does_not_verify(oauthmock: OAuthMock) -> None:
    """RFC 7515 5.2: two servers in one process have P-256 keys of their own."""
    with OAuthMock() as other:
        other.user("alice", password="wonderland")
        client = other.client(id_token_signed_response_alg="ES256")
        with _session(client, "client_secret_basic", scope="openid") as session:
            token = session.fetch_token(other.token_url, username="alice", password="wonderland")
    published = httpx.get(oauthmock.jwks_url).json()["keys"]
    key = ECKey.import_key(next(key for key in published if key["alg"] == "ES256"))

    with pytest.raises(BadSignatureError):
        jwt.decode(token["id_token"], key, algorithms=["ES256"])
    assert key.kid != jws.extract_compact(token["id_token"].encode()).headers()["kid"]


def test_a_refreshed_id_token_tells_of_the_same_person(oauthmock: OAuthMock) -> None:
    """OpenID Connect Core 12.2: same iss, sub, aud and auth_time, no nonce."""
    client = oauthmock.client()
    with _session(client, "client_secret_post", scope="openid") as session:
        url, state = session.create_authorization_url(oauthmock.authorize_url, nonce="n-0S6_WzA2Mj")
        callback = oauthmock.approve(url)
        first = session.fetch_token(oauthmock.token_url, authorization_response=callback.url, state=state)["id_token"]
        second = session.refresh_token(oauthmock.token_url)["id_token"]
    keys = KeySet.import_key_set(httpx.get(oauthmock.jwks_url).json())
    before, after = (jwt.decode(value, keys, algorithms=["RS256"]).claims for value in (first, second))

    assert before["nonce"] == "n-0S6_WzA2Mj"
    assert "nonce" not in after
    same = ("iss", "sub", "aud", "auth_time")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert oauthmock.journal.grant_types == ["authorization_code", "refresh_token"]
