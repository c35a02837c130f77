"""RFC 9110 15.4 and 11.6.1: what other people's clients keep of a PATCH over 307, 303 and 401."""

from __future__ import annotations

import collections.abc as cabc

import httpx
import pytest
import requests

from mockserver import Basic
from mockserver import OAuthMock
from mockserver import Open

_BODY = b'{"state":"sent"}'


def by_requests(url: str) -> int:
    return requests.patch(url, data=_BODY, auth=("crm", "s3cret"), timeout=10).status_code


def by_httpx(url: str) -> int:
    with httpx.Client(auth=("crm", "s3cret"), follow_redirects=True) as client:
        return client.patch(url, content=_BODY).status_code


@pytest.fixture
def running() -> cabc.Iterator[OAuthMock]:
    with OAuthMock() as server:
        yield server


@pytest.mark.parametrize("send", [by_requests, by_httpx])
@pytest.mark.parametrize(
    ("status", "method", "body"),
    [
        pytest.param(307, "PATCH", _BODY, id="307 keeps both"),
        pytest.param(308, "PATCH", _BODY, id="308 keeps both"),
        pytest.param(303, "GET", b"", id="303 keeps neither"),
    ],
)
def test_a_redirection_of_a_patch(
    running: OAuthMock, send: cabc.Callable[[str], int], status: int, method: str, body: bytes
) -> None:
    """RFC 9110 15.4.4, 15.4.8 and 15.4.9: on the same origin, with the credentials."""
    new = running.protect("/new", guard=Basic({"crm": "s3cret"}), json={})
    old = running.protect("/old", guard=Basic({"crm": "s3cret"}), status=status, headers={"Location": new.url})

    assert send(old.url) == 200
    assert [exchange.request.method for exchange in running.journal] == ["PATCH", method]
    (first,), (second,) = old.exchanges, new.exchanges
    assert (first.body.content, second.body.content) == (_BODY, body)
    assert (first.body == second.body) is (body == _BODY)


@pytest.mark.parametrize("send", [by_requests, by_httpx])
def test_credentials_do_not_go_to_another_origin(running: OAuthMock, send: cabc.Callable[[str], int]) -> None:
    """RFC 9110 15.4: another host is nobody to show a password to; Open would tell."""
    with OAuthMock() as other:
        target = other.protect("/new", guard=Open(), json={})
        elsewhere = target.url.replace("127.0.0.1", "localhost")
        old = running.protect("/old", guard=Basic({"crm": "s3cret"}), status=307, headers={"Location": elsewhere})

        assert send(old.url) == 200
        assert other.journal.last.why == "/new is open, and no credentials came"
        assert (other.journal.last.credentials, other.journal.last.body.content) == (None, _BODY)


def test_a_client_without_credentials_sees_the_challenge(running: OAuthMock) -> None:
    """RFC 9110 11.6.1: and repeats the same request, or the journal shows that it did not."""
    orders = running.protect("/orders", guard=Basic({"crm": "s3cret"}), json={})

    def patch(body: bytes) -> int:
        if httpx.patch(orders.url, content=body).status_code == 401:
            return httpx.patch(orders.url, content=body, auth=("crm", "s3cret")).status_code
        return 0

    assert patch(_BODY) == 200
    first, second = orders.exchanges
    assert (first.credentials, second.credentials, second.preemptive) == (None, "basic", False)
    assert first.body == second.body
