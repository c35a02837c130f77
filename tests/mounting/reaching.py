"""A mounted host is reached, whatever else stands before HTTP clients; in suites that pytester runs, too."""

from __future__ import annotations

import typing

import httpx
import requests

if typing.TYPE_CHECKING:
    from mockserver import Mount
    from mockserver import OAuthMock

__all__ = ["reach"]


def reach(oauthmock: OAuthMock) -> None:
    """Production code with real URLs, mounted: a token by requests and one by httpx, and the API called with each."""
    with oauthmock.mount("https://login.example.com") as login, httpx.Client() as client, requests.Session() as session:
        _through(login, session)
        _through(login, client)


def _through(login: Mount, http: typing.Any) -> None:
    registered = login.client()
    form, credentials = {"grant_type": "client_credentials"}, (registered.client_id, registered.client_secret)
    token = http.post("https://login.example.com/token", data=form, auth=credentials).json()["access_token"]
    assert token == login.tokens.last.access_token
    answer = http.get("https://login.example.com/api/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["path"] == "/api/me"
