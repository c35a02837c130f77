"""RFC 9700 4.14.2, RFC 6749 6: what becomes of a refresh token that is used, policy by policy, to the second."""

from __future__ import annotations

import collections.abc as cabc
import typing

import pytest
import time_machine

_CRM = ("crm", "s3cret")
_EVERY = [
    "static",
    "omit",
    "fixed_life",
    "rotate",
    {"policy": "rotate_grace", "seconds": 30, "uses": 2},
    "rotate_revoke_family",
    {"policy": "rotate_every", "seconds": 60},
]
_ROTATING = [policy for policy in _EVERY if policy not in ("static", "omit", _EVERY[-1])]


@pytest.fixture(autouse=True)
def noon() -> cabc.Iterator[None]:
    """Time stands still, but for what a test adds."""
    with time_machine.travel(1_800_000_000, tick=False):
        yield


class Crm:
    """A client with one policy, and its refreshes."""

    def __init__(self, http: typing.Any, policy: typing.Any, **settings: typing.Any) -> None:
        self.http = http
        self.client = http.mock.client(_CRM[0], client_secret=_CRM[1], refresh_policy=policy, **settings)
        http.mock.client("other", client_secret="0ther", refresh_policy=policy)

    def grant(self, **options: typing.Any) -> typing.Any:
        return self.client.grant(**options)

    def refresh(self, value: str, *, basic: tuple[str, str] = _CRM, **more: str) -> typing.Any:
        return self.http.token({"grant_type": "refresh_token", "refresh_token": value, **more}, basic=basic)

    def renewed(self, value: str, **more: str) -> str:
        """The refresh token that takes its place; itself where the answer has none."""
        answer = self.refresh(value, **more)
        assert answer.status_code == 200, answer.get_json()
        return str(answer.get_json().get("refresh_token", value))

    def outcome(self, value: str) -> tuple[int, str]:
        """Status, and why."""
        status = self.refresh(value).status_code
        return status, self.http.mock.journal.last.why

    def alive(self, access_token: str) -> bool:
        return bool(self.http.api(access_token).status_code == 200)


# -- each policy by its answers ----------------------------------------------------------------------------------------


def test_static_gives_the_same_again_and_again(http: typing.Any) -> None:
    """RFC 6749 6: no new one need be issued; using it does not prolong it."""
    crm = Crm(http, "static", refresh_token_lifetime=100)
    token = crm.grant(scope="a")

    for _ in range(3):
        assert http.answer(crm.refresh(token.refresh_token)) == http.tokens(
            scope="a", refresh_token=token.refresh_token
        )
        http.mock.clock.advance(seconds=33)
    assert crm.outcome(token.refresh_token)[0] == 200
    http.mock.clock.advance(seconds=1)
    assert http.answer(crm.refresh(token.refresh_token)) == http.refused(400, "invalid_grant")


def test_omit_says_nothing_of_the_refresh_token_that_stays(http: typing.Any) -> None:
    """RFC 6749 5.1, 6: refresh_token is optional; the client keeps the one that it has."""
    crm = Crm(http, "omit")
    token = crm.grant(scope="a")

    assert http.answer(crm.refresh(token.refresh_token)) == http.tokens(scope="a", refresh_token=False)
    assert http.answer(crm.refresh(token.refresh_token)) == http.tokens(scope="a", refresh_token=False)


def test_fixed_life_gives_a_new_one_that_dies_when_the_first_would_have(http: typing.Any) -> None:
    """RFC 9700 4.14.2: rotation need not prolong; what is used is of no use again."""
    crm = Crm(http, "fixed_life", refresh_token_lifetime=100)
    token = crm.grant(scope="a")
    http.mock.clock.advance(seconds=60)
    first = crm.refresh(token.refresh_token)
    second = crm.renewed(first.get_json()["refresh_token"])

    assert http.answer(first) == http.tokens(scope="a")
    assert second not in (token.refresh_token, first.get_json()["refresh_token"])
    assert http.answer(crm.refresh(token.refresh_token)) == http.refused(400, "invalid_grant")
    http.mock.clock.advance(seconds=39)
    third = crm.renewed(second)
    http.mock.clock.advance(seconds=1)
    assert http.answer(crm.refresh(third)) == http.refused(400, "invalid_grant")
    assert "the refresh token expired 0 s ago" in http.mock.journal.last.why


def test_rotate_gives_a_new_one_with_a_life_of_its_own(http: typing.Any) -> None:
    """RFC 6749 6: the old one is discarded; that it comes again costs the new one nothing."""
    crm = Crm(http, "rotate", refresh_token_lifetime=100)
    token = crm.grant(scope="a")
    http.mock.clock.advance(seconds=99)
    answer = crm.refresh(token.refresh_token)
    new = answer.get_json()["refresh_token"]

    assert http.answer(answer) == http.tokens(scope="a")
    assert http.answer(crm.refresh(token.refresh_token)) == http.refused(400, "invalid_grant")
    assert "under refresh_policy 'rotate' each works once" in http.mock.journal.last.why
    http.mock.clock.advance(seconds=99)
    assert crm.alive(answer.get_json()["access_token"])
    assert crm.outcome(new)[0] == 200


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (29, 200), (30, 400), (31, 400)])
def test_rotate_grace_takes_a_used_one_for_so_many_seconds(http: typing.Any, seconds: int, status: int) -> None:
    """RFC 9700 4.14.2: whoever lost the answer is given the same new token; too late, it is a replay."""
    crm = Crm(http, {"policy": "rotate_grace", "seconds": 30, "uses": 2})
    token = crm.grant(scope="a")
    first = crm.refresh(token.refresh_token)
    new = first.get_json()["refresh_token"]
    http.mock.clock.advance(seconds=seconds)
    again = crm.refresh(token.refresh_token)

    assert http.answer(first) == http.tokens(scope="a")
    assert new != token.refresh_token
    if status == 200:
        assert http.answer(again) == http.tokens(scope="a", refresh_token=new)
        assert again.get_json()["access_token"] != first.get_json()["access_token"]
        assert crm.alive(first.get_json()["access_token"])
        assert crm.alive(again.get_json()["access_token"])
    else:
        assert http.answer(again) == http.refused(400, "invalid_grant")
        assert f"used before, {seconds} s ago; the grace is 30 s and 2 more" in http.mock.journal.last.why
        assert not crm.alive(first.get_json()["access_token"])
    assert crm.outcome(new)[0] == status


@pytest.mark.parametrize("uses", [1, 2, 5])
def test_rotate_grace_takes_a_used_one_so_many_times(http: typing.Any, uses: int) -> None:
    """The use after the last is a replay, however early: the family is dead."""
    crm = Crm(http, {"policy": "rotate_grace", "seconds": 30, "uses": uses})
    token = crm.grant()
    answers = [crm.refresh(token.refresh_token) for _ in range(uses + 3)]

    assert [answer.status_code for answer in answers] == [200] * (uses + 1) + [400, 400]
    assert len({answer.get_json()["refresh_token"] for answer in answers[:-2]}) == 1
    assert not any(one.alive for one in http.mock.tokens.family_of(token))
    assert crm.outcome(answers[0].get_json()["refresh_token"]) == (400, "the refresh token has been revoked")


def test_rotate_grace_is_thirty_seconds_and_one_more_unless_said(http: typing.Any) -> None:
    """Half of the numbers may be given, too."""
    crm = Crm(http, "rotate_grace")
    early, late = crm.grant().refresh_token, crm.grant().refresh_token

    assert [crm.outcome(early)[0] for _ in range(3)] == [200, 200, 400]
    crm.renewed(late)
    http.mock.clock.advance(seconds=30)
    assert crm.outcome(late)[0] == 400
    half = http.mock.client("half", client_secret="h", refresh_policy={"policy": "rotate_grace", "uses": 4}).grant()
    answers = [crm.refresh(half.refresh_token, basic=("half", "h")).status_code for _ in range(6)]
    assert answers == [200] * 5 + [400]


def test_the_grace_of_a_token_ends_with_its_life(http: typing.Any) -> None:
    """RFC 6749 5.2: an expired one is refused, and that is no replay."""
    crm = Crm(http, "rotate_grace")
    token = crm.grant(refresh_token_lifetime=10)
    new = crm.renewed(token.refresh_token)
    http.mock.clock.advance(seconds=10)

    assert crm.outcome(token.refresh_token) == (400, "the refresh token expired 0 s ago (refresh_token_lifetime)")
    assert crm.outcome(new)[0] == 200


@pytest.mark.parametrize("seconds", [0, 40 * 24 * 3600])
def test_rotate_revoke_family_ends_everything_at_a_replay(http: typing.Any, seconds: int) -> None:
    """RFC 9700 4.14.2: one of two is a thief, so that neither keeps anything; however old the token is that comes."""
    crm = Crm(http, "rotate_revoke_family", access_token_lifetime=2**31)
    token = crm.grant(scope="a")
    bystander = crm.grant(scope="a")
    first = crm.refresh(token.refresh_token)
    http.mock.clock.advance(days=20 if seconds else 0)
    second = crm.refresh(first.get_json()["refresh_token"])
    http.mock.clock.advance(seconds=seconds / 2)

    assert http.answer(second) == http.tokens(scope="a", expires_in=2**31)
    assert http.answer(crm.refresh(token.refresh_token)) == http.refused(400, "invalid_grant")
    assert "the whole family is revoked (RFC 9700 4.14.2)" in http.mock.journal.last.why
    for answer in (first, second):
        assert not crm.alive(answer.get_json()["access_token"])
        assert crm.outcome(answer.get_json()["refresh_token"]) == (400, "the refresh token has been revoked")
    assert crm.alive(bystander.access_token)


@pytest.mark.parametrize(("seconds", "replaced"), [(59, False), (60, True), (61, True)])
def test_rotate_every_replaces_what_is_old_enough(http: typing.Any, seconds: int, replaced: bool) -> None:
    """RFC 6749 6: the same one, until a use finds it old enough; the new one has a time of its own."""
    crm = Crm(http, {"policy": "rotate_every", "seconds": 60})
    token = crm.grant(scope="a")
    for _ in range(2):
        assert crm.renewed(token.refresh_token) == token.refresh_token
    http.mock.clock.advance(seconds=seconds)
    answer = crm.refresh(token.refresh_token)
    value = answer.get_json()["refresh_token"]

    assert http.answer(answer) == http.tokens(scope="a")
    assert (value != token.refresh_token) is replaced
    assert crm.outcome(token.refresh_token)[0] == (400 if replaced else 200)
    if replaced:
        http.mock.clock.advance(seconds=-seconds)
        assert crm.outcome(token.refresh_token)[0] == 400
        http.mock.clock.advance(seconds=seconds + 59)
        assert crm.renewed(value) == value
        http.mock.clock.advance(seconds=1)
        assert crm.renewed(value) != value


def test_rotate_every_is_a_day_unless_said(http: typing.Any) -> None:
    """As some real servers have it."""
    crm = Crm(http, "rotate_every")
    value = crm.grant().refresh_token
    http.mock.clock.advance(hours=24, seconds=-1)
    assert crm.renewed(value) == value
    http.mock.clock.advance(seconds=1)
    assert crm.renewed(value) != value


# -- what holds for all of them ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", _EVERY, ids=str)
def test_narrowing_the_scope_is_for_one_access_token(http: typing.Any, policy: typing.Any) -> None:
    """RFC 6749 6: the next refresh has the original scope again, and never more."""
    crm = Crm(http, policy)
    value = crm.grant(scope="a b").refresh_token
    for asked, granted in (({"scope": "b"}, "b"), ({}, "a b"), ({"scope": "a"}, "a"), ({"scope": "b a"}, "b a")):
        answer = crm.refresh(value, **asked)
        assert answer.get_json()["scope"] == granted
        value = answer.get_json().get("refresh_token", value)
        assert http.answer(crm.refresh(value, scope="a b c")) == http.refused(400, "invalid_scope")


@pytest.mark.parametrize("policy", _EVERY, ids=str)
def test_narrowing_the_audience_is_for_one_access_token(http: typing.Any, policy: typing.Any) -> None:
    """RFC 8707 2.2: a subset of what was authorized; a refused one does not use the token up."""
    crm = Crm(http, policy)
    http.mock.user("bob", password="b")
    both = [("resource", "https://a.example"), ("resource", "https://b.example")]
    login = [("grant_type", "password"), ("username", "bob"), ("password", "b")]
    value = http.token([*login, *both], basic=_CRM).get_json()["refresh_token"]
    for asked, granted in (
        ({"resource": "https://b.example"}, ("https://b.example",)),
        ({}, ("https://a.example", "https://b.example")),
        ({"audience": "https://a.example"}, ("https://a.example",)),
    ):
        strange = crm.refresh(value, resource="https://c.example")
        assert http.answer(strange) == http.refused(400, "invalid_target")
        value = crm.renewed(value, **asked)
        assert http.mock.tokens.last.audience == granted


@pytest.mark.parametrize("policy", _EVERY, ids=str)
def test_who_has_no_right_to_it_does_not_use_it_up(http: typing.Any, policy: typing.Any) -> None:
    """RFC 6749 6, 10.4: another client, a wrong secret, a wider scope: none is a use, and none a replay."""
    crm = Crm(http, policy)
    token = crm.grant(scope="a")
    for _ in range(4):
        for basic, more, status in (
            (("other", "0ther"), {}, 400),
            (("crm", "wrong"), {}, 401),
            (_CRM, {"scope": "b"}, 400),
        ):
            assert crm.refresh(token.refresh_token, basic=basic, **more).status_code == status

    assert http.answer(crm.refresh(token.refresh_token)) == http.tokens(scope="a", refresh_token=policy != "omit")
    assert crm.alive(token.access_token)
    # and neither is a used one that somebody else brings
    assert crm.refresh(token.refresh_token, basic=("other", "0ther")).status_code == 400
    assert crm.alive(token.access_token)
