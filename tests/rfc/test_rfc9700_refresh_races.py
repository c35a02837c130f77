"""RFC 9700 4.14.2, RFC 6749 4.1.2: refreshes, redemptions and revocations at once, and that a race would be seen."""

from __future__ import annotations

import collections
import collections.abc as cabc
import sys
import threading
import typing

import pytest

from mockserver.model import Kind
from mockserver.stores import Entry
from mockserver.stores import MemoryStore
from mockserver.stores import Record

_CRM = ("crm", "s3cret")
_ROUNDS = 10
_LIVE_ON = ["static", "rotate", "rotate_grace", "rotate_revoke_family"]


@pytest.fixture(autouse=True)
def many_switches() -> cabc.Iterator[None]:
    """Threads change places amid a request."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


class UnlockedStore(MemoryStore):
    """
    What is one step in a store is two steps here, and who has made the first waits for a rival.

    It ends the tokens of a family one by one, as a table with a column for it would, and once.
    """

    def __init__(self) -> None:
        super().__init__()
        self._killed: dict[str, threading.Event] = collections.defaultdict(threading.Event)
        self._looked: dict[str, threading.Event] = {}
        self._begun: set[str] = set()

    def take(self, kind: Kind, value: str, *, now: float) -> Entry | None:
        entry = self.find(kind, value)
        rival = self._looked.get(value)
        if rival is None:
            rival = self._looked[value] = threading.Event()
            rival.wait(timeout=0.2)
        rival.set()
        super().take(kind, value, now=now)
        return entry

    def kill(self, family: str) -> None:
        if self._killed[family].is_set():
            return
        for kind in Kind:
            for key, record in list(self._records[kind].items()):
                if record.family == family:
                    self._ended[kind][key] = None
        self._killed[family].set()

    def put_if_alive(
        self, family: str, records: cabc.Iterable[tuple[Kind, str, Record]], *, taken: bool = False
    ) -> bool:
        if self._killed[family].is_set() and not taken:
            return False
        if family in self._begun:
            self._killed[family].wait(timeout=0.2)
        self._begun.add(family)
        return super().put_if_alive(family, records, taken=taken)


class Crm:
    """A client with opaque tokens, and what it asks for at once."""

    def __init__(self, http: typing.Any, policy: typing.Any, *, unlocked: bool) -> None:
        self.http = http
        if unlocked:
            http.mock.context.store = UnlockedStore()
        self.client = http.mock.client(
            _CRM[0], client_secret=_CRM[1], refresh_policy=policy, access_token_format="opaque"
        )

    def refresh(self, value: str) -> typing.Any:
        return self.http.token({"grant_type": "refresh_token", "refresh_token": value}, basic=_CRM)

    def redeem(self, code: str) -> typing.Any:
        return self.http.token({"grant_type": "authorization_code", "code": code}, basic=_CRM)

    def alive(self, family: list[typing.Any]) -> list[str]:
        """What of a family still opens something: looked at without using it."""
        store = self.http.mock.context.store
        values = {(Kind.ACCESS, token.access_token) for token in family}
        values |= {(Kind.REFRESH, token.refresh_token) for token in family}
        entries = [(value, store.find(kind, value)) for kind, value in values]
        return [value for value, entry in entries if entry is not None and entry.alive]

    def family(self) -> list[typing.Any]:
        """The newest one."""
        return list(self.http.mock.tokens.family_of(self.http.mock.tokens.last))


def _statuses(answers: list[typing.Any]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


# Each plays one round and says what was wrong with it, or "".


def _one_winner_and_a_dead_family(crm: Crm) -> str:
    token = crm.client.grant()
    answers = crm.http.at_once([lambda: crm.refresh(token.refresh_token)] * 50)
    if _statuses(answers) != [200] + [400] * 49:
        return f"answers {_statuses(answers)}"
    return f"alive {crm.alive(crm.family())}" if crm.alive(crm.family()) else ""


def _one_winner(crm: Crm) -> str:
    token = crm.client.grant()
    answers = crm.http.at_once([lambda: crm.refresh(token.refresh_token)] * 50)
    if _statuses(answers) != [200] + [400] * 49:
        return f"answers {_statuses(answers)}"
    (winner,) = (answer.get_json() for answer in answers if answer.status_code == 200)
    living = {winner["refresh_token"], winner["access_token"]}
    return "" if living <= set(crm.alive(crm.family())) else "the winner has nothing"


def _fifty_equal_successors(crm: Crm) -> str:
    token = crm.client.grant()
    answers = crm.http.at_once([lambda: crm.refresh(token.refresh_token)] * 50)
    if _statuses(answers) != [200] * 50:
        return f"answers {_statuses(answers)}"
    values = {answer.get_json()["refresh_token"] for answer in answers}
    accesses = {answer.get_json()["access_token"] for answer in answers}
    if len(values) != 1 or len(accesses) != 50:
        return f"{len(values)} refresh tokens and {len(accesses)} access tokens"
    return "" if values | accesses <= set(crm.alive(crm.family())) else "somebody has nothing"


def _the_fiftieth_is_one_too_many(crm: Crm) -> str:
    token = crm.client.grant()
    answers = crm.http.at_once([lambda: crm.refresh(token.refresh_token)] * 50)
    if _statuses(answers) != [200] * 49 + [400]:
        return f"answers {_statuses(answers)}"
    return f"alive {crm.alive(crm.family())}" if crm.alive(crm.family()) else ""


def _one_redemption_and_nothing_of_it(crm: Crm) -> str:
    code = crm.client.issue_code()
    answers = crm.http.at_once([lambda: crm.redeem(code)] * 50)
    if _statuses(answers) != [200] + [400] * 49:
        return f"answers {_statuses(answers)}"
    return f"alive {crm.alive(crm.family())}" if crm.alive(crm.family()) else ""


def _nothing_survives_revocation(crm: Crm) -> str:
    token = crm.client.grant()

    def revoke() -> None:
        # After a request of its own, so that it comes amid the others'
        crm.refresh("unknown")
        token.revoke()

    answers = crm.http.at_once([revoke, lambda: crm.refresh(token.refresh_token)] * 10)
    if not set(_statuses(answers[1::2])) <= {200, 400} or any(answers[::2]):
        return f"answers {answers}"
    family = crm.http.mock.tokens.family_of(token)
    if crm.alive(family):
        return f"alive {crm.alive(family)}"
    opened = [one for one in family if crm.http.api(one.access_token).status_code != 401]
    return f"opened by {opened}" if opened else ""


_CHECKS = [
    pytest.param("rotate_revoke_family", _one_winner_and_a_dead_family, id="rotate_revoke_family"),
    pytest.param("rotate", _one_winner, id="rotate"),
    pytest.param("fixed_life", _one_winner, id="fixed_life"),
    pytest.param(
        {"policy": "rotate_grace", "uses": 48}, _the_fiftieth_is_one_too_many, id="rotate_grace and one too many"
    ),
    pytest.param("rotate", _one_redemption_and_nothing_of_it, id="code"),
]
_REVOCATIONS = [pytest.param(policy, _nothing_survives_revocation, id=f"{policy} revoked") for policy in _LIVE_ON]
_Check = cabc.Callable[[Crm], str]


@pytest.mark.race
@pytest.mark.parametrize(
    ("policy", "check"),
    [*_CHECKS, pytest.param({"policy": "rotate_grace", "uses": 49}, _fifty_equal_successors, id="rotate_grace")],
)
def test_of_fifty_at_once(http: typing.Any, policy: typing.Any, check: _Check) -> None:
    """RFC 9700 4.14.2, RFC 6749 4.1.2: ten rounds out of ten."""
    crm = Crm(http, policy, unlocked=False)

    assert [check(crm) for _ in range(_ROUNDS)] == [""] * _ROUNDS


@pytest.mark.race
@pytest.mark.parametrize(("policy", "check"), _REVOCATIONS)
def test_ten_refreshes_against_ten_revocations(http: typing.Any, policy: str, check: _Check) -> None:
    """RFC 7009 2.1: whichever comes first, nothing is alive afterwards; ten rounds out of ten."""
    crm = Crm(http, policy, unlocked=False)

    assert [check(crm) for _ in range(_ROUNDS)] == [""] * _ROUNDS


@pytest.mark.race
@pytest.mark.parametrize(("policy", "check"), [*_CHECKS, *_REVOCATIONS])
def test_an_unlocked_store_fails_the_same_check(http: typing.Any, policy: typing.Any, check: _Check) -> None:
    """Each check can fail: within some rounds it sees a store in which two steps come apart."""
    crm = Crm(http, policy, unlocked=True)

    assert any(check(crm) for _ in range(20 * _ROUNDS))
