"""`oauthmock.wsgi` under `httpx.WSGITransport` and `werkzeug.test.Client`: the same answers, and nobody listens."""

from __future__ import annotations

import collections.abc as cabc

import httpx
import pytest
from werkzeug.test import Client

from mockserver import Mount
from mockserver import OAuthMock

_CALLBACK = "https://app.example.com/callback"


@pytest.fixture
def mock() -> OAuthMock:
    """Never started."""
    return OAuthMock(issuer="http://localhost")


@pytest.fixture
def through(mock: OAuthMock) -> cabc.Iterator[httpx.Client]:
    with httpx.Client(transport=httpx.WSGITransport(app=mock.wsgi)) as client:
        yield client


@pytest.fixture
def mounted(mock: OAuthMock) -> Mount:
    return mock.mount("https://login.example.com", connect=False, settings={"consent": "page"})


def test_httpx_gets_a_token_of_the_default_issuer_and_is_let_into_its_api(
    mock: OAuthMock, through: httpx.Client
) -> None:
    client = mock.client()
    answer = through.post(
        "http://localhost/token",
        data={"grant_type": "client_credentials"},
        auth=(client.client_id, client.client_secret or ""),
    )
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    assert through.put("http://localhost/api/orders/1?x=%20", content=b"tea", headers=bearer).json() == {
        **through.put("http://localhost/api/orders/1?x=%20", content=b"tea", headers=bearer).json(),
        "method": "PUT",
        "path": "/api/orders/1",
        "query": [["x", " "]],
        "body": "tea",
    }
    assert through.get("http://localhost/api/orders").status_code == 401
    assert through.get("http://evil.example.com/jwks").status_code == 421


def test_httpx_logs_in_at_a_mount(mock: OAuthMock, through: httpx.Client, mounted: Mount) -> None:
    """Discovery, the page, and a cookie that is kept."""
    mounted.user("alice")
    client = mounted.client(redirect_uris=[_CALLBACK])
    document = through.get(mounted.openid_configuration_url).json()
    query = {"response_type": "code", "client_id": client.client_id, "redirect_uri": _CALLBACK, "state": "s" * 16}
    page = through.get(document["authorization_endpoint"], params=query)
    callback = mock.approve(str(page.request.url), user="alice")
    answer = through.post(
        document["token_endpoint"],
        data={"grant_type": "authorization_code", "code": callback.code or "", "redirect_uri": _CALLBACK},
        auth=(client.client_id, client.client_secret or ""),
    )

    assert page.status_code == 200
    assert callback.url.startswith(f"{_CALLBACK}?code=")
    assert answer.json()["token_type"] == "Bearer"


def test_werkzeugs_client_names_the_origin_as_its_base(mock: OAuthMock, mounted: Mount) -> None:
    browser = Client(mock.wsgi)
    client = mounted.client()
    answer = browser.post(
        "/token",
        base_url=mounted.origin,
        data={"grant_type": "client_credentials"},
        auth=(client.client_id, client.client_secret or ""),
    )
    refused = browser.post("/token", base_url=mounted.origin, data={"grant_type": "client_credentials"})

    assert answer.json is not None
    assert answer.json["token_type"] == "Bearer"
    assert (refused.status_code, refused.json) == (
        401,
        {"error": "invalid_client", "error_description": refused.json and refused.json["error_description"]},
    )
    assert browser.get("/jwks", base_url="https://LOGIN.example.com:443").status_code == 200
    assert browser.get("/jwks", base_url="https://other.example.com").status_code == 421


def test_a_fault_that_needs_a_connection_has_its_replacement(through: httpx.Client, mounted: Mount) -> None:
    mounted.token_endpoint.never_answer()

    assert through.post(mounted.token_url).status_code >= 500


def test_an_application_behind_it_streams_in_both_directions(through: httpx.Client, mounted: Mount) -> None:
    def app(environ, start_response):  # type: ignore[no-untyped-def]
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter([environ["wsgi.input"].read(3), b"-", environ["wsgi.input"].read()])

    mounted.protect("/stream", app=app)
    bearer = {"Authorization": f"Bearer {mounted.client().grant().access_token}"}

    assert through.post(f"{mounted.url}/stream", content=b"tea!", headers=bearer).text == "tea-!"
