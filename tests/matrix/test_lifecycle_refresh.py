"""Section 3 of the matrix, L8 to L13: refresh tokens, used once, twice, late, at once, and with another scope."""

from __future__ import annotations

import concurrent.futures
import typing

import httpx
import pytest

from matrix.connector import NeedsConsent
from matrix.rows import Case
from matrix.rows import of
from matrix.world import World
from mockserver import RegisteredClient

SCOPE = "orders:read orders:write"


@of("L8", "omit", "static", "rotate")
def test_refresh_token_after_a_refresh(world: World, case: Case) -> None:
    connector = world.logged_in(case.connector, client=world.mock.client(refresh_policy=case.given["policy"]))
    first = world.mock.tokens.last.refresh_token

    for number in range(2):
        world.pass_time(3600)
        if number and case.connector != "right":
            with pytest.raises(NeedsConsent):
                connector.call(f"{world.mock.api_url}/orders")
        else:
            connector.call(f"{world.mock.api_url}/orders")

    refreshed = world.mock.journal.token_requests()[1].reply.body.decode()
    assert world.seen() == case.seen
    assert ("refresh_token" in refreshed, str(first) in refreshed) == {
        "omit": (False, False),
        "static": (True, True),
        "rotate": (True, False),
    }[case.title]


@of("L8", "killed before the API answered")
def test_killed_before_the_api_answered(world: World, case: Case) -> None:
    client = world.mock.client(refresh_policy="rotate")
    world.logged_in(case.connector, client=client)
    world.pass_time(3600)
    world.mock.api.fail(500)

    with pytest.raises(httpx.HTTPStatusError):
        world.connector(case.connector, client=client).call(f"{world.mock.api_url}/orders")
    world.pass_time(3600)
    if case.connector == "right":
        world.connector(case.connector, client=client).call(f"{world.mock.api_url}/orders")
    else:
        with pytest.raises(NeedsConsent):
            world.connector(case.connector, client=client).call(f"{world.mock.api_url}/orders")

    assert world.seen() == case.seen


@of("L9", "new one used", "old one used")
def test_family(world: World, case: Case) -> None:
    client = world.mock.client(refresh_policy="rotate_revoke_family")
    old = client.grant(user="alice")
    form = {"grant_type": "refresh_token", "refresh_token": old.refresh_token}
    new = world.token(client, form).json()

    answer = world.token(client, form if case.title == "old one used" else {**form, **new})

    follows = world.token(client, {**form, "refresh_token": world.mock.tokens.last.refresh_token})
    assert (answer.status_code, answer.json().get("error")) == (case.status, case.error)
    assert follows.status_code == case.status
    assert world.api(world.mock.tokens.last.access_token).status_code == (200 if case.status == 200 else 401)


@of("L9", "second process with the old one")
def test_second_process(world: World, case: Case) -> None:
    client = world.mock.client(refresh_policy="rotate_revoke_family")
    first = world.logged_in(case.connector, client=client)
    second = world.connector(case.connector, client=client, store=dict(world.store))
    world.pass_time(3600)

    first.call(f"{world.mock.api_url}/orders")
    for _ in range(2):
        with pytest.raises(NeedsConsent):
            second.call(f"{world.mock.api_url}/orders")

    assert world.seen() == case.seen
    assert not world.mock.tokens.last.alive


# -- a used one comes again --------------------------------------------------------------------------------------------


def refreshed(world: World, client: RegisteredClient, token: str | None, **form: str) -> httpx.Response:
    """The answer to a refresh."""
    return world.token(client, {"grant_type": "refresh_token", "refresh_token": token, **form})


def check(answer: httpx.Response, case: Case) -> None:
    """The status, and a token or a whole error (RFC 6749 5.1, 5.2)."""
    body: dict[str, typing.Any] = answer.json()
    assert answer.status_code == case.status
    if case.error is None:
        assert {*body} == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    else:
        assert body.pop("error_description")
        assert body == {"error": case.error}


@of("L10", "again within the grace", "after the grace", "thirty minutes", "third time")
def test_grace(world: World, case: Case) -> None:
    policy = {"policy": "rotate_grace", "seconds": case.given.get("seconds", 30)}
    client = world.mock.client(refresh_policy=policy)
    used = client.grant(scope="orders:read").refresh_token
    answers = [refreshed(world, client, used)]

    world.pass_time(case.given["after"])
    answers += [refreshed(world, client, used) for _ in range(case.given["uses"] - 1)]

    check(answers[-1], case)
    successors = {answer.json().get("refresh_token") for answer in answers if answer.status_code == 200}
    assert len(successors) == 1
    # A refresh token that comes too late, or too often, ends its successor as well
    assert refreshed(world, client, successors.pop()).status_code == case.status


@of("L10", "two at once", "two at once without a grace")
def test_two_at_once(world: World, case: Case) -> None:
    client = world.mock.client(refresh_policy=case.given["policy"])
    used = client.grant(scope="orders:read").refresh_token
    barrier = world.mock.token_endpoint.hold(2)

    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        answers = [*threads.map(lambda _: refreshed(world, client, used), range(2))]

    answers.sort(key=lambda answer: answer.status_code)
    assert barrier.together == 2
    assert answers[0].status_code == 200
    check(answers[1], case)
    if case.error is None:
        assert answers[0].json()["refresh_token"] == answers[1].json()["refresh_token"]
    # Whoever won, what they have is good
    assert refreshed(world, client, answers[0].json()["refresh_token"]).status_code == 200


@of("L11", "with a grace", "without a grace")
def test_answer_is_lost(world: World, case: Case) -> None:
    connector = world.logged_in(case.connector, client=world.mock.client(refresh_policy=case.given["policy"]))
    world.pass_time(3600)
    world.mock.token_endpoint.lose_answer()

    if case.connector != "right":
        with pytest.raises(httpx.TransportError):
            connector.call(f"{world.mock.api_url}/orders")
    if case.connector == "right" and case.given["policy"] == "rotate_grace":
        connector.call(f"{world.mock.api_url}/orders")
    else:
        with pytest.raises(NeedsConsent):
            connector.call(f"{world.mock.api_url}/orders")

    lost = world.mock.journal.token_requests()[1]
    assert world.seen() == case.seen
    assert (lost.fault, world.mock.journal.was_delivered(lost)) == ("lose_answer()", False)


# -- no good, and another scope ----------------------------------------------------------------------------------------


@of("L12", "good", "expired", "expired by the clock", "revoked", "another client's", "never issued", "wider scope")
def test_refresh_token_that_is_no_good(world: World, case: Case) -> None:
    client = world.mock.client(refresh_token_lifetime=86400)
    token = client.grant(scope="orders:read")
    if case.title == "expired":
        token.expire_refresh_token()
    elif case.title == "expired by the clock":
        world.pass_time(86400)
    elif case.title == "revoked":
        token.revoke()
    sender = world.mock.client() if case.title == "another client's" else client
    value = "oam_rt_made_up" if case.title == "never issued" else token.refresh_token
    wider = {"scope": SCOPE} if case.title == "wider scope" else {}

    check(refreshed(world, sender, value, **wider), case)

    # What somebody else tries, and what is too much, costs the owner nothing
    after = refreshed(world, client, token.refresh_token).status_code
    assert after == (200 if case.title in ("another client's", "never issued", "wider scope") else 400)


@of("L13", "left out", "narrower", "narrower, then left out", "narrower, then all", "wider")
def test_scope_of_a_refresh(world: World, case: Case) -> None:
    client = world.mock.client()
    value = client.grant(scope=SCOPE).refresh_token
    granted = []

    for scope in case.given["scopes"]:
        answer = refreshed(world, client, value, **({"scope": scope} if scope else {}))
        check(answer, case)
        if case.error is None:
            granted.append(answer.json()["scope"])
            value = answer.json()["refresh_token"]
            assert world.mock.tokens.last.scope == {*granted[-1].split()}

    assert granted == case.given["granted"]
