"""What clients decide about the network stays theirs at a mounted origin: time-outs. Proxies are left out."""

from __future__ import annotations

import asyncio
import collections.abc as cabc
import contextlib
import http.client
import json
import typing
import urllib.request

import aiohttp
import httplib2
import httpx
import httpx2
import pytest
import requests
import trio
import urllib3

from mockserver import Mount
from mockserver import OAuthMock
from mockserver import UnmountedHostError
from outgoing import heard

_SECONDS = 0.2


async def _by_httpx(url: str) -> None:
    async with httpx.AsyncClient(timeout=_SECONDS) as client:
        await client.get(url)


async def _by_aiohttp(url: str) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(sock_read=_SECONDS)) as session, session.get(url):
        raise AssertionError("it answered")


def _by_http_client(url: str) -> None:
    connection = http.client.HTTPSConnection("login.example.com", timeout=_SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", url)
        connection.getresponse()


def _by_urllib3(url: str) -> None:
    with urllib3.PoolManager(timeout=_SECONDS, retries=False) as pool:
        pool.request("GET", url)


def _by_httplib2(url: str) -> None:
    client = httplib2.Http(timeout=_SECONDS)
    with contextlib.closing(client):
        client.request(url)


@pytest.mark.parametrize(
    ("get", "error"),
    [
        pytest.param(lambda url: requests.get(url, timeout=_SECONDS), requests.ReadTimeout, id="requests"),
        pytest.param(_by_urllib3, urllib3.exceptions.ReadTimeoutError, id="urllib3"),
        pytest.param(lambda url: urllib.request.urlopen(url, timeout=_SECONDS), TimeoutError, id="urllib-request"),
        pytest.param(_by_http_client, TimeoutError, id="http-client"),
        pytest.param(_by_httplib2, TimeoutError, id="httplib2"),
        pytest.param(lambda url: httpx.get(url, timeout=_SECONDS), httpx.ReadTimeout, id="httpx"),
        pytest.param(lambda url: asyncio.run(_by_httpx(url)), httpx.ReadTimeout, id="httpx-asyncio"),
        pytest.param(lambda url: trio.run(_by_httpx, url), httpx.ReadTimeout, id="httpx-trio"),
        pytest.param(lambda url: httpx2.get(url, timeout=_SECONDS), httpx2.ReadTimeout, id="httpx2"),
        pytest.param(lambda url: asyncio.run(_by_aiohttp(url)), aiohttp.SocketTimeoutError, id="aiohttp"),
    ],
)
@pytest.mark.parametrize("fault", ["never_answer", "delay"])
def test_a_read_times_out_with_the_clients_own_error(
    login: Mount, get: cabc.Callable[[str], object], error: type[BaseException], fault: str
) -> None:
    """A server that takes the request and stays silent, and one that is too slow."""
    if fault == "delay":
        login.jwks_endpoint.delay(5)
    else:
        login.jwks_endpoint.never_answer()

    with pytest.raises(error):
        get(login.jwks_url)


# -- proxies -----------------------------------------------------------------------------------------------------------


class _Requests:
    def __init__(self) -> None:
        self._session = requests.Session()

    def get(self, url: str) -> typing.Any:
        with self._session as session:
            return session.get(url, timeout=10).json()


class _Httpx:
    def __init__(self, module: typing.Any = httpx) -> None:
        self._client = module.Client()

    def get(self, url: str) -> typing.Any:
        with self._client as client:
            return client.get(url).json()


class _AsyncHttpx:
    def __init__(self) -> None:
        self._client = httpx.AsyncClient()

    def get(self, url: str) -> typing.Any:
        async def run() -> typing.Any:
            async with self._client as client:
                return (await client.get(url)).json()

        return asyncio.run(run())


class _Urllib:
    def __init__(self) -> None:
        self._opener = urllib.request.build_opener()

    def get(self, url: str) -> typing.Any:
        with self._opener.open(url, timeout=10) as answer:
            return json.load(answer)


class _Urllib3:
    """Takes no notice of the variables, so applications give it the proxy."""

    def __init__(self) -> None:
        self._pool = urllib3.ProxyManager(_PROXY)

    def get(self, url: str) -> typing.Any:
        with self._pool as pool:
            return pool.request("GET", url).json()


class _Aiohttp:
    def get(self, url: str) -> typing.Any:
        async def run() -> typing.Any:
            async with aiohttp.ClientSession(trust_env=True) as session, session.get(url) as answer:
                return await answer.json()

        return asyncio.run(run())


class _AiohttpWithProxy:
    def get(self, url: str) -> typing.Any:
        async def run() -> typing.Any:
            async with aiohttp.ClientSession() as session, session.get(url, proxy=_PROXY) as answer:
                return await answer.json()

        return asyncio.run(run())


_PROXY = "http://proxy.example.net:3128"
by_client = pytest.mark.parametrize(
    "make",
    [
        pytest.param(_Requests, id="requests"),
        pytest.param(_Httpx, id="httpx"),
        pytest.param(lambda: _Httpx(httpx2), id="httpx2"),
        pytest.param(_AsyncHttpx, id="httpx-asyncio"),
        pytest.param(_Urllib, id="urllib-request"),
        pytest.param(_Urllib3, id="urllib3"),
        pytest.param(_Aiohttp, id="aiohttp"),
        pytest.param(_AiohttpWithProxy, id="aiohttp-argument"),
    ],
)


@pytest.fixture
def use_proxy(monkeypatch: pytest.MonkeyPatch) -> cabc.Callable[[], None]:
    """Sets what an office sets."""

    def set_them() -> None:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, _PROXY)

    return set_them


@by_client
@pytest.mark.parametrize("order", ["proxy, client, mount", "proxy, mount, client", "mount, client, proxy"])
def test_a_proxy_does_not_stand_before_a_mounted_host(
    oauthmock: OAuthMock,
    make: cabc.Callable[[], typing.Any],
    order: str,
    use_proxy: cabc.Callable[[], None],
) -> None:
    made: dict[str, typing.Any] = {}
    steps: dict[str, cabc.Callable[[], object]] = {
        "proxy": use_proxy,
        "client": lambda: made.update(client=make()),
        "mount": lambda: made.update(mount=oauthmock.mount("https://login.example.com")),
    }
    for step in order.split(", "):
        steps[step]()

    with heard() as events:
        answer = made["client"].get(made["mount"].jwks_url)

    assert answer["keys"]
    assert {event.split()[-1] for event in events} == {"127.0.0.1"}


@by_client
def test_a_proxy_is_not_told_of_an_unmounted_host(
    login: Mount, make: cabc.Callable[[], typing.Any], use_proxy: cabc.Callable[[], None]
) -> None:
    use_proxy()

    with heard() as events, pytest.raises(UnmountedHostError, match="is not mounted, so nothing was sent"):
        make().get("https://other.example.com/jwks")

    assert events == []
