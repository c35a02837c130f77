"""Section 3 of the matrix: how long an access token is used, by whom, and what a refused one leads to."""

from __future__ import annotations

import httpx
import pytest

from matrix.connector import Denied
from matrix.connector import NeedsConsent
from matrix.connector import NeedsScope
from matrix.connector import Unauthorized
from matrix.rows import Case
from matrix.rows import of
from matrix.world import World


@of("L1", "three calls", "three calls within a rate limit")
def test_one_token_for_many_calls(world: World, case: Case) -> None:
    limit = {"requests": 1, "seconds": 60} if "limit" in case.title else None
    client = world.mock.client(token_rate_limit=limit)
    connector = world.connector(case.connector, client=client, grant_type="client_credentials")

    for number in range(3):
        if limit and number and case.connector != "right":
            with pytest.raises(Denied, match=r"^temporarily_unavailable$"):
                connector.call(f"{world.mock.api_url}/orders")
            break
        connector.call(f"{world.mock.api_url}/orders")

    assert world.seen() == case.seen


@of("L2", "skew 0", "skew 10", "skew 60", "skew 300")
def test_renewed_in_good_time(world: World, case: Case) -> None:
    connector = world.logged_in(case.connector, skew=str(case.given["skew"]))

    # The server's clock goes on by itself, and a second is soon over
    world.mock.clock.advance(minutes=-1)
    world.pass_time(3600 - case.given["skew"] - 1)
    connector.call(f"{world.mock.api_url}/orders")
    world.pass_time(1)
    connector.call(f"{world.mock.api_url}/orders")
    connector.call(f"{world.mock.api_url}/orders")

    assert world.seen() == case.seen


@of("L2", "after the end")
def test_renewed_after_the_end(world: World, case: Case) -> None:
    connector = world.logged_in(case.connector)

    world.pass_time(3601)
    connector.call(f"{world.mock.api_url}/orders")

    assert world.seen() == case.seen


@of("L3", "life 1", "life 299", "life 300", "life 301", "life 599", "life 600")
def test_life_and_skew(world: World, case: Case) -> None:
    client = world.mock.client(access_token_lifetime=case.given["lifetime"])
    connector = world.connector(case.connector, client=client, grant_type="client_credentials", skew="300")

    if case.connector == "right":
        # As above
        connector.token()
        world.mock.clock.advance(minutes=-1)
    for _ in range(3):
        connector.call(f"{world.mock.api_url}/orders")

    assert world.seen() == case.seen


@of("L4", "number", "missing", "null", "negative", "string", "float", "milliseconds", "2^31", "10^15", "2^53", "zero")
def test_expires_in(world: World, case: Case) -> None:
    client = world.mock.client(access_token_lifetime=case.given["lifetime"], expires_in_form=case.given["form"])
    connector = world.connector(case.connector, client=client, grant_type="client_credentials")

    try:
        connector.call(f"{world.mock.api_url}/orders")
        connector.call(f"{world.mock.api_url}/orders")
    except (KeyError, TypeError, OverflowError):
        assert case.case == "negative"
    except Unauthorized:
        assert case.title == "zero"

    answer = httpx.Response(200, content=world.mock.journal.at("token")[0].reply.body).json()
    assert world.seen() == case.seen
    assert ("expires_in" in answer) == (case.title != "missing")
    assert answer.get("expires_in") == case.given.get("expires_in")
    assert type(answer.get("expires_in")) is type(case.given.get("expires_in"))


@of("L4", "milliseconds, after an hour")
def test_expires_in_is_too_much(world: World, case: Case) -> None:
    client = world.mock.client(expires_in_form="milliseconds")
    connector = world.connector(case.connector, client=client, grant_type="client_credentials")
    connector.call(f"{world.mock.api_url}/orders")

    world.pass_time(3600)
    if case.connector == "right":
        connector.call(f"{world.mock.api_url}/orders")
    else:
        with pytest.raises(Unauthorized):
            connector.call(f"{world.mock.api_url}/orders")

    assert world.seen() == case.seen


# -- the API refuses ---------------------------------------------------------------------------------------------------


@of("L5", "ended by the server", "server's clock is ahead", "ended with its family")
def test_refused_too_early(world: World, case: Case) -> None:
    connector = world.logged_in(case.connector)
    if case.title == "ended by the server":
        world.mock.tokens.last.expire()
    elif case.title == "ended with its family":
        world.mock.tokens.last.revoke()
    else:
        world.mock.clock.advance(hours=2)

    if case.title == "ended with its family":
        with pytest.raises(NeedsConsent):
            connector.call(f"{world.mock.api_url}/orders")
    elif case.connector == "right":
        connector.call(f"{world.mock.api_url}/orders")
    else:
        with pytest.raises(Unauthorized):
            connector.call(f"{world.mock.api_url}/orders")

    assert world.seen() == case.seen


@of("L5", "PATCH with a body", "POST with a body")
def test_body_comes_again(world: World, case: Case) -> None:
    connector = world.logged_in(case.connector)
    world.mock.tokens.last.expire()

    connector.call(f"{world.mock.api_url}/orders/1", case.given["method"], body=b'{"quantity": 2}')

    sent = [(exchange.request.method, exchange.body.content) for exchange in world.mock.api.exchanges]
    again = b'{"quantity": 2}' if case.connector == "right" else b""
    assert world.seen() == case.seen
    assert sent == [(case.given["method"], b'{"quantity": 2}'), (case.given["method"], again)]


@of("L6", "API takes no token of ours")
def test_refused_after_a_refresh(world: World, case: Case) -> None:
    connector = world.logged_in(case.connector)

    with pytest.raises(Unauthorized):
        connector.call(f"{world.mock.issuer('another').api_url}/orders")

    assert [line.removeprefix("another ") for line in world.seen()] == case.seen


@of("L7", "scope is missing")
def test_scope_is_missing(world: World, case: Case) -> None:
    reports = world.mock.protect("/reports", scope="reports:read")
    connector = world.logged_in(case.connector)

    with pytest.raises(NeedsScope, match=r"^reports:read$"):
        connector.call(reports.url)

    assert world.seen() == case.seen


@of("L7", "step up")
def test_step_up(world: World, case: Case) -> None:
    reports = world.mock.protect("/reports", scope="reports:read", json=[])
    connector = world.logged_in(case.connector)

    with pytest.raises(NeedsScope) as needed:
        connector.call(reports.url)
    connector.finish(world.mock.approve(connector.start(scope=f"{connector.settings['scope']} {needed.value}")))
    answer = connector.call(reports.url)

    assert answer.json() == []
    assert world.seen() == case.seen


# -- two credentials, and one that changes -----------------------------------------------------------------------------


@of("L29", "two tenants")
def test_two_tenants(world: World, case: Case) -> None:
    calls = []
    for name in ("tenant-a", "tenant-b"):
        tenant = world.mock.issuer(name)
        connector = world.connector(
            case.connector, issuer=tenant, client=tenant.client("crm"), grant_type="client_credentials"
        )
        calls.append((connector, f"{tenant.api_url}/orders"))

    for connector, url in (*calls, calls[0]):
        connector.call(url)

    assert world.seen() == case.seen


@of("L29", "two users")
def test_two_users(world: World, case: Case) -> None:
    client = world.mock.client()
    connectors = [world.connector(case.connector, client=client, user=name) for name in ("alice", "bob")]
    for connector in connectors:
        connector.login(lambda url, user=connector.settings["user"]: world.mock.approve(f"{url}&login_hint={user}"))

    for connector in connectors:
        connector.call(f"{world.mock.api_url}/orders")

    owners = {f"Bearer {token.access_token}": token.username for token in world.mock.tokens}
    shown = [exchange.request.header_values("Authorization")[0] for exchange in world.mock.api.exchanges]
    assert world.seen() == case.seen
    assert [owners[header] for header in shown] == case.given["users"]


@of("L31", "secret", "secret at the server alone")
def test_secret_changes(world: World, case: Case) -> None:
    client = world.mock.client()
    connector = world.connector(case.connector, client=client, grant_type="client_credentials")
    connector.call(f"{world.mock.api_url}/orders")

    secret = client.rotate_secret()
    if case.title == "secret":
        connector.settings["client_secret"] = secret
    connector.call(f"{world.mock.api_url}/orders")
    if case.title == "secret at the server alone":
        world.pass_time(3600)
        with pytest.raises(Denied, match=r"^invalid_client$"):
            connector.call(f"{world.mock.api_url}/orders")

    assert world.seen() == case.seen


@of("L31", "scope")
def test_scope_changes(world: World, case: Case) -> None:
    reports = world.mock.protect("/reports", scope="reports:read")
    connector = world.connector(case.connector, grant_type="client_credentials", scope="orders:read")
    connector.call(f"{world.mock.api_url}/orders")

    connector.settings["scope"] = "orders:read reports:read"
    if case.connector == "right":
        connector.call(reports.url)
    else:
        with pytest.raises(NeedsScope, match=r"^reports:read$"):
            connector.call(reports.url)

    assert world.seen() == case.seen
