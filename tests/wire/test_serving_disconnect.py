"""What an application asks of its connection: `serving.disconnect` and `serving.until_gone`."""

from __future__ import annotations

import ssl
import threading

import pytest
import trustme

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = GET.replace(b"GET", b"HEAD")
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"


class Told:
    """What `serving.on_delivery` said, and that it said it."""

    def __init__(self, guard):
        self._guard = guard
        self._outcomes = []
        self._done = threading.Event()

    def __call__(self, whole):
        self._outcomes.append(whole)
        self._done.set()

    @property
    def outcomes(self):
        assert self._done.wait(self._guard)
        return self._outcomes


@pytest.mark.parametrize("request_", [GET, HEAD, POST, POST + GET], ids=["get", "head", "post", "pipelined"])
@pytest.mark.parametrize("answer", [[b"lost"], iter([b"lo", b"st"])], ids=["whole", "in pieces"])
def test_a_disconnected_answer_sends_no_octet(net, request_, answer):
    """The connection ends, the answer counts as not delivered, and a request behind it is not served."""
    told, errors, calls = Told(net.guard), [], []

    def app(environ, start_response):
        calls.append(environ["wsgi.input"].read())
        environ["serving.on_delivery"].append(told)
        environ["serving.disconnect"]()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return answer

    server = net.serve(app, on_error=errors.append)
    client = net.connect(server)
    client.send(request_)

    try:
        assert client.rest() == b""
    except ConnectionResetError:
        assert request_ == POST + GET  # what was sent behind it is left unread
    assert told.outcomes == [False]
    assert len(calls) == 1
    assert errors == []


def test_an_answer_that_was_begun_ends_where_it_was_disconnected(net):
    """Nothing goes out afterwards; another connection is served as ever."""
    told = Told(net.guard)

    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "6")])
        if environ["PATH_INFO"] == "/whole":
            return [b"abcdef"]
        environ["serving.on_delivery"].append(told)

        def body():
            yield b"abc"
            environ["serving.disconnect"]()
            yield b"def"

        return body()

    server = net.serve(app)
    client, other = net.connect(server), net.connect(server)
    client.send(GET)
    assert client.rest().endswith(b"\r\n\r\nabc")
    assert told.outcomes == [False]
    other.send(GET.replace(b"/ ", b"/whole "))
    assert other.answer().body == b"abcdef"


class Silent:
    """Waits until the client has gone; `disconnect` is for another thread."""

    def __init__(self, guard, seconds=None):
        self.told = Told(guard)
        self.entered = threading.Event()
        self.disconnect = None
        self._seconds = guard if seconds is None else seconds

    def __call__(self, environ, start_response):
        environ["serving.on_delivery"].append(self.told)
        self.disconnect = environ["serving.disconnect"]
        self.entered.set()
        environ["serving.until_gone"](self._seconds)
        environ["serving.disconnect"]()
        start_response("200 OK", [])
        return [b"never"]


@pytest.mark.parametrize("behind", [b"", GET, bytes(200_000)], ids=["alone", "pipelined", "octets behind"])
def test_a_silent_application_notices_that_its_client_has_gone(net, behind):
    """What else it sent is thrown away meanwhile."""
    app = Silent(net.guard)
    client = net.connect(net.serve(app))
    client.send(GET + behind)
    assert app.entered.wait(net.guard)
    client.sock.close()
    assert app.told.outcomes == [False]


@pytest.mark.parametrize("end", ["disconnect", "stop", "time"])
def test_silence_ends_with_a_word_from_another_thread_with_the_server_and_in_time(net, end):
    """Without an octet to the client each time."""
    app = Silent(net.guard, seconds=0.05 if end == "time" else None)
    server = net.serve(app)
    client = net.connect(server)
    client.send(GET)
    assert app.entered.wait(net.guard)
    if end == "disconnect":
        app.disconnect()
    elif end == "stop":
        server.stop()
    assert client.rest() == b""
    assert app.told.outcomes == [False]


def test_over_tls_the_end_is_a_truncation(net):
    """RFC 8446, 6.1: without close_notify, as when a cable is cut; a client that has gone is noticed too."""
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(serving)
    authority.configure_trust(trusting)
    app = Silent(net.guard)
    server = net.serve(app, ssl_context=serving)

    def connect():
        raw = net.connect(server).sock
        client = net.wrap(trusting.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False))
        client.send(GET)
        assert app.entered.wait(net.guard)
        return client

    cut = connect()
    app.disconnect()
    with pytest.raises(ssl.SSLEOFError):
        cut.rest()
    assert app.told.outcomes == [False]
    app.told, app.entered = Told(net.guard), threading.Event()
    connect().sock.close()
    assert app.told.outcomes == [False]
