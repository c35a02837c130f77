"""One test for each case of `rows.toml`."""

from __future__ import annotations

import collections.abc as cabc
import re
import time

import httpx
import pytest
import time_machine

from connectors.rows import ROWS
from connectors.world import World
from mockserver import OAuthMock


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`test_row_12_...` runs once for each case of row 12 that is covered."""
    found = re.match(r"test_row_(\d+)_", metafunc.function.__name__)
    if found and "world" in metafunc.fixturenames:
        cases = [case for case in ROWS[int(found[1])].cases if not case.not_covered]
        metafunc.parametrize("world", cases, ids=[case.id for case in cases], indirect=True)


@pytest.fixture
def traveller() -> cabc.Iterator[time_machine.Traveller]:
    """Moves the clocks of connector and server together."""
    with time_machine.travel(time.time(), tick=True) as moved:
        yield moved


@pytest.fixture
def http() -> cabc.Iterator[httpx.Client]:
    # Plain HTTP on loopback: no certificates to load
    with httpx.Client(verify=False, trust_env=False) as client:
        yield client


@pytest.fixture
def world(
    request: pytest.FixtureRequest, oauthmock: OAuthMock, http: httpx.Client, traveller: time_machine.Traveller
) -> World:
    return World(request.param, oauthmock, http, traveller)
