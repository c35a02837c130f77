"""Answers: framing, failure of the application, delivery."""

from __future__ import annotations

import re
import socket
import struct
import sys
import threading

import pytest

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def serving(net, status, headers, body, **options):
    """A client of a server that always answers this; `body` is a callable that makes the iterable."""

    def app(environ, start_response):
        start_response(status, list(headers))
        return body()

    return net.connect(net.serve(app, **options))


class Pieces:
    """An iterable of one piece with a length, and a record of close()."""

    def __init__(self, *pieces):
        self.pieces = pieces
        self.closed = 0

    def __iter__(self):
        return iter(self.pieces)

    def close(self):
        self.closed += 1


class Sized(Pieces):
    def __len__(self):
        return len(self.pieces)


LENGTH = ("Content-Length", "6")
CHUNKED = ("Transfer-Encoding", "chunked")


@pytest.mark.parametrize(
    ("body", "framing"),
    [
        (lambda: [b"abc", b"def"], LENGTH),
        (lambda: (b"abcdef",), LENGTH),
        (lambda: Sized(b"abcdef"), LENGTH),
        (lambda: Sized(b"abc", b"def"), CHUNKED),
        (lambda: (piece for piece in (b"", b"abc", b"", b"def")), CHUNKED),
        (lambda: Pieces(b"abcdef"), CHUNKED),
    ],
    ids=["list", "tuple", "sized", "sized_of_two", "generator", "iterable"],
)
def test_a_body_is_framed_by_what_is_known_of_its_length(net, body, framing):
    """PEP 3333; RFC 9112, 6: Content-Length when the whole is there, else chunked; the connection goes on."""
    client = serving(net, "200 OK", [("X-A", "1")], body)
    for _ in range(2):
        client.send(GET)
        assert client.answer() == net.answer("200 OK", [("X-A", "1"), framing], b"abcdef")


@pytest.mark.parametrize("body", [list, tuple, lambda: iter(())], ids=["list", "tuple", "generator"])
def test_an_empty_body_has_length_0(net, body):
    """RFC 9110, 8.6."""
    client = serving(net, "200 OK", [], body)
    client.send(GET)
    assert client.answer() == net.answer("200 OK", [("Content-Length", "0")])


def test_a_generator_for_http_1_0_ends_with_the_connection(net):
    """RFC 9112, 6.3: HTTP/1.0 knows no chunks, even when keep-alive is asked for."""
    client = serving(net, "200 OK", [], lambda: iter([b"abc", b"def"]))
    client.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert client.answer() == net.answer("200 OK", [("Connection", "close")], b"abcdef")


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_the_head_of_a_generator_goes_out_with_its_first_piece(net, method):
    """PEP 3333: pieces are not held back; HEAD gets the same header."""
    go = threading.Event()

    def body():
        yield b"first"
        assert go.wait(net.guard)
        yield b"second"

    client = serving(net, "200 OK", [], body)
    client.send(GET.replace(b"GET", method))
    if method == b"HEAD":
        assert client.answer(to_head=True) == net.answer("200 OK", [CHUNKED])
    else:
        assert client._until(b"5\r\nfirst\r\n").startswith(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nDate: ")
        go.set()
        assert client._until(b"6\r\nsecond\r\n0\r\n\r\n") == b""


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_some_statuses_have_no_body(net, status):
    """RFC 9112, 6.3: neither body nor framing, whatever the application gives."""
    client = serving(net, status, [("ETag", '"1"')], lambda: [b"body"])
    client.send(GET + GET)
    for _ in range(2):
        assert client.answer() == net.answer(status, [("ETag", '"1"')])


def test_204_has_no_content_length_and_304_may_have(net):
    """RFC 9110, 8.6."""
    for status, headers in (("204 No Content", []), ("304 Not Modified", [LENGTH])):
        client = serving(net, status, [LENGTH], list)
        client.send(GET)
        assert client.answer() == net.answer(status, headers)


def test_a_date_of_the_application_stays_alone(net):
    """RFC 9110, 6.6.1: the server adds one only where there is none."""
    client = serving(net, "200 OK", [("dAtE", "Thu, 01 Jan 1970 00:00:00 GMT")], lambda: [b""])
    client.send(GET + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    head = b"HTTP/1.1 200 OK\r\ndAtE: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 0\r\n"
    assert client.rest() == head + b"\r\n" + head + b"Connection: close\r\n\r\n"


def test_a_date_is_added(net):
    """RFC 9110, 5.6.7."""
    client = serving(net, "200 OK", [], lambda: [b""])
    client.send(GET)
    assert re.fullmatch(rb"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: \w{3}, [^\r]+ GMT", client._until(b"\r\n\r\n"))


def test_connection_close_of_the_application_is_kept(net):
    """RFC 9112, 9.6: and not doubled."""
    client = serving(net, "200 OK", [("Connection", "close")], lambda: [b"x"])
    client.send(GET)
    assert client.answer() == net.answer("200 OK", [("Connection", "close"), ("Content-Length", "1")], b"x")
    assert client.rest() == b""


@pytest.mark.parametrize("body", [lambda: [b"abc"], lambda: iter([b"abc"])], ids=["list", "generator"])
@pytest.mark.parametrize("declared", ["2", "4", "many"])
def test_a_length_that_is_not_true_ends_the_connection(net, declared, body):
    """The octets go out as the application wants them; no later answer can be taken for a part of this one."""
    client = serving(net, "200 OK", [("Content-Length", declared)], body)
    client.send(GET + GET)
    rest = client.rest()
    assert rest.startswith(b"HTTP/1.1 200 OK\r\nContent-Length: " + declared.encode() + b"\r\n")
    assert rest.endswith(b"\r\n\r\nabc")
    assert rest.count(b"HTTP/1.1") == 1


def test_the_write_callable_sends_before_the_iterable(net):
    """PEP 3333: the old way to write."""

    def app(environ, start_response):
        write = start_response("200 OK", [])
        write(b"abc")
        write(b"")
        return [b"def"]

    client = net.connect(net.serve(app))
    for _ in range(2):
        client.send(GET)
        assert client.answer() == net.answer("200 OK", [CHUNKED], b"abcdef")


def test_a_big_answer_arrives_whole(net):
    """10 MB in one piece, through a socket that takes less at a time."""
    body = bytes(range(256)) * 40_000
    client = serving(net, "200 OK", [], lambda: [body])
    client.send(GET)
    answer = client.answer()
    assert answer.headers == [("Content-Length", "10240000")]
    assert answer.body == body


@pytest.mark.parametrize("breaking", ["\r", "\n", "\0", "a\r\nX-Injected: 1"], ids=repr)
@pytest.mark.parametrize("place", ["status", "name", "value"])
def test_a_header_that_would_break_the_head_is_refused(net, breaking, place):
    """RFC 9110, 5.5: ValueError in the application, 500 for the client, and nothing of the header goes out."""
    errors = []
    status, name, value = "200 OK", "X-A", "1"
    if place == "status":
        status += breaking
    elif place == "name":
        name += breaking
    else:
        value += breaking
    client = serving(net, status, [(name, value)], lambda: [b"x"], on_error=errors.append)
    client.send(GET)
    assert client.answer() == net.refusal("500 Internal Server Error", "Internal Server Error")
    assert [type(error) for error in errors] == [ValueError]


FAILURE = LookupError("the application is broken")


def raising(environ, start_response):
    raise FAILURE


def raising_after_start(environ, start_response):
    start_response("200 OK", [])
    raise FAILURE


def raising_in_body(environ, start_response):
    start_response("200 OK", [])
    raise FAILURE
    yield b""


@pytest.mark.parametrize("app", [raising, raising_after_start, raising_in_body], ids=lambda app: app.__name__)
def test_an_application_that_raises_is_answered_500_and_reported(net, app):
    """The client gets a plain 500, `on_error` the exception; the server serves on."""
    errors = []
    server = net.serve(app, on_error=errors.append)
    for _ in range(2):
        client = net.connect(server)
        client.send(GET)
        assert client.answer() == net.refusal("500 Internal Server Error", "Internal Server Error")
        assert client.rest() == b""
    assert errors == [FAILURE, FAILURE]


@pytest.mark.parametrize(
    "app",
    [lambda environ, start_response: [b"x"], lambda environ, start_response: iter([b"x"])],
    ids=["list", "generator"],
)
def test_an_application_that_never_starts_its_response_is_answered_500(net, app):
    """PEP 3333."""
    errors = []
    client = net.connect(net.serve(app, on_error=errors.append))
    client.send(GET)
    assert client.answer() == net.refusal("500 Internal Server Error", "Internal Server Error")
    assert [type(error) for error in errors] == [AssertionError]


def test_an_application_that_raises_within_its_body_leaves_the_body_cut(net):
    """RFC 9112, 8: without the last chunk the client knows that something is missing."""
    errors = []

    def body():
        yield b"abc"
        raise FAILURE

    client = serving(net, "200 OK", [], body, on_error=errors.append)
    client.send(GET)
    assert client.rest().endswith(b"\r\n\r\n3\r\nabc\r\n")
    assert errors == [FAILURE]


def test_even_system_exit_does_not_end_a_worker(net):
    """Whatever the application raises is reported and answered."""
    errors = []

    def app(environ, start_response):
        sys.exit(3)

    client = net.connect(net.serve(app, on_error=errors.append))
    client.send(GET)
    assert client.answer() == net.refusal("500 Internal Server Error", "Internal Server Error")
    assert [error.code for error in errors] == [3]


def test_an_application_may_replace_its_answer_before_it_starts(net):
    """PEP 3333, exc_info: replaced while nothing has gone out."""

    def app(environ, start_response):
        start_response("200 OK", [("X-First", "1")])
        try:
            raise FAILURE
        except LookupError:
            start_response("503 Service Unavailable", [], sys.exc_info())
        return [b"later"]

    client = net.connect(net.serve(app))
    client.send(GET)
    assert client.answer() == net.answer("503 Service Unavailable", [("Content-Length", "5")], b"later")


def test_an_answer_that_has_started_is_not_replaced(net):
    """PEP 3333, exc_info: raised again once the head has gone out."""
    errors = []

    def app(environ, start_response):
        start_response("200 OK", [])(b"abc")
        try:
            raise FAILURE
        except LookupError:
            start_response("503 Service Unavailable", [], sys.exc_info())
        return [b"later"]

    client = net.connect(net.serve(app, on_error=errors.append))
    client.send(GET)
    assert client.rest().endswith(b"\r\n\r\n3\r\nabc\r\n")
    assert errors == [FAILURE]


def test_start_response_twice_is_an_error(net):
    """PEP 3333: without exc_info."""
    errors = []

    def app(environ, start_response):
        start_response("200 OK", [])
        start_response("200 OK", [])
        return []

    client = net.connect(net.serve(app, on_error=errors.append))
    client.send(GET)
    assert client.answer() == net.refusal("500 Internal Server Error", "Internal Server Error")
    assert [type(error) for error in errors] == [AssertionError]


@pytest.mark.parametrize("request_", [GET, GET.replace(b"GET", b"HEAD")], ids=["get", "head"])
@pytest.mark.parametrize("kind", [Pieces, Sized])
def test_the_iterable_is_closed_once(net, kind, request_):
    """PEP 3333: always, and before the outcome of the delivery is told."""
    body = kind(b"abc")
    told = []

    def app(environ, start_response):
        environ["serving.on_delivery"].append(lambda whole: told.append((whole, body.closed)))
        start_response("200 OK", [])
        return body

    server = net.serve(app)
    client = net.connect(server)
    client.send(request_)
    client.answer(to_head=request_ is not GET)
    client.sock.close()
    server.stop()
    assert told == [(True, 1)]


def test_delivery_is_told_as_true_when_the_answer_went_out(net):
    """Each callable once; one that raises is reported and spoils nothing."""
    errors, told = [], []
    done = threading.Event()

    def broken(whole):
        raise FAILURE

    def app(environ, start_response):
        environ["serving.on_delivery"] += [told.append, broken, told.append, lambda whole: done.set()]
        start_response("200 OK", [])
        return [b"x"]

    client = net.connect(net.serve(app, on_error=errors.append))
    client.send(GET)
    assert client.answer() == net.answer("200 OK", [("Content-Length", "1")], b"x")
    assert done.wait(net.guard)
    assert told == [True, True]
    assert errors == [FAILURE]


def test_delivery_is_told_as_false_when_the_client_has_gone(net):
    """A reset while the answer is written; nobody's error."""
    errors, told = [], []
    gone, done = threading.Event(), threading.Event()

    def app(environ, start_response):
        environ["serving.on_delivery"] += [told.append, lambda whole: done.set()]
        assert gone.wait(net.guard)
        start_response("200 OK", [])
        return [bytes(20_000_000)]

    client = net.connect(net.serve(app, on_error=errors.append))
    client.send(GET)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.sock.close()
    gone.set()
    assert done.wait(net.guard)
    assert told == [False]
    assert errors == []


def test_delivery_is_told_as_false_when_the_application_cuts_its_answer(net):
    """Half an answer is none."""
    told = []
    done = threading.Event()

    def app(environ, start_response):
        environ["serving.on_delivery"] += [told.append, lambda whole: done.set()]
        start_response("200 OK", [])
        yield b"abc"
        raise FAILURE

    client = net.connect(net.serve(app, on_error=lambda error: None))
    client.send(GET)
    client.rest()
    assert done.wait(net.guard)
    assert told == [False]


def test_without_on_error_the_traceback_is_logged(net, caplog):
    """To the logger mockserver.serving, which writes to stderr when nobody configured logging."""
    client = net.connect(net.serve(raising))
    client.send(GET)
    assert client.answer() == net.refusal("500 Internal Server Error", "Internal Server Error")
    record = caplog.records[0]
    assert (record.name, record.levelname, record.exc_info[1]) == ("mockserver.serving", "ERROR", FAILURE)


def test_an_on_error_that_raises_is_logged(net, caplog):
    """The client is still answered."""
    another = RuntimeError("on_error is broken")

    def on_error(error):
        raise another

    client = net.connect(net.serve(raising, on_error=on_error))
    client.send(GET)
    assert client.answer() == net.refusal("500 Internal Server Error", "Internal Server Error")
    assert [record.exc_info[1] for record in caplog.records] == [another]
