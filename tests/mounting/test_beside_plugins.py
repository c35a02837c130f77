"""Beside what stands before every test of a suite, in suites run by pytester; and the count of all arrangements."""

from __future__ import annotations

import pathlib
import re
import sys

import pytest

_NAMED = {
    *("moto_decorator", "moto_fixture_before", "moto_fixture_after", "moto_context", "moto_server"),
    *("responses_decorator", "responses_before", "responses_after", "responses_fixture"),
    *("responses_then_moto", "moto_then_responses", "pytest_responses"),
    *("pytest_httpx_before", "pytest_httpx_after", "respx_fixture", "respx_decorator", "respx_context"),
    *("requests_mock_fixture", "requests_mock_context"),
    *("disable_socket", "allow_hosts", "disable_socket_marker"),
    *("time_machine", "freezegun", "vcrpy_recording", "vcrpy_playing"),
}


def test_these_are_the_26_arrangements() -> None:
    """In three modules; in each a mounted host reaches the mock, and what stands beside it does what it does."""
    sources = [path.read_text() for path in pathlib.Path(__file__).parent.glob("test_beside_*.py")]
    found = [name for source in sources for name in re.findall(r"^def test_beside_(\w+)", source, re.MULTILINE)]
    assert sorted(found) == sorted(_NAMED)
    assert len(found) == 26


_QUIET = ("-W", "ignore:A test tried to use socket:UserWarning")
"""pytest-socket warns besides raising."""

_OPEN_LOOPBACK = """
    import socket

    import pytest
    import pytest_socket
    from mounting.reaching import reach

    def refused(host):
        with socket.socket() as client, pytest.raises(RuntimeError) as raised:
            client.connect((host, 9))
        return type(raised.value).__name__
"""


def _run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    """The tests of a project of its own, in a process of its own: one that passes."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(pathlib.Path(__file__).parents[1]))
    command = (sys.executable, "-m", "pytest", "-p", "outgoing", "-p", "oauthmock", "-W", "error", *_QUIET, *arguments)
    result = pytester.run(*command, timeout=170)
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=1)


def test_beside_pytest_responses(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses what the server's own URL is asked by requests, too, unless something is mounted."""
    pytester.makepyfile(
        """
        import pytest
        import requests
        import responses as mock
        from mounting.reaching import reach

        def test_it(oauthmock, responses):
            responses.get("https://crm.example.net/orders", json=[1])
            mock.get("https://crm.example.net/people", json=[2])
            reach(oauthmock)
            assert requests.get("https://crm.example.net/orders").json() == [1]
            responses.stop()
            reach(oauthmock)
            assert requests.get("https://crm.example.net/people").json() == [2]
            with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
                requests.get("https://other.example.net")
            responses.start()
        """
    )
    _run(pytester, monkeypatch, "-p", "pytest_responses")


def test_beside_disable_socket(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(
        _OPEN_LOOPBACK
        + """
    def test_it(oauthmock):
        reach(oauthmock)
        assert refused("192.0.2.1") == "SocketConnectBlockedError"
        """,
    )
    _run(pytester, monkeypatch, "-p", "pytest_socket", "--disable-socket")


def test_beside_allow_hosts(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(
        _OPEN_LOOPBACK
        + """
    def test_it(oauthmock):
        reach(oauthmock)
        assert refused("192.0.2.1") == "SocketConnectBlockedError"
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.3", 9)) != 0
        """,
    )
    _run(pytester, monkeypatch, "-p", "pytest_socket", "--allow-hosts=127.0.0.3")


def test_beside_disable_socket_marker(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(
        _OPEN_LOOPBACK
        + """
    @pytest.mark.disable_socket
    def test_it(oauthmock):
        reach(oauthmock)
        assert refused("192.0.2.1") == "SocketConnectBlockedError"
        """,
    )
    _run(pytester, monkeypatch, "-p", "pytest_socket")
