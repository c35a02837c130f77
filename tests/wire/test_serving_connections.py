"""Time limits, peers that vanish or stall, closing, stopping, TLS."""

from __future__ import annotations

import errno
import gc
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from mockserver.serving import Limits
from mockserver.serving import Server
from mockserver.serving import acceptors
from mockserver.serving.connection import Connection

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
CHUNKED = b"POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def threads_of(server):
    return [thread for thread in threading.enumerate() if thread.name.startswith(f"oauthmock-{server.port}-")]


class Gate:
    """An application whose requests to /wait stand still until `open`."""

    def __init__(self, guard):
        self.entered = threading.Event()
        self.open = threading.Event()
        self._guard = guard

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/wait":
            self.entered.set()
            assert self.open.wait(self._guard)
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]


@pytest.mark.parametrize("whole", [POST, CHUNKED], ids=["length", "chunked"])
def test_the_end_of_a_connection_at_any_octet_is_quiet(net, whole):
    """RFC 9112, 8: half a request is never served as a whole one, is nobody's error, and the server serves on."""
    errors, bodies = [], []

    def app(environ, start_response):
        bodies.append(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return [b"x"]

    server = net.serve(app, on_error=errors.append)
    for size in range(len(whole)):
        client = net.connect(server)
        client.send(whole[:size])
        client.sock.shutdown(socket.SHUT_WR)
        assert client.rest() == b""
        client.sock.close()
    assert bodies == []
    client = net.connect(server)
    client.send(whole)
    client.sock.shutdown(socket.SHUT_WR)
    assert client.answer() == net.answer("200 OK", [("Content-Length", "1")], b"x")
    assert client.rest() == b""
    assert bodies == [b"abc"]
    assert errors == []


def test_half_a_head_that_takes_too_long_is_answered_408(net):
    """RFC 9110, 15.5.9."""
    client = net.connect(net.serve(limits=Limits(head_seconds=0.05)))
    client.send(GET[:-1])
    reason = "the request head was not complete within 0.05 seconds"
    assert client.answer() == net.refusal("408 Request Timeout", reason)
    assert client.rest() == b""


def test_a_later_half_head_is_answered_408_too(net):
    """Counted from its first octet, not from the connection's."""
    client = net.connect(net.serve(limits=Limits(head_seconds=0.05)))
    client.send(GET + GET[:-1])
    assert client.answer() == net.ok(b"GET / ")
    assert client.answer().status == "HTTP/1.1 408 Request Timeout"


def test_a_connection_that_never_speaks_is_cut_without_a_word(net):
    """RFC 9112, 9.5: there is no request to answer."""
    client = net.connect(net.serve(limits=Limits(head_seconds=0.05)))
    assert client.rest() == b""


def test_an_idle_connection_is_cut_after_its_time(net):
    """RFC 9112, 9.5."""
    client = net.connect(net.serve(limits=Limits(idle_seconds=0.05)))
    client.send(GET)
    assert client.answer() == net.ok(b"GET / ")
    assert client.rest() == b""


@pytest.mark.parametrize("whole", [POST, CHUNKED], ids=["length", "chunked"])
def test_a_body_that_pauses_too_long_is_answered_408(net, whole):
    """RFC 9110, 15.5.9: the server answers what the application leaves to it."""
    client = net.connect(net.serve(limits=Limits(body_seconds=0.05)))
    client.send(whole[:-2])
    assert client.answer() == net.refusal("408 Request Timeout", "no octet of the body for 0.05 seconds")
    assert client.rest() == b""


def test_200_stalled_connections_are_cut_while_others_are_served(net):
    """Half a head on each; a new connection and a kept one are answered meanwhile; only the spare threads stay."""
    server = net.serve(limits=Limits(head_seconds=0.5))
    kept = net.connect(server)
    kept.send(GET)
    assert kept.answer() == net.ok(b"GET / ")
    stalled = [net.connect(server) for _ in range(200)]
    for client in stalled:
        client.send(b"GET / HT")
    for _ in range(20):
        fresh = net.connect(server)
        for client in (fresh, kept):
            client.send(GET)
            assert client.answer() == net.ok(b"GET / ")
        fresh.sock.close()
    for client in stalled:
        assert client.answer().status == "HTTP/1.1 408 Request Timeout"
        assert client.rest() == b""
        client.sock.close()
    kept.sock.close()
    deadline = time.monotonic() + net.guard
    while len(left := threads_of(server)) > 8:
        assert time.monotonic() < deadline, left
        left[-1].join(0.01)
    assert server.running


def test_more_connections_than_threads_wait_for_their_turn(net):
    """Nobody is turned away: the backlog holds them."""
    server = net.serve(limits=Limits(threads=1))
    first = net.connect(server)
    second = net.connect(server)
    first.send(GET)
    second.send(GET)
    assert first.answer() == net.ok(b"GET / ")
    first.sock.close()
    assert second.answer() == net.ok(b"GET / ")
    assert len(threads_of(server)) == 1


def test_close_connections_closes_idle_ones_at_once(net):
    """Fresh ones and kept ones; a new connection is served."""
    server = net.serve()
    kept, fresh = net.connect(server), net.connect(server)
    kept.send(GET)
    assert kept.answer() == net.ok(b"GET / ")
    numbers = net.connect(server)
    numbers.send(GET)  # accepted after `fresh`, so `fresh` is accepted as well
    assert numbers.answer() == net.ok(b"GET / ")
    server.close_connections()
    assert kept.rest() == b""
    assert fresh.rest() == b""
    again = net.connect(server)
    again.send(GET)
    assert again.answer() == net.ok(b"GET / ")


def test_close_connections_lets_a_request_in_flight_finish(net):
    """It is answered with `Connection: close`, and its connection ends."""
    gate = Gate(net.guard)
    server = net.serve(gate)
    client = net.connect(server)
    client.send(GET.replace(b"/ ", b"/wait "))
    assert gate.entered.wait(net.guard)
    server.close_connections()
    gate.open.set()
    assert client.answer() == net.answer("200 OK", [("Content-Length", "5"), ("Connection", "close")], b"/wait")
    assert client.rest() == b""


def test_a_request_that_waits_behind_one_in_flight_is_not_served_after_close_connections(net):
    """RFC 9112, 9.6: after an answer with `Connection: close` no other follows."""
    gate = Gate(net.guard)
    server = net.serve(gate)
    client = net.connect(server)
    client.send(GET.replace(b"/ ", b"/wait ") + GET)
    assert gate.entered.wait(net.guard)
    server.close_connections()
    gate.open.set()
    assert client.answer().headers == [("Content-Length", "5"), ("Connection", "close")]
    assert client.rest() == b""


def test_200_starts_and_stops_leave_nothing_behind(net):
    """No thread, no descriptor, no open port."""
    gc.collect()
    before = descriptors()
    server = Server(net.ok)
    ports = set()
    for _ in range(200):
        server.port = 0
        server.start()
        assert server.running
        ports.add(server.port)
        with socket.create_connection((server.host, server.port)):
            pass
        server.stop()
        assert not server.running
        assert threads_of(server) == []
    assert descriptors() == before
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex((server.host, port)) == errno.ECONNREFUSED


def test_stop_is_idempotent_and_start_takes_the_same_port_again(net):
    """A port, once chosen, stays the server's."""
    server = net.serve()
    url = server.url
    kept = net.connect(server)
    kept.send(GET)
    assert kept.answer() == net.ok(b"GET / ")
    server.stop()
    server.stop()
    server.close_connections()
    assert kept.rest() == b""
    server.start()
    assert server.url == url
    client = net.connect(server)
    client.send(GET)
    assert client.answer() == net.ok(b"GET / ")


def test_starting_twice_is_an_error(net):
    """Two listeners would be one too many."""
    server = net.serve()
    with pytest.raises(RuntimeError, match="call stop"):
        server.start()


def test_stop_does_not_wait_for_stuck_requests(net, monkeypatch):
    """Stalled heads, bodies and readers are shut; a stuck application is waited for within a bound."""
    monkeypatch.setattr(acceptors, "_JOIN_SECONDS", 0.05)
    gate = Gate(net.guard)
    server = net.serve(gate)
    inside = net.connect(server)
    inside.send(GET.replace(b"/ ", b"/wait "))
    assert gate.entered.wait(net.guard)
    half = net.connect(server)
    half.send(GET[:9])
    fresh = net.connect(server)
    server.stop()
    assert not server.running
    for client in (inside, half, fresh):
        with suppress(ConnectionResetError):  # of one that had not been accepted yet
            assert client.rest() == b""
    stuck = threads_of(server)
    gate.open.set()
    for thread in stuck:
        thread.join(net.guard)
    assert threads_of(server) == []


def test_stop_ends_an_answer_that_nobody_reads(net):
    """A worker that waits in send comes back."""
    started = threading.Event()
    told = []

    def app(environ, start_response):
        environ["serving.on_delivery"].append(told.append)
        start_response("200 OK", [])
        yield b"x"
        started.set()
        yield bytes(50_000_000)

    server = net.serve(app)
    client = net.connect(server)
    client.send(GET)
    assert started.wait(net.guard)
    server.stop()
    assert threads_of(server) == []
    assert told == [False]


def test_the_application_may_stop_its_own_server(net):
    """A thread does not wait for itself."""
    done = threading.Event()

    def app(environ, start_response):
        server.stop()
        done.set()
        start_response("200 OK", [])
        return []

    server = net.serve(app)
    client = net.connect(server)
    client.send(GET)
    assert done.wait(net.guard)
    assert client.rest() == b""
    assert not server.running


def test_a_worker_that_dies_is_reported_and_replaced(net, monkeypatch):
    """With a single thread at hand the next request shows that there is another."""
    errors = []
    bomb = MemoryError("the worker is dead")
    serve = Connection.serve
    fuses = [True]

    def explode(self):
        if fuses:
            fuses.pop()
            raise bomb
        serve(self)

    monkeypatch.setattr(Connection, "serve", explode)
    server = net.serve(limits=Limits(threads=1), on_error=errors.append)
    client = net.connect(server)
    client.send(GET)
    with pytest.raises((EOFError, ConnectionResetError)):
        client.answer()
    client = net.connect(server)
    client.send(GET)
    assert client.answer() == net.ok(b"GET / ")
    assert errors == [bomb]
    assert server.running
    assert [thread.name for thread in threads_of(server)] == [f"oauthmock-{server.port}-2"]


def test_running_tells_when_the_listener_has_broken(net):
    """Somebody closed our descriptor: reported, and not running any more."""
    errors = []
    server = net.serve(on_error=errors.append)
    threads = threads_of(server)
    assert server.running
    server._acceptors._listener.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(net.guard)
    assert not server.running
    assert {error.errno for error in errors} == {errno.EINVAL}


def test_a_port_in_use_is_the_systems_own_error(net):
    """OSError with EADDRINUSE, and nothing left behind."""
    taken = net.serve()
    server = Server(net.ok, port=taken.port)
    before = descriptors()
    with pytest.raises(OSError, match="in use") as caught:
        server.start()
    assert caught.value.errno == errno.EADDRINUSE
    assert descriptors() == before
    assert not server.running


def test_ipv6_is_served(net):
    """On ::1, with brackets in the URL."""
    try:
        socket.socket(socket.AF_INET6).close()
        server = net.serve(host="::1")
    except OSError:
        pytest.skip("no IPv6 loopback here")
    assert server.url == f"http://[::1]:{server.port}"
    client = net.connect(server)
    client.send(GET)
    assert client.answer() == net.ok(b"GET / ")


@pytest.mark.parametrize("before", [True, False], ids=["imported_before", "imported_after"])
def test_it_works_while_pytest_socket_forbids_sockets(before):
    """`socket.socket` is a class that raises: ours starts, accepts and stops all the same."""
    script = f"""
import socket
if {before}:
    import mockserver.serving
real = socket.socket
class Guarded(real):
    def __new__(cls, *args, **kwargs):
        raise RuntimeError("forbidden")
socket.socket = Guarded
from mockserver.serving import Server
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"served"]
server = Server(app)
server.start()
client = real()
client.settimeout(5)
client.connect((server.host, server.port))
client.sendall({GET!r})
assert client.recv(1000).endswith(b"served")
client.close()
server.stop()
print("fine")
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], check=False, capture_output=True, text=True, timeout=20
    )
    assert (done.stdout, done.stderr) == ("fine\n", "")


def test_a_forked_child_neither_keeps_the_port_nor_stops_the_parent():
    """The child holds copies of all descriptors; its stop() touches nothing of the parent's."""
    script = f"""
import os, socket
from mockserver.serving import Server
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"served"]
def ask():
    with socket.create_connection((server.host, server.port), timeout=5) as client:
        client.sendall({GET!r})
        assert client.recv(1000).endswith(b"served")
server = Server(app)
server.start()
kept = socket.create_connection((server.host, server.port), timeout=5)
kept.sendall({GET!r})
assert kept.recv(1000).endswith(b"served")
to_child, to_parent = os.pipe(), os.pipe()
child = os.fork()
if not child:
    copy = os.dup(server._acceptors._listener.fileno())
    assert not server.running
    server.stop()
    os.write(to_parent[1], b"1")
    os.read(to_child[0], 1)
    os._exit(0)
assert os.read(to_parent[0], 1) == b"1"
assert server.running
ask()
server.stop()
assert kept.recv(1) == b""
with socket.socket() as probe:
    print(probe.connect_ex((server.host, server.port)) != 0)
again = Server(app, port=server.port)
again.start()
again.stop()
os.write(to_child[1], b"1")
os.waitpid(child, 0)
kept.close()
"""
    # From 3.12 on Python warns of forking with threads, which is what this is about.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_importing_it_is_light():
    """Neither ssl nor logging nor anything of ours outside of this package."""
    script = """
import sys
import mockserver
before = set(sys.modules)
import mockserver.serving
new = set(sys.modules) - before
print(sorted(n for n in new if n in ("ssl", "logging", "http", "urllib.parse", "email", "werkzeug")))
print(sorted(n for n in new if n.startswith("mockserver") and not n.startswith("mockserver.serving")))
"""
    # -S: what the site packages import at startup would hide what we import.
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; exec({script!r})"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)
    assert (done.stdout, done.stderr) == ("[]\n[]\n", "")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def server_context(authority, *, ask=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    if ask:
        context.verify_mode = ssl.CERT_OPTIONAL
        authority.configure_trust(context)
    return context


def tls(net, server, authority, certificate=None):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if certificate is not None:
        certificate.configure_cert(context)
    raw = socket.create_connection((server.host, server.port), timeout=net.guard)
    return net.wrap(context.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False))


def test_requests_over_tls_are_answered_and_the_end_is_announced(net, authority):
    """RFC 8446, 6.1: close_notify before the end, so that nobody takes it for a truncation."""
    server = net.serve(ssl_context=server_context(authority))
    assert server.url == f"https://127.0.0.1:{server.port}"
    client = tls(net, server, authority)
    client.send(GET)
    assert client.answer() == net.ok(b"GET / ")
    client.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert client.answer() == net.ok(b"GET / ", ("Connection", "close"))
    assert client.rest() == b""


def test_a_large_body_over_tls_is_read_whole(net, authority):
    """More than one TLS record at once is pending inside the TLS layer."""
    client = tls(net, net.serve(ssl_context=server_context(authority)), authority)
    body = bytes(range(256)) * 4096
    client.send(b"POST /t HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert client.answer() == net.ok(b"POST /t " + body)


@pytest.mark.parametrize("with_certificate", [True, False], ids=["with", "without"])
def test_the_clients_certificate_is_handed_on(net, authority, with_certificate):
    """In DER, None without one."""
    seen = []

    def app(environ, start_response):
        seen.append(environ["serving.peer_certificate"])
        assert environ["wsgi.url_scheme"] == "https"
        start_response("204 No Content", [])
        return []

    certificate = authority.issue_cert("client@example.org") if with_certificate else None
    server = net.serve(app, ssl_context=server_context(authority, ask=True))
    client = tls(net, server, authority, certificate)
    client.send(GET)
    assert client.answer() == net.answer("204 No Content", [])
    pem = certificate.cert_chain_pems[0].bytes().decode() if certificate is not None else None
    assert seen == [ssl.PEM_cert_to_DER_cert(pem) if pem else None]


def test_a_tls_peer_that_never_speaks_stalls_nobody_and_is_cut(net, authority):
    """The handshake belongs to the worker and has its time limit."""
    server = net.serve(ssl_context=server_context(authority), limits=Limits(handshake_seconds=0.3))
    mute = [net.connect(server) for _ in range(20)]
    client = tls(net, server, authority)
    client.send(GET)
    assert client.answer() == net.ok(b"GET / ")
    for peer in mute:
        assert peer.rest() == b""


def test_plain_http_to_a_tls_port_is_cut(net, authority):
    """The handshake fails; nobody's error, and the server serves on."""
    errors = []
    server = net.serve(ssl_context=server_context(authority), on_error=errors.append)
    client = net.connect(server)
    client.send(GET)
    with suppress(ConnectionResetError):
        client.rest()
    client = tls(net, server, authority)
    client.send(GET)
    assert client.answer() == net.ok(b"GET / ")
    assert errors == []


def test_close_connections_and_stop_end_tls_connections(net, authority):
    """Both shut the socket below TLS; a request in flight is finished over TLS."""
    gate = Gate(net.guard)
    server = net.serve(gate, ssl_context=server_context(authority))
    idle, busy, last = (tls(net, server, authority) for _ in range(3))
    for client in (idle, last):
        client.send(GET)
        assert client.answer().body == b"/"
    busy.send(GET.replace(b"/ ", b"/wait "))
    assert gate.entered.wait(net.guard)
    server.close_connections()
    for client in (idle, last):
        with pytest.raises(ssl.SSLEOFError):
            client.rest()
    gate.open.set()
    assert busy.answer() == net.answer("200 OK", [("Content-Length", "5"), ("Connection", "close")], b"/wait")
    assert busy.rest() == b""
    late = tls(net, server, authority)
    server.stop()
    with pytest.raises((ssl.SSLEOFError, ConnectionResetError)):
        late.rest()
    assert threads_of(server) == []
