"""A mock that listens, a clock that stands unless it is moved, and connectors that have both."""

from __future__ import annotations

import time
import typing
import urllib.parse

import httpx

from matrix import defects
from matrix.connector import Connector
from matrix.connector import Store
from mockserver import Callback
from mockserver import OAuthMock
from mockserver import RegisteredClient
from mockserver.server import Issuer

__all__ = ["World"]

SCOPE = "orders:read orders:write"


class World:
    """Everything that a case needs."""

    def __init__(self, mock: OAuthMock, http: httpx.Client) -> None:
        self.mock = mock
        self.http = http
        self.store: Store = {}
        self._now = time.time()

    def now(self) -> float:
        """The connectors' clock."""
        return self._now

    def pass_time(self, seconds: float) -> None:
        """For connectors and server alike."""
        self._now += seconds
        self.mock.clock.advance(seconds=seconds)

    def connector(
        self,
        name: str,
        *,
        client: RegisteredClient | None = None,
        issuer: Issuer | None = None,
        store: Store | None = None,
        **settings: str,
    ) -> Connector:
        """The right connector, or one with a defect, for a client of an issuer and its settings."""
        issuer = self.mock if issuer is None else issuer
        client = issuer.client() if client is None else client
        known = {
            "grant_type": "authorization_code",
            "client_auth": "client_secret_basic",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "authorize_url": issuer.authorize_url,
            "token_url": issuer.token_url,
            "redirect_uri": "http://127.0.0.1:9/callback",
            "scope": SCOPE,
            "skew": "60",
        }
        made = defects.NAMED[name]
        return made({**known, **settings}, self.http, self.now, self.store if store is None else store)

    def logged_in(self, name: str, **options: typing.Any) -> Connector:
        """With what it takes to refresh; the way there is no longer in the journal."""
        connector = self.connector(name, **options)
        issuer = options.get("issuer") or self.mock
        connector.login(issuer.approve)
        self._before = len(self.mock.journal)
        return connector

    _before = 0

    def seen(self) -> list[str]:
        """Every exchange since the login: endpoint, grant or path, status, error."""
        return [
            " ".join(filter(None, (exchange.issuer, exchange.endpoint, exchange.grant_type, exchange.outcome)))
            for exchange in self.mock.journal[self._before :]
        ]

    # -- requests by hand ----------------------------------------------------------------------------------------------

    def token(self, client: RegisteredClient, form: typing.Any, *, issuer: Issuer | None = None) -> httpx.Response:
        """A token request of a client, its credentials in the header."""
        url = (issuer or self.mock).token_url
        body = urllib.parse.urlencode(form)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.http.post(url, content=body, headers=kind, auth=(client.client_id, client.client_secret))

    def authorize(self, query: typing.Any, *, issuer: Issuer | None = None) -> httpx.Response:
        return self.http.get(f"{(issuer or self.mock).authorize_url}?{urllib.parse.urlencode(query)}")

    def api(self, access_token: str, path: str = "/orders") -> httpx.Response:
        return self.http.get(self.mock.api_url + path, headers={"Authorization": f"Bearer {access_token}"})


def callback(response: httpx.Response) -> Callback:
    """Where a redirect leads."""
    assert response.status_code == 302
    return Callback(response.headers["Location"])
