"""Section 4 of the matrix: proxies of the environment, secrets where they can be read, servers side by side."""

from __future__ import annotations

import collections.abc as cabc
import http.server
import logging
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import threading

import httpx
import pytest

from matrix.rows import Case
from matrix.rows import of
from matrix.world import World
from mockserver import OAuthMock

# -- X25: proxies ------------------------------------------------------------------------------------------------------


class Proxy(http.server.BaseHTTPRequestHandler):
    """Lets nobody through who does not say who they are (RFC 9110 15.5.8), which nobody does."""

    asked: list[str]

    def do_CONNECT(self) -> None:
        self.refuse()

    def do_POST(self) -> None:
        self.refuse()

    def refuse(self) -> None:
        self.asked.append(self.command)
        self.send_response(407)
        self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> cabc.Iterator[list[str]]:
    """What a proxy is asked that every variable names."""
    asked: list[str] = []
    handler = type("Handler", (Proxy,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
        yield asked
        server.shutdown()
        thread.join()


def credentials(mock: OAuthMock, *, https: bool = False) -> int:
    """The status of a token request, or of the proxy's refusal."""
    client = mock.client()
    verify = ssl.create_default_context(cafile=mock.ca_path) if https else False
    with httpx.Client(verify=verify) as through:
        try:
            auth = (client.client_id, client.client_secret)
            return through.post(mock.token_url, data={"grant_type": "client_credentials"}, auth=auth).status_code
        except httpx.ProxyError as error:
            return int(str(error).split()[0])


@of("X25", "http with the fixture")
def test_proxy_with_the_fixture(oauthmock: OAuthMock, asked: list[str], case: Case) -> None:
    assert credentials(oauthmock) == case.status
    assert oauthmock.journal.grant_types == ["client_credentials"]
    assert asked == []


@pytest.mark.oauthmock(https=True)
@of("X25", "https with the fixture")
def test_https_proxy_with_the_fixture(oauthmock: OAuthMock, asked: list[str], case: Case) -> None:
    assert credentials(oauthmock, https=True) == case.status
    assert oauthmock.journal.grant_types == ["client_credentials"]
    assert asked == []


@of("X25", "http without the fixture", "https without the fixture")
def test_proxy_without_the_fixture(asked: list[str], monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    https = case.title.startswith("https")

    with OAuthMock(https=https) as mock:
        assert credentials(mock, https=https) == case.status
        assert len(mock.journal) == 0
    assert asked == ["CONNECT" if https else "POST"]


# -- X26: secrets ------------------------------------------------------------------------------------------------------


@of("X26", "log", "URL", "exception")
def test_secrets(world: World, case: Case, caplog: pytest.LogCaptureFixture) -> None:
    connector = world.connector(case.connector, grant_type="client_credentials")
    places: list[object] = [caplog]

    with caplog.at_level(logging.DEBUG, logger="connector"):
        if case.title == "exception":
            world.mock.api.fail(500)
            with pytest.raises((httpx.HTTPStatusError, RuntimeError)) as raised:
                connector.call(f"{world.mock.api_url}/orders")
            places.append(raised.value)
        else:
            connector.call(f"{world.mock.api_url}/orders")

    assert world.seen() == case.seen
    if case.connector == "right":
        assert caplog.messages or case.title == "exception"
        world.mock.assert_no_secret_leak(*places)
    else:
        with pytest.raises(AssertionError, match=re.escape(case.given["leak"])) as found:
            world.mock.assert_no_secret_leak(*places)
        assert world.mock.tokens.last.access_token not in str(found.value)


# -- X28: servers ------------------------------------------------------------------------------------------------------


def used(http: httpx.Client, issuing: OAuthMock, asked: OAuthMock) -> httpx.Response:
    """What one server's API makes of a token that one server's token endpoint issued."""
    client = issuing.client()
    auth = (client.client_id, client.client_secret)
    answer = http.post(issuing.token_url, data={"grant_type": "client_credentials"}, auth=auth)
    return called(http, asked, answer.json()["access_token"])


def called(http: httpx.Client, mock: OAuthMock, access_token: str) -> httpx.Response:
    return http.get(f"{mock.api_url}/orders", headers={"Authorization": f"Bearer {access_token}"})


def check(answer: httpx.Response, case: Case, mock: OAuthMock) -> None:
    assert answer.status_code == case.status
    assert mock.journal.last.error == case.error
    if case.error:
        assert f'error="{case.error}"' in answer.headers["WWW-Authenticate"]


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
@of("X28", "IPv6")
def test_ipv6(http: httpx.Client, case: Case) -> None:
    with OAuthMock(host="::1") as mock:
        check(used(http, mock, mock), case, mock)

        assert mock.url.startswith("http://[::1]:")
        assert mock.tokens.last.issuer == mock.url
        assert mock.tokens.last.claims == {**(mock.tokens.last.claims or {}), "iss": mock.url}


@of("X28", "two servers")
def test_two_servers(http: httpx.Client, case: Case) -> None:
    with OAuthMock() as one, OAuthMock() as other:
        check(used(http, one, other), case, other)

        assert used(http, one, one).status_code == used(http, other, other).status_code == 200
        assert one.url != other.url


@of("X28", "same port, stopped and started")
def test_same_port_again(http: httpx.Client, case: Case) -> None:
    with OAuthMock() as mock:
        token, url = mock.client().grant(), mock.url
        mock.stop()
        mock.start()

        check(called(http, mock, token.access_token), case, mock)
        assert mock.url == url


@of("X28", "same port, another server")
def test_same_port_for_another(http: httpx.Client, case: Case) -> None:
    with OAuthMock() as one:
        token, url = one.client().grant(), one.url

    with OAuthMock(port=int(url.rpartition(":")[2])) as other:
        check(called(http, other, token.access_token), case, other)
        assert other.url == url


_SUITE = """
import httpx, os, pytest

@pytest.mark.parametrize("number", range(6))
def test_each_is_alone(oauthmock, number, tmp_path_factory):
    client = oauthmock.client("crm")
    auth = (client.client_id, client.client_secret)
    answer = httpx.post(oauthmock.token_url, data={"grant_type": "client_credentials"}, auth=auth)
    assert answer.status_code == %d
    assert len(oauthmock.journal) == len(oauthmock.tokens) == 1
    with open(os.path.join(os.environ["SEEN"], os.environ["PYTEST_XDIST_WORKER"]), "a") as seen:
        print(oauthmock.url, file=seen)
"""


@of("X28", "two workers of pytest-xdist")
def test_two_workers(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    suite, seen = tmp_path / "test_suite.py", tmp_path / "seen"
    suite.write_text(_SUITE % case.status)
    seen.mkdir()
    monkeypatch.setenv("SEEN", str(seen))
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        monkeypatch.delenv(name)
    # Others' plugins cost seconds in each process
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugins = ["-p", "oauthmock", "-p", "xdist", "-p", "xdist.looponfail", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-q", *plugins, "-n", "2", "--rootdir", str(tmp_path), str(suite)]

    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    urls = {path.name: {*path.read_text().split()} for path in seen.iterdir()}
    assert ran.returncode == 0, ran.stdout
    assert {*urls} == {"gw0", "gw1"}
    # One server for each worker, which its tests share
    assert [len(found) for found in urls.values()] == [1, 1]
    assert urls["gw0"] != urls["gw1"]
