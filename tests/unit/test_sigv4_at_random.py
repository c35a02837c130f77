"""SigV4 against botocore: what it signs is taken, and what one byte makes another request is not."""

from __future__ import annotations

import random

import pytest

from mockserver import AccessKey
from mockserver import OAuthMock
from mockserver import Open
from mockserver import SigV4
from signing.random_requests import ACCESS_KEY
from signing.random_requests import SECRET
from signing.random_requests import SESSION_KEY
from signing.random_requests import TOKEN
from signing.random_requests import changed
from signing.random_requests import signed
from signing.wire import Wire
from signing.wire import send

_KEYS = {ACCESS_KEY: SECRET, SESSION_KEY: AccessKey(SECRET, session_token=TOKEN)}
_PIECES, _OF_EACH = 8, 40


@pytest.fixture
def mock() -> OAuthMock:
    """A server without a socket, everything behind one guard."""
    server = OAuthMock(issuer="http://localhost")
    server.protect("/", app=server.echo, guard=SigV4(_KEYS))
    return server


def told(mock: OAuthMock, wire: Wire) -> str:
    return f"{wire}\n{mock.journal.last.why}\n{mock.exceptions}"


@pytest.mark.parametrize("seed", range(_PIECES))
def test_what_botocore_signs_is_taken(mock: OAuthMock, seed: int) -> None:
    """Any method, path, query, header and body; any service and region; tests/system has the full figure."""
    rng = random.Random(seed)
    for _ in range(_OF_EACH):
        request = signed(rng)
        assert send(mock, request.wire)[0] == 200, told(mock, request.wire)
    assert mock.exceptions == []


@pytest.mark.parametrize("seed", range(_PIECES))
def test_one_changed_byte_is_refused_where_botocore_sees_it(mock: OAuthMock, seed: int) -> None:
    """And taken where botocore's own canonical request is the same; never a 500."""
    rng = random.Random(seed + 1000)
    for _ in range(_OF_EACH):
        request = signed(rng)
        where, wire = changed(rng, request)
        status, _, _ = send(mock, wire)
        assert (status == 200) is request.alike(wire), f"{where}\n{told(mock, wire)}\n{request.wire}"
        assert status in (200, 400, 403, 411)
    assert mock.exceptions == []


def test_the_test_can_fail(mock: OAuthMock) -> None:
    """A guard that looks at nothing is found out."""
    mock.protect("/", app=mock.echo, guard=Open())
    rng = random.Random(7)
    statuses = {send(mock, changed(rng, signed(rng))[1])[0] for _ in range(50)}

    assert statuses == {200}
