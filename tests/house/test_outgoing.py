"""Whatever leads off loopback fails the run of our own suite, as `tests/outgoing.py` promises."""

from __future__ import annotations

import os
import pathlib

import pytest

from outgoing import heard

_TESTS = pathlib.Path(__file__).parents[1]


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite that has the plugin; in a process of its own, since an audit hook cannot be taken out."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(_TESTS), os.environ.get("PYTHONPATH", "")]))
    return pytester


def _run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "outgoing", "-p", "no:randomly", "-p", "no:pytest-responses", *arguments)


_ATTEMPTS = {
    "socket.socket().connect(('192.0.2.1', 443))": "socket.connect 192.0.2.1",
    "socket.socket(socket.AF_INET6).connect_ex(('2001:db8::1', 443))": "socket.connect 2001:db8::1",
    "socket.socket(type=socket.SOCK_DGRAM).sendto(b'?', ('192.0.2.1', 53))": "socket.sendto 192.0.2.1",
    "socket.create_connection(('192.0.2.1', 443), timeout=1)": "socket.getaddrinfo 192.0.2.1",
    "socket.getaddrinfo(b'login.example.com', 443)": "socket.getaddrinfo login.example.com",
    "socket.gethostbyname('login.example.com')": "socket.gethostbyname login.example.com",
    "socket.gethostbyname_ex('login.example.com')": "socket.gethostbyname login.example.com",
    "socket.gethostbyaddr('192.0.2.1')": "socket.gethostbyaddr 192.0.2.1",
    "in_a_thread(socket.gethostbyname, 'login.example.com')": "socket.gethostbyname login.example.com",
    "asyncio.run(asyncio.open_connection('login.example.com', 443))": "socket.getaddrinfo login.example.com",
}
"""What may lead away, and what is told of it."""


def test_an_attempt_that_the_test_swallowed_fails_the_run(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_it=f"""
        import asyncio
        import contextlib
        import socket
        import threading

        import pytest

        def in_a_thread(function, *arguments):
            def quietly():
                with contextlib.suppress(AssertionError):
                    function(*arguments)

            thread = threading.Thread(target=quietly, name="stray")
            thread.start()
            thread.join()

        @pytest.mark.parametrize("attempt", {list(_ATTEMPTS)!r})
        def test_it(attempt):
            with contextlib.suppress(AssertionError):
                eval(attempt)
        """
    )

    result = _run(project)

    result.assert_outcomes(passed=len(_ATTEMPTS))
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    printed = result.stdout.str().partition("= off loopback =")[2].splitlines()
    told = [line.partition(" (call), in ") for line in printed if line.startswith("socket.")]
    assert [head for head, _, _ in told] == [
        f"{event}: test_it.py::test_it[{attempt}]" for attempt, event in _ATTEMPTS.items()
    ]
    threads = [rest.partition(",")[0] for _, _, rest in told]
    assert threads == ["MainThread"] * 8 + ["stray", "asyncio_0"]
    assert all("test_it.py:" in rest for _, _, rest in told[:-1])


def test_a_worker_tells_it_too(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import contextlib
        import socket

        def test_it():
            with contextlib.suppress(AssertionError):
                socket.gethostbyname("login.example.com")
        """
    )

    result = _run(project, "-n", "1")

    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["socket.gethostbyname login.example.com: test_a_worker_*.py::test_it (call), in *"])


def test_loopback_and_sockets_of_the_file_system_are_no_attempt(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import contextlib
        import socket

        def test_it(tmp_path, monkeypatch):
            monkeypatch.chdir(tmp_path)
            with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
                server.bind("here")
                server.listen()
                client.connect("here")
            for host in ("127.0.0.1", "localhost"):
                with socket.create_server((host, 0)) as server:
                    socket.create_connection(server.getsockname()).close()
            with socket.socket(type=socket.SOCK_DGRAM) as client:
                client.sendto(b"?", ("127.0.0.9", 9))
            socket.getaddrinfo(None, 80)
            socket.getaddrinfo("::1", 80)
            with contextlib.suppress(OSError):
                socket.gethostbyaddr(socket.gethostname())
        """
    )

    result = _run(project)

    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK
    assert "off loopback" not in result.stdout.str()


def test_two_may_listen_at_once() -> None:
    import socket

    with heard() as outer:
        with heard() as inner:
            socket.gethostbyname("127.0.0.1")
        socket.getaddrinfo("localhost", 80)

    assert inner == ["socket.gethostbyname 127.0.0.1"]
    assert outer == ["socket.gethostbyname 127.0.0.1", "socket.getaddrinfo localhost"]
