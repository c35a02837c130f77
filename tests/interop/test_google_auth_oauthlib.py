"""google-auth-oauthlib 1.5 on requests-oauthlib, and google-auth 2.63 for the refresh."""

from __future__ import annotations

import typing

import google.auth.exceptions
import google.auth.transport.requests
import google.oauth2.credentials
import oauthlib.oauth2
import pytest
import requests
import time_machine
from google_auth_oauthlib.flow import InstalledAppFlow

from mockserver import OAuthMock
from mockserver.server import RegisteredClient

if typing.TYPE_CHECKING:
    from .conftest import Person


def _flow(oauthmock: OAuthMock, client: RegisteredClient, scopes: list[str]) -> InstalledAppFlow:
    configuration = {
        "installed": {
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "auth_uri": oauthmock.authorize_url,
            "token_uri": oauthmock.token_url,
            "redirect_uris": ["http://localhost"],
        }
    }
    return InstalledAppFlow.from_client_config(configuration, scopes=scopes)


def _credentials(oauthmock: OAuthMock, client: RegisteredClient, **more: typing.Any) -> typing.Any:
    """What an application stored yesterday: no access token, a refresh token."""
    return google.oauth2.credentials.Credentials(
        None,
        refresh_token=client.grant(user="alice", scope="orders:read").refresh_token,
        token_uri=oauthmock.token_url,
        client_id=client.client_id,
        client_secret=client.client_secret,
        **more,
    )


def test_a_login_on_the_command_line_and_the_refresh_after_it(
    oauthmock: OAuthMock, person: Person, traveller: time_machine.Traveller
) -> None:
    """RFC 6749 2.3.1: one client, Basic for the code and the body for the refresh; it is registered with both."""
    client = oauthmock.client(token_endpoint_auth_method=["client_secret_basic", "client_secret_post"])
    flow = _flow(oauthmock, client, ["openid", "orders:read"])
    with flow.oauth2session:
        credentials = flow.run_local_server(port=0, timeout_seconds=20, authorization_prompt_message="")
    person.leave()
    with requests.Session() as transport:
        traveller.shift(3601)
        assert credentials.expired
        credentials.refresh(google.auth.transport.requests.Request(transport))

    assert "You may close this window" in person.pages[0].text
    assert "code_challenge_method=S256" in person.opened[0]
    assert "access_type=offline" in person.opened[0]
    assert credentials.valid
    assert credentials.id_token == oauthmock.tokens.last.id_token
    assert oauthmock.journal.grant_types == ["authorization_code", "refresh_token"]
    methods = [exchange.client_auth for exchange in oauthmock.token_endpoint.exchanges]
    assert methods == ["client_secret_basic", "client_secret_post"]
    assert oauthmock.tokens.last.username == "alice"


def test_a_client_registered_with_basic_alone_cannot_refresh(oauthmock: OAuthMock, person: Person) -> None:
    """RFC 6749 2.3.1: strict means strict, and google-auth always sends the secret in the body."""
    client = oauthmock.client(token_endpoint_auth_method="client_secret_basic")
    flow = _flow(oauthmock, client, ["orders:read"])
    with flow.oauth2session:
        credentials = flow.run_local_server(port=0, timeout_seconds=20, authorization_prompt_message="")
    person.leave()
    with (
        requests.Session() as transport,
        pytest.raises(google.auth.exceptions.RefreshError, match="invalid_client"),
    ):
        credentials.refresh(google.auth.transport.requests.Request(transport))

    assert oauthmock.journal.last.why.startswith(
        f"client {client.client_id!r} is registered with client_secret_basic; the request sent client_secret_post"
    )


def test_a_denied_login_ends_the_flow(oauthmock: OAuthMock, person: Person) -> None:
    """RFC 6749 4.1.2.1: the local server gets error=access_denied and the flow raises."""
    person.denies = True
    flow = _flow(oauthmock, oauthmock.client(), ["orders:read"])
    with flow.oauth2session, pytest.raises(oauthlib.oauth2.AccessDeniedError):
        flow.run_local_server(port=0, timeout_seconds=20, authorization_prompt_message="")
    person.leave()

    assert oauthmock.journal.at("token") == []


@pytest.mark.parametrize("policy", ["rotate", "static"])
def test_an_authorized_session_starts_from_a_stored_refresh_token(
    oauthmock: OAuthMock, policy: typing.Literal["rotate", "static"]
) -> None:
    """RFC 6749 6: the first call refreshes; a rotated refresh token replaces the stored one."""
    client = oauthmock.client(refresh_policy=policy)
    credentials = _credentials(oauthmock, client)
    stored = credentials.refresh_token
    with (
        requests.Session() as transport,
        google.auth.transport.requests.AuthorizedSession(
            credentials, auth_request=google.auth.transport.requests.Request(transport)
        ) as session,
    ):
        answer = session.patch(f"{oauthmock.api_url}/orders/1", json={"state": "sent"})

    assert answer.json()["method"] == "PATCH"
    assert answer.json()["body"] == '{"state": "sent"}'
    assert (credentials.refresh_token == stored) is (policy == "static")
    assert oauthmock.journal.grant_types == ["refresh_token"]
    assert oauthmock.tokens.last.client_auth == "client_secret_post"
    assert oauthmock.tokens.last.scope == {"orders:read"}


def test_an_authorized_session_answers_a_401_with_a_refresh(oauthmock: OAuthMock) -> None:
    """RFC 6750 3.1: only the server's clock moves; invalid_token makes the session refresh and repeat the call."""
    client = oauthmock.client()
    credentials = _credentials(oauthmock, client)
    with (
        requests.Session() as transport,
        google.auth.transport.requests.AuthorizedSession(
            credentials, auth_request=google.auth.transport.requests.Request(transport)
        ) as session,
    ):
        session.get(oauthmock.api_url)
        oauthmock.clock.advance(hours=1)
        answer = session.patch(oauthmock.api_url, data=b"{}")

    assert answer.status_code == 200
    assert [exchange.status for exchange in oauthmock.api.exchanges] == [200, 401, 200]
    assert oauthmock.journal.grant_types == ["refresh_token", "refresh_token"]


def test_a_revoked_grant_surfaces_as_refresh_error_and_is_not_retried(oauthmock: OAuthMock) -> None:
    """RFC 6749 5.2: invalid_grant is final for google-auth, one request is all."""
    client = oauthmock.client()
    credentials = _credentials(oauthmock, client)
    oauthmock.clock.advance(days=31)
    with (
        requests.Session() as transport,
        pytest.raises(google.auth.exceptions.RefreshError, match="invalid_grant") as raised,
    ):
        credentials.refresh(google.auth.transport.requests.Request(transport))

    assert not raised.value.retryable
    assert oauthmock.journal.grant_types == ["refresh_token"]
    assert "expired" in oauthmock.journal.last.why
