"""Clients of the npm registry against the mock: openid-client and oauth4webapi. Needs Node and npm."""

from __future__ import annotations

import collections.abc as cabc
import json
import pathlib
import shutil
import subprocess
import typing

import pytest

from mockserver import OAuthMock
from mockserver import RegisteredClient

_HERE = pathlib.Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The scripts beside the packages that they need."""
    folder: pathlib.Path = shutil.copytree(_HERE, tmp_path_factory.mktemp("npm") / "scripts")
    npm = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    subprocess.run(npm, cwd=folder, check=True, timeout=170)
    return folder


@pytest.fixture
def server() -> cabc.Iterator[OAuthMock]:
    with OAuthMock(consent="auto") as server:
        server.user("alice", email="alice@example.com")
        yield server
        assert server.exceptions == []


def run(scripts: pathlib.Path, script: str, scenario: str, server: OAuthMock, **asked: object) -> typing.Any:
    """What a scenario saw, by its script."""
    told = json.dumps({"issuer": server.url, "api_url": server.api_url, "scope": "openid email", **asked})
    command = ["node", str(scripts / script), scenario, told]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, ""), [exchange.why for exchange in server.journal]
    return json.loads(done.stdout)


def settings(client: RegisteredClient) -> dict[str, object]:
    (method,) = client.token_endpoint_auth_method
    key = {"private_key": client.private_key, "key_id": client.key_id} if method == "private_key_jwt" else {}
    secret = {"client_secret": client.client_secret} if method.startswith("client_secret") else {}
    return {"client_id": client.client_id, "client_auth": method, **secret, **key}


_METHODS = ("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt")


@pytest.mark.parametrize("method", [*_METHODS, "none"])
def test_openid_client_logs_in(scripts: pathlib.Path, server: OAuthMock, method: str) -> None:
    """OpenID Connect Core 3.1: discovery, PKCE, state, nonce, ID token, userinfo, refresh."""
    client = server.client(token_endpoint_auth_method=method)

    seen = run(scripts, "openid_client.mjs", "code", server, **settings(client))

    assert seen == {"sub": "alice", "userinfo": {"sub": "alice", "email": "alice@example.com"}, "renewed": True}
    assert [token.client_auth for token in server.tokens] == [method, method]


@pytest.mark.parametrize("method", _METHODS)
def test_openid_client_has_client_credentials(scripts: pathlib.Path, server: OAuthMock, method: str) -> None:
    """RFC 6749 4.4."""
    client = server.client(token_endpoint_auth_method=method)

    seen = run(scripts, "openid_client.mjs", "client_credentials", server, **settings(client), scope="orders")

    assert seen == {"token_type": "bearer", "scope": "orders"}


def test_openid_client_registers_itself(scripts: pathlib.Path, server: OAuthMock) -> None:
    """RFC 7591 3."""
    seen = run(scripts, "openid_client.mjs", "registration", server)

    assert seen == {"client_id": server.registrations[0].client_id}


def test_openid_client_introspects_and_revokes(scripts: pathlib.Path, server: OAuthMock) -> None:
    """RFC 7662 2, RFC 7009 2."""
    client = server.client(token_endpoint_auth_method="client_secret_basic")

    seen = run(scripts, "openid_client.mjs", "introspection_and_revocation", server, **settings(client), scope="orders")

    assert seen == {"before": True, "scope": "orders", "after": False}


def test_oauth4webapi_is_an_api_that_takes_tokens(scripts: pathlib.Path, server: OAuthMock) -> None:
    """RFC 9068 4."""
    client = server.client("crm", token_endpoint_auth_method="client_secret_basic")

    seen = run(scripts, "oauth4webapi.mjs", "resource_server", server, **settings(client), scope="orders")

    assert seen == {"sub": "crm", "scope": "orders"}


def test_oauth4webapi_finds_who_gives_out_tokens(scripts: pathlib.Path) -> None:
    """RFC 9728 3."""
    with OAuthMock(protected_resource_metadata=True) as server:
        seen = run(scripts, "oauth4webapi.mjs", "resource_metadata", server)

        assert seen == {"authorization_servers": [server.url]}
