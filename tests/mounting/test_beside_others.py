"""Beside pytest-httpx, respx, requests-mock, vcrpy, time-machine and freezegun."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import pathlib
import typing
import urllib.request

import freezegun
import httpx
import pytest
import requests
import requests_mock as requests_mocks
import respx
import time_machine
import vcr

from mockserver import OAuthMock
from mounting.reaching import reach

if typing.TYPE_CHECKING:
    from pytest_httpx import HTTPXMock

_CRM = "https://crm.example.net/orders"
"""What another mock answers for."""


def _ask_crm(http: typing.Any) -> None:
    assert http.get(_CRM, timeout=10).json() == [1]


# -- httpx -------------------------------------------------------------------------------------------------------------


def test_beside_pytest_httpx_before(httpx_mock: HTTPXMock, oauthmock: OAuthMock) -> None:
    """It fails the test for what was asked and not expected, and counts none of ours."""
    httpx_mock.add_response(url=_CRM, json=[1])
    reach(oauthmock)
    _ask_crm(httpx)
    assert [str(request.url) for request in httpx_mock.get_requests()] == [_CRM]


def test_beside_pytest_httpx_after(oauthmock: OAuthMock, request: pytest.FixtureRequest) -> None:
    oauthmock.mount("https://sso.example.com")
    httpx_mock: HTTPXMock = request.getfixturevalue("httpx_mock")
    httpx_mock.add_response(url=_CRM, json=[1])
    reach(oauthmock)
    _ask_crm(httpx)


def test_beside_respx_fixture(respx_mock: respx.MockRouter, oauthmock: OAuthMock) -> None:
    respx_mock.get(_CRM).respond(json=[1])
    reach(oauthmock)
    _ask_crm(httpx)
    assert respx_mock.calls.call_count == 1


@respx.mock
def test_beside_respx_decorator(oauthmock: OAuthMock) -> None:
    respx.get(_CRM).respond(json=[1])
    reach(oauthmock)
    _ask_crm(httpx)


def test_beside_respx_context(oauthmock: OAuthMock) -> None:
    """After the mount, with a base URL; what it has no route for it still refuses."""
    login = oauthmock.mount("https://sso.example.com")
    with respx.mock(base_url="https://crm.example.net") as router:
        router.get("/orders").respond(json=[1])
        reach(oauthmock)
        _ask_crm(httpx)
        with pytest.raises(respx.models.AllMockedAssertionError):
            httpx.get("https://other.example.net")
    assert httpx.get(login.jwks_url).status_code == 200


# -- requests-mock -----------------------------------------------------------------------------------------------------


def test_beside_requests_mock_fixture(requests_mock: requests_mocks.Mocker, oauthmock: OAuthMock) -> None:
    requests_mock.get(_CRM, json=[1])
    reach(oauthmock)
    _ask_crm(requests)
    assert [call.url for call in requests_mock.request_history] == [_CRM]


def test_beside_requests_mock_context(oauthmock: OAuthMock) -> None:
    login = oauthmock.mount("https://sso.example.com")
    with requests_mocks.Mocker() as mocker:
        mocker.get(_CRM, json=[1])
        reach(oauthmock)
        _ask_crm(requests)
        with pytest.raises(requests_mocks.NoMockAddress):
            requests.get("https://other.example.net", timeout=10)
    assert requests.get(login.jwks_url, timeout=10).status_code == 200


# -- time --------------------------------------------------------------------------------------------------------------


def _stays_valid_for_an_hour(oauthmock: OAuthMock, later: cabc.Callable[[dt.timedelta], object]) -> None:
    login = oauthmock.mount("https://sso.example.com")
    issued = login.client().grant()
    header = {"Authorization": f"Bearer {issued.access_token}"}
    assert issued.claims is not None
    assert dt.datetime.fromtimestamp(issued.claims["iat"], dt.UTC).year == 2031
    assert requests.get(login.api_url, headers=header, timeout=10).status_code == 200
    later(dt.timedelta(hours=2))
    assert requests.get(login.api_url, headers=header, timeout=10).status_code == 401


def test_beside_time_machine(oauthmock: OAuthMock) -> None:
    with time_machine.travel(dt.datetime(2031, 1, 1, tzinfo=dt.UTC), tick=False) as traveller:
        reach(oauthmock)
        _stays_valid_for_an_hour(oauthmock, traveller.shift)


def test_beside_freezegun(oauthmock: OAuthMock) -> None:
    with freezegun.freeze_time("2031-01-01") as frozen:
        reach(oauthmock)
        _stays_valid_for_an_hour(oauthmock, frozen.tick)


# -- vcrpy -------------------------------------------------------------------------------------------------------------


def _get_by_all(url: str) -> list[bytes]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return [requests.get(url, timeout=10).content, httpx.get(url).content, answer.read()]


def test_beside_vcrpy_recording(oauthmock: OAuthMock, tmp_path: pathlib.Path) -> None:
    """Cassettes are committed: no token of ours gets into one, and nothing else is missing."""
    cassette = tmp_path / "cassette.yaml"
    with vcr.use_cassette(str(cassette), record_mode="all"):
        reach(oauthmock)
        bodies = _get_by_all(oauthmock.jwks_url)
    assert len(bodies) == 3
    recorded = cassette.read_text()
    assert recorded.count(f"uri: {oauthmock.jwks_url}\n") == 3
    assert "login.example.com" not in recorded


def test_beside_vcrpy_playing(oauthmock: OAuthMock, tmp_path: pathlib.Path) -> None:
    cassette = tmp_path / "cassette.yaml"
    with vcr.use_cassette(str(cassette), record_mode="all"):
        recorded = _get_by_all(oauthmock.jwks_url)
    text = cassette.read_text().replace(oauthmock.jwks_url, _CRM)
    cassette.write_text(text)
    oauthmock.mount("https://sso.example.com")

    with vcr.use_cassette(str(cassette), record_mode="none") as playing:
        reach(oauthmock)
        assert _get_by_all(_CRM) == recorded
        assert playing.all_played
        reach(oauthmock)
