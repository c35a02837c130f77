"""A server without a socket, and one with."""

from __future__ import annotations

import collections.abc as cabc

import pytest
from werkzeug.test import Client

from mockserver import OAuthMock


@pytest.fixture
def mock() -> OAuthMock:
    """A server that is not started: its issuer is fixed, so that it can mint tokens all the same."""
    return OAuthMock(issuer="http://localhost")


@pytest.fixture
def http(mock: OAuthMock) -> Client:
    """Its endpoints without a socket."""
    return Client(mock.wsgi, use_cookies=False)


@pytest.fixture
def running() -> cabc.Iterator[OAuthMock]:
    """A server on a free loopback port."""
    with OAuthMock() as server:
        yield server
