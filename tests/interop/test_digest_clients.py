"""requests and httpx against Digest (RFC 7616): what they can, and where they stop."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import typing

import httpx
import pytest
import requests
from requests.auth import HTTPDigestAuth
from requests.auth import HTTPProxyAuth

from mockserver import AnyOf
from mockserver import Basic
from mockserver import Digest
from mockserver import OAuthMock

_USERS = {"crm": "s3cret"}
_BODY = b'{"state":"sent"}'


@pytest.fixture
def server() -> cabc.Iterator[OAuthMock]:
    with OAuthMock() as mock:
        yield mock


Patch = cabc.Callable[[str], int]


@contextlib.contextmanager
def by_requests(password: str = "s3cret") -> cabc.Iterator[Patch]:
    """A session, which keeps the nonce."""
    with requests.Session() as session:
        session.auth = HTTPDigestAuth("crm", password)
        yield lambda url: session.patch(url, data=_BODY, timeout=10).status_code


@contextlib.contextmanager
def by_httpx(password: str = "s3cret") -> cabc.Iterator[Patch]:
    """A client, which keeps the nonce."""
    with httpx.Client(auth=httpx.DigestAuth("crm", password)) as client:
        yield lambda url: client.patch(url, content=_BODY).status_code


_CLIENTS = pytest.mark.parametrize("make", [by_requests, by_httpx])


@_CLIENTS
@pytest.mark.parametrize(
    "settings",
    [
        {"algorithms": "MD5"},
        {"algorithms": "SHA-256"},
        {"algorithms": "MD5", "qop": ()},
        {"algorithms": "SHA-256", "qop": ("auth", "auth-int")},
        {"algorithms": "MD5", "userhash": True},
        {"algorithms": "MD5", "charset": None},
        {"algorithms": "MD5", "next_nonce": True},
    ],
    ids=str,
)
def test_a_patch_is_challenged_and_repeated(
    server: OAuthMock, make: typing.Any, settings: dict[str, typing.Any]
) -> None:
    """RFC 7616 3.6: with the same body; the second request comes at once with the next count."""
    orders = server.protect("/orders", guard=Digest(_USERS, **settings), json=[])
    with make() as patch:
        assert [patch(f"{orders.url}?page=2") for _ in range(2)] == [200, 200]

    seen = [(exchange.status, exchange.credentials, exchange.body.content) for exchange in orders.exchanges]
    assert seen == [(401, None, _BODY), (200, "digest", _BODY), (200, "digest", _BODY)]
    assert not any(exchange.preemptive for exchange in orders.exchanges)


@_CLIENTS
def test_a_stale_nonce_is_replaced(server: OAuthMock, make: typing.Any) -> None:
    """RFC 7616 3.3: one request more, and nobody is asked."""
    orders = server.protect("/orders", guard=Digest(_USERS, algorithms="MD5"), json=[])
    with make() as patch:
        patch(orders.url)
        server.clock.advance(minutes=10)
        assert patch(orders.url) == 200

    assert [exchange.status for exchange in orders.exchanges] == [401, 200, 401, 200]
    assert "s old; it is good for 300 s" in orders.exchanges[2].why


@_CLIENTS
def test_a_wrong_password_ends_it(server: OAuthMock, make: typing.Any) -> None:
    """RFC 7616 3.3: no endless loop."""
    orders = server.protect("/orders", guard=Digest(_USERS, algorithms="MD5"), json=[])

    with make("wrong") as patch:
        assert patch(orders.url) == 401
    assert len(orders.exchanges) == 2
    assert orders.exchanges[1].why.startswith("the response of user 'crm' is wrong")


def test_httpx_takes_the_first_challenge_of_several(server: OAuthMock) -> None:
    """RFC 7616 3.7: in fields of their own; Basic beside them is passed over."""
    guard = AnyOf(Basic(_USERS), Digest(_USERS, algorithms=["SHA-256", "MD5"]))
    orders = server.protect("/orders", guard=guard, json=[])

    with by_httpx() as patch:
        assert patch(orders.url) == 200
    assert "(Digest SHA-256, qop auth)" in server.journal.last.why


def test_requests_merges_several_challenges(server: OAuthMock) -> None:
    """RFC 7616 3.7: it reads all as one, so that the last of each parameter wins."""
    orders = server.protect("/orders", guard=Digest(_USERS, algorithms=["SHA-256", "MD5"]), json=[])

    with by_requests() as patch:
        assert patch(orders.url) == 200
    assert "(Digest MD5, qop auth)" in server.journal.last.why


def test_httpx_gives_up_where_it_does_not_know_the_algorithm(server: OAuthMock) -> None:
    """RFC 7616 3.7: it does not pass over the first one."""
    orders = server.protect("/orders", guard=Digest(_USERS, algorithms=["SHA-512-256", "MD5"]), json=[])

    with by_httpx() as patch, pytest.raises(KeyError, match="SHA-512-256"):
        patch(orders.url)


def test_auth_int_alone_is_more_than_they_can(server: OAuthMock) -> None:
    """RFC 7616 3.4.3: requests sends no credentials, httpx says so."""
    orders = server.protect("/orders", guard=Digest(_USERS, qop="auth-int"), json=[])

    with by_requests() as patch:
        assert patch(orders.url) == 401
    with by_httpx() as patch, pytest.raises(NotImplementedError):
        patch(orders.url)


def test_requests_behind_a_proxy_that_wants_basic(server: OAuthMock) -> None:
    """RFC 9110 11.7: the mock as the proxy, in front of its own echo."""
    server.protect("/orders", guard=Basic(_USERS, proxy=True), app=server.echo)
    proxies = {"http": server.url}
    url = "http://api.example/orders"

    assert requests.get(url, proxies=proxies, timeout=10).status_code == 407
    assert requests.get(url, proxies=proxies, auth=HTTPProxyAuth("crm", "s3cret"), timeout=10).status_code == 200
