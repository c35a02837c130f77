"""One world for each test of a row."""

from __future__ import annotations

import collections.abc as cabc

import httpx
import pytest

from matrix.world import World
from mockserver import OAuthMock


@pytest.fixture
def http() -> cabc.Iterator[httpx.Client]:
    # Plain HTTP on loopback: no certificates to load, no proxies to ask
    with httpx.Client(verify=False, trust_env=False) as client:
        yield client


@pytest.fixture
def world(http: httpx.Client) -> cabc.Iterator[World]:
    with OAuthMock(access_token_format="opaque", consent="auto") as mock:
        mock.user("alice")
        mock.user("bob")
        yield World(mock, http)
        assert mock.exceptions == []
