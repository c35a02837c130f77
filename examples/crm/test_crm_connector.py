"""The CRM connector against the mock."""

from __future__ import annotations

import collections.abc as cabc

import httpx
import pytest
from crm_connector import CrmConnector

from mockserver import OAuthMock


@pytest.fixture
def crm(oauthmock: OAuthMock) -> cabc.Iterator[CrmConnector]:
    """The connector, with a client that the server knows and one order to fetch."""
    client = oauthmock.client(scope="orders:read")
    oauthmock.protect("/orders", scope="orders:read", json=[{"id": 1}])
    with CrmConnector(
        oauthmock.url,
        token_url=oauthmock.token_url,
        client_id=client.client_id,
        client_secret=client.client_secret,
    ) as connector:
        yield connector


def test_orders_are_fetched_with_a_token(oauthmock: OAuthMock, crm: CrmConnector) -> None:
    """The token was issued by client credentials, and for no more than is needed."""
    assert crm.orders() == [{"id": 1}]
    token = oauthmock.tokens.last
    assert (token.grant_type, token.client_auth) == ("client_credentials", "client_secret_basic")
    assert token.scope == {"orders:read"}


def test_the_token_is_cached(oauthmock: OAuthMock, crm: CrmConnector) -> None:
    """Two fetches, one token request."""
    crm.orders()
    crm.orders()

    assert oauthmock.journal.grant_types == ["client_credentials"]


def test_an_expired_token_is_replaced_once(oauthmock: OAuthMock, crm: CrmConnector) -> None:
    """The connector meets a 401, gets one new token and repeats the request."""
    crm.orders()
    oauthmock.clock.advance(hours=1)

    assert crm.orders() == [{"id": 1}]
    assert [exchange.status for exchange in oauthmock.journal.at("protected")] == [200, 401, 200]
    assert len(oauthmock.tokens) == 2


def test_a_busy_token_endpoint_is_asked_again(oauthmock: OAuthMock, crm: CrmConnector) -> None:
    """503 with Retry-After, twice."""
    oauthmock.token_endpoint.fail(503, times=2, retry_after=0)

    assert crm.orders() == [{"id": 1}]


def test_a_token_endpoint_that_stays_busy_is_given_up(oauthmock: OAuthMock, crm: CrmConnector) -> None:
    """Three attempts and no more."""
    oauthmock.token_endpoint.fail(503, times=10, retry_after=0)

    with pytest.raises(httpx.HTTPStatusError, match="503"):
        crm.orders()
    assert len(oauthmock.token_endpoint.exchanges) == 3
