"""Beside other plugins and in other people's set-ups: what the plugin changes around a test, what it leaves alone."""

from __future__ import annotations

import os
import pathlib
import socket
import sys
import typing

import pytest

if typing.TYPE_CHECKING:
    from .conftest import Suite

_IPV6 = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")

_ENVIRONMENT = """
import os

NAMES = ("NO_PROXY", "no_proxy", "OAUTHLIB_INSECURE_TRANSPORT", "HTTP_PROXY", "http_proxy")

def environment():
    return {name: os.environ.get(name) for name in NAMES}

BEFORE = environment()

def proxied(oauthmock):
    return connector.credentials(oauthmock.client(), oauthmock.token_url).status_code
"""


@pytest.mark.parametrize("no_proxy", [None, "intranet.example,127.0.0.1"])
def test_loopback_is_kept_out_of_proxies_while_in_use(suite: Suite, no_proxy: str | None) -> None:
    """NO_PROXY has loopback besides what it had, plain http is allowed; both end with the test, failed or not."""
    for name in ("NO_PROXY", "no_proxy", "OAUTHLIB_INSECURE_TRANSPORT"):
        suite.environment.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy"):
        suite.environment.setenv(name, "http://127.0.0.1:1")
    if no_proxy:
        suite.environment.setenv("NO_PROXY", no_proxy)
    suite.tests(
        _ENVIRONMENT,
        """
        import requests
        import urllib.request

        def test_1_without():
            assert environment() == BEFORE

        def test_2_in_use(oauthmock):
            for name in ("NO_PROXY", "no_proxy"):
                hosts = os.environ[name].split(",")
                assert {"127.0.0.1", "localhost"} <= set(hosts) and len(set(hosts)) == len(hosts)
            assert ("intranet.example" in os.environ["NO_PROXY"]) == bool(BEFORE["NO_PROXY"])
            assert os.environ["OAUTHLIB_INSECURE_TRANSPORT"] == "1"
            assert proxied(oauthmock) == 200
            assert requests.get(oauthmock.jwks_url).status_code == 200
            assert urllib.request.urlopen(oauthmock.jwks_url).status == 200

        def test_3_after_use():
            assert environment() == BEFORE

        def test_4_fails(oauthmock):
            assert not oauthmock.running

        def test_5_after_a_failure():
            assert environment() == BEFORE

        @pytest.fixture
        def broken(oauthmock):
            raise ZeroDivisionError

        def test_6_fails_in_a_fixture(broken): pass

        @pytest.mark.oauthmock(unknown=1)
        def test_7_fails_in_our_fixture(oauthmock): pass

        def test_8_after_both():
            assert environment() == BEFORE
        """,
    )

    suite.run().assert_outcomes(passed=5, failed=1, errors=2)
    for name in ("OAUTHLIB_INSECURE_TRANSPORT", "no_proxy"):
        assert name not in os.environ
    assert os.environ.get("NO_PROXY") == no_proxy


@pytest.mark.parametrize("https", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", pytest.param("::1", marks=_IPV6)])
def test_no_proxy_variable_comes_between(suite: Suite, host: str, https: bool) -> None:
    """HTTP_PROXY, HTTPS_PROXY and ALL_PROXY lead nowhere, in either case; two clients reach the mock all the same."""
    for name in ("NO_PROXY", "no_proxy"):
        suite.environment.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        suite.environment.setenv(name, "http://127.0.0.1:1")
        suite.environment.setenv(name.lower(), "http://127.0.0.1:1")
    suite.tests(
        f"""
        import requests
        import ssl

        pytestmark = pytest.mark.oauthmock(host={host!r}, https={https})

        def test_httpx(oauthmock):
            verify = ssl.create_default_context(cafile=oauthmock.ca_path) if {https} else True
            with httpx.Client(verify=verify) as client:
                assert client.get(oauthmock.jwks_url).status_code == 200

        def test_requests(oauthmock):
            verify = str(oauthmock.ca_path) if {https} else True
            assert requests.get(oauthmock.jwks_url, verify=verify).status_code == 200
        """
    )

    suite.run().assert_outcomes(passed=2)


def test_the_session_server_does_not_change_the_environment_of_other_tests(suite: Suite) -> None:
    """A session-scoped server is in use where it is asked for; a test that has nothing to do with it is left alone."""
    suite.environment.delenv("NO_PROXY", raising=False)
    suite.tests(
        _ENVIRONMENT,
        """
        def test_1_in_use(oauthmock_server):
            assert "127.0.0.1" in os.environ["NO_PROXY"]
            assert proxied(oauthmock_server) == 200

        def test_2_without():
            assert environment() == BEFORE

        def test_3_in_use_again(oauthmock_server):
            assert proxied(oauthmock_server) == 200
        """,
    )

    suite.run().assert_outcomes(passed=3)


def test_it_works_under_xdist_strict_markers_importlib_and_warnings_as_errors(suite: Suite) -> None:
    """Each worker has a server of its own; cells, markers, settings, verdict and section are as in one process."""
    suite.tests(
        """
        import os
        import pathlib

        @pytest.fixture(scope="session")
        def app(oauthmock_server):
            return oauthmock_server.token_url

        @pytest.mark.oauthmock(access_token_lifetime=60)
        @pytest.mark.oauthmock_matrix(client_auth=["client_secret_basic", "client_secret_post", "client_secret_json"])
        def test_cell(oauthmock, oauthmock_variant, app):
            assert oauthmock.token_url == app
            answer = connector.ask(**oauthmock_variant.settings, login=oauthmock_variant.approve)
            assert answer.json()["expires_in"] == 60
            oauthmock_variant.verify()
            pathlib.Path(os.environ["PYTEST_XDIST_WORKER"] + ".txt").write_text(app)

        def test_without(): pass

        def test_fault(oauthmock):
            oauthmock.token_endpoint.fail(503)
            connector.send(oauthmock.url + "/tokens")
        """
    )

    result = suite.run_apart(
        *(
            "-n",
            "2",
            "--strict-markers",
            "--strict-config",
            "--import-mode=importlib",
            "--dist=load",
            "--maxschedchunk=1",
        ),
        plugins=("oauthmock", "xdist", "xdist.looponfail"),
    )

    result.assert_outcomes(passed=10, failed=1)
    result.stdout.fnmatch_lines(
        ["armed and never hit: fail(503) at token, *", "*- OAuth exchanges (1) -*", "#1  POST /tokens *404 *"]
    )
    urls = [path.read_text(encoding="utf-8") for path in suite.path.glob("gw*.txt")]
    assert len(urls) == len(set(urls)) == 2


def test_it_can_be_switched_off(suite: Suite) -> None:
    """-p no:oauthmock takes fixtures and flags away, for a suite that has fixtures of these names itself."""
    suite.tests(
        """
        @pytest.fixture
        def oauthmock():
            return "own"

        def test_own(oauthmock):
            assert oauthmock == "own"

        def test_ours(oauthmock_server): pass
        """
    )

    result = suite.run("-p", "no:oauthmock", plugins=())

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["E       fixture 'oauthmock_server' not found"])


# No packet leaves, also when a guard fails.
_LOOPBACK_ONLY = """
import sys

def stay(event, arguments):
    if event in ("socket.connect", "socket.sendto") and not str(arguments[1][0]).startswith(("127.", "localhost")):
        raise AssertionError(f"reached {arguments[1]}")

sys.addaudithook(stay)
"""

# pytest-socket warns besides raising.
_SOCKET = ("-W", "ignore:A test tried to use:UserWarning")

_SOCKETS = """
import socket
import requests

def blocked():
    with pytest.raises(RuntimeError, match="A test tried to use socket"):
        socket.create_connection(("127.0.0.1", 9), timeout=1)

def test_0_blocked():
    blocked()

@pytest.mark.parametrize("turn", [1, 2])
def test_1_reaches_the_mock(oauthmock, turn):
    token = connector.credentials(oauthmock.client(), oauthmock.token_url).json()["access_token"]
    assert requests.get(oauthmock.api_url, headers={"Authorization": "Bearer " + token}).status_code == 200
    assert connector.get(oauthmock.jwks_url.replace("127.0.0.1", "localhost"), "x").status_code == 200
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 1), timeout=1)

def test_2_blocked_again():
    blocked()

def test_3_fails(oauthmock):
    raise ZeroDivisionError

def test_4_blocked_after_a_failure():
    blocked()

def test_5_the_server_is_still_there(oauthmock):
    assert oauthmock.exceptions == []
    assert connector.credentials(oauthmock.client(), oauthmock.token_url).status_code == 200
"""


def test_with_disable_socket_loopback_opens_in_the_tests_that_use_it(suite: Suite) -> None:
    """httpx and requests reach the mock; every test that does not ask for it stays blocked, also after a failure."""
    suite.tests(_SOCKETS)

    result = suite.run_apart("--disable-socket", *_SOCKET, plugins=("oauthmock", "pytest_socket"))

    result.assert_outcomes(passed=6, failed=1)


def test_with_disable_socket_the_sessions_server_is_reached_by_every_test_that_holds_it(suite: Suite) -> None:
    """The first test that asks for oauthmock_server and the later ones alike."""
    suite.tests(
        """
        import socket

        def test_1(oauthmock_server):
            assert connector.credentials(oauthmock_server.client(), oauthmock_server.token_url).status_code == 200

        def test_2_without():
            with pytest.raises(RuntimeError, match="A test tried to use socket"):
                socket.socket()

        def test_3(oauthmock_server):
            assert connector.credentials(oauthmock_server.client(), oauthmock_server.token_url).status_code == 200
        """
    )

    result = suite.run_apart("--disable-socket", *_SOCKET, plugins=("oauthmock", "pytest_socket"))

    result.assert_outcomes(passed=3)


def test_with_disable_socket_nothing_but_loopback_opens(suite: Suite) -> None:
    """pytest-socket's error for every other address, by whichever call, without a descriptor left open."""
    suite.file("conftest.py", _LOOPBACK_ONLY)
    suite.tests(
        """
        import socket
        import requests

        ELSEWHERE = ("192.0.2.1", 80)

        def test_create_connection(oauthmock):
            with pytest.raises(RuntimeError, match='with host "192.0.2.1"'):
                socket.create_connection(ELSEWHERE, timeout=0.1)

        @pytest.mark.parametrize("client", [httpx.get, requests.get])
        def test_client(oauthmock, client):
            with pytest.raises(RuntimeError, match='with host "192.0.2.1"'):
                client("http://192.0.2.1/")

        @pytest.mark.parametrize("how", ["connect", "connect_ex"])
        def test_socket(oauthmock, how):
            with pytest.raises(RuntimeError, match='with host "192.0.2.1"'), socket.socket() as sock:
                getattr(sock, how)(ELSEWHERE)
        """
    )

    result = suite.run_apart("--disable-socket", *_SOCKET, plugins=("oauthmock", "pytest_socket"))

    result.assert_outcomes(passed=5)


def test_what_disable_socket_allows_is_allowed_as_before(suite: Suite) -> None:
    """Other tests and fixtures meet what pytest-socket meant for them: nothing stays blocked, or open, after ours."""
    suite.tests(
        """
        import socket

        TRUE = socket.socket, socket.socket.connect, socket.getaddrinfo, socket.gethostbyname

        @pytest.mark.allow_hosts(["127.0.0.2"])
        def test_1_hosts(oauthmock):
            assert connector.credentials(oauthmock.client(), oauthmock.token_url).status_code == 200
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", 1), timeout=1)

        @pytest.mark.enable_socket
        def test_2_enabled():
            assert (socket.socket, socket.socket.connect) == TRUE[:2]

        @pytest.mark.enable_socket
        def test_3_enabled_and_ours(oauthmock):
            assert connector.credentials(oauthmock.client(), oauthmock.token_url).status_code == 200
        """
    )

    result = suite.run_apart("--disable-socket", *_SOCKET, plugins=("oauthmock", "pytest_socket"))

    result.assert_outcomes(passed=3)


def test_after_the_last_test_sockets_are_as_pytest_socket_leaves_them(suite: Suite) -> None:
    """Its restrictions end with the test: a session's pool may close its connections, whoever used the mock before."""
    suite.tests(
        """
        import socket

        TRUE = socket.socket, socket.socket.connect, socket.getaddrinfo, socket.gethostbyname

        @pytest.fixture(scope="session")
        def pool():
            yield
            assert (socket.socket, socket.socket.connect, socket.getaddrinfo, socket.gethostbyname) == TRUE

        def test_own(pool, oauthmock): pass
        """
    )

    result = suite.run_apart("--disable-socket", *_SOCKET, plugins=("oauthmock", "pytest_socket"))

    result.assert_outcomes(passed=1)


def test_allowed_hosts_stay_the_allowed_hosts(suite: Suite) -> None:
    """With --allow-hosts the mock is reachable besides those, in its tests, and others as they were."""
    suite.file("conftest.py", _LOOPBACK_ONLY)
    suite.tests(
        """
        import socket

        def refused(host):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host, 1), timeout=1)

        def blocked(host):
            with pytest.raises(RuntimeError, match=f'with host "{host}"'):
                socket.create_connection((host, 1), timeout=0.1)

        def test_1_without():
            refused("127.0.0.3")
            blocked("127.0.0.1")

        def test_2_in_use(oauthmock):
            assert connector.credentials(oauthmock.client(), oauthmock.token_url).status_code == 200
            refused("127.0.0.3")
            blocked("192.0.2.1")

        def test_3_after_use():
            refused("127.0.0.3")
            blocked("127.0.0.1")
        """
    )

    result = suite.run_apart("--allow-hosts=127.0.0.3", *_SOCKET, plugins=("oauthmock", "pytest_socket"))

    result.assert_outcomes(passed=3)


_ASYNC = """
import asyncio

async def token(client, oauthmock):
    registered = oauthmock.client(scope="a")
    form = {"grant_type": "client_credentials"}
    credentials = (registered.client_id, registered.client_secret)
    answer = await client.post(oauthmock.token_url, data=form, auth=credentials)
    bearer = {"Authorization": "Bearer " + answer.json()["access_token"]}
    return (await client.get(oauthmock.api_url, headers=bearer)).status_code
"""


def test_asyncio_and_trio_tests_use_it_like_any_other(suite: Suite) -> None:
    """pytest-asyncio, anyio on asyncio and on trio: concurrent requests, cells, and the verdict on an async body."""
    suite.ini("asyncio_default_fixture_loop_scope = function")
    suite.tests(
        _ASYNC,
        """
        @pytest.mark.asyncio
        async def test_asyncio(oauthmock):
            async with httpx.AsyncClient() as client:
                assert await asyncio.gather(*(token(client, oauthmock) for _ in range(5))) == [200] * 5
            assert len(oauthmock.journal) == 10

        @pytest.mark.asyncio
        async def test_asyncio_cell(oauthmock_variant):
            assert (await asyncio.to_thread(lambda: connector.ask(
                **oauthmock_variant.settings, login=oauthmock_variant.approve))).status_code == 200
            oauthmock_variant.verify()

        @pytest.mark.asyncio
        async def test_unused_asyncio(oauthmock):
            oauthmock.token_endpoint.fail(503)

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
        async def test_anyio(oauthmock, anyio_backend):
            import anyio
            seen = []
            async with httpx.AsyncClient() as client, anyio.create_task_group() as group:
                for _ in range(5):
                    async def one():
                        seen.append(await token(client, oauthmock))
                    group.start_soon(one)
            assert seen == [200] * 5

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["trio"])
        async def test_unused_trio(oauthmock, anyio_backend):
            oauthmock.token_endpoint.fail(503)
        """,
    )

    result = suite.run_apart("-rf", plugins=("oauthmock", "asyncio", "anyio"))

    result.assert_outcomes(passed=9, failed=2)
    result.stdout.fnmatch_lines(
        [
            "FAILED test_own.py::test_unused_asyncio - Failed: armed and never hit: fail(5*",
            "FAILED test_own.py::test_unused_trio[[]trio[]] - Failed: armed and never hit: fai*",
        ]
    )


def test_asyncio_under_disable_socket_reaches_the_mock(suite: Suite) -> None:
    """An event loop needs a socket pair, which --allow-unix-socket gives it; the mock is reached, the world is not."""
    suite.ini("asyncio_default_fixture_loop_scope = function")
    suite.tests(
        _ASYNC,
        """
        @pytest.mark.asyncio
        async def test_asyncio(oauthmock):
            async with httpx.AsyncClient() as client:
                assert await token(client, oauthmock) == 200
            with pytest.raises(RuntimeError, match="192.0.2.1"):
                await asyncio.open_connection("192.0.2.1", 80)

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["trio"])
        async def test_trio(oauthmock, anyio_backend):
            async with httpx.AsyncClient() as client:
                assert await token(client, oauthmock) == 200
        """,
    )

    suite.file("conftest.py", _LOOPBACK_ONLY)

    options = ("--disable-socket", "--allow-unix-socket", *_SOCKET)
    result = suite.run_apart(*options, plugins=("oauthmock", "pytest_socket", "asyncio", "anyio"))

    result.assert_outcomes(passed=2)


def test_time_machine_moves_both_clocks_and_advance_the_servers_alone(suite: Suite) -> None:
    """Under time-machine a client renews before it is refused; after clock.advance it meets the 401."""
    suite.tests(
        """
        import time
        import time_machine

        class Client:
            def __init__(self, oauthmock):
                self.oauthmock, self.client, self.expires_at = oauthmock, oauthmock.client(), 0

            def get(self):
                if time.time() >= self.expires_at:
                    answer = connector.credentials(self.client, self.oauthmock.token_url).json()
                    self.token, self.expires_at = answer["access_token"], time.time() + answer["expires_in"] - 5
                return connector.get(self.oauthmock.api_url, self.token).status_code

        def test_both(oauthmock):
            client = Client(oauthmock)
            assert client.get() == 200
            first = client.token
            with time_machine.travel(time.time() + 7200) as traveller:
                assert client.get() == 200
                assert oauthmock.journal.grant_types == ["client_credentials"] * 2
                assert abs(oauthmock.clock.now() - time.time()) < 60
                assert connector.get(oauthmock.api_url, first).status_code == 401
                assert oauthmock.tokens.last.claims["iat"] >= time.time() - 60
                traveller.shift(3000)
                assert client.get() == 200
                assert oauthmock.journal.grant_types == ["client_credentials"] * 2

        def test_stopped_time(oauthmock):
            with time_machine.travel(0, tick=False):
                assert Client(oauthmock).get() == 200
                assert oauthmock.tokens.last.issued_at == 0

        def test_the_server_alone(oauthmock):
            client, before = Client(oauthmock), time.time()
            assert client.get() == 200
            oauthmock.clock.advance(hours=2)
            assert time.time() - before < 60
            assert oauthmock.clock.now() - time.time() == pytest.approx(7200, abs=60)
            assert client.get() == 401
            assert "expired" in oauthmock.journal.last.why
        """
    )

    suite.run().assert_outcomes(passed=3)


def test_collecting_a_suite_that_does_not_use_it_loads_nothing(suite: Suite) -> None:
    """`pytest --co` loads no third-party module but pytest's own, and of ours not the server."""
    suite.file(
        "conftest.py",
        """
        import pathlib
        import sys

        def pytest_unconfigure(config):
            pathlib.Path(config.getoption("basetemp")).write_text("\\n".join(sorted(sys.modules)))
        """,
    )
    suite.file("test_own.py", "def test_own(): pass")

    suite.run_apart("--co", "--basetemp=without.txt", plugins=())
    suite.run_apart("--co", "--basetemp=with.txt")

    extra = set(suite.said("with.txt")) - set(suite.said("without.txt"))
    assert {name for name in extra if name.startswith("pytest_oauthmock")} >= {"pytest_oauthmock.plugin"}
    foreign = {name.partition(".")[0] for name in extra} - set(sys.stdlib_module_names)
    assert foreign == {"pytest_oauthmock"}


@pytest.mark.parametrize("form", ["mockserver/__init__.py", "mockserver.py"])
def test_a_foreign_mockserver_is_named_with_the_remedy(suite: Suite, form: str) -> None:
    """PyPI's mockserver-client has a package of this name: tests without the mock pass, the others say what to do."""
    suite.file(form, "class MockServerClient: pass")
    suite.tests(
        """
        def test_without(): pass

        def test_function(oauthmock): pass

        def test_session(oauthmock_server): pass

        def test_browser(oauthmock_browser): pass
        """
    )
    suite.file("test_cells.py", "def test_cell(oauthmock_variant): pass")

    result = suite.run_apart("--continue-on-collection-errors")

    result.assert_outcomes(passed=1, errors=4)
    place = str(pathlib.PurePath(suite.path.name, form))
    message = (
        f"the package `mockserver` at *{place} is not the one that belongs to pytest-oauthmock (the distribution"
        " mockserver-client has one of the same name); uninstall that one and install pytest-oauthmock again, or take"
        " the folder off sys.path"
    )
    result.stdout.fnmatch_lines([message] * 4)
    result.stdout.no_fnmatch_line("*ImportError*")


def test_a_suite_beside_a_foreign_mockserver_that_does_not_use_ours_is_unharmed(suite: Suite) -> None:
    """Their package is theirs: it is importable, and nothing is said about ours."""
    suite.file("mockserver/__init__.py", "class MockServerClient: pass")
    suite.tests("from mockserver import MockServerClient\ndef test_theirs(): pass")

    result = suite.run_apart("--oauthmock-variants=*")

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*pytest-oauthmock*")
