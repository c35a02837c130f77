"""Clients on httpcore, and aiohttp: asyncio, trio and neither."""

from __future__ import annotations

import asyncio
import typing

import aiohttp
import httpx
import httpx2
import trio
from authlib.integrations.httpx_client import OAuth2Client as AuthlibClient

from mounting.errand import Errand
from mounting.errand import Style
from mounting.errand import bearer

__all__ = ["STYLES"]


def _with(client: typing.Any, errand: Errand) -> str:
    with client:
        token: str = client.post(errand.token_url, data=errand.form, auth=errand.credentials).json()["access_token"]
        client.get(errand.api_url, headers=bearer(token)).raise_for_status()
    return token


async def _with_async(client: typing.Any, errand: Errand) -> str:
    async with client:
        answer = await client.post(errand.token_url, data=errand.form, auth=errand.credentials)
        token: str = answer.json()["access_token"]
        (await client.get(errand.api_url, headers=bearer(token))).raise_for_status()
    return token


def by_httpx(errand: Errand) -> str:
    return _with(httpx.Client(), errand)


def by_httpx_get(errand: Errand) -> str:
    answer = httpx.post(errand.token_url, data=errand.form, auth=errand.credentials)
    token: str = answer.json()["access_token"]
    httpx.get(errand.api_url, headers=bearer(token)).raise_for_status()
    return token


def by_httpx_on_asyncio(errand: Errand) -> str:
    return asyncio.run(_with_async(httpx.AsyncClient(), errand))


def by_httpx_on_trio(errand: Errand) -> str:
    return trio.run(_with_async, httpx.AsyncClient(), errand)


class _Retrying(httpx.HTTPTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(2):
            answer = super().handle_request(request)
            if answer.status_code != 503:
                return answer
            answer.close()
        return answer


def by_httpx_with_a_retrying_transport(errand: Errand) -> str:
    """The endpoint is not well the first time."""
    return _with(httpx.Client(transport=_Retrying(retries=1)), errand)


def by_authlib_on_httpx(errand: Errand) -> str:
    with AuthlibClient(*errand.credentials) as client:
        token: str = client.fetch_token(errand.token_url, grant_type="client_credentials")["access_token"]
        client.get(errand.api_url).raise_for_status()
    return token


def by_httpx2(errand: Errand) -> str:
    return _with(httpx2.Client(), errand)


def by_httpx2_async(errand: Errand) -> str:
    return asyncio.run(_with_async(httpx2.AsyncClient(), errand))


def by_aiohttp(errand: Errand) -> str:
    async def run() -> str:
        async with aiohttp.ClientSession() as session:
            async with session.post(errand.token_url, data=errand.form, headers=errand.basic) as answer:
                token: str = (await answer.json())["access_token"]
            async with session.get(errand.api_url, headers=bearer(token)) as answer:
                answer.raise_for_status()
        return token

    return asyncio.run(run())


STYLES = (
    Style(id="httpx", does="Client", run=by_httpx),
    Style(id="httpx-top-level", does="post and get", run=by_httpx_get),
    Style(id="httpx-asyncio", does="AsyncClient on asyncio", run=by_httpx_on_asyncio),
    Style(id="httpx-trio", does="AsyncClient on trio", run=by_httpx_on_trio),
    Style(id="httpx-transport", does="a subclass of HTTPTransport tries again", run=by_httpx_with_a_retrying_transport),
    Style(id="authlib-httpx", does="OAuth2Client, on httpx2 where that is installed", run=by_authlib_on_httpx),
    Style(id="httpx2", does="Client", run=by_httpx2),
    Style(id="httpx2-async", does="AsyncClient", run=by_httpx2_async),
    Style(id="aiohttp", does="ClientSession", run=by_aiohttp),
)
