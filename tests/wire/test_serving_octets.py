"""Octets that an application sends by itself, and how it ends the connection: `serving.send`, `serving.reset`."""

from __future__ import annotations

import socket
import ssl
import threading

import pytest
import trustme

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Raw:
    """Sends octets in place of an answer."""

    def __init__(self, octets, end):
        self.octets, self.end = octets, end
        self.outcomes, self.done = [], threading.Event()

    def __call__(self, environ, start_response):
        environ["serving.on_delivery"].append(self._told)
        environ["serving.send"](self.octets)
        environ["serving." + self.end]()
        environ["serving.disconnect"]()
        start_response("200 OK", [])
        return [b"never"]

    def _told(self, whole):
        self.outcomes.append(whole)
        self.done.set()


@pytest.mark.parametrize("octets", [b"", b"HTTP/1.1 200 OK\r\n", bytes(range(256)), b"x" * 3_000_000])
def test_octets_go_out_as_they_are(net, octets):
    """And nothing behind them; the server counts no answer, and serves the next connection."""
    app, errors = Raw(octets, "disconnect"), []
    server = net.serve(app, on_error=errors.append)

    for _ in range(2):
        client = net.connect(server)
        client.send(GET)
        assert client.rest() == octets

    assert app.done.wait(net.guard)
    assert {*app.outcomes} == {False}
    assert errors == []


@pytest.mark.parametrize("octets", [b"", b"HTTP/1.1 200 OK\r\n"])
def test_a_reset_is_an_error_at_the_client(net, octets):
    """RFC 9293 3.10.7.4: what came before it may be read, the end of the stream never comes."""
    app, errors = Raw(octets, "reset"), []
    server = net.serve(app, on_error=errors.append)
    client = net.connect(server)
    client.send(GET)

    with pytest.raises(ConnectionResetError):
        client.rest()

    assert app.done.wait(net.guard)
    assert (app.outcomes, errors) == ([False], [])
    assert net.connect(server) is not None


def test_over_tls_too(net):
    """Octets are enciphered, a reset is below that."""
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(serving)
    authority.configure_trust(trusting)
    app = Raw(b"no HTTP", "disconnect")
    server = net.serve(app, ssl_context=serving)

    def connect():
        raw = net.connect(server).sock
        client = net.wrap(trusting.wrap_socket(raw, server_hostname="localhost"))
        client.send(GET)
        return client

    assert connect().rest() == b"no HTTP"
    app.end = "reset"
    client = connect()
    with pytest.raises(ConnectionResetError):
        # Below TLS, whose errors Python 3.11 takes for ends of the stream
        list(iter(lambda: socket.socket.recv(client.sock, 65536), b""))
