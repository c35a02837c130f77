"""httpx-auth 0.23: an `auth=` for httpx that fetches tokens by itself."""

from __future__ import annotations

import collections.abc as cabc
import logging
import typing

import httpx
import httpx_auth
import pytest
import time_machine

from mockserver import OAuthMock

if typing.TYPE_CHECKING:
    from .conftest import Person


@pytest.fixture(autouse=True)
def empty_token_cache() -> cabc.Iterator[None]:
    """The cache is one for the process, and keyed by URL and credentials."""
    httpx_auth.OAuth2.token_cache.clear()
    yield
    httpx_auth.OAuth2.token_cache.clear()


def test_client_credentials_open_the_api_and_are_cached(oauthmock: OAuthMock) -> None:
    """RFC 6749 4.4: one token by Basic, two calls."""
    client = oauthmock.client(token_endpoint_auth_method="client_secret_basic")
    auth = httpx_auth.OAuth2ClientCredentials(
        oauthmock.token_url, client.client_id, client.client_secret, scope=["orders:read", "orders:write"]
    )
    with httpx.Client(auth=auth) as session:
        first = session.patch(f"{oauthmock.api_url}/orders/1", json={"state": "sent"})
        second = session.get(f"{oauthmock.api_url}/orders")

    assert first.json()["method"] == "PATCH"
    assert first.json()["body"] == '{"state":"sent"}'
    assert second.status_code == 200
    issued = oauthmock.tokens.last
    assert (issued.grant_type, issued.client_auth) == ("client_credentials", "client_secret_basic")
    assert issued.scope == {"orders:read", "orders:write"}
    assert oauthmock.journal.grant_types == ["client_credentials"]


def test_an_expired_token_is_asked_for_again(oauthmock: OAuthMock, traveller: time_machine.Traveller) -> None:
    """RFC 6749 4.4.3: no refresh token with this grant, so it is repeated when expires_in has passed."""
    client = oauthmock.client(access_token_lifetime=120)
    auth = httpx_auth.OAuth2ClientCredentials(oauthmock.token_url, client.client_id, client.client_secret)
    with httpx.Client(auth=auth) as session:
        session.get(oauthmock.api_url)
        traveller.shift(121)
        answer = session.get(oauthmock.api_url)

    assert answer.status_code == 200
    assert oauthmock.journal.grant_types == ["client_credentials", "client_credentials"]


def test_a_wrong_secret_surfaces_with_the_servers_words(oauthmock: OAuthMock) -> None:
    """RFC 6749 5.2: error and description are in the exception."""
    client = oauthmock.client()
    auth = httpx_auth.OAuth2ClientCredentials(oauthmock.token_url, client.client_id, "wrong")

    with pytest.raises(httpx_auth.InvalidGrantRequest, match=r"(?s)invalid_client.*Client authentication failed"):
        httpx.get(oauthmock.api_url, auth=auth)
    assert (oauthmock.journal.last.status, oauthmock.journal.last.error) == (401, "invalid_client")
    assert oauthmock.api.exchanges == []


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
def test_the_password_grant_refreshes_by_itself(
    oauthmock: OAuthMock, traveller: time_machine.Traveller, method: str
) -> None:
    """RFC 6749 4.3, 6: header, body or id alone, the same for the refresh."""
    client = oauthmock.client(token_endpoint_auth_method=method)
    settings = {
        "client_secret_basic": lambda: {"client_auth": (client.client_id, client.client_secret)},
        "client_secret_post": lambda: {"client_id": client.client_id, "client_secret": client.client_secret},
        "none": lambda: {"client_id": client.client_id},
    }[method]()
    auth = httpx_auth.OAuth2ResourceOwnerPasswordCredentials(
        oauthmock.token_url, username="alice", password="wonderland", scope="orders:read", **settings
    )
    with httpx.Client(auth=auth) as session:
        assert session.get(oauthmock.api_url).status_code == 200
        traveller.shift(3601)
        assert session.patch(oauthmock.api_url, content=b"{}").status_code == 200

    assert oauthmock.journal.grant_types == ["password", "refresh_token"]
    assert [exchange.client_auth for exchange in oauthmock.token_endpoint.exchanges] == [method, method]
    assert oauthmock.tokens.last.username == "alice"
    assert oauthmock.tokens.last.scope == {"orders:read"}


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_the_code_flow_listens_for_the_callback(
    oauthmock: OAuthMock, person: Person, free_port: int, method: str
) -> None:
    """RFC 6749 4.1: the browser is opened at /authorize, the code comes to the client's own port."""
    client = oauthmock.client(redirect_uris=[f"http://localhost:{free_port}/back"], token_endpoint_auth_method=method)
    basic = {"username": client.client_id, "password": client.client_secret}
    secret = basic if method == "client_secret_basic" else {"client_secret": client.client_secret}
    auth = httpx_auth.OAuth2AuthorizationCode(
        oauthmock.authorize_url,
        oauthmock.token_url,
        client_id=client.client_id,
        scope="orders:read",
        redirect_uri_port=free_port,
        redirect_uri_endpoint="back",
        timeout=20,
        **secret,
    )
    with httpx.Client(auth=auth) as session:
        answer = session.patch(f"{oauthmock.api_url}/orders/1", json={})
    person.leave()

    assert answer.status_code == 200
    assert [page.status_code for page in person.pages] == [200]
    issued = oauthmock.tokens.last
    assert (issued.grant_type, issued.client_auth, issued.username) == ("authorization_code", method, "alice")
    assert oauthmock.journal.grant_types == ["authorization_code"]


def test_the_code_flow_with_pkce_of_a_public_client(oauthmock: OAuthMock, person: Person, free_port: int) -> None:
    """RFC 7636: S256, and the client_id alone at the token endpoint."""
    client = oauthmock.client(token_endpoint_auth_method="none")
    auth = httpx_auth.OAuth2AuthorizationCodePKCE(
        oauthmock.authorize_url,
        oauthmock.token_url,
        client_id=client.client_id,
        redirect_uri_port=free_port,
        timeout=20,
    )
    with httpx.Client(auth=auth) as session:
        answer = session.get(oauthmock.api_url)
    person.leave()

    assert answer.status_code == 200
    asked = oauthmock.authorization_endpoint.exchanges[0].request
    assert asked.parameter("code_challenge_method", of="query") == "S256"
    assert oauthmock.tokens.last.client_auth == "none"


def test_a_denial_reaches_the_waiting_client(
    oauthmock: OAuthMock, person: Person, free_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """RFC 6749 4.1.2.1: error=access_denied comes to the redirect URI and ends the wait."""
    client = oauthmock.client()
    person.denies = True
    # httpx-auth takes a callback without code for a fragment, and asks again by a script
    person.script = "&httpx_auth_redirect=1"
    auth = httpx_auth.OAuth2AuthorizationCode(
        oauthmock.authorize_url,
        oauthmock.token_url,
        client_id=client.client_id,
        client_secret=client.client_secret,
        redirect_uri_port=free_port,
        timeout=20,
    )
    with caplog.at_level(logging.CRITICAL), pytest.raises(httpx_auth.InvalidGrantRequest, match="access_denied"):
        httpx.get(oauthmock.api_url, auth=auth)
    person.leave()

    assert person.script[1:-2] in person.pages[0].text
    assert oauthmock.journal.at("token") == []
    assert oauthmock.journal.last.error == "access_denied"
