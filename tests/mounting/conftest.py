"""A server at real origins, and everything that is asked of it by one client."""

from __future__ import annotations

import collections.abc as cabc

import pytest

from mockserver import Mount
from mockserver import OAuthMock
from outgoing import heard


@pytest.fixture(autouse=True)
def loopback_alone() -> cabc.Iterator[None]:
    """Nothing that is asked for in a test is looked up or connected to, but what is on this machine."""
    with heard() as events:
        yield
    assert {event.split()[-1] for event in events} <= {"127.0.0.1", "localhost", "::1"}


@pytest.fixture
def login(oauthmock: OAuthMock) -> Mount:
    """An authorization server at a host that no test may reach."""
    return oauthmock.mount("https://login.example.com")


@pytest.fixture
def graph(oauthmock: OAuthMock, login: Mount) -> Mount:
    """An API at another one, which takes the tokens of the first."""
    return oauthmock.mount("https://graph.example.com:8443", accepts=login)
