"""curl and the guards: Digest in every form that it knows, Basic, keys. Needs the program curl."""

from __future__ import annotations

import collections.abc as cabc
import os
import subprocess
import typing

import pytest

from mockserver import AnyOf
from mockserver import ApiKey
from mockserver import Basic
from mockserver import Digest
from mockserver import OAuthMock
from mockserver import SigV4

_USERS = {"crm": "s3cret"}


@pytest.fixture
def mock() -> cabc.Iterator[OAuthMock]:
    """A server over plain HTTP."""
    with OAuthMock() as server:
        yield server


def curl(*arguments: str) -> str:
    """The status; quiet but for errors, without the user's settings, never longer than ten seconds."""
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    command = ["curl", "-q", "-sS", "--max-time", "10", "-o", os.devnull, "-w", "%{http_code}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "settings",
    [
        {"algorithms": "MD5"},
        {"algorithms": "MD5-sess"},
        {"algorithms": "SHA-256"},
        {"algorithms": "SHA-256-sess"},
        {"algorithms": "MD5", "qop": ()},
        {"algorithms": "SHA-256", "qop": ("auth", "auth-int")},
        {"algorithms": "SHA-256", "userhash": True},
        {"algorithms": "MD5", "next_nonce": True},
    ],
    ids=str,
)
def test_curl_proves_its_password(mock: OAuthMock, settings: dict[str, typing.Any]) -> None:
    """RFC 7616 3.6: PATCH with a body; curl sends it without one until it was challenged."""
    orders = mock.protect("/orders", guard=Digest(_USERS, **settings), json=[])
    patch = ("-X", "PATCH", "-d", '{"state":"sent"}')

    assert curl("--digest", "-u", "crm:s3cret", *patch, f"{orders.url}?page=2") == "200"
    first, second = orders.exchanges
    assert (first.status, first.body.length) == (401, 0)
    assert (second.guard, second.caller, second.body.content) == ("digest", "crm", b'{"state":"sent"}')


def test_curl_takes_the_strongest_that_it_knows(mock: OAuthMock) -> None:
    """RFC 9110 11.6.1: Digest before Basic, in one field or in two."""
    for one_field in (False, True):
        guard = AnyOf(Basic(_USERS), Digest(_USERS, algorithms="SHA-256"), one_field=one_field)
        orders = mock.protect("/orders", guard=guard, json=[])
        assert curl("--anyauth", "-u", "crm:s3cret", orders.url) == "200"
        assert mock.journal.last.guard == "digest"


def test_curl_at_a_proxy(mock: OAuthMock) -> None:
    """RFC 7616 3.8: 407, and the target in absolute form."""
    mock.protect("/orders", guard=Digest(_USERS, algorithms="SHA-256", proxy=True), app=mock.echo)
    proxy = ("-x", mock.url, "--proxy-digest", "-U", "crm:s3cret")

    assert curl(*proxy, "http://api.example/orders?a=b") == "200"
    assert [exchange.status for exchange in mock.journal] == [407, 200]
    assert mock.journal.last.request.target == "http://api.example/orders?a=b"


def test_curl_is_refused(mock: OAuthMock) -> None:
    """RFC 7616 3.3: a wrong password, once."""
    orders = mock.protect("/orders", guard=Digest(_USERS, algorithms="MD5"), json=[])

    assert curl("--digest", "-u", "crm:wrong", orders.url) == "401"
    assert len(orders.exchanges) == 2


def test_curl_with_a_name_and_a_key(mock: OAuthMock) -> None:
    """RFC 7617 2; and a header."""
    orders = mock.protect("/orders", guard=AnyOf(Basic({"päul": "grün"}), ApiKey("k-123")), json=[])

    assert curl("-u", "päul:grün", orders.url) == "200"
    assert curl("-H", "X-Api-Key: k-123", orders.url) == "200"
    assert [exchange.caller for exchange in orders.exchanges] == ["päul", None]


def test_curl_signs_for_aws(mock: OAuthMock) -> None:
    """`--aws-sigv4`: a service of the user's own, PATCH with a body; another secret is refused."""
    api = mock.protect("/v1", app=mock.echo, guard=SigV4({"AKIDEXAMPLE": "s3cret"}, service="execute-api"))
    patch = ("--aws-sigv4", "aws:amz:eu-west-1:execute-api", "-X", "PATCH", "-d", '{"state":"sent"}')

    assert curl(*patch, "-u", "AKIDEXAMPLE:s3cret", f"{api.url}/orders/7?a=1&b=2") == "200", mock.journal.last.why
    assert (mock.journal.last.guard, mock.journal.last.caller) == ("sigv4", "AKIDEXAMPLE")
    assert curl(*patch, "-u", "AKIDEXAMPLE:other", f"{api.url}/orders/7") == "403"
    assert mock.journal.last.error == "InvalidSignatureException"
