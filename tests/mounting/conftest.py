"""A server at real origins, and everything that is asked of it by one client."""

from __future__ import annotations

import pytest

from mockserver import Mount
from mockserver import OAuthMock


@pytest.fixture
def login(oauthmock: OAuthMock) -> Mount:
    """An authorization server at a host that no test may reach."""
    return oauthmock.mount("https://login.example.com")


@pytest.fixture
def graph(oauthmock: OAuthMock, login: Mount) -> Mount:
    """An API at another one, which takes the tokens of the first."""
    return oauthmock.mount("https://graph.example.com:8443", accepts=login)
