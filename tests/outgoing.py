"""
What this process connects to and looks up, by an audit hook (PEP 578), whoever does it and in whichever thread.

As a plugin of the suite: whatever leads off loopback is stopped, and fails the run even where the error was swallowed;
the end of the run tells what was tried, by which test and from which line.
"""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import ipaddress
import os
import socket
import sys
import threading
import traceback
import typing

import pytest

__all__ = ["heard"]

_EVENTS = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
}
"""And the argument that names the host."""

_LOCK = threading.Lock()
_AWAY: list[str] = []
_HEARERS: list[list[str]] = []


@contextlib.contextmanager
def heard() -> cabc.Iterator[list[str]]:
    """Every connection and look-up meanwhile, on loopback too: `["socket.connect 127.0.0.1"]`."""
    events: list[str] = []
    with _LOCK:
        _HEARERS.append(events)
    try:
        yield events
    finally:
        with _LOCK:
            # by identity: two that have heard the same are equal
            _HEARERS[:] = [each for each in _HEARERS if each is not events]


def _hear(event: str, arguments: tuple[typing.Any, ...]) -> None:
    place = _EVENTS.get(event)
    if place is None:
        return
    host = _host(event, arguments[place])
    if host is None:
        return
    with _LOCK:
        for each in _HEARERS:
            each.append(f"{event} {host}")
        if _is_loopback(host):
            return
        _AWAY.append(f"{event} {host}: {_whence()}")
    raise AssertionError(f"off loopback: {event} {host}")


def _host(event: str, target: object) -> str | None:
    """None for sockets whose addresses have none, as those in the file system."""
    if event in ("socket.connect", "socket.sendto"):
        target = target[0] if isinstance(target, tuple) else None
    if isinstance(target, bytes):
        target = target.decode("ascii", "replace")
    return target if isinstance(target, str) else None


def _is_loopback(host: str) -> bool:
    """Or this machine's own name, which `http.server` looks up when it starts."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host in ("", "localhost", socket.gethostname())


def _whence() -> str:
    """The test that runs, and the lines that led here, the innermost first; the hook's own are left out."""
    frames = [frame for frame in traceback.extract_stack() if frame.filename != __file__]
    lines = [f"{frame.filename}:{frame.lineno}" for frame in reversed(frames[-6:])]
    test = os.environ.get("PYTEST_CURRENT_TEST", "no test")
    return f"{test}, in {threading.current_thread().name}, {', '.join(lines)}"


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """The hook cannot be taken out again, which suits it."""
    sys.addaudithook(_hear)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: typing.Any) -> None:
    """What a worker of pytest-xdist has seen."""
    _AWAY.extend(getattr(node, "workeroutput", {}).get("outgoing", ()))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["outgoing"] = list(_AWAY)
    elif _AWAY:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _AWAY:
        terminalreporter.section("off loopback", red=True, bold=True)
        for each in _AWAY:
            terminalreporter.write_line(each)
