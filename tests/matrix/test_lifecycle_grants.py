"""Section 3 of the matrix: a token for a token, and devices that poll."""

from __future__ import annotations

import typing

from matrix.further import DEVICE_CODE
from matrix.further import EXCHANGE
from matrix.further import TYPE
from matrix.rows import Case
from matrix.rows import of
from matrix.world import World

# -- L23: exchange -----------------------------------------------------------------------------------------------------


@of(
    "L23",
    *("impersonation", "delegation", "less scope", "more scope"),
    *("somebody else may act", "actor without its type", "unknown audience"),
)
def test_exchanged(world: World, case: Case) -> None:
    world.mock.user("carol", may_act={"sub": "somebody"})
    client = world.mock.client(audiences=["billing"], access_token_format="jwt")
    person = "carol" if case.title == "somebody else may act" else "alice"
    subject = world.mock.client().grant(user=person, scope="orders:read orders:write").access_token
    own = client.grant(user="bob").access_token
    more: dict[str, dict[str, str]] = {
        "delegation": {"actor_token": own, "actor_token_type": f"{TYPE}access_token"},
        "actor without its type": {"actor_token": own},
        "less scope": {"scope": "orders:read"},
        "more scope": {"scope": "orders:read orders:delete"},
        "unknown audience": {"audience": "elsewhere"},
    }
    form = {"grant_type": EXCHANGE, "subject_token": subject, "subject_token_type": f"{TYPE}access_token"}

    answer = world.token(client, {**form, **more.get(case.title, {})})

    assert (answer.status_code, answer.json().get("error")) == (case.status, case.error)
    if case.status == 200:
        token = world.mock.tokens.last
        assert token.claims is not None
        assert (token.username, answer.json()["issued_token_type"]) == ("alice", f"{TYPE}access_token")
        assert token.claims.get("act") == ({"sub": "bob"} if case.title == "delegation" else None)
        assert str(token.scope) == ("orders:read" if case.title == "less scope" else "orders:read orders:write")


@of("L23", "access token", "ID token")
def test_what_was_issued(world: World, case: Case) -> None:
    connector = world.connector(case.connector)
    subject = world.mock.client().grant(user="alice").access_token
    more = {} if case.title == "access token" else {"requested_token_type": f"{TYPE}id_token"}

    answer = connector.exchange(subject, f"{world.mock.api_url}/orders", **more)

    assert world.seen() == case.seen
    expected = 200 if case.title == "access token" else 401 if case.case == "negative" else None
    assert (answer.status_code if answer is not None else None) == expected


# -- L24: devices ------------------------------------------------------------------------------------------------------


class Person:
    """In front of the device: decides after so many of its requests, and time passes while the device waits."""

    def __init__(self, world: World, *, after: int, decision: str) -> None:
        self.world = world
        self.after = after
        self.decision = decision
        self.code = ""

    def show(self, user_code: str) -> None:
        self.code = user_code
        self.came()

    def wait(self, seconds: float) -> None:
        self.world.pass_time(seconds)
        self.came()

    def came(self) -> None:
        """Between two requests of the device."""
        polls = [seen for seen in self.world.mock.journal if seen.grant_type == DEVICE_CODE]
        if not self.decision or len(polls) != self.after:
            return
        decide = self.world.mock.approve_device if self.decision == "approve" else self.world.mock.deny_device
        self.decision = ""
        decide(self.code)


def polled_at(world: World) -> list[int]:
    """When the device asked, in seconds after it had its code, by the server's clock."""
    began = world.mock.journal.at("device_authorization")[0].request.arrived
    return [round(seen.request.arrived - began) for seen in world.mock.journal.at("token")]


def outcome(connector: typing.Any, world: World, person: Person) -> str:
    try:
        connector.connect(world.mock.device_authorization_url, person.show, person.wait)
    except (KeyError, RuntimeError) as error:
        return str(error)
    return "connected"


@of("L24", "approved", "slow_down", "denied", "expired", "no interval")
def test_a_device(world: World, case: Case) -> None:
    lifetime = 13 if case.title == "expired" else 1800
    client = world.mock.client(consent="page", device_code_lifetime=lifetime)
    connector = world.connector(case.connector, client=client)
    after, decision = {
        "approved": (2 if case.connector == "right" else 3, "approve"),
        "slow_down": (2, "approve"),
        "denied": (0, "deny"),
        "expired": (99, "approve"),
        "no interval": (0, "approve"),
    }[case.title]
    person = Person(world, after=after, decision=decision)
    if case.title == "slow_down":
        world.mock.token_endpoint.reply(400, json={"error": "slow_down"}, nth=2)
    if case.title == "no interval":
        world.mock.device_authorization_endpoint.alter(without=["interval"])

    ended = outcome(connector, world, person)

    seen = world.seen()
    # A device that polls for ever is watched for a while
    assert seen[: len(case.seen)] == case.seen
    assert polled_at(world)[: len(case.given["at"])] == case.given["at"]
    if case.connector != "polls for ever":
        assert len(seen) == len(case.seen)
    wrong = {"polls for ever": "nobody came", "needs an interval": "'interval'"}
    right = {"denied": "access_denied", "expired": "expired_token"}
    assert ended == wrong.get(case.connector, right.get(case.title, "connected"))


@of("L24", "complete URI")
def test_the_complete_link(world: World, case: Case) -> None:
    client = world.mock.client(consent="page")
    auth = (client.client_id, client.client_secret)
    given = world.http.post(world.mock.device_authorization_url, auth=auth).json()

    page = world.http.get(given["verification_uri_complete"])

    assert page.status_code == case.status
    assert given["user_code"] in page.text
    polled = world.token(client, {"grant_type": DEVICE_CODE, "device_code": given["device_code"]})
    assert polled.json()["error"] == "authorization_pending"
