"""Who is logged in."""

from __future__ import annotations

import concurrent.futures

from mockserver.sessions import Session
from mockserver.sessions import Sessions

_ALICE = Session(username="alice", auth_time=1.0)


def test_a_login_lasts_until_it_is_ended() -> None:
    """And ending it twice is no mistake."""
    sessions = Sessions()
    key = sessions.begin(_ALICE)
    found = sessions.find(key)

    sessions.end(key)
    sessions.end(key)

    assert (found, sessions.find(key), sessions.find("")) == (_ALICE, None, None)


def test_the_oldest_is_forgotten() -> None:
    """A server that stands for weeks does not grow."""
    sessions = Sessions()
    keys = [sessions.begin(_ALICE) for _ in range(2001)]

    assert [key for key in keys if sessions.find(key) is None] == keys[:1]


def test_many_log_in_and_out_at_once() -> None:
    """Whoever is not logged out stays logged in."""
    sessions = Sessions()

    def come_and_go(number: int) -> str:
        key = sessions.begin(_ALICE)
        if number % 2:
            sessions.end(key)
        return key

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(come_and_go, range(1000)))

    assert [sessions.find(key) is None for key in keys] == [bool(number % 2) for number in range(1000)]
