"""Authlib 1.9 on httpx2, which it prefers to httpx: OAuth2Client, and AsyncOAuth2Client under asyncio and trio."""

from __future__ import annotations

import base64
import typing

import anyio
import httpx2
import pytest
import time_machine
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from mockserver import OAuthMock
from mockserver.server import RegisteredClient

_REDIRECT_URI = "http://localhost:8765/callback"
_METHODS = ["client_secret_basic", "client_secret_post", "none"]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def _settings(client: RegisteredClient, method: str, **more: typing.Any) -> dict[str, typing.Any]:
    return {
        "client_id": client.client_id,
        "client_secret": None if method == "none" else client.client_secret,
        "token_endpoint_auth_method": method,
        "redirect_uri": _REDIRECT_URI,
        "code_challenge_method": "S256",
        **more,
    }


@pytest.mark.parametrize("method", _METHODS)
def test_the_code_flow_with_pkce_by_every_method(oauthmock: OAuthMock, method: str) -> None:
    """RFC 6749 4.1, RFC 7636: httpx2 sends the same request as requests does."""
    client = oauthmock.client(redirect_uris=[_REDIRECT_URI], token_endpoint_auth_method=method)
    verifier = generate_token(48)
    with OAuth2Client(**_settings(client, method, scope="orders:read")) as session:
        url, state = session.create_authorization_url(oauthmock.authorize_url, code_verifier=verifier)
        callback = oauthmock.approve(url)
        session.fetch_token(
            oauthmock.token_url, authorization_response=callback.url, state=state, code_verifier=verifier
        )
        answer = session.patch(f"{oauthmock.api_url}/orders/1", content=b"\x00\xff")

    assert answer.json()["body_base64"] == "AP8="
    issued = oauthmock.tokens.last
    assert (issued.grant_type, issued.client_auth, issued.username) == ("authorization_code", method, "alice")
    assert oauthmock.journal.grant_types == ["authorization_code"]


@pytest.mark.parametrize("method", _METHODS)
def test_password_and_refresh_by_every_method(
    oauthmock: OAuthMock, traveller: time_machine.Traveller, method: str
) -> None:
    """RFC 6749 4.3, 6: the client refreshes by itself as soon as its clock says so."""
    client = oauthmock.client(token_endpoint_auth_method=method)
    kept: list[str] = []
    with OAuth2Client(
        **_settings(client, method, token_endpoint=oauthmock.token_url),
        update_token=lambda token, refresh_token: kept.append(token["access_token"]),
    ) as session:
        session.fetch_token(username="alice", password="wonderland")
        assert session.get(oauthmock.api_url).status_code == 200
        traveller.shift(3601)
        assert session.get(oauthmock.api_url).status_code == 200

    assert kept == [oauthmock.tokens.last.access_token]
    assert oauthmock.journal.grant_types == ["password", "refresh_token"]
    assert [exchange.client_auth for exchange in oauthmock.token_endpoint.exchanges] == [method, method]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_client_credentials_by_header_and_body(oauthmock: OAuthMock, method: str) -> None:
    """RFC 6749 4.4.2."""
    client = oauthmock.client(token_endpoint_auth_method=method)
    with OAuth2Client(**_settings(client, method, scope="orders:read")) as session:
        token = session.fetch_token(oauthmock.token_url, grant_type="client_credentials")
        assert session.get(oauthmock.api_url).status_code == 200

    assert "refresh_token" not in token
    issued = oauthmock.tokens.last
    assert (issued.grant_type, issued.client_auth, str(issued.scope)) == ("client_credentials", method, "orders:read")


@pytest.mark.parametrize("charset", ["latin-1", "utf-8"])
def test_a_secret_outside_ascii_comes_through_basic_in_either_charset(oauthmock: OAuthMock, charset: str) -> None:
    """RFC 7617 2.1: Authlib sends Basic in latin-1, httpx2 itself in UTF-8."""
    client = oauthmock.client("käse", client_secret="grün 100%")
    auth = httpx2.BasicAuth(client.client_id, client.client_secret) if charset == "utf-8" else None
    with OAuth2Client(client.client_id, client.client_secret) as session:
        session.fetch_token(oauthmock.token_url, grant_type="client_credentials", auth=auth)

    sent = oauthmock.journal.last.request.header_values("authorization")[0].removeprefix("Basic ")
    assert base64.b64decode(sent).decode(charset) == "käse:grün 100%"
    assert (oauthmock.tokens.last.client_id, oauthmock.tokens.last.client_auth) == ("käse", "client_secret_basic")


def test_a_refusal_surfaces_with_error_and_description(oauthmock: OAuthMock) -> None:
    """RFC 6749 5.2."""
    client = oauthmock.client(scope="orders:read")
    with (
        OAuth2Client(**_settings(client, "client_secret_basic", scope="admin")) as session,
        pytest.raises(OAuthError) as raised,
    ):
        session.fetch_token(oauthmock.token_url, grant_type="client_credentials")

    assert raised.value.error == "invalid_scope"
    assert raised.value.description == "The requested scope exceeds what the client may have."
    assert (oauthmock.journal.last.status, oauthmock.journal.last.error) == (400, "invalid_scope")


@pytest.mark.anyio
@pytest.mark.parametrize("method", _METHODS)
async def test_the_code_flow_in_both_event_loops(oauthmock: OAuthMock, method: str) -> None:
    """RFC 6749 4.1, 6: code with PKCE, a PATCH and a refresh, without a thread of the client's."""
    client = oauthmock.client(redirect_uris=[_REDIRECT_URI], token_endpoint_auth_method=method)
    verifier = generate_token(48)
    async with AsyncOAuth2Client(**_settings(client, method, scope="orders:read")) as session:
        url, state = session.create_authorization_url(oauthmock.authorize_url, code_verifier=verifier)
        callback = oauthmock.approve(url)
        await session.fetch_token(
            oauthmock.token_url, authorization_response=callback.url, state=state, code_verifier=verifier
        )
        answer = await session.patch(f"{oauthmock.api_url}/orders/1", json={"state": "sent"})
        await session.refresh_token(oauthmock.token_url)
        again = await session.get(oauthmock.api_url)

    assert answer.json()["method"] == "PATCH"
    assert answer.json()["body"] == '{"state":"sent"}'
    assert again.status_code == 200
    assert oauthmock.journal.grant_types == ["authorization_code", "refresh_token"]
    assert [exchange.client_auth for exchange in oauthmock.token_endpoint.exchanges] == [method, method]


@pytest.mark.anyio
async def test_one_refresh_serves_requests_that_found_the_token_expired_together(
    oauthmock: OAuthMock, traveller: time_machine.Traveller
) -> None:
    """RFC 6749 6: the client's lock holds against a rotating server; none of five requests is lost."""
    client = oauthmock.client(refresh_policy="rotate")
    statuses: list[int] = []
    async with AsyncOAuth2Client(
        **_settings(client, "client_secret_post", token_endpoint=oauthmock.token_url)
    ) as session:

        async def call() -> None:
            statuses.append((await session.get(oauthmock.api_url)).status_code)

        await session.fetch_token(username="alice", password="wonderland")
        traveller.shift(3601)
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(call)

    assert statuses == [200] * 5
    assert oauthmock.journal.grant_types == ["password", "refresh_token"]
    assert len(oauthmock.api.exchanges) == 5


@pytest.mark.anyio
@pytest.mark.parametrize("grant_type", ["client_credentials", "password"])
async def test_grants_without_a_browser_in_both_event_loops(oauthmock: OAuthMock, grant_type: str) -> None:
    """RFC 6749 4.3, 4.4."""
    client = oauthmock.client()
    person = {"username": "alice", "password": "wonderland"} if grant_type == "password" else {}
    async with AsyncOAuth2Client(client.client_id, client.client_secret) as session:
        await session.fetch_token(oauthmock.token_url, grant_type=grant_type, **person)
        answer = await session.get(oauthmock.api_url)

    assert answer.status_code == 200
    issued = oauthmock.tokens.last
    assert (issued.grant_type, issued.client_auth) == (grant_type, "client_secret_basic")


@pytest.mark.anyio
async def test_a_refusal_surfaces_in_both_event_loops(oauthmock: OAuthMock) -> None:
    """RFC 6749 5.2: a code that was never issued."""
    client = oauthmock.client()
    async with AsyncOAuth2Client(client.client_id, client.client_secret) as session:
        with pytest.raises(OAuthError) as raised:
            await session.fetch_token(oauthmock.token_url, grant_type="authorization_code", code="stale")

    assert raised.value.error == "invalid_grant"
    assert oauthmock.journal.last.parameters["code"] == "stale"


@pytest.mark.anyio
async def test_a_login_with_openid_connect(oauthmock: OAuthMock) -> None:
    """OpenID Connect Core 3.1: discovery, nonce, ID token by the JWKS, userinfo."""
    client = oauthmock.client()
    nonce, verifier = generate_token(), generate_token(48)
    async with AsyncOAuth2Client(**_settings(client, "client_secret_basic", scope="openid profile")) as session:
        found = (await session.request("GET", oauthmock.openid_configuration_url, withhold_token=True)).json()
        url, state = session.create_authorization_url(
            found["authorization_endpoint"], nonce=nonce, code_verifier=verifier
        )
        callback = oauthmock.approve(url, user="alice")
        token = await session.fetch_token(
            found["token_endpoint"], authorization_response=callback.url, state=state, code_verifier=verifier
        )
        keys = KeySet.import_key_set((await session.request("GET", found["jwks_uri"], withhold_token=True)).json())
        person = (await session.get(found["userinfo_endpoint"])).json()

    assert found["issuer"] == oauthmock.url
    decoded = jwt.decode(token["id_token"], keys, algorithms=found["id_token_signing_alg_values_supported"])
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        options={"iss": {"value": found["issuer"]}, "aud": {"value": client.client_id}},
        params={"nonce": nonce, "client_id": client.client_id, "access_token": token["access_token"]},
    )
    claims.validate()
    assert decoded.header["alg"] == "RS256"
    assert (claims["sub"], person["sub"], person["name"]) == ("alice", "alice", "Alice Liddell")
    assert oauthmock.tokens.last.username == "alice"
