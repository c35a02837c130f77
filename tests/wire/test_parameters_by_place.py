"""What a connector may put anywhere arrives intact, over a real socket, and is recorded by where it was."""

from __future__ import annotations

import base64
import http.client
import urllib.parse

import httpx
import pytest

from mockserver import OAuthMock

_TEXTS = {
    "letters": "Az09-._~" * 128,
    "reserved": "&=#%+ ?/" * 128,
    "two octets": "äöüßéèñç" * 128,
    "three octets": "€漢字かなカナ語" * 128,
}


@pytest.fixture
def issuer() -> OAuthMock:
    """A server that is not started yet, with one client."""
    mock = OAuthMock()
    mock.client("crm", client_secret="s3cret")
    return mock


@pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS)
def test_twenty_parameters_of_1024_characters_in_every_place(issuer: OAuthMock, text: str) -> None:
    """Twenty rows in body, query and header at once: names, values, case and order come through."""
    rows = [(f"Custom-Key-{number}", f"{number:02}{text[2:]}") for number in range(20)]
    assert {len(value) for _, value in rows} == {1024}

    with issuer as mock:
        # httpx has no URLs of more than 64 KiB
        url = urllib.parse.urlsplit(mock.token_url)
        connection = http.client.HTTPConnection(url.netloc, timeout=10)
        connection.putrequest("POST", f"{url.path}?{urllib.parse.urlencode(rows)}")
        body = urllib.parse.urlencode([("grant_type", "client_credentials"), *rows]).encode()
        connection.putheader("Content-Type", "application/x-www-form-urlencoded")
        connection.putheader("Content-Length", str(len(body)))
        connection.putheader("Authorization", "Basic " + base64.b64encode(b"crm:s3cret").decode())
        for name, value in rows:
            connection.putheader(name, value.encode())
        connection.endheaders(body)
        answer = connection.getresponse()
        exchange = mock.journal.last
        connection.close()

    assert answer.status == 200
    assert list(exchange.request.query) == rows
    assert list(exchange.request.form) == [("grant_type", "client_credentials"), *rows]
    assert [name for name, _ in exchange.request.headers if name.startswith("Custom-")] == [name for name, _ in rows]
    for name, value in rows:
        assert exchange.sent(name) == {"body": (value,), "query": (value,), "header": (value,)}


def test_a_parameter_is_recorded_where_it_was_sent(issuer: OAuthMock) -> None:
    """Names are exact in body and query and not in headers; several values keep their order."""
    with issuer as mock:
        httpx.post(
            mock.token_url,
            params=[("format", "a"), ("format", "b"), ("Format", "c")],
            data={"grant_type": "client_credentials", "format": ""},
            headers=[(b"FORMAT", b"\xe9")],
            auth=("crm", "s3cret"),
        )
        exchange = mock.journal.last

    assert exchange.sent("format") == {"body": ("",), "query": ("a", "b"), "header": ("é",)}
    assert exchange.sent("Format") == {"body": (), "query": ("c",), "header": ("é",)}
    assert exchange.sent("x") == {"body": (), "query": (), "header": ()}
