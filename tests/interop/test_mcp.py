"""The MCP SDK's client: it knows the API alone, and finds, registers with and asks the server for itself."""

from __future__ import annotations

import collections.abc as cabc
import typing

import httpx2
import pytest
from mcp.client.auth import AuthorizationCodeResult
from mcp.client.auth import OAuthClientProvider
from mcp.client.auth import OAuthFlowError
from mcp.client.auth import OAuthRegistrationError
from mcp.shared.auth import OAuthClientInformationFull
from mcp.shared.auth import OAuthClientMetadata
from mcp.shared.auth import OAuthToken

from mockserver import OAuthMock

_REDIRECT_URI = "http://localhost:3030/callback"


class Storage:
    """Where the client keeps what it was given."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Person:
    """At a browser: opens what they are sent to, approves, and hands back where they were sent."""

    def __init__(self, server: OAuthMock) -> None:
        self._server = server
        self._url = ""

    async def open(self, url: str) -> None:
        self._url = url

    async def come_back(self) -> AuthorizationCodeResult:
        callback = self._server.approve(self._url, user="alice")
        assert callback.code is not None
        return AuthorizationCodeResult(code=callback.code, state=callback.state, iss=callback.params.get("iss"))


@pytest.fixture
def oauthmock() -> cabc.Iterator[OAuthMock]:
    with OAuthMock(protected_resource_metadata=True) as server:
        server.user("alice")
        yield server
        assert server.exceptions == []


def provider(server: OAuthMock, url: str, storage: Storage, **metadata: typing.Any) -> OAuthClientProvider:
    person = Person(server)
    return OAuthClientProvider(
        server_url=url,
        client_metadata=OAuthClientMetadata.model_validate(
            {"client_name": "MCP client", "redirect_uris": [_REDIRECT_URI], "scope": "tools", **metadata}
        ),
        storage=storage,
        redirect_handler=person.open,
        callback_handler=person.come_back,
    )


async def call(auth: OAuthClientProvider, url: str) -> httpx2.Response:
    async with httpx2.AsyncClient(auth=auth) as http:
        return await http.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})


@pytest.mark.asyncio
async def test_it_finds_its_way_from_the_api_to_a_token(oauthmock: OAuthMock) -> None:
    """RFC 9728 5.1, RFC 8414 3, RFC 7591 3, RFC 7636, RFC 8707 2: one call of an API that it has never seen."""
    tools = oauthmock.protect("/mcp", scope="tools", json={"result": []})
    storage = Storage()

    answer = await call(provider(oauthmock, tools.url, storage), tools.url)

    assert answer.json() == {"result": []}
    (client,) = oauthmock.registrations
    token = oauthmock.tokens.last
    assert storage.tokens is not None
    assert storage.client is not None
    assert (storage.client.client_id, storage.tokens.access_token) == (client.client_id, token.access_token)
    assert (token.username, token.scope, token.audience) == ("alice", {"tools"}, (tools.url,))
    assert [exchange.endpoint for exchange in oauthmock.journal] == [
        *("protected", "protected_resource", "authorization_server", "register"),
        *("authorize", "authorize", "token", "protected"),
    ]


@pytest.mark.asyncio
async def test_it_finds_an_issuer_with_a_path(oauthmock: OAuthMock) -> None:
    """RFC 8414 3.1, RFC 9728 3.1: the well-known parts come before the path."""
    tenant = oauthmock.issuer("tenant-a", protected_resource_metadata=True)
    tenant.user("alice")
    tools = tenant.protect("/mcp", json={"result": []})

    answer = await call(provider(oauthmock, tools.url, Storage()), tools.url)

    assert answer.json() == {"result": []}
    assert oauthmock.registrations == ()
    assert [token.client_id for token in tenant.tokens] == [client.client_id for client in tenant.registrations]


@pytest.mark.asyncio
async def test_it_registers_once_and_refreshes(oauthmock: OAuthMock) -> None:
    """RFC 6749 6: a second process that has what the first one stored."""
    tools, storage = oauthmock.protect("/mcp", scope="tools", json={"result": []}), Storage()
    await call(provider(oauthmock, tools.url, storage), tools.url)
    oauthmock.clock.advance(hours=2)
    first = oauthmock.tokens.last

    again = provider(oauthmock, tools.url, storage, grant_types=["authorization_code", "refresh_token"])
    answer = await call(again, tools.url)

    assert answer.json() == {"result": []}
    assert len(oauthmock.registrations) == 1
    assert oauthmock.tokens.last.access_token != first.access_token


@pytest.mark.asyncio
async def test_it_steps_up_where_its_scope_is_not_enough(oauthmock: OAuthMock) -> None:
    """RFC 6750 3.1: insufficient_scope names the scope, and the person is asked for it."""
    read = oauthmock.protect("/mcp", scope="tools", json={"result": []})
    # One that registers itself has the scope that it asked for then, and no other
    client, storage = oauthmock.client(redirect_uris=[_REDIRECT_URI]), Storage()
    storage.client = OAuthClientInformationFull.model_validate(
        {
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "redirect_uris": [_REDIRECT_URI],
            "token_endpoint_auth_method": "client_secret_post",
            "issuer": oauthmock.url,
        }
    )
    auth = provider(oauthmock, read.url, storage)
    await call(auth, read.url)
    oauthmock.protect("/mcp", scope="tools:write", json={"result": ["written"]})

    answer = await call(auth, read.url)

    assert answer.json() == {"result": ["written"]}
    assert [str(token.scope) for token in oauthmock.tokens] == ["tools", "tools tools:write"]
    assert {token.client_id for token in oauthmock.tokens} == {client.client_id}


@pytest.mark.asyncio
async def test_it_gives_up_where_nobody_may_register() -> None:
    with OAuthMock(protected_resource_metadata=True, registration="off") as server:
        tools = server.protect("/mcp")

        with pytest.raises((OAuthRegistrationError, OAuthFlowError)):
            await call(provider(server, tools.url, Storage()), tools.url)

        assert server.exceptions == []
