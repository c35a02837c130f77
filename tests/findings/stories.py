"""What happens to a connector: what people and servers do. The right one comes through all of it clean."""

from __future__ import annotations

import contextlib
import threading
import time
import typing

import httpx
import msgspec

from findings.connector import Connector
from findings.connector import Failed
from findings.connector import Settings
from findings.connector import Store
from mockserver import Issuer
from mockserver import OAuthMock
from mockserver import Open

__all__ = ["STORIES", "World"]

_HOUR = 3600
_REDIRECTS = (
    *("http://127.0.0.1:8765/callback", "http://localhost:8765/callback"),
    *("http://app.example/callback", "crm:/callback"),
)


class World:
    """A mock, a clock that nobody waits for, and connectors of one class."""

    def __init__(self, mock: OAuthMock, http: httpx.Client, kind: type[Connector]) -> None:
        self.mock = mock
        self._http = http
        self._kind = kind
        self._now = time.time()
        self.store: Store = {}

    def now(self) -> float:
        return self._now

    def pass_time(self, seconds: float) -> None:
        self._now += seconds
        self.mock.clock.advance(seconds=seconds)

    def connector(
        self, issuer: Issuer | None = None, *, client: dict[str, typing.Any] | None = None, **settings: typing.Any
    ) -> Connector:
        """A connection of a client of its own, whose secret shows whether Basic is encoded."""
        issuer = self.mock if issuer is None else issuer
        options = {"client_secret": "100%+sure, and long enough", "redirect_uris": _REDIRECTS, **(client or {})}
        registered = issuer.client(**options)
        return self.again(
            Settings(
                client_id=registered.client_id,
                client_secret=registered.client_secret,
                authorize_url=issuer.authorize_url,
                token_url=issuer.token_url,
                **{"grant_type": "authorization_code", "api_url": issuer.api_url, **settings},
            )
        )

    def again(self, settings: Settings) -> Connector:
        """The same connection in a process that has just started."""
        return self._kind(settings, self._http, self.store, now=self.now, sleep=self.pass_time)

    def machine(self, **options: typing.Any) -> Connector:
        """One that needs no person."""
        return self.connector(grant_type="client_credentials", scope="orders invoices", **options)

    def logged_in(self, **options: typing.Any) -> Connector:
        connector = self.connector(**options)
        connector.login(self.mock.approve)
        return connector


def login(world: World) -> None:
    world.logged_in().call("GET", "/orders")


def two_logins(world: World) -> None:
    connector = world.connector()
    for _ in range(2):
        connector.login(world.mock.approve)
        connector.call("GET", "/orders")


def a_day(world: World) -> None:
    connector = world.logged_in()
    for _ in range(4):
        connector.call("GET", "/orders")
        world.pass_time(_HOUR)


def restart(world: World) -> None:
    connector = world.logged_in()
    for _ in range(2):
        world.pass_time(_HOUR)
        connector.call("GET", "/orders")
    world.pass_time(_HOUR)
    world.again(connector.settings).call("GET", "/orders")


def machine(world: World) -> None:
    connector = world.machine()
    for _ in range(3):
        connector.call("GET", "/orders")


def short_life(world: World) -> None:
    connector = world.machine(client={"access_token_lifetime": 240})
    for _ in range(12):
        connector.call("GET", "/orders")
        world.pass_time(15)


def a_crowd(world: World) -> None:
    connector = world.logged_in(client={"refresh_policy": "static"})
    world.pass_time(_HOUR)
    world.mock.token_endpoint.delay(0.5, times=3, optional=True)
    gate = threading.Barrier(3)

    def call() -> None:
        gate.wait()
        connector.call("GET", "/orders")

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def token_endpoint_limits(world: World) -> None:
    world.mock.token_endpoint.fail(429, retry_after=30)
    world.machine().call("GET", "/orders")


def token_endpoint_is_down(world: World) -> None:
    world.mock.token_endpoint.fail(503, times=3)
    world.machine().call("GET", "/orders")


def token_endpoint_moves(world: World) -> None:
    world.mock.token_endpoint.redirect(to=world.mock.token_url.replace("127.0.0.1", "localhost"))
    world.machine().call("GET", "/orders")


def answer_without_a_token(world: World) -> None:
    world.mock.token_endpoint.alter({"access_token": None})
    world.machine().call("GET", "/orders")


def api_ends_a_token(world: World) -> None:
    connector = world.machine()
    connector.call("GET", "/orders")
    world.mock.tokens.last.revoke()
    connector.call("GET", "/orders")


def api_takes_no_token(world: World) -> None:
    world.mock.api.fail(401, times=6, optional=True)
    world.machine().call("GET", "/orders")


def not_allowed(world: World) -> None:
    invoices = world.mock.protect("/invoices", scope="accounting")
    world.machine(api_url=world.mock.url).call("GET", invoices.path)


def person_withdraws(world: World) -> None:
    connector = world.logged_in()
    world.mock.tokens.last.revoke()
    for _ in range(2):
        with contextlib.suppress(Failed):
            connector.call("GET", "/orders")


def two_tenants(world: World) -> None:
    for name in ("tenant-a", "tenant-b"):
        issuer = world.mock.issuer(name)
        connector = world.connector(issuer, client={"client_id": "crm"})
        connector.login(issuer.approve)
        connector.call("GET", "/orders")
    for name in ("tenant-a", "tenant-b"):
        issuer = world.mock.issuer(name)
        again = Settings(
            grant_type="authorization_code",
            client_id="crm",
            client_secret="100%+sure, and long enough",
            authorize_url=issuer.authorize_url,
            token_url=issuer.token_url,
            api_url=issuer.api_url,
        )
        world.again(again).call("GET", "/orders")


def another_client(world: World) -> None:
    world.logged_in()
    world.pass_time(_HOUR)
    world.connector().call("GET", "/orders")


def challenge(world: World) -> None:
    orders = world.mock.protect("/orders", challenge=True)
    world.machine(preemptive=False, api_url=world.mock.url).call("POST", orders.path, b'{"item": "tea"}')


def status_page(world: World) -> None:
    status = world.mock.protect("/status", guard=Open())
    connector = world.machine()
    connector.call("GET", "/orders")
    world.again(msgspec.structs.replace(connector.settings, api_url=world.mock.url)).look(status.path)


def gateway_fails(world: World) -> None:
    connector = world.machine()
    world.mock.api.fail(502)
    connector.call("POST", "/orders", b'{"item": "tea"}')


STORIES = {
    story.__name__.replace("_", " "): story
    for story in (
        *(login, two_logins, a_day, restart, machine, short_life, a_crowd, two_tenants, another_client),
        *(token_endpoint_limits, token_endpoint_is_down, token_endpoint_moves, answer_without_a_token),
        *(api_ends_a_token, api_takes_no_token, not_allowed, person_withdraws, challenge, status_page, gateway_fails),
    )
}
