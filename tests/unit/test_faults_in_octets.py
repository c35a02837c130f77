"""Faults of delivery as a socket sees them: cut, reset, garbage, odd frames, a pause between head and body."""

from __future__ import annotations

import socket
import typing

import httpx
import pytest
from werkzeug.test import Client

from mockserver import OAuthMock
from mockserver.faults import FaultPlan
from mockserver.serving.channel import ClientDisconnected

_GUARD = 5.0


def _exchange(server: OAuthMock, method: str = "GET") -> tuple[bytes, bool]:
    """Everything that comes, and whether the connection was reset."""
    url = httpx.URL(server.jwks_url)
    with socket.create_connection((url.host, url.port), timeout=_GUARD) as sock:
        sock.sendall(f"{method} {url.path} HTTP/1.1\r\nHost: {url.netloc.decode()}\r\n\r\n".encode())
        pieces = []
        try:
            while piece := sock.recv(65536):
                pieces.append(piece)
        except ConnectionResetError:
            return b"".join(pieces), True
    return b"".join(pieces), False


@pytest.fixture
def body(running: OAuthMock) -> bytes:
    """What the JWK Set is when nothing is wrong."""
    return httpx.get(running.jwks_url).content


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("at", ["before_head", "in_head", "after_head", "in_body", "after_body"])
def test_an_answer_is_cut(running: OAuthMock, body: bytes, at: typing.Any, reset: bool, chunked: bool) -> None:
    """RFC 9112 8: as much as that comes, and the framing tells the client that it is not all."""
    running.jwks_endpoint.cut(at, chunked=chunked, reset=reset)

    octets, was_reset = _exchange(running)

    head, separator, rest = octets.partition(b"\r\n\r\n")
    assert was_reset is reset
    assert bool(separator) is (at not in ("before_head", "in_head"))
    assert (octets == b"") is (at == "before_head")
    if separator:
        assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: application/jwk-set+json\r\n")
        framing = b"Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body) + 100}".encode()
        assert framing in head
        assert (rest == b"") is (at == "after_head")
        assert not rest.endswith(b"0\r\n\r\n")
    if at == "after_body" and not chunked:
        assert rest == body
    elif at == "in_body" and not chunked:
        assert rest == body[: len(body) // 2]
    last = running.journal.last
    assert (last.status, last.verdict, running.journal.was_delivered(last)) == (200, "accepted", False)
    assert httpx.get(running.jwks_url).content == body
    assert running.exceptions == []


def test_a_head_alone_is_cut_as_well(running: OAuthMock) -> None:
    """HEAD has no body to cut (RFC 9110 9.3.2)."""
    running.jwks_endpoint.cut("after_body")

    octets, was_reset = _exchange(running, "HEAD")

    assert octets.endswith(b"Connection: close\r\n\r\n")
    assert not was_reset


def test_noise_is_the_same_in_every_run(running: OAuthMock) -> None:
    """By its seed and size."""
    for size, seed in ((512, 0), (512, 0), (512, 1), (7, 0)):
        running.jwks_endpoint.garbage(size, seed=seed)

    first, second, other, short = (_exchange(running)[0] for _ in range(4))

    assert first == second != other
    assert [len(noise) for noise in (first, other, short)] == [512, 512, 7]
    assert not first.startswith(b"HTTP/")
    assert [exchange.fault for exchange in running.journal] == [*["garbage()"] * 3, "garbage(7)"]
    assert not any(running.journal.was_delivered(exchange) for exchange in running.journal)


@pytest.mark.parametrize(
    ("framing", "start", "framed"),
    [
        ("http_1_0", b"HTTP/1.0 200 OK\r\n", [b"Content-Length: {length}"]),
        ("chunked", b"HTTP/1.1 200 OK\r\n", [b"Transfer-Encoding: chunked"]),
        ("until_closed", b"HTTP/1.1 200 OK\r\n", []),
        ("lower_case", b"HTTP/1.1 200 OK\r\ncontent-type: ", [b"content-length: {length}"]),
        ("two_lengths", b"HTTP/1.1 200 OK\r\n", [b"Content-Length: {length}"] * 2),
        ("two_different_lengths", b"HTTP/1.1 200 OK\r\n", [b"Content-Length: {length}", b"Content-Length: {longer}"]),
    ],
)
def test_an_answer_is_framed_as_few_servers_do(
    running: OAuthMock, body: bytes, framing: typing.Any, start: bytes, framed: list[bytes]
) -> None:
    """RFC 9112 6, 7.1: the whole body comes each time, and then the end of the connection."""
    running.jwks_endpoint.frame_as(framing)

    octets, was_reset = _exchange(running)

    head, _, rest = octets.partition(b"\r\n\r\n")
    assert octets.startswith(start)
    assert not was_reset
    found = [line for line in head.split(b"\r\n") if line.lower().startswith((b"content-length", b"transfer-"))]
    lengths = (str(len(body)).encode(), str(len(body) + 1).encode())
    assert found == [line.replace(b"{length}", lengths[0]).replace(b"{longer}", lengths[1]) for line in framed]
    assert (_unchunked(rest) if framing == "chunked" else rest) == body
    assert running.journal.was_delivered(running.journal.last)


def _unchunked(octets: bytes) -> bytes:
    found = b""
    while not octets.startswith(b"0\r\n"):
        size, _, octets = octets.partition(b"\r\n")
        found, octets = found + octets[: int(size, 16)], octets[int(size, 16) + 2 :]
    assert octets == b"0\r\n\r\n"
    return found


def test_who_leaves_before_the_octets_did_not_get_them(running: OAuthMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's error."""

    def gone(channel: object, octets: bytes) -> None:
        raise ClientDisconnected

    monkeypatch.setattr("mockserver.serving.channel.Channel.send", gone)
    running.jwks_endpoint.frame_as("chunked")

    assert _exchange(running) == (b"", False)
    assert not running.journal.was_delivered(running.journal.last)
    assert running.exceptions == []


def test_a_pause_comes_between_head_and_body(running: OAuthMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes before the first piece of a drip; one before the head is another."""
    pauses: list[float] = []
    monkeypatch.setattr(FaultPlan, "pause", lambda plan, seconds: pauses.append(seconds))
    running.jwks_endpoint.delay(2, before="body")
    running.jwks_endpoint.delay(2, before="body", nth=2)
    running.jwks_endpoint.drip(1, pieces=2, nth=2)
    running.jwks_endpoint.drip(1, pieces=2, nth=3)
    running.jwks_endpoint.delay(4, before="body", nth=3)
    running.jwks_endpoint.delay(8, nth=4)

    answers = [httpx.get(running.jwks_url).content for _ in range(4)]

    assert len({*answers}) == 1
    assert pauses == [2, *(2.5, 0.5), *(4.5, 0.5), 8]
    assert [exchange.fault for exchange in running.journal] == [
        "delay(2, before=body)",
        "delay(2, before=body), drip(1, pieces=2)",
        "drip(1, pieces=2), delay(4, before=body)",
        "delay(8)",
    ]


@pytest.mark.parametrize(
    ("arm", "status", "delivered"),
    [
        (lambda endpoint: endpoint.cut(), 502, False),
        (lambda endpoint: endpoint.garbage(), 502, False),
        (lambda endpoint: endpoint.frame_as("http_1_0"), 200, True),
    ],
    ids=["cut", "garbage", "frame_as"],
)
def test_a_server_that_frames_by_itself_does_as_a_gateway_would(
    mock: OAuthMock, http: Client, arm: typing.Any, status: int, delivered: bool
) -> None:
    """RFC 9110 15.6.3; what is only framed oddly is framed by that server."""
    arm(mock.jwks_endpoint)

    assert http.get("/jwks").status_code == status
    assert mock.journal.was_delivered(mock.journal.last) is delivered
