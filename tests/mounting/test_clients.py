"""26 ways in which connectors speak HTTP, each unchanged at a mounted origin, and refused at any other."""

from __future__ import annotations

import collections.abc as cabc
import gzip
import json
import typing

import pytest

from mockserver import Mount
from mockserver import OAuthMock
from mounting import blocking_styles
from mounting import httpcore_styles
from mounting.errand import Errand
from mounting.errand import Style
from outgoing import heard

if typing.TYPE_CHECKING:
    from wsgiref.types import StartResponse
    from wsgiref.types import WSGIEnvironment

STYLES = (*blocking_styles.STYLES, *httpcore_styles.STYLES)

_NAMED = {
    *("requests", "requests-retry", "requests-adapter", "requests-streaming", "requests-session", "requests-oauthlib"),
    *("authlib-requests", "authlib-httpx", "oauthlib", "msal", "google-auth-requests", "google-auth-urllib3"),
    *("urllib3", "urllib3-proxy", "urllib-request", "http-client", "httplib2", "botocore"),
    *("httpx", "httpx-top-level", "httpx-asyncio", "httpx-trio", "httpx-transport", "httpx2", "httpx2-async"),
    "aiohttp",
}

by_style = pytest.mark.parametrize("style", [pytest.param(style, id=style.id) for style in STYLES])


def test_these_are_the_26_styles() -> None:
    assert len(STYLES) == 26
    assert {style.id for style in STYLES} == _NAMED


def _visited(environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
    """An API that redirects to its own absolute URL with a Secure cookie, and answers there in gzip."""
    if environ["PATH_INFO"] != "/home":
        home = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}/v1.0/users/visit/home"
        start_response("302 Found", [("Location", home), ("Set-Cookie", "visitor=7; Secure; Path=/")])
        return [b""]
    body = gzip.compress(json.dumps({"cookie": environ.get("HTTP_COOKIE")}).encode())
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Encoding", "gzip")])
    return [body]


@pytest.fixture
def mounted(oauthmock: OAuthMock, request: pytest.FixtureRequest) -> tuple[Mount, Errand]:
    """The servers of a style, and what its client is sent to do there."""
    style: Style = request.getfixturevalue("style")
    login = oauthmock.mount(style.origin, **style.mount)
    graph = oauthmock.mount("https://graph.example.com:8443", accepts=login)
    users = graph.protect("/v1.0/users", json={"value": []})
    graph.protect("/v1.0/users/visit", app=_visited)
    client = login.client(**style.client)
    return login, Errand(
        origin=login.origin,
        token_url=login.token_url,
        api_url=users.url,
        client_id=client.client_id,
        client_secret=client.client_secret,
        refresh_token=client.grant().refresh_token or "",
    )


@by_style
def test_a_token_is_got_and_used_at_the_real_urls(
    style: Style, oauthmock: OAuthMock, mounted: tuple[Mount, Errand]
) -> None:
    login, errand = mounted
    if style.id in ("requests-retry", "httpx-transport"):
        login.token_endpoint.fail(503)

    with heard() as events:
        token = style.run(errand)

    asked = oauthmock.journal.at("token")[-1]
    assert token == login.tokens.last.access_token
    assert asked.status == 200
    assert f"{asked.request.scheme}://{asked.request.host}" == style.origin
    assert [exchange.status for exchange in oauthmock.journal.at("token")[:-1]] == (
        [503] if style.id in ("requests-retry", "httpx-transport") else []
    )
    if style.calls_api:
        called = oauthmock.journal.last
        assert (called.issuer, called.verdict) == ("https://graph.example.com:8443", "accepted")
    assert {event.split()[-1] for event in events} == {"127.0.0.1"}


@by_style
def test_an_unmounted_host_is_refused_before_anything_is_looked_up(
    style: Style, oauthmock: OAuthMock, request: pytest.FixtureRequest
) -> None:
    oauthmock.mount("https://sso.example.com")
    wrong = "https://login.exmaple.com"
    errand = Errand(
        origin=wrong,
        token_url=f"{wrong}/token",
        api_url=f"{wrong}/api",
        client_id="crm",
        client_secret="s3cret",
        refresh_token="stored",
    )

    with heard() as events, pytest.raises(style.refused_with) as raised:
        style.run(errand)

    host = style.refused_at.removeprefix("https://")
    assert (
        f"{style.refused_at} is not mounted, so nothing was sent to {host} port 443; mounted: https://sso.example.com."
    ) in str(raised.value)
    assert events == []
    assert list(oauthmock.journal) == []
