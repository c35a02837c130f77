"""What every test lives under: nothing leaves this machine."""

from __future__ import annotations

import ipaddress
import sys
import typing

import pytest

pytest_plugins = ["pytester"]


def _stay_on_loopback(event: str, arguments: tuple[typing.Any, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise AssertionError(f"a test tried to reach {address}")
    elif event == "socket.getaddrinfo" and arguments[0] not in (None, "localhost", "127.0.0.1", "::1", b"localhost"):
        raise AssertionError(f"a test tried to resolve {arguments[0]!r}")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """The hook cannot be taken out again, which suits it."""
    sys.addaudithook(_stay_on_loopback)
