"""Servers side by side, on either family of loopback addresses."""

from __future__ import annotations

import socket
import urllib.parse

import httpx
import pytest

from mockserver import OAuthMock

_IPV6 = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
_FORM = {"grant_type": "client_credentials"}


def token(server: OAuthMock, client_id: str) -> httpx.Response:
    with httpx.Client(trust_env=False) as client:
        return client.post(server.token_url, data=_FORM, auth=(client_id, "s3cret"))


@pytest.mark.parametrize("host", [pytest.param("::1", marks=_IPV6), "127.0.0.1", "localhost"])
def test_a_server_answers_at_its_address(host: str) -> None:
    """An IPv6 address is in brackets in every URL, in the metadata and in what is signed."""
    with OAuthMock(host=host) as server, httpx.Client(trust_env=False) as client:
        server.client("crm", client_secret="s3cret")
        shown = f"[{host}]" if ":" in host else host
        origin = f"http://{shown}:{urllib.parse.urlsplit(server.url).port}"

        metadata = client.get(server.openid_configuration_url).json()
        issued = token(server, "crm").json()["access_token"]
        echo = client.get(server.api_url, headers={"Authorization": f"Bearer {issued}"})

        assert server.url == origin
        assert (metadata["issuer"], metadata["token_endpoint"]) == (origin, f"{origin}/token")
        claims = server.tokens.last.claims
        assert claims is not None
        assert (claims["iss"], claims["aud"]) == (origin, f"{origin}/api")
        assert echo.status_code == 200


@_IPV6
def test_two_servers_know_nothing_of_each_other() -> None:
    """Clients, tokens, keys, clock, faults, rates and journal are each server's own."""
    limit = {"requests": 2, "seconds": 60}
    with OAuthMock() as one, OAuthMock(host="::1") as other, httpx.Client(trust_env=False) as client:
        for server in (one, other):
            server.client("crm", client_secret="s3cret", token_rate_limit=limit)
        one.token_endpoint.fail(503)
        one.clock.advance(hours=2)
        own = one.context.clock.now() - other.context.clock.now()

        assert [token(one, "crm").status_code for _ in range(4)] == [503, 200, 200, 429]
        assert [token(other, "crm").status_code for _ in range(3)] == [200, 200, 429]
        bearer = {"Authorization": f"Bearer {one.tokens.last.access_token}"}
        assert client.get(one.api_url, headers=bearer).status_code == 200
        assert client.get(other.api_url, headers=bearer).status_code == 401
        assert client.get(one.jwks_url).json() != client.get(other.jwks_url).json()

        other.reset()
        assert 7199 < own < 7201
        assert len(other.journal) == 0
        assert len(one.journal) == 6
        assert client.get(one.api_url, headers=bearer).status_code == 200


def test_two_servers_are_at_two_ports() -> None:
    """A port that is free is taken by one; the names of the second never lead to the first."""
    with OAuthMock() as one, OAuthMock() as other, httpx.Client(trust_env=False) as client:
        host = urllib.parse.urlsplit(other.url).netloc
        assert one.url != other.url
        assert client.get(one.jwks_url, headers={"Host": host}).status_code == 421
