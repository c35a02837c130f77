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


def test_openid_client_polls_as_a_device(scripts: pathlib.Path, server: OAuthMock) -> None:
    """RFC 8628 3: codes, the page, and the grant."""
    client = server.client(token_endpoint_auth_method="none", device_code_interval=1, consent="page")

    seen = run(scripts, "openid_client.mjs", "device", server, **settings(client), scope="orders")

    assert (seen, server.tokens.last.username) == ({"scope": "orders"}, "alice")


def test_openid_client_pushes_its_request(scripts: pathlib.Path, server: OAuthMock) -> None:
    """RFC 9126 2, 4."""
    client = server.client(token_endpoint_auth_method="client_secret_basic", require_pushed_authorization_requests=True)

    assert run(scripts, "openid_client.mjs", "pushed", server, **settings(client)) == {"sub": "alice"}


def test_openid_client_signs_its_request(scripts: pathlib.Path, server: OAuthMock) -> None:
    """RFC 9101 5."""
    client = server.client(token_endpoint_auth_method="private_key_jwt", require_signed_request_object=True)

    assert run(scripts, "openid_client.mjs", "signed_request", server, **settings(client)) == {"sub": "alice"}


@pytest.mark.parametrize("nonce", [False, True])
def test_openid_client_binds_its_tokens_to_a_key(scripts: pathlib.Path, server: OAuthMock, nonce: bool) -> None:
    """RFC 9449 5, 7, 8, 9: a public client, with a nonce of the server and without."""
    client = server.client(token_endpoint_auth_method="none", dpop_nonce=nonce)

    seen = run(scripts, "openid_client.mjs", "dpop", server, **settings(client))

    assert seen == {"token_type": "dpop", "status": 200, "refreshed": "dpop"}


@pytest.mark.parametrize("scenario", ["hybrid", "implicit"])
def test_openid_client_takes_tokens_from_the_fragment(scripts: pathlib.Path, server: OAuthMock, scenario: str) -> None:
    """OpenID Connect Core 3.2, 3.3."""
    client = server.client(token_endpoint_auth_method="client_secret_basic")

    assert run(scripts, "openid_client.mjs", scenario, server, **settings(client)) == {"sub": "alice"}


def test_openid_client_reads_an_answer_in_a_jwt(scripts: pathlib.Path) -> None:
    """JWT Secured Authorization Response Mode 2."""
    modes: list[typing.Any] = ["query", "jwt"]
    with OAuthMock(consent="auto", response_modes_supported=modes) as server:
        server.user("alice")
        client = server.client(token_endpoint_auth_method="client_secret_basic")

        assert run(scripts, "openid_client.mjs", "jwt_response", server, **settings(client)) == {"sub": "alice"}


def test_openid_client_logs_out(scripts: pathlib.Path, server: OAuthMock) -> None:
    """OpenID Connect RP-Initiated Logout 2, 3."""
    client = server.client(
        token_endpoint_auth_method="client_secret_basic", post_logout_redirect_uris=["http://localhost:3000/bye"]
    )

    seen = run(scripts, "openid_client.mjs", "logout", server, **settings(client))

    assert seen == {"callback": "http://localhost:3000/bye?state=s-1"}


def test_oauth4webapi_binds_its_tokens_to_a_key(scripts: pathlib.Path, server: OAuthMock) -> None:
    """RFC 9449 8: the first request is told to come again with the nonce."""
    client = server.client(token_endpoint_auth_method="private_key_jwt", dpop_nonce=True)

    seen = run(scripts, "oauth4webapi.mjs", "dpop", server, **settings(client))

    assert seen == {"token_type": "dpop", "status": 200, "again": True}


def test_oauth4webapi_pushes_a_signed_request(scripts: pathlib.Path, server: OAuthMock) -> None:
    """RFC 9101 4, RFC 9126 3."""
    client = server.client(token_endpoint_auth_method="private_key_jwt")

    assert run(scripts, "oauth4webapi.mjs", "pushed_and_signed", server, **settings(client)) == {"sub": "alice"}
