"""The web application against the mock, without a browser."""

from __future__ import annotations

import pytest
from web_login import WebApp
from werkzeug.test import Client

from mockserver import OAuthMock


@pytest.fixture
def webapp(oauthmock: OAuthMock) -> Client:
    """The application, registered with its redirect URI alone."""
    client = oauthmock.client(redirect_uris=["http://localhost/callback"], grant_types=["authorization_code"])
    oauthmock.user("alice", name="Alice Liddell")
    return Client(WebApp(oauthmock.url, client_id=client.client_id, client_secret=client.client_secret))


def test_a_person_logs_in(oauthmock: OAuthMock, webapp: Client) -> None:
    """From /login over the consent page to the greeting."""
    start = webapp.get("/login")
    callback = oauthmock.approve(start.location, user="alice")

    assert webapp.get(callback.path_and_query).text == "Hello Alice Liddell"
    assert oauthmock.tokens.last.username == "alice"


def test_pkce_is_used_with_s256(oauthmock: OAuthMock, webapp: Client) -> None:
    """The challenge is in the authorization request, the verifier in the token request."""
    callback = oauthmock.approve(webapp.get("/login").location)
    webapp.get(callback.path_and_query)

    (asked, *_), (redeemed,) = oauthmock.journal.at("authorize"), oauthmock.journal.at("token")
    assert asked.parameters["code_challenge_method"] == "S256"
    assert "code_verifier" in redeemed.parameters


def test_a_person_says_no(oauthmock: OAuthMock, webapp: Client) -> None:
    """access_denied ends in a page of the application."""
    callback = oauthmock.deny(webapp.get("/login").location)
    answer = webapp.get(callback.path_and_query)

    assert (answer.status_code, answer.text) == (403, "No login: access_denied")


def test_a_forged_callback_is_refused(oauthmock: OAuthMock, webapp: Client) -> None:
    """A state that the application did not make gets no token."""
    answer = webapp.get("/callback?code=stolen&state=forged")

    assert answer.status_code == 400
    assert not oauthmock.tokens
