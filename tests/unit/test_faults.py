"""What goes wrong on purpose."""

from __future__ import annotations

import typing

import pytest
from werkzeug.test import Client

from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver.faults import FAULTS
from mockserver.faults import Aim
from mockserver.faults import Barrier
from mockserver.faults import FaultPlan
from mockserver.faults import Occasion
from mockserver.faults import Place
from mockserver.faults.arrival import Fail
from mockserver.faults.arrival import Hold
from mockserver.faults.arrival import NeverAnswer
from mockserver.faults.delivery import Delay
from mockserver.faults.delivery import Drip
from mockserver.faults.delivery import LoseAnswer

_TOKEN = Place("", "token")
_THERE = Occasion(place=_TOKEN)


@pytest.mark.parametrize(
    ("status", "options", "error"),
    [
        pytest.param(503, {"retry_after": 1}, "temporarily_unavailable", id="503"),
        pytest.param(429, {"retry_after": 0}, "temporarily_unavailable", id="429"),
        pytest.param(500, {}, "server_error", id="500"),
        pytest.param(400, {}, "invalid_request", id="400"),
        pytest.param(400, {"error": "invalid_grant"}, "invalid_grant", id="an error of one's own"),
        pytest.param(599, {}, "server_error", id="the last status there is"),
    ],
)
def test_an_endpoint_fails_as_often_as_it_was_told(
    mock: OAuthMock, http: Client, status: int, options: dict[str, typing.Any], error: str
) -> None:
    """And is served as ever afterwards; a failure redeems nothing."""
    client = mock.client("crm", client_secret="s3cret")
    form = {"grant_type": "authorization_code", "code": client.issue_code(), "client_id": "crm"}
    form["client_secret"] = "s3cret"
    mock.token_endpoint.fail(status, times=2, **options)

    answers = [http.post("/token", data=form) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].get_json() == {"error": error}
    assert answers[0].headers["Cache-Control"] == "no-store"
    assert answers[0].headers.get("Retry-After") == (str(options["retry_after"]) if "retry_after" in options else None)
    verdicts = [(e.verdict, e.fault.partition("(")[0], e.grant_type) for e in mock.token_endpoint.exchanges]
    faulted = ("faulted", "fail", "authorization_code")
    assert verdicts == [faulted, faulted, ("accepted", "", "authorization_code")]
    assert "answered in place of the endpoint" in mock.journal[0].why


def test_failures_wait_in_line(mock: OAuthMock, http: Client) -> None:
    """Of two, the first armed strikes first, alone."""
    mock.jwks_endpoint.fail(500)
    mock.jwks_endpoint.fail(503)

    assert [http.get("/jwks").status_code for _ in range(3)] == [500, 503, 200]


def test_a_failure_strikes_its_place_alone(mock: OAuthMock, http: Client) -> None:
    """Not another endpoint, issuer or path."""
    tenant = mock.issuer("a")
    orders, items = mock.protect("/orders"), mock.protect("/items")
    tenant.jwks_endpoint.fail(500)
    orders.fail(502)
    mock.api.fail(504)
    mock.userinfo_endpoint.fail(501)
    mock.authorization_endpoint.fail(505)

    assert http.get("/jwks").status_code == 200
    assert http.get("/a/jwks").status_code == 500
    assert http.get("/items").status_code == 401
    assert http.get("/orders").status_code == 502
    assert http.get("/api/x/y").status_code == 504
    assert http.get("/userinfo").status_code == 501
    assert http.get("/authorize").status_code == 505
    assert [exchange.status for exchange in orders.exchanges] == [502]
    assert [exchange.status for exchange in items.exchanges] == [401]
    assert [exchange.status for exchange in tenant.jwks_endpoint.exchanges] == [500]
    assert [exchange.status for exchange in mock.jwks_endpoint.exchanges] == [200]


def test_what_was_never_hit_is_known(mock: OAuthMock, http: Client) -> None:
    """Optional ones aside."""
    mock.token_endpoint.fail(503, retry_after=3)
    mock.jwks_endpoint.fail(503, optional=True)
    mock.userinfo_endpoint.fail(500, times=2)
    mock.protect("/orders").delay(0.5)
    mock.issuer("a").jwks_endpoint.fail(500)
    mock.token_endpoint.hold(3)
    mock.token_endpoint.never_answer(times=2)
    mock.token_endpoint.lose_answer()
    mock.token_endpoint.drip(0.5, pieces=4)
    mock.api.hold(2, optional=True)
    mock.api.never_answer(optional=True)
    mock.api.lose_answer(optional=True)
    mock.api.drip(1, optional=True)
    http.get("/userinfo")

    assert [str(armed) for armed in mock.state.faults.unused()] == [
        "fail(503, retry_after=3) at token, hit 0 of 1 times",
        "delay(0.5) at protected /orders, hit 0 of 1 times",
        "fail(500) at jwks of issuer 'a', hit 0 of 1 times",
        "hold(3) at token, hit 0 of 3 times",
        "never_answer() at token, hit 0 of 2 times",
        "lose_answer() at token, hit 0 of 1 times",
        "drip(0.5, pieces=4) at token, hit 0 of 1 times",
    ]
    assert [armed.hits for armed in mock.state.faults] == [0, 0, 1, *[0] * 10]


def test_a_reset_forgets_faults(mock: OAuthMock, http: Client) -> None:
    """The next test starts without them."""
    mock.jwks_endpoint.fail(500)
    mock.reset()

    assert http.get("/jwks").status_code == 200
    assert list(mock.state.faults) == []


def test_a_delay_does_the_work_and_holds_the_answer_back(
    mock: OAuthMock, http: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a failure too; the pause is in real time and comes before the journal's entry."""
    pauses: list[float] = []
    monkeypatch.setattr(FaultPlan, "pause", lambda self, seconds: pauses.append(seconds))
    mock.client("crm", client_secret="s3cret")
    mock.token_endpoint.delay(2, times=2)
    mock.token_endpoint.fail(500)
    form = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": "s3cret"}

    answers = [http.post("/token", data=form).status_code for _ in range(3)]

    assert (answers, pauses) == ([500, 200, 200], [2, 2])
    assert [exchange.fault for exchange in mock.journal] == ["fail(500), delay(2)", "delay(2)", ""]
    assert [exchange.verdict for exchange in mock.journal] == ["faulted", "accepted", "accepted"]
    assert len(mock.tokens) == 2


def test_a_delay_is_real_time_and_ends_with_the_plan() -> None:
    """A reset lets go of whoever is held back."""
    plan = FaultPlan()
    plan.pause(0.001)
    plan.end()

    plan.pause(3600)


def test_a_server_that_is_started_again_delays_again(running: OAuthMock) -> None:
    """Stopping lets go of whoever is held back then, and not of those that come after the restart."""
    running.stop()
    running.start()
    running.jwks_endpoint.delay(0.05)
    Client(running.wsgi).get("/jwks", base_url=running.url)

    assert running.journal.last.seconds >= 0.05


@pytest.mark.parametrize(
    ("arm", "message"),
    [
        (lambda endpoint: endpoint.fail(200), "a failure has a status from 400 to 599; choose one, e.g. 503"),
        (lambda endpoint: endpoint.fail(600), "a failure has a status from 400 to 599"),
        (lambda endpoint: endpoint.fail(500, times=0), "a fault strikes at least once; write times=1 or more"),
        (lambda endpoint: endpoint.delay(0), "seconds must be more than 0"),
        (lambda endpoint: endpoint.delay(float("nan")), "seconds must be more than 0"),
        (lambda endpoint: endpoint.delay(float("inf")), "an end must be in sight; write e.g. 0.5"),
        (lambda endpoint: endpoint.delay(1, times=-1), "write times=1 or more"),
        (
            lambda endpoint: endpoint.hold(0),
            r"hold\(0\): requests wait for each other; hold a whole number .* 2 or more",
        ),
        (lambda endpoint: endpoint.hold(1), r"hold\(1\): requests wait for each other"),
        (lambda endpoint: endpoint.hold(2.5), r"hold\(2.5\): n = 2.5: expected `int`"),
        (lambda endpoint: endpoint.hold(2, timeout=0), r"hold\(2, timeout=0\): timeout must be more than 0"),
        (lambda endpoint: endpoint.never_answer(times=0), "write times=1 or more"),
        (lambda endpoint: endpoint.lose_answer(times=0), "write times=1 or more"),
        (lambda endpoint: endpoint.drip(0), r"drip\(0\): seconds must be more than 0"),
        (lambda endpoint: endpoint.drip(-1), r"drip\(-1\): seconds must be more than 0"),
        (lambda endpoint: endpoint.drip(1, pieces=0), r"drip\(1, pieces=0\): .*; write pieces=1 or more"),
        (lambda endpoint: endpoint.drip(1, pieces=1.5), r"drip\(1, pieces=1.5\): pieces = 1.5: expected `int`"),
        (lambda endpoint: endpoint.drip(1, times=0), "write times=1 or more"),
    ],
)
def test_a_fault_that_cannot_strike_is_refused(mock: OAuthMock, arm: typing.Any, message: str) -> None:
    """With the remedy, at the line that armed it."""
    with pytest.raises(ConfigurationError, match=message):
        arm(mock.token_endpoint)

    assert list(mock.state.faults) == []


def test_faults_are_known_by_name() -> None:
    """So that TOML can say them."""
    assert {name: kind.name for name, kind in FAULTS.items()} == {name: name for name in FAULTS}
    assert not any(
        {*kind.__struct_fields__} & {*Aim.__struct_fields__, "fault", "endpoint"} for kind in FAULTS.values()
    )
    assert str(_TOKEN) == "token"


def test_nothing_strikes_where_nothing_is_armed() -> None:
    """Of another stage neither."""
    plan = FaultPlan()
    assert plan.strike("arrival", _THERE) == []
    plan.arm(Delay(seconds=1), _TOKEN)

    assert plan.strike("arrival", _THERE) == []
    assert [armed.fault for armed in plan.strike("delivery", _THERE)] == [Delay(seconds=1)]
    assert plan.strike("delivery", _THERE) == []


def test_of_one_kind_the_first_strikes_alone() -> None:
    """The next waits for the next request; different kinds strike together, in the order in which they were armed."""
    plan = FaultPlan()
    for fault in (Drip(seconds=1), Delay(seconds=1), Delay(seconds=2), Drip(seconds=2), LoseAnswer()):
        plan.arm(fault, _TOKEN)

    assert [[str(armed.fault) for armed in plan.strike("delivery", _THERE)] for _ in range(3)] == [
        ["drip(1, pieces=10)", "delay(1)", "lose_answer()"],
        ["delay(2)", "drip(2, pieces=10)"],
        [],
    ]


def test_what_answers_in_place_of_the_endpoint_strikes_alone() -> None:
    """But a hold before it holds the request first; one behind it waits for a request that is let through."""
    plan = FaultPlan()
    for fault in (Hold(n=2), Fail(status=500), NeverAnswer(), Hold(n=2)):
        plan.arm(fault, _TOKEN)

    assert [[str(armed.fault) for armed in plan.strike("arrival", _THERE)] for _ in range(5)] == [
        ["hold(2)", "fail(500)"],
        ["hold(2)", "never_answer()"],
        ["hold(2)"],
        ["hold(2)"],
        [],
    ]


def test_a_barrier_opens_when_all_are_there() -> None:
    """And holds nobody afterwards."""
    barrier = Barrier(2)
    assert (barrier.join(), repr(barrier)) == (True, "<Barrier, closed, 1 of 2 together>")
    with pytest.raises(TimeoutError, match=r"1 of 2 requests came together within 0.01 s"):
        barrier.wait_for(2, timeout=0.01)
    assert barrier.join()
    barrier.wait_for(2)
    barrier.stay(3600)

    assert (barrier.join(), barrier.together, barrier.size) == (False, 2, 2)
    assert repr(barrier) == "<Barrier, open, 2 of 2 together>"


@pytest.mark.parametrize("opened", ["by hand", "in time"])
def test_a_barrier_that_was_opened_before_stays_open(opened: str) -> None:
    """Whoever comes late is not held and not counted."""
    barrier = Barrier(2)
    barrier.join()
    if opened == "by hand":
        barrier.open()
    barrier.stay(3600 if opened == "by hand" else 0.01)

    assert (barrier.join(), barrier.together) == (False, 1)


def test_the_end_of_a_plan_lets_go_of_those_that_wait_and_of_no_others() -> None:
    """At once when it is over already; until it begins again."""
    plan, let_go = FaultPlan(), []
    with plan.until_end(lambda: let_go.append("gone on before")):
        pass
    with plan.until_end(lambda: let_go.append("waiting")):
        plan.end()
        assert let_go == ["waiting"]
    with plan.until_end(lambda: let_go.append("late")):
        assert let_go == ["waiting", "late"]
    plan.begin()
    with plan.until_end(lambda: let_go.append("after the restart")):
        assert let_go == ["waiting", "late"]


@pytest.mark.parametrize(
    ("arm", "status", "verdict"),
    [
        (lambda endpoint: endpoint.lose_answer(), 502, "accepted"),
        (lambda endpoint: endpoint.never_answer(), 504, "faulted"),
    ],
    ids=["lose_answer", "never_answer"],
)
def test_a_server_that_must_answer_does_as_a_gateway_would(
    mock: OAuthMock, http: Client, arm: typing.Any, status: int, verdict: str
) -> None:
    """RFC 9110 15.6.3, 15.6.5: the journal says what was sent, and that the real answer was not."""
    mock.client("crm", client_secret="s3cret")
    arm(mock.token_endpoint)
    form = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": "s3cret"}

    answers = [http.post("/token", data=form) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [status, 200]
    assert answers[0].get_json() == {"error": "server_error"}
    first, second = mock.journal
    assert (first.status, first.verdict, second.verdict) == (status, verdict, "accepted")
    assert first.why.endswith(f"; this HTTP server must answer, so {status} was sent")
    assert [mock.journal.was_delivered(exchange) for exchange in mock.journal] == [False, True]
    assert len(mock.tokens) == (2 if verdict == "accepted" else 1)


@pytest.mark.parametrize("pieces", [1, 3, 5000])
def test_a_drip_is_an_iterable_like_any(
    mock: OAuthMock, http: Client, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    """PEP 3333: any server sends its pieces; together they are the answer, and HEAD has none."""
    pauses: list[float] = []
    monkeypatch.setattr(FaultPlan, "pause", lambda self, seconds: pauses.append(seconds))
    plain = http.get("/jwks")
    mock.jwks_endpoint.drip(2, pieces=pieces, times=2)

    head = http.head("/jwks")
    assert (head.status_code, head.data, pauses) == (200, b"", [])
    answer = http.get("/jwks")
    assert (answer.data, answer.content_length) == (plain.data, len(plain.data))
    assert pauses == [2 / pieces] * pieces
    assert [exchange.fault for exchange in mock.journal] == ["", *[f"drip(2, pieces={pieces})"] * 2]


@pytest.mark.parametrize(
    ("members", "rest"),
    [
        pytest.param({"access_token": None}, {"token_type", "expires_in"}, id="null"),
        pytest.param({"access_token": "", "expires_in": "soon"}, {"token_type"}, id="two"),
        pytest.param({"merchant": {"id": 7}}, {"access_token", "token_type", "expires_in"}, id="one more"),
    ],
)
def test_an_answer_is_altered_once(
    mock: OAuthMock, http: Client, members: dict[str, typing.Any], rest: set[str]
) -> None:
    """The token lives all the same, and the journal has what was sent."""
    client = mock.client(grant_types=["client_credentials"])
    form = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret}
    mock.token_endpoint.alter(members)

    altered, as_ever = http.post("/token", data=form), http.post("/token", data=form)

    body = altered.get_json()
    assert altered.status_code == 200
    assert {name: body.pop(name) for name in members} == members
    assert {*body} == rest
    assert {*as_ever.get_json()} == {"access_token", "token_type", "expires_in"}
    assert len(mock.tokens) == 2
    assert mock.journal[0].reply.body == altered.data
    assert mock.journal[0].fault == f"alter({', '.join(members)})"


def test_what_is_no_json_object_is_not_altered(mock: OAuthMock, http: Client) -> None:
    """A page and a list."""
    orders = mock.protect("/orders", json=[1])
    token = mock.client().grant().access_token
    orders.alter({"a": 1})
    mock.authorization_endpoint.alter({"a": 1})

    assert http.get("/orders", headers={"Authorization": f"Bearer {token}"}).get_json() == [1]
    assert http.get("/authorize").status_code == 400


@pytest.mark.parametrize(
    ("members", "message"),
    [
        pytest.param({}, "nothing would be altered", id="nothing"),
        pytest.param({"a": {1}}, "give values that JSON has", id="a set"),
    ],
)
def test_what_cannot_be_altered_is_refused(mock: OAuthMock, members: dict[str, typing.Any], message: str) -> None:
    """With the remedy."""
    with pytest.raises(ConfigurationError, match=message):
        mock.token_endpoint.alter(members)
