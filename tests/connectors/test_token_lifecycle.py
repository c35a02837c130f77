"""Rows 38 to 40: SAP's cache of tokens, its single flight and its early refresh."""

from __future__ import annotations

import concurrent.futures
import time

import time_machine

from connectors.errors import ConnectorError
from connectors.errors import Refused
from connectors.world import Connector
from connectors.world import World


def test_row_38_token_cache_by_credential_name(world: World) -> None:
    """S3:14."""
    world.prove(globals())


def ten_calls_cost_one_token(world: World) -> None:
    connector = world.sap()
    for _ in range(10):
        world.works(connector)


def one_token_more_after_expiry(world: World) -> None:
    connector = world.sap()
    world.works(connector)
    world.later(hours=1)
    for _ in range(3):
        world.works(connector)


def two_credentials_of_one_client(world: World) -> None:
    first, second = world.sap(name="orders"), world.sap(name="invoices")
    for connector in (first, second, first, second):
        world.works(connector)


def one_credential_in_two_adapters_at_once(world: World) -> None:
    """The first waits at the token endpoint while the second asks; then both go on with one token."""
    _at_once(world, [world.sap(), world.sap()])


# -- row 39 ------------------------------------------------------------------------------------------------------------


def test_row_39_single_flight(world: World) -> None:
    """S3:14."""
    world.prove(globals())


def _at_once(world: World, connectors: list[Connector]) -> None:
    """All call while a request is held at the token endpoint; it goes on alone when no second one has come."""
    barrier = world.issuer.token_endpoint.hold(2, timeout=0.3)
    with concurrent.futures.ThreadPoolExecutor(len(connectors)) as pool:
        for done in [pool.submit(world.works, connector) for connector in connectors]:
            done.result()
    assert barrier.together == 1


def five_adapters_and_one_request(world: World) -> None:
    _at_once(world, [world.sap() for _ in range(5)])
    assert len(world.orders.exchanges) == 5


def stampede_is_detected(world: World) -> None:
    """Three caches, as three worker nodes have them, ask at once."""
    barrier = world.issuer.token_endpoint.hold(3)
    connectors = [world.boomi() for _ in range(3)]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(world.works, connector) for connector in connectors]:
            done.result()
    assert barrier.together == 3
    assert {exchange.fault for exchange in world.asked_for_tokens} == {"hold(3): 3 together"}


def the_one_request_fails(world: World) -> None:
    """Whoever waits for it gets its error, or asks once more for himself; nobody gets a token from nowhere."""
    barrier = world.issuer.token_endpoint.hold(2)
    world.issuer.token_endpoint.fail(503, times=3)
    connectors = [world.sap() for _ in range(3)]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(world.call, connector) for connector in connectors]
        barrier.wait_for(1)
        barrier.open()
        errors = [one.exception() for one in waiting]
    assert all(isinstance(error, Refused) for error in errors)
    assert len(world.issuer.tokens) == 0
    assert len(world.orders.exchanges) == 0


# -- row 40 ------------------------------------------------------------------------------------------------------------


def test_row_40_early_refresh(world: World) -> None:
    """S3:14, current text of the page."""
    world.prove(globals())


def five_minutes_before_expiry(world: World) -> None:
    connector = world.sap()
    world.works(connector)
    world.later(minutes=54)
    world.works(connector)
    assert len(world.asked_for_tokens) == 1
    world.later(minutes=1)
    world.works(connector)
    assert world.issuer.tokens[0].alive


def does_not_spin(world: World) -> None:
    """Ten calls at one time cost one token, however short it lives."""
    connector = world.sap()
    with time_machine.travel(time.time(), tick=False):
        for _ in range(10):
            world.works(connector)


def _outcomes(world: World, connector: Connector) -> list[str]:
    """Of twenty calls at one time: the name of the error, or the status."""
    outcomes = []
    for _ in range(20):
        try:
            outcomes.append(str(connector.call("PATCH", world.orders.url).status_code))
        except ConnectorError as error:
            outcomes.append(type(error).__name__)
    return outcomes


def loop_is_detected(world: World) -> None:
    """Without the rule of ten minutes each call fetches a token, until the server says 429; then there is silence."""
    world.credentials = world.cache(ten_minute_rule=False)
    connector = world.sap()
    assert _outcomes(world, connector) == ["200"] * 5 + ["Busy"] * 15
    world.later(seconds=30)
    assert _outcomes(world, connector)[0] == "Busy"


def zero_seconds(world: World) -> None:
    """A token that is over when it comes: a call fails after its second one, and asks for no third."""
    assert _outcomes(world, world.sap()) == ["NotAuthorized"] * 2 + ["Busy"] * 18
