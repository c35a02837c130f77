"""The store's atomic verbs, and that their atomicity is really tested."""

from __future__ import annotations

import collections.abc as cabc
import sys
import threading

import pytest

from mockserver.model import Kind
from mockserver.model import TokenRecord
from mockserver.scope import Scope
from mockserver.stores import Entry
from mockserver.stores import MemoryStore
from mockserver.stores import Store
from mockserver.stores import new_family


def record(family: str = "f") -> TokenRecord:
    return TokenRecord(
        family=family,
        client_id="crm",
        user=None,
        scope=Scope(),
        grant_type="client_credentials",
        issued_at=0,
        expires_at=1,
    )


def test_what_was_put_is_found_by_kind_and_value() -> None:
    """A refresh token is never looked up where codes are."""
    store, kept = MemoryStore(), record()
    assert store.put_if_alive("f", [(Kind.REFRESH, "value", kept)])

    assert store.find(Kind.REFRESH, "value") == Entry(kept, uses=0, first_use=None, alive=True)
    assert store.find(Kind.ACCESS, "value") is None
    assert store.find(Kind.CODE, "value") is None
    assert store.find(Kind.REFRESH, "Value") is None


def test_finding_touches_nothing() -> None:
    """Looking twice sees the same."""
    store = MemoryStore()
    store.put_if_alive("f", [(Kind.CODE, "c", record())])

    assert store.find(Kind.CODE, "c") == store.find(Kind.CODE, "c")


def test_what_is_prolonged_lives_on_unless_it_was_ended() -> None:
    """Also what was let expire; what was revoked, alone or with its family, and what there is not stays so."""
    store = MemoryStore()
    values = ("a", "expired", "revoked", "dead")
    for value in values:
        store.put_if_alive(value, [(Kind.ACCESS, value, record(value))])
    store.expire(Kind.ACCESS, "expired", now=0.5)
    store.revoke(Kind.ACCESS, "revoked")
    store.kill("dead")

    assert [store.prolong(Kind.ACCESS, value, expires_at=9) for value in (*values, "unknown")] == [
        *(True, True),
        *(False, False, False),
    ]
    lives = [entry and entry.record.expires_at for entry in (store.find(Kind.ACCESS, value) for value in values)]
    assert lives == [9, 9, 1, 1]
    assert store.find(Kind.REFRESH, "a") is None


def test_taking_says_what_was_before() -> None:
    """The first caller gets uses=0; who comes later learns how often, and since when."""
    store = MemoryStore()
    store.put_if_alive("f", [(Kind.CODE, "c", record())])
    taken = [store.take(Kind.CODE, "c", now=now) for now in (7, 8, 9)]

    assert [(entry.uses, entry.first_use) for entry in taken if entry] == [(0, None), (1, 7), (2, 7)]
    assert store.take(Kind.CODE, "unknown", now=7) is None


def test_what_was_put_before_stays_as_it_is() -> None:
    """A second put neither replaces the record nor gives back its use."""
    store, first = MemoryStore(), record()
    store.put_if_alive("f", [(Kind.REFRESH, "r", first)])
    store.take(Kind.REFRESH, "r", now=7)

    assert store.put_if_alive("f", [(Kind.REFRESH, "r", record("g"))])
    assert store.find(Kind.REFRESH, "r") == Entry(first, uses=1, first_use=7, alive=True)


def test_one_token_may_be_ended_alone() -> None:
    """Revoked, it is dead; expired, it has its end now, and never later than it had."""
    store = MemoryStore()
    for value in ("a", "b", "c"):
        store.put_if_alive("f", [(Kind.ACCESS, value, record())])
    store.revoke(Kind.ACCESS, "a")
    store.expire(Kind.ACCESS, "a", now=0.5)
    store.expire(Kind.ACCESS, "b", now=0.5)
    store.expire(Kind.ACCESS, "b", now=0.7)
    store.expire(Kind.ACCESS, "c", now=5)
    found = [entry for value in "abc" if (entry := store.find(Kind.ACCESS, value)) is not None]

    assert [(entry.alive, entry.record.expires_at) for entry in found] == [(False, 1), (True, 0.5), (True, 1)]


def test_a_value_is_claimed_once_until_it_expires() -> None:
    """By kind; expired claims are forgotten, also by the sweep."""
    store = MemoryStore()
    claims = [store.claim(Kind.ASSERTION, "j", now=now, expires_at=now + 10) for now in (0, 9.9, 10, 19, 20)]

    assert claims == [True, False, True, False, True]
    assert store.claim(Kind.CODE, "j", now=0, expires_at=1)
    for number in range(10_001):
        assert store.claim(Kind.ASSERTION, str(number), now=0, expires_at=1 if number else 100)
    assert store.claim(Kind.ASSERTION, "late", now=50, expires_at=60)
    assert not store.claim(Kind.ASSERTION, "0", now=51, expires_at=60)


def test_expired_claims_are_swept_out_now_and_then() -> None:
    """At 10,000, and from then on at twice what was left: a long-lived server neither grows nor sweeps all the time."""
    store = MemoryStore()

    def claims(first: int, last: int, *, now: float, expires_at: float) -> int:
        for number in range(first, last):
            store.claim(Kind.ASSERTION, str(number), now=now, expires_at=expires_at)
        return len(store._claimed[Kind.ASSERTION])

    assert claims(0, 3_999, now=0, expires_at=5) == 3_999
    assert claims(3_999, 10_000, now=0, expires_at=9) == 10_000
    # those whose time is over at this very second go too
    assert claims(10_000, 10_001, now=5, expires_at=9) == 6_002
    # 6,001 were left
    assert claims(10_001, 16_001, now=9, expires_at=20) == 12_002
    assert claims(16_001, 16_002, now=9, expires_at=20) == 6_001


def test_a_killed_family_has_nothing_and_gets_nothing() -> None:
    """What it has is dead, what it would be given is refused as a whole; other families live."""
    store = MemoryStore()
    store.put_if_alive("f", [(Kind.ACCESS, "a", record())])
    store.put_if_alive("g", [(Kind.ACCESS, "b", record("g"))])
    store.kill("f")
    store.kill("f")

    assert not store.put_if_alive("f", [(Kind.ACCESS, "c", record()), (Kind.REFRESH, "d", record())])
    assert [store.find(Kind.ACCESS, value) for value in "c"] == [None]
    assert store.find(Kind.REFRESH, "d") is None
    assert store.put_if_alive("f", [(Kind.ACCESS, "e", record())], taken=True)
    answered = store.find(Kind.ACCESS, "e")
    assert answered is not None
    assert not answered.alive
    dead, living = store.find(Kind.ACCESS, "a"), store.find(Kind.ACCESS, "b")
    assert (dead and dead.alive, living and living.alive) == (False, True)


def test_values_are_not_kept() -> None:
    """A digest is: 100,000 tokens cost no text."""
    store = MemoryStore()
    store.put_if_alive("f", [(Kind.ACCESS, "v" * 10_000, record())])

    assert {len(key) for kept in store._records.values() for key in kept} == {16}
    assert store.find(Kind.ACCESS, "v" * 10_000) is not None


def test_a_value_may_be_any_text() -> None:
    """Lone surrogates too: a code comes from outside."""
    store = MemoryStore()

    assert store.find(Kind.CODE, "\ud800") is None


def test_families_have_names_of_their_own() -> None:
    """64 bits do not repeat in a test."""
    assert len({new_family() for _ in range(1000)}) == 1000


# -- races -------------------------------------------------------------------------------------------------------------


class UnlockedStore(MemoryStore):
    """The same store with a look and a mark that are two steps: what the races below must catch."""

    def take(self, kind: Kind, value: str, *, now: float) -> Entry | None:
        entry = self.find(kind, value)
        if entry is not None:
            self._taken[kind][next(key for key in self._records[kind])] = (entry.uses + 1, now)
        return entry


@pytest.fixture
def many_switches() -> cabc.Iterator[None]:
    """Threads change places a million times a second."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def winners(store: Store, rivals: int) -> int:
    """How many of so many simultaneous takers are told that they were the first."""
    store.put_if_alive("f", [(Kind.CODE, "code", record())])
    barrier = threading.Barrier(rivals)
    won: list[bool] = []

    def redeem() -> None:
        barrier.wait()
        entry = store.take(Kind.CODE, "code", now=0)
        won.append(entry is not None and not entry.uses)

    threads = [threading.Thread(target=redeem) for _ in range(rivals)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(won)


@pytest.mark.race
@pytest.mark.usefixtures("many_switches")
def test_of_fifty_redemptions_one_wins() -> None:
    """RFC 6749 4.1.2: ten rounds of ten."""
    assert [winners(MemoryStore(), 50) for _ in range(10)] == [1] * 10


@pytest.mark.race
@pytest.mark.usefixtures("many_switches")
def test_an_unlocked_store_fails_the_same_check() -> None:
    """The check can fail: where looking and marking are two steps, more than one wins within some rounds."""
    for _ in range(200):
        if winners(UnlockedStore(), 50) > 1:
            return
    pytest.fail("two hundred rounds did not show that the store is not locked")


@pytest.mark.race
@pytest.mark.usefixtures("many_switches")
def test_a_kill_between_two_puts_ends_the_family() -> None:
    """Revocation and rotation at the same time: nothing of the family is alive afterwards."""
    for round_ in range(20):
        store, family = MemoryStore(), f"f{round_}"
        barrier = threading.Barrier(11)

        def put(number: int, store: Store = store, family: str = family, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            store.put_if_alive(family, [(Kind.ACCESS, str(number), record(family))])

        def kill(store: Store = store, family: str = family, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            store.kill(family)

        threads = [threading.Thread(target=put, args=(number,)) for number in range(10)]
        threads.append(threading.Thread(target=kill))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        entries = [store.find(Kind.ACCESS, str(number)) for number in range(10)]

        assert not any(entry.alive for entry in entries if entry is not None)
