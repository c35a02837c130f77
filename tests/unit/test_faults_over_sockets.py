"""Faults as a client meets them: barriers, silence, cut connections, drops."""

from __future__ import annotations

import collections.abc as cabc
import concurrent.futures
import contextlib
import itertools
import pathlib
import re
import socket
import ssl
import struct
import threading
import time
import typing

import httpx
import pytest

from mockserver import OAuthMock
from mockserver.faults import FaultPlan

_GUARD = 5.0  # seconds: no test waits longer for a socket or a thread
_FORM = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": "s3cret"}


@pytest.fixture
def server(running: OAuthMock) -> OAuthMock:
    """With a client."""
    running.client("crm", client_secret="s3cret")
    return running


@pytest.fixture
def crowd() -> cabc.Iterator[concurrent.futures.ThreadPoolExecutor]:
    """Threads for clients."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        yield pool


def _token(server: OAuthMock, *, timeout: float = _GUARD) -> httpx.Response:
    return httpx.post(server.token_url, data=_FORM, timeout=timeout)


def _connect(server: OAuthMock) -> socket.socket:
    address = httpx.URL(server.url)
    return socket.create_connection((address.host, address.port), timeout=_GUARD)


def _request(server: OAuthMock, method: str, path: str) -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: {httpx.URL(server.url).netloc.decode()}\r\n\r\n".encode()


def _rest(sock: socket.socket) -> bytes:
    pieces = []
    while piece := sock.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


# -- hold --------------------------------------------------------------------------------------------------------------


def test_held_requests_go_on_together(server: OAuthMock, crowd: concurrent.futures.Executor) -> None:
    """No work is done before the last has come; the one after is not held."""
    barrier = server.token_endpoint.hold(3)
    answers = [crowd.submit(_token, server) for _ in range(2)]
    barrier.wait_for(2)
    assert (len(server.journal), len(server.tokens)) == (0, 0)

    answers.append(crowd.submit(_token, server))

    assert [answer.result().status_code for answer in answers] == [200] * 3
    assert _token(server).status_code == 200
    assert [exchange.fault for exchange in server.journal] == [*["hold(3): 3 together"] * 3, ""]
    assert {exchange.verdict for exchange in server.journal} == {"accepted"}
    assert (barrier.together, len(server.tokens)) == (3, 4)


def test_one_that_comes_alone_goes_on_in_time(server: OAuthMock) -> None:
    """As from a connector that fetches one token for all; nobody is held afterwards."""
    barrier = server.token_endpoint.hold(3, timeout=0.05)

    assert [_token(server).status_code for _ in range(2)] == [200, 200]

    assert [exchange.fault for exchange in server.journal] == ["hold(3): 1 together", ""]
    assert server.journal[0].seconds >= 0.05
    assert barrier.together == 1
    assert server.state.faults.unused() == []


def test_a_barrier_can_be_opened_by_the_test(server: OAuthMock, crowd: concurrent.futures.Executor) -> None:
    """After something was done while the request stood there."""
    barrier = server.token_endpoint.hold(2, timeout=3600)
    answer = crowd.submit(_token, server)
    barrier.wait_for(1)
    barrier.open()

    assert answer.result(_GUARD).status_code == 200


def test_of_those_held_one_may_fail(server: OAuthMock, crowd: concurrent.futures.Executor) -> None:
    """A fault that answers in place of the endpoint comes after the wait; so does one at delivery."""
    server.token_endpoint.hold(3)
    server.token_endpoint.fail(503)
    server.token_endpoint.delay(0.01)

    answers = [crowd.submit(_token, server) for _ in range(3)]

    assert sorted(answer.result().status_code for answer in answers) == [200, 200, 503]
    assert all(exchange.fault.startswith("hold(3): 3 together") for exchange in server.journal)
    assert sum("fail(503)" in exchange.fault for exchange in server.journal) == 1
    assert sum("delay(0.01)" in exchange.fault for exchange in server.journal) == 1


def test_a_reset_lets_go_of_those_held(server: OAuthMock, crowd: concurrent.futures.Executor) -> None:
    """They end in the state that they arrived in."""
    barrier, journal = server.token_endpoint.hold(3, timeout=3600), server.journal
    answers = [crowd.submit(_token, server) for _ in range(2)]
    barrier.wait_for(2)
    server.reset()

    assert [answer.result(_GUARD).status_code for answer in answers] == [200, 200]
    assert [exchange.fault for exchange in journal] == ["hold(3): 2 together"] * 2
    assert list(server.journal) == []


def test_a_stop_lets_go_of_those_held(server: OAuthMock, crowd: concurrent.futures.Executor) -> None:
    """Their connections are closed, and the threads are gone."""
    barrier, port = server.token_endpoint.hold(2, timeout=3600), httpx.URL(server.url).port
    answer = crowd.submit(_token, server)
    barrier.wait_for(1)
    server.stop()

    # Whether the answer was on its way before the connection was closed is chance.
    with contextlib.suppress(httpx.TransportError):
        assert answer.result(_GUARD).status_code == 200
    assert _threads(port) == []


# -- never_answer ------------------------------------------------------------------------------------------------------


def _threads(port: int | None) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(f"oauthmock-{port}-")]


def _descriptors() -> int:
    return len(list(pathlib.Path("/proc/self/fd").iterdir()))


def test_a_request_that_is_never_answered_does_nothing(server: OAuthMock) -> None:
    """The journal has it at once; the next one is served, and faults at delivery wait for it."""
    server.token_endpoint.never_answer()
    server.token_endpoint.delay(0.01)

    with pytest.raises(httpx.ReadTimeout):
        _token(server, timeout=0.1)

    assert len(server.tokens) == 0
    assert _token(server).status_code == 200
    first, second = server.journal
    assert (first.status, first.outcome, first.verdict, first.error) == (0, "no answer", "faulted", None)
    assert first.why == "the armed fault never_answer() took the request and gave no answer"
    assert re.match(r"#1  POST /token +no answer ", first.lines()[0])
    assert (first.fault, second.fault) == ("never_answer()", "delay(0.01)")
    assert [server.journal.was_delivered(exchange) for exchange in server.journal] == [False, True]
    assert (len(server.tokens), server.exceptions) == (1, [])


@pytest.mark.parametrize("end", ["the client", "reset", "stop"])
def test_20_connections_that_are_never_answered_leave_nothing_behind(server: OAuthMock, end: str) -> None:
    """Neither thread nor descriptor; no octet was sent, pipelined requests or not."""
    port = httpx.URL(server.url).port
    before = _descriptors()
    server.jwks_endpoint.never_answer(times=20)
    clients = [_connect(server) for _ in range(20)]
    for number, client in enumerate(clients):
        client.sendall(_request(server, "HEAD" if number % 3 else "GET", "/jwks") * (1 + number % 2))
    journal = server.journal
    journal.wait_for(20)
    assert len(_threads(port)) > 20

    if end == "reset":
        server.reset()
    elif end == "stop":
        server.stop()
    for client in clients:
        if end != "the client":
            with contextlib.suppress(ConnectionResetError):  # a pipelined request was left unread
                assert _rest(client) == b""
        client.close()

    deadline = time.monotonic() + _GUARD
    while len(left := _threads(port)) > (0 if end == "stop" else 8) or _descriptors() > before:
        assert time.monotonic() < deadline, (left, _descriptors(), before)
        left[-1].join(0.01)
    assert len(journal) == 20
    assert not any(journal.was_delivered(exchange) for exchange in journal)
    assert server.exceptions == []


def test_a_silent_server_stays_silent(server: OAuthMock) -> None:
    """The connection stays open for whoever waits."""
    server.jwks_endpoint.never_answer()
    with _connect(server) as client:
        client.sendall(_request(server, "GET", "/jwks"))
        server.journal.wait_for(1)
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1)


# -- lose_answer -------------------------------------------------------------------------------------------------------


def test_a_lost_answer_was_work_done(server: OAuthMock) -> None:
    """The token is issued, the client has nothing, the journal knows both; another connection is served."""
    server.token_endpoint.lose_answer()

    with pytest.raises(httpx.RemoteProtocolError):
        _token(server)

    assert len(server.tokens) == 1
    assert _token(server).status_code == 200
    first, second = server.journal
    assert (first.status, first.verdict, first.fault, second.fault) == (200, "accepted", "lose_answer()", "")
    assert [server.journal.was_delivered(exchange) for exchange in server.journal] == [False, True]


def test_a_rotation_whose_answer_is_lost_costs_the_refresh_token(server: OAuthMock) -> None:
    """RFC 9700 4.14.2: the old one was used, and nobody has the new one."""
    client = server.client()
    form = {
        "grant_type": "refresh_token",
        "refresh_token": client.grant().refresh_token,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
    }
    server.token_endpoint.lose_answer()
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(server.token_url, data=form)

    retried = httpx.post(server.token_url, data=form)

    assert (retried.status_code, retried.json()["error"]) == (400, "invalid_grant")
    assert [exchange.status for exchange in server.journal] == [200, 400]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_lost_answer_is_the_end_of_its_connection(server: OAuthMock, method: str) -> None:
    """Not of the answer before it on the same connection, and a request behind it is not served."""
    server.jwks_endpoint.lose_answer()
    with _connect(server) as client:
        client.sendall(_request(server, "GET", "/api") + _request(server, method, "/jwks") * 2)
        with contextlib.suppress(ConnectionResetError):
            assert _rest(client).count(b"HTTP/1.1 ") == 1
    assert [exchange.endpoint for exchange in server.journal] == ["api", "jwks"]


def test_over_tls_an_answer_is_lost_too() -> None:
    """And a request is never answered."""
    with OAuthMock(https=True) as server:
        server.jwks_endpoint.lose_answer()
        server.jwks_endpoint.never_answer()
        with httpx.Client(verify=ssl.create_default_context(cafile=server.ca_path)) as http:
            with pytest.raises(httpx.ReadTimeout):
                http.get(server.jwks_url, timeout=httpx.Timeout(_GUARD, read=0.1))
            with pytest.raises(httpx.TransportError):
                http.get(server.jwks_url)
            assert http.get(server.jwks_url).status_code == 200
        assert [exchange.fault for exchange in server.journal] == ["never_answer()", "lose_answer()", ""]


# -- drip --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def tap(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """In place of real time: a pause lasts until the test releases it."""
    tap = threading.Semaphore(0)
    monkeypatch.setattr(FaultPlan, "pause", lambda plan, seconds: tap.acquire(timeout=_GUARD))
    return tap


def _until(sock: socket.socket, size: int | None = None) -> bytes:
    """The head of an answer, or so many octets."""
    data = b""
    while not (data.endswith(b"\r\n\r\n") if size is None else len(data) == size):
        octet = sock.recv(1)
        assert octet, data
        data += octet
    return data


def test_a_drip_sends_the_head_and_then_piece_after_piece(server: OAuthMock, tap: threading.Semaphore) -> None:
    """Of one length known from the start, and the connection goes on; the journal has it before the first octet."""
    body = httpx.get(server.jwks_url).content
    server.jwks_endpoint.drip(1, pieces=3)
    with _connect(server) as client:
        client.sendall(_request(server, "GET", "/jwks") + _request(server, "HEAD", "/jwks"))
        head = _until(client)
        assert f"Content-Length: {len(body)}\r\n".encode() in head
        assert server.journal.last.fault == "drip(1, pieces=3)"
        ends = [len(body) * number // 3 for number in range(4)]
        for start, end in itertools.pairwise(ends):
            client.settimeout(0.02)
            with pytest.raises(TimeoutError):
                client.recv(1)
            client.settimeout(_GUARD)
            tap.release()
            assert _until(client, end - start) == body[start:end]
        assert _until(client).startswith(b"HTTP/1.1 200 OK\r\n")  # HEAD, on the same connection
    assert all(server.journal.was_delivered(exchange) for exchange in server.journal)


def test_a_client_that_leaves_a_drip_did_not_get_the_answer(
    server: OAuthMock, tap: threading.Semaphore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's error."""
    noted, told = server.journal.delivered, threading.Event()
    monkeypatch.setattr(server.journal, "delivered", lambda *outcome: (noted(*outcome), told.set()))
    server.jwks_endpoint.drip(1, pieces=3)
    with _connect(server) as client:
        client.sendall(_request(server, "GET", "/jwks"))
        _until(client)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    tap.release()

    assert told.wait(_GUARD)
    assert not server.journal.was_delivered(server.journal.last)
    assert server.exceptions == []


def test_a_drip_takes_its_time_and_beats_a_limit_between_octets(server: OAuthMock) -> None:
    """What a read timeout, which counts from octet to octet, does not see."""
    server.jwks_endpoint.drip(1, pieces=20)
    began = time.monotonic()

    answer = httpx.get(server.jwks_url, timeout=0.9)

    assert (answer.status_code, list(answer.json())) == (200, ["keys"])
    assert time.monotonic() - began >= 1


def test_a_reset_lets_go_of_a_drip(server: OAuthMock) -> None:
    """The rest comes at once."""
    server.jwks_endpoint.drip(3600, pieces=3)
    with _connect(server) as client:
        client.sendall(_request(server, "GET", "/jwks"))
        _until(client)
        server.reset()
        assert list(httpx.Response(200, content=_rest(client)).json()) == ["keys"]


# -- together ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_faults_of_one_answer_compose(server: OAuthMock, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """It is late, it would have dripped, and then it is lost; the next is late and drips."""
    pauses: list[float] = []
    monkeypatch.setattr(FaultPlan, "pause", lambda self, seconds: pauses.append(seconds))
    server.jwks_endpoint.delay(3, times=2)
    server.jwks_endpoint.drip(1, pieces=2, times=2)
    server.jwks_endpoint.lose_answer()
    with _connect(server) as client:
        client.sendall(_request(server, method, "/jwks"))
        assert _rest(client) == b""
    assert pauses == [3]
    assert httpx.request(method, server.jwks_url).status_code == 200

    assert [exchange.fault for exchange in server.journal] == [
        "delay(3), drip(1, pieces=2), lose_answer()",
        "delay(3), drip(1, pieces=2)",
    ]
    assert pauses == [3, 3, *([0.5, 0.5] if method == "GET" else [])]


@pytest.mark.parametrize(
    "arm",
    [lambda endpoint: endpoint.lose_answer(), lambda endpoint: endpoint.never_answer()],
    ids=["lose_answer", "never_answer"],
)
def test_a_person_at_the_browser_meets_them_as_errors(server: OAuthMock, arm: typing.Any) -> None:
    """`approve` goes without a socket, so that a gateway's answer says it."""
    arm(server.authorization_endpoint)
    client = server.client()
    query = {"response_type": "code", "client_id": client.client_id, "redirect_uri": "http://localhost/cb"}

    with pytest.raises(Exception, match=r"answered 50[24] and not with a login page: .*, so 50[24] was sent"):
        server.approve(f"{server.authorize_url}?{httpx.QueryParams(query)}")


def test_an_answer_without_a_body_is_not_slowed(server: OAuthMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to drip from a redirect."""
    pauses: list[float] = []
    monkeypatch.setattr(FaultPlan, "pause", lambda self, seconds: pauses.append(seconds))
    client = server.client()
    server.authorization_endpoint.drip(1)
    query = {"client_id": client.client_id, "redirect_uri": "http://localhost/cb"}

    answer = httpx.get(server.authorize_url, params=query)

    assert (answer.status_code, answer.content, pauses) == (302, b"", [])
    assert server.journal.last.fault == "drip(1, pieces=10)"
