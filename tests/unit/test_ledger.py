"""The tokens that were issued, as a test asks for them."""

from __future__ import annotations

import pytest
import time_machine
from werkzeug.test import Client

from mockserver import OAuthMock
from mockserver.errors import NothingRecorded

_BASIC = {"Authorization": "Basic Y3JtOnMzY3JldA=="}


def test_a_token_says_who_got_it_how(mock: OAuthMock, http: Client) -> None:
    """Grant, method, client, person, scope, times."""
    mock.client("crm", client_secret="s3cret", access_token_lifetime=60)
    mock.user("alice", password="wonderland")
    with time_machine.travel(1_800_000_000, tick=False):
        answer = http.post(
            "/token",
            data={"grant_type": "password", "username": "alice", "password": "wonderland", "scope": "openid a"},
            headers=_BASIC,
        ).get_json()

    token = mock.tokens.last
    assert (token.access_token, token.refresh_token) == (answer["access_token"], answer["refresh_token"])
    assert token.id_token == answer["id_token"]
    assert (token.grant_type, token.client_auth, token.client_id) == ("password", "client_secret_basic", "crm")
    assert (token.username, token.issuer, token.token_type) == ("alice", "http://localhost", "Bearer")
    assert token.scope == {"openid", "a"}
    assert (token.issued_at, token.expires_in, token.expires_at) == (1_800_000_000, 60, 1_800_000_060)
    assert token.claims is not None
    assert token.claims["scope"] == "openid a"


def test_an_opaque_token_has_no_claims(mock: OAuthMock) -> None:
    """There is nothing to read in it."""
    assert mock.client(access_token_format="opaque").grant().claims is None


def test_it_is_a_sequence_of_the_newest(mock: OAuthMock) -> None:
    """Index, slice, iteration; bounded like the journal."""
    mock = OAuthMock(issuer="http://localhost", journal_size=3)
    client = mock.client()
    issued = [client.grant() for _ in range(5)]

    assert list(mock.tokens) == issued[2:]
    assert (mock.tokens[0], mock.tokens[-1], mock.tokens[1:]) == (issued[2], issued[4], issued[3:])
    assert mock.tokens.last is issued[4]
    assert repr(mock.tokens) == "<Ledger of 3 tokens>"


def test_the_last_of_none_says_what_to_do(mock: OAuthMock) -> None:
    """The remedy: look at the journal, or mint one."""
    with pytest.raises(NothingRecorded, match=r"look at oauthmock\.journal .* or mint one with client\.grant\(\)"):
        _ = mock.tokens.last


def test_issuers_have_ledgers_of_their_own(mock: OAuthMock) -> None:
    """Tenant A's token is never tenant B's."""
    token = mock.issuer("a").client().grant()

    assert list(mock.tokens) == []
    assert list(mock.issuer("a").tokens) == [token]
