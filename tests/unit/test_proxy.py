"""The proxy for other processes: where it leads, what it refuses, and peers that are slow, silent or half closed."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import re
import socket
import ssl
import threading

import httpx
import pytest

from mockserver import OAuthMock
from mockserver import UnmountedHostError
from mockserver.origin import parse
from mockserver.proxy import Proxy
from mockserver.proxy import Ways
from mockserver.serving import Limits
from mockserver.serving import Server
from mockserver.tls import Authority

# Seconds: no test waits longer for a socket, an event or a thread.
_GUARD = 5.0

Refusals = list[str]


@pytest.fixture
def origin() -> cabc.Iterator[socket.socket]:
    """A listener that does what the test says."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_GUARD)
        yield listener


@pytest.fixture
def refusals() -> Refusals:
    return []


@pytest.fixture
def proxy(origin: socket.socket, refusals: Refusals) -> cabc.Iterator[Proxy]:
    """`https://login.example.com` and `http://plain.example.com` are both at the listener."""
    address = origin.getsockname()
    mounted = {parse("https://login.example.com"): address, parse("http://plain.example.com"): address}
    with Proxy(Ways(mounted, ["allowed.localhost"]), refused=refusals.append, limits=_limits()) as running:
        yield running


def _limits(head_seconds: float = _GUARD) -> Limits:
    return Limits(head_seconds=head_seconds, url=1000, header_block=1000, linger_seconds=1)


@contextlib.contextmanager
def _client(proxy: Proxy) -> cabc.Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), _GUARD) as sock:
        yield sock


def _accept(listener: socket.socket) -> socket.socket:
    sock, _ = listener.accept()
    sock.settimeout(_GUARD)
    return sock


def _to_the_end(sock: socket.socket) -> bytes:
    pieces = []
    while piece := sock.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def _head(sock: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(1)
        assert piece, data
        data += piece
    return data


def _asked(proxy: Proxy, octets: bytes) -> tuple[str, str]:
    """Status line and body of what the proxy itself answers, and the connection ends."""
    with _client(proxy) as sock:
        sock.sendall(octets)
        head, _, body = _to_the_end(sock).decode().partition("\r\n\r\n")
    status, *fields = head.split("\r\n")
    assert "Connection: close" in fields
    assert f"Content-Length: {len(body.encode())}" in fields or not body
    return status, body


@contextlib.contextmanager
def _tunnel(proxy: Proxy, origin: socket.socket) -> cabc.Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a tunnel."""
    with _client(proxy) as client:
        client.sendall(b"CONNECT login.example.com:443 HTTP/1.1\r\nHost: login.example.com:443\r\n\r\n")
        with _accept(origin) as server:
            assert _head(client) == b"HTTP/1.1 200 Connection established\r\n\r\n"
            yield client, server


# -- where it leads ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "host", "port", "address"),
    [
        (None, "login.example.com", 443, ("127.0.0.1", 1)),
        (None, "LOGIN.Example.COM.", 443, ("127.0.0.1", 1)),
        ("http", "plain.example.com", 80, ("127.0.0.1", 2)),
        (None, "plain.example.com", 80, ("127.0.0.1", 2)),
        ("http", "localhost", 8000, ("localhost", 8000)),
        (None, "[::1]", 8000, ("::1", 8000)),
        (None, "search.internal", 9200, ("search.internal", 9200)),
        (None, "db.internal", 5000, ("db.internal", 5000)),
        (None, "[2001:db8::1]", 443, ("2001:db8::1", 443)),
        (None, "2001:db8::2", 8443, ("2001:db8::2", 8443)),
    ],
)
def test_ways_lead_to_mounts_loopback_and_what_is_allowed(
    scheme: str | None, host: str, port: int, address: tuple[str, int]
) -> None:
    """Hosts are compared as HTTP does (RFC 9110 4.2.3)."""
    mounted = {
        parse("https://login.example.com"): ("127.0.0.1", 1),
        parse("http://plain.example.com"): ("127.0.0.1", 2),
    }
    ways = Ways(mounted, ["Search.Internal", "db.internal:5000", "2001:db8::1", "[2001:db8::2]:8443"])

    assert ways.find(scheme, host, port) == address


@pytest.mark.parametrize(
    ("scheme", "host", "port", "message"),
    [
        (
            None,
            "evil.example.com",
            443,
            (
                "https://evil.example.com is not mounted, so nothing was sent to evil.example.com port 443; mounted:"
                " https://login.example.com. To answer for it: --mount https://evil.example.com; to let it through:"
                " --allow-host evil.example.com"
            ),
        ),
        (
            "http",
            "Evil.example.com",
            8080,
            (
                "http://evil.example.com:8080 is not mounted, so nothing was sent to evil.example.com port 8080;"
                " mounted: https://login.example.com. To answer for it: --mount http://evil.example.com:8080; to let it"
                " through: --allow-host evil.example.com"
            ),
        ),
        (
            "http",
            "login.example.com",
            443,
            "http://login.example.com:443 is not mounted, https://login.example.com is; use that URL",
        ),
    ],
)
def test_other_hosts_are_refused_with_the_remedy(scheme: str | None, host: str, port: int, message: str) -> None:
    ways = Ways({parse("https://login.example.com"): ("127.0.0.1", 1)})

    with pytest.raises(UnmountedHostError) as caught:
        ways.find(scheme, host, port)

    assert str(caught.value) == message


def test_a_host_that_is_allowed_at_one_port_is_refused_at_another() -> None:
    with pytest.raises(UnmountedHostError, match="mounted: nothing"):
        Ways({}, ["db.internal:5000"]).find(None, "db.internal", 5001)


# -- a real client -----------------------------------------------------------------------------------------------------


def test_a_client_that_trusts_the_ca_meets_the_mock_at_the_real_origin() -> None:
    """A tunnel, TLS in it, and keep-alive in that; plain HTTP beside it; a host that is not mounted."""
    authority = Authority()
    with contextlib.ExitStack() as ends:
        ends.callback(authority.close)
        mock = ends.enter_context(OAuthMock(clients=[{"client_id": "crm", "client_secret": "s3cret-of-crm"}]))
        mounts = [mock.mount(url, connect=False) for url in ("https://login.example.com", "http://plain.example.com")]
        tls = ends.enter_context(Server(mock.wsgi, ssl_context=authority.server_context("login.example.com")))
        ways = Ways(
            {
                parse("https://login.example.com"): ("127.0.0.1", tls.port),
                parse("http://plain.example.com"): ("127.0.0.1", httpx.URL(mock.url).port or 0),
            }
        )
        proxy = ends.enter_context(Proxy(ways))
        http = ends.enter_context(httpx.Client(proxy=proxy.url, verify=_trusting(authority), trust_env=False))
        answers = [http.get(mount.openid_configuration_url) for mount in (*mounts, mounts[0])]
        with pytest.raises(httpx.ProxyError, match="403 Forbidden"):
            http.get("https://evil.example.com/")

        assert [answer.json()["issuer"] for answer in answers] == [mount.url for mount in (*mounts, mounts[0])]
        first, _, again = (exchange.request.connection for exchange in mock.journal)
        assert first == again
        assert http.get("http://evil.example.com/").status_code == 403
        assert http.get(mock.jwks_url).status_code == 200


def _trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.ca_path))


# -- tunnels -----------------------------------------------------------------------------------------------------------


def test_octets_go_both_ways_and_those_that_came_with_the_head_first(proxy: Proxy, origin: socket.socket) -> None:
    with _client(proxy) as client:
        client.sendall(b"CONNECT login.example.com:443 HTTP/1.1\r\nHost: x\r\n\r\nearly ")
        with _accept(origin) as server:
            client.sendall(b"late")
            server.sendall(b"answer")
            client.shutdown(socket.SHUT_WR)

            assert _to_the_end(server) == b"early late"
            server.shutdown(socket.SHUT_WR)
            assert _to_the_end(client) == b"HTTP/1.1 200 Connection established\r\n\r\nanswer"


def test_a_client_that_has_ended_still_receives(proxy: Proxy, origin: socket.socket) -> None:
    """Half-closed: its end is passed on, and the answer comes back."""
    with _tunnel(proxy, origin) as (client, server):
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        assert _to_the_end(server) == b"question"
        server.sendall(b"answer")
        server.close()

        assert _to_the_end(client) == b"answer"


def test_a_server_that_has_ended_still_receives(proxy: Proxy, origin: socket.socket) -> None:
    with _tunnel(proxy, origin) as (client, server):
        server.sendall(b"early answer")
        server.shutdown(socket.SHUT_WR)
        assert _to_the_end(client) == b"early answer"
        client.sendall(b"the rest of the question")
        client.shutdown(socket.SHUT_WR)

        assert _to_the_end(server) == b"the rest of the question"


def test_a_large_answer_waits_for_a_slow_reader_and_is_whole(proxy: Proxy, origin: socket.socket) -> None:
    """More than all buffers on the way; the other way stays open meanwhile."""
    body = bytes(range(256)) * 64 * 1024
    with _tunnel(proxy, origin) as (client, server):
        sender = threading.Thread(target=server.sendall, args=(body,))
        sender.start()
        client.sendall(b"meanwhile")
        assert server.recv(100) == b"meanwhile"
        received = b""
        while len(received) < len(body):
            received += client.recv(1 << 20)
        sender.join(_GUARD)

    assert received == body


def test_both_sides_may_send_more_than_the_buffers_hold_before_either_reads(
    proxy: Proxy, origin: socket.socket
) -> None:
    """Neither way waits for the other."""
    body = b"x" * (8 << 20)
    with _tunnel(proxy, origin) as (client, server):
        senders = [threading.Thread(target=sock.sendall, args=(body,)) for sock in (client, server)]
        for sender in senders:
            sender.start()
        for sock in (server, client):
            left = len(body)
            while left:
                left -= len(sock.recv(min(left, 1 << 20)))
        for sender in senders:
            sender.join(_GUARD)

        assert not any(sender.is_alive() for sender in senders)


@pytest.mark.parametrize("who", ["client", "server"])
def test_a_side_that_breaks_off_takes_the_other_with_it(proxy: Proxy, origin: socket.socket, who: str) -> None:
    """A reset is no half-close."""
    with _tunnel(proxy, origin) as (client, server):
        broken, other = (client, server) if who == "client" else (server, client)
        broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        broken.close()

        with contextlib.suppress(ConnectionResetError):
            assert other.recv(1) == b""


def test_a_tunnel_in_which_nothing_moves_is_closed(origin: socket.socket) -> None:
    ways = Ways({parse("https://login.example.com"): origin.getsockname()})
    with Proxy(ways, idle_seconds=0.05) as proxy, _tunnel(proxy, origin) as (client, server):
        assert client.recv(1) == server.recv(1) == b""


# -- requests over plain HTTP ------------------------------------------------------------------------------------------


def test_a_request_is_forwarded_without_what_is_meant_for_the_proxy(proxy: Proxy, origin: socket.socket) -> None:
    """RFC 9112 3.2.2: origin-form, the URL's host; RFC 9110 7.6.1: without the fields of the hop; the body as it is."""
    with _client(proxy) as client:
        client.sendall(
            b"POST http://user:word@Plain.example.com/token?a=b HTTP/1.1\r\nHost: other.example.com\r\n"
            b"Proxy-Authorization: Basic eDp5\r\nProxy-Connection: keep-alive\r\nConnection: keep-alive, X-Hop\r\n"
            b"X-Hop: 1\r\nX-Kept: 1\r\nContent-Length: 3\r\n\r\na=b"
        )
        with _accept(origin) as server:
            assert _head(server) == (
                b"POST /token?a=b HTTP/1.1\r\nHost: Plain.example.com\r\nX-Kept: 1\r\nContent-Length: 3\r\n"
                b"Connection: close\r\n\r\n"
            )
            assert server.recv(3) == b"a=b"
            server.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            server.close()

            assert _to_the_end(client) == b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        (b"http://plain.example.com", b"GET / HTTP/1.0\r\nHost: plain.example.com\r\n"),
        (b"http://plain.example.com?a", b"GET /?a HTTP/1.0\r\nHost: plain.example.com\r\n"),
        (b"HTTP://plain.example.com:80/x", b"GET /x HTTP/1.0\r\nHost: plain.example.com\r\n"),
        (b"http://plain.example.com:/x", b"GET /x HTTP/1.0\r\nHost: plain.example.com\r\n"),
    ],
)
def test_the_request_target_is_what_follows_the_host(
    proxy: Proxy, origin: socket.socket, target: bytes, sent: bytes
) -> None:
    with _client(proxy) as client:
        client.sendall(b"GET %b HTTP/1.0\r\n\r\n" % target)
        with _accept(origin) as server:
            assert _head(server) == sent + b"Connection: close\r\n\r\n"


def test_loopback_is_reached_with_its_port(proxy: Proxy, origin: socket.socket) -> None:
    port = origin.getsockname()[1]
    with _client(proxy) as client:
        client.sendall(b"GET http://127.0.0.1:%d/ HTTP/1.1\r\nHost: x\r\n\r\n" % port)
        with _accept(origin) as server:
            assert _head(server) == b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % port


# -- what it answers itself --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("octets", "url"),
    [
        (b"CONNECT evil.example.com:443 HTTP/1.1\r\nHost: evil.example.com:443\r\n\r\n", "https://evil.example.com"),
        (b"GET http://evil.example.com/x HTTP/1.1\r\nHost: evil.example.com\r\n\r\n", "http://evil.example.com"),
    ],
)
def test_a_host_that_is_not_mounted_is_forbidden_and_told_of(
    proxy: Proxy, refusals: Refusals, octets: bytes, url: str
) -> None:
    """RFC 9110 15.5.4: the body says what to do, and so does what is told."""
    status, body = _asked(proxy, octets)

    assert status == "HTTP/1.1 403 Forbidden"
    assert body.startswith(f"{url} is not mounted, so nothing was sent to evil.example.com port ")
    assert body.endswith(f"To answer for it: --mount {url}; to let it through: --allow-host evil.example.com\n")
    assert refusals == [body.rstrip("\n")]


@pytest.mark.parametrize(
    "target",
    [
        b"login.example.com",
        b"login.example.com:",
        b"login.example.com:0",
        b"login.example.com:65536",
        b"login.example.com:https",
        b":443",
        b"https://login.example.com:443",
        b"login.example.com:443/",
        b"user@login.example.com:443",
        b"[::1:443",
    ],
)
def test_a_malformed_connect_is_400(proxy: Proxy, refusals: Refusals, target: bytes) -> None:
    """RFC 9112 3.2.3, RFC 9110 9.3.6: host and port, both."""
    assert _asked(proxy, b"CONNECT %b HTTP/1.1\r\nHost: x\r\n\r\n" % target) == (
        "HTTP/1.1 400 Bad Request",
        "CONNECT takes a host and a port, as in login.example.com:443 (RFC 9110 9.3.6)\n",
    )
    assert refusals == []


@pytest.mark.parametrize(
    ("octets", "status", "reason"),
    [
        (
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "400 Bad Request",
            "this is a proxy: a request names a whole URL (RFC 9112 3.2.2), or is CONNECT",
        ),
        (
            b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
            "400 Bad Request",
            "this is a proxy: a request names a whole URL (RFC 9112 3.2.2), or is CONNECT",
        ),
        (
            b"GET https://login.example.com/ HTTP/1.1\r\nHost: x\r\n\r\n",
            "400 Bad Request",
            "a request for a URL of https goes through a tunnel, by CONNECT; only http does not",
        ),
        (
            b"GET http://plain.example.com:65536/ HTTP/1.1\r\nHost: x\r\n\r\n",
            "400 Bad Request",
            "a port is between 1 and 65535",
        ),
        (
            b"CONNECT login.example.com:443 HTTP/2.0\r\nHost: x\r\n\r\n",
            "505 HTTP Version Not Supported",
            "HTTP/2.0 is not spoken here",
        ),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello", "400 Bad Request", "Invalid method encountered"),
        (b"BREW http://x/ HTTP/1.1\r\n\r\n", "501 Not Implemented", "unknown method 'BREW'"),
        (
            b"GET http://plain.example.com/%b HTTP/1.1\r\nHost: x\r\n\r\n" % (b"x" * 1000),
            "414 URI Too Long",
            "the request target is longer than 1000 octets",
        ),
        (
            b"GET http://plain.example.com/ HTTP/1.1\r\nHost: %b\r\n\r\n" % (b"x" * 1000),
            "431 Request Header Fields Too Large",
            "the request head is longer than 1000 octets",
        ),
    ],
)
def test_what_is_no_request_to_a_proxy_is_refused(proxy: Proxy, octets: bytes, status: str, reason: str) -> None:
    assert _asked(proxy, octets) == (f"HTTP/1.1 {status}", f"{reason}\n")


def test_an_answer_to_head_has_no_body(proxy: Proxy) -> None:
    """RFC 9110 9.3.2."""
    assert _asked(proxy, b"HEAD http://evil.example.com/ HTTP/1.1\r\nHost: x\r\n\r\n") == (
        "HTTP/1.1 403 Forbidden",
        "",
    )


def test_an_origin_that_does_not_listen_is_a_bad_gateway(proxy: Proxy) -> None:
    """RFC 9110 15.6.3."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    status, body = _asked(proxy, b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\n" % port)

    assert (status, body) == (
        "HTTP/1.1 502 Bad Gateway",
        f"cannot connect to 127.0.0.1 port {port}: Connection refused\n",
    )


def test_an_origin_that_does_not_answer_is_a_gateway_timeout(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 9110 15.6.5."""

    def connect(address: object, timeout: float) -> socket.socket:
        raise TimeoutError("timed out")

    with _client(proxy) as client:
        monkeypatch.setattr(socket, "create_connection", connect)
        client.sendall(b"CONNECT localhost:443 HTTP/1.1\r\nHost: x\r\n\r\n")

        assert _to_the_end(client).startswith(b"HTTP/1.1 504 Gateway Timeout\r\n")


# -- peers that do not play along --------------------------------------------------------------------------------------


def test_peers_that_never_speak_stall_nobody_and_are_closed(origin: socket.socket) -> None:
    ways = Ways({parse("https://login.example.com"): origin.getsockname()})
    with Proxy(ways, limits=_limits(head_seconds=0.2)) as proxy, contextlib.ExitStack() as ends:
        silent = [ends.enter_context(_client(proxy)) for _ in range(50)]
        with _tunnel(proxy, origin) as (client, server):
            client.sendall(b"question")
            assert server.recv(100) == b"question"

        assert [sock.recv(1) for sock in silent] == [b""] * 50


def test_half_a_request_is_408(origin: socket.socket) -> None:
    """RFC 9110 15.5.9."""
    with Proxy(Ways({}), limits=_limits(head_seconds=0.2)) as proxy:
        status, body = _asked(proxy, b"CONNECT login.example.com:443 HTTP/1.1\r\nHost:")

    assert (status, body) == (
        "HTTP/1.1 408 Request Timeout",
        "the request head was not complete within 0.2 seconds\n",
    )


@pytest.mark.parametrize("octets", [b"", b"CONNECT login.example.com"])
def test_a_client_that_ends_before_it_has_asked_is_closed(proxy: Proxy, octets: bytes) -> None:
    with _client(proxy) as client:
        client.sendall(octets)
        client.shutdown(socket.SHUT_WR)

        assert client.recv(1) == b""


def test_a_request_that_comes_octet_by_octet_is_read(proxy: Proxy, origin: socket.socket) -> None:
    with _client(proxy) as client:
        for octet in b"CONNECT login.example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n":
            client.sendall(bytes([octet]))
        with _accept(origin):
            assert _head(client) == b"HTTP/1.1 200 Connection established\r\n\r\n"


def test_stopping_closes_the_port_and_every_connection(origin: socket.socket) -> None:
    ways = Ways({parse("https://login.example.com"): origin.getsockname()})
    with contextlib.ExitStack() as ends:
        proxy = Proxy(ways).start()
        silent = ends.enter_context(_client(proxy))
        client, server = ends.enter_context(_tunnel(proxy, origin))
        proxy.stop()

        for sock in (silent, client, server):
            with contextlib.suppress(ConnectionResetError):
                assert sock.recv(1) == b""
        assert not [thread for thread in threading.enumerate() if re.search(f"proxy-{proxy.port}", thread.name)]
        with socket.socket() as late:
            assert late.connect_ex(("127.0.0.1", proxy.port)) != 0


def test_a_connection_for_which_no_thread_can_be_had_is_closed(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        with _client(proxy) as client:
            assert client.recv(1) == b""

    assert _asked(proxy, b"CONNECT evil.example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n")[0] == "HTTP/1.1 403 Forbidden"
