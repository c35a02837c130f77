"""Section 3 of the matrix: tokens that are revoked, introspected, and meant for one resource."""

from __future__ import annotations

import httpx
import pytest

from matrix.connector import Denied
from matrix.rows import Case
from matrix.rows import of
from matrix.world import World
from mockserver import Bearer
from mockserver import IssuedToken
from mockserver import OAuthMock
from mockserver import RegisteredClient


def told(answer: httpx.Response) -> tuple[int, str | None]:
    body = answer.json() if answer.content else {}
    return answer.status_code, body.get("error")


def post(world: World, url: str, client: RegisteredClient, **form: str) -> httpx.Response:
    return world.http.post(url, data=form, auth=(client.client_id, client.client_secret))


def refresh(world: World, client: RegisteredClient, token: IssuedToken) -> httpx.Response:
    return world.token(client, {"grant_type": "refresh_token", "refresh_token": token.refresh_token})


@of("L14", "refresh token", "access token", "hint wrong", "hint unknown", "twice", "never issued", "another client's")
def test_revoked(world: World, case: Case) -> None:
    client = world.mock.client()
    token = (world.mock.client() if case.given["token"] == "other" else client).grant(user="alice")
    value = {
        "access_token": token.access_token,
        "refresh_token": str(token.refresh_token),
        "other": str(token.refresh_token),
        "unknown": "never-issued",
    }[case.given["token"]]
    hint = {"token_type_hint": case.given["hint"]} if "hint" in case.given else {}

    for _ in range(case.given.get("times", 1)):
        answer = post(world, world.mock.revocation_url, client, token=value, **hint)

    assert told(answer) == (case.status, case.error)
    assert token.alive is (case.given["token"] in ("other", "unknown"))


@of("L14", "access tokens live on")
def test_not_revocable(http: httpx.Client, case: Case) -> None:
    with OAuthMock(revocation="refresh_token") as mock:
        world = World(mock, http)
        client = mock.client()
        token = client.grant()

        answer = post(world, mock.revocation_url, client, token=token.access_token)

        assert told(answer) == (case.status, case.error)
        assert token.alive


@of("L14", "busy")
def test_busy(world: World, case: Case) -> None:
    connector = world.logged_in(case.connector)
    token = world.mock.tokens.last
    world.mock.revocation_endpoint.fail(503, retry_after=30)

    assert connector.log_out(world.mock.revocation_url, connector.token(), world.pass_time)

    assert world.seen() == case.seen
    assert token.alive is (case.connector != "right")


@of(
    "L15",
    "refresh token",
    "access token",
    "refresh token alone",
    "access token with its refresh token",
    "everything of the person",
)
def test_what_else_ends(world: World, case: Case) -> None:
    client = world.mock.client(revocation_cascade=case.given["policy"])
    token, other = client.grant(user="alice"), client.grant(user="alice")

    post(world, world.mock.revocation_url, client, token=getattr(token, case.given["token"])).raise_for_status()

    if case.given["token"] == "refresh_token":
        assert told(world.api(token.access_token)) == (case.status, case.error)
    else:
        judged = other if case.given["policy"] == "user" else token
        assert told(refresh(world, client, judged)) == (case.status, case.error)
    assert other.alive is (case.given["policy"] != "user")


@of("L15", "logging out")
def test_logging_out(world: World, case: Case) -> None:
    connector = world.logged_in(case.connector)
    held = connector.token()

    connector.log_out(world.mock.revocation_url, held, world.pass_time)
    stolen = {"grant_type": "refresh_token", "refresh_token": str(held.refresh_token)}
    if case.connector == "right":
        with pytest.raises(Denied, match=r"^invalid_grant$"):
            connector.ask(stolen)
    else:
        connector.ask(stolen)

    assert world.seen() == case.seen


@of("L16", "authenticated", "not authenticated")
def test_who_may_introspect(world: World, case: Case) -> None:
    client = world.mock.client()
    form = {"token": client.grant().access_token}
    auth = (client.client_id, client.client_secret) if case.given["auth"] else None

    answer = world.http.post(world.mock.introspection_url, data=form, auth=auth)

    assert told(answer) == (case.status, case.error)
    assert answer.json().get("active", False) is case.given["auth"]


@of("L16", "active", "after its end", "revoked")
def test_an_api_introspects(world: World, case: Case) -> None:
    connector = world.connector(case.connector)
    token = world.mock.client().grant(user="alice", access_token_lifetime=30)
    if case.title == "revoked":
        token.revoke()

    answers = []
    for passed in {"active": (0, 10), "after its end": (0, 31), "revoked": (0,)}[case.title]:
        world.pass_time(passed)
        answer = connector.relay(world.mock.introspection_url, token.access_token, f"{world.mock.api_url}/orders")
        answers.append(answer.status_code if answer is not None else None)

    assert world.seen() == case.seen
    wrong = case.case == "negative"
    if case.title == "active":
        assert answers == [200, 200]
    else:
        assert answers[-1] == (401 if wrong else None)


@of("L20", "one", "several", "unknown", "relative")
def test_resources(world: World, case: Case) -> None:
    client = world.mock.client(audiences=["https://a.example/", "https://b.example/"])
    resources = case.given["resources"]

    answer = world.token(client, [("grant_type", "client_credentials"), *(("resource", one) for one in resources)])

    assert told(answer) == (case.status, case.error)
    if case.status == 200:
        assert world.mock.tokens.last.audience == tuple(resources)


@of("L20", "two APIs", "refused")
def test_a_token_for_each_resource(world: World, case: Case) -> None:
    known = ["https://a.example/", "https://b.example/"]
    client = world.mock.client(audiences=known)
    connector = world.connector(case.connector, client=client, grant_type="client_credentials")
    apis = {
        resource: world.mock.protect(f"/{number}", guard=Bearer(audience=resource)).url
        for number, resource in enumerate(known)
    }

    if case.title == "two APIs":
        for resource, url in apis.items():
            connector.call_resource(resource, url)
    elif case.connector == "right":
        with pytest.raises(Denied, match=r"^invalid_target$"):
            connector.call_resource("https://c.example/", apis[known[0]])
    else:
        connector.call_resource("https://c.example/", apis[known[0]])

    assert world.seen() == case.seen
