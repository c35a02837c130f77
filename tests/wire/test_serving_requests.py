"""Requests as they come: framing, pipelining, Expect, HTTP/1.0, targets, what is refused."""

from __future__ import annotations

import threading

import pytest

from mockserver.serving import Head
from mockserver.serving import Limits

HOST = b"Host: a\r\n"


def test_a_request_is_answered_and_the_connection_kept(net):
    """RFC 9112, 9.3: an HTTP/1.1 connection persists."""
    client = net.connect(net.serve())
    for _ in range(3):
        client.send(b"GET /x HTTP/1.1\r\n" + HOST + b"\r\n")
        assert client.answer() == net.ok(b"GET /x ")


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 1000], ids="pieces_of_{}".format)
def test_a_chunked_body_is_decoded_however_it_is_cut(net, cut):
    """RFC 9112, 7.1: chunks, an extension and a trailer field; the next request follows in the same octets."""
    client = net.connect(net.serve())
    data = b"POST /c HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    data += b"3;ext=1\r\nabc\r\n6\r\n\r\n\r\nde\r\n0\r\nTrailer: x\r\n\r\nGET /next HTTP/1.1\r\n" + HOST + b"\r\n"
    for start in range(0, len(data), cut):
        client.send(data[start : start + cut])
    assert client.answer() == net.ok(b"POST /c abc\r\n\r\nde")
    assert client.answer() == net.ok(b"GET /next ")


def test_an_empty_chunked_body_is_empty(net):
    """RFC 9112, 7.1: the last chunk alone."""
    client = net.connect(net.serve())
    client.send(b"POST /c HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n")
    assert client.answer() == net.ok(b"POST /c ")


@pytest.mark.parametrize("body", [b"z\r\n", b"3\r\nabcd\r\n", b"3\nabc\n", b"-1\r\n"], ids=repr)
def test_a_malformed_chunk_is_answered_400(net, body):
    """RFC 9112, 7.1: the server answers what the application leaves to it."""
    errors = []
    client = net.connect(net.serve(on_error=errors.append))
    client.send(b"POST /c HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + body)
    answer = client.answer()
    assert answer == net.refusal("400 Bad Request", answer.body.decode().rstrip())
    assert client.rest() == b""
    assert errors == []


def test_endless_chunk_extensions_are_answered_400(net):
    """Octets that are no body count too."""
    client = net.connect(net.serve(limits=Limits(header_block=1000)))
    client.send(b"POST /c HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3;" + b"x" * 2000)
    reason = "more than 1000 octets of chunk extensions or trailers"
    assert client.answer() == net.refusal("400 Bad Request", reason)


def test_expect_continue_is_answered_when_the_body_is_read(net):
    """RFC 9110, 10.1.1: the interim answer comes when the application wants the body."""
    client = net.connect(net.serve())
    client.send(b"PUT /e HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert client.answer() == net.answer("100 Continue", [])
    client.send(b"abc")
    assert client.answer() == net.ok(b"PUT /e abc")
    client.send(b"GET /again HTTP/1.1\r\n" + HOST + b"\r\n")
    assert client.answer() == net.ok(b"GET /again ")


def test_expect_continue_is_not_answered_when_the_body_is_not_read(net):
    """RFC 9110, 10.1.1: a final answer instead; the connection ends, as the body may or may not come."""

    def app(environ, start_response):
        start_response("403 Forbidden", [])
        return [b"no"]

    client = net.connect(net.serve(app))
    client.send(b"PUT /e HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert client.answer() == net.answer("403 Forbidden", [("Content-Length", "2"), ("Connection", "close")], b"no")
    assert client.rest() == b""


def test_expect_continue_needs_no_interim_answer_when_the_body_is_there(net):
    """RFC 9110, 10.1.1: it may be left out when the body has begun to arrive."""
    client = net.connect(net.serve())
    client.send(b"PUT /e HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
    assert client.answer() == net.ok(b"PUT /e abc")


def test_http_1_0_is_not_sent_an_interim_answer(net):
    """RFC 9110, 10.1.1: an expectation of an HTTP/1.0 client is ignored."""
    client = net.connect(net.serve())
    client.send(b"PUT /e HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    client.send(b"abc")
    assert client.answer() == net.ok(b"PUT /e abc", ("Connection", "close"))


def test_a_head_request_gets_the_header_of_get_and_no_body(net):
    """RFC 9110, 9.3.2: Content-Length as for GET, and the next answer follows at once."""
    client = net.connect(net.serve())
    client.send(b"HEAD /h HTTP/1.1\r\n" + HOST + b"\r\nGET /g HTTP/1.1\r\n" + HOST + b"\r\n")
    head = client.answer(to_head=True)
    assert head == net.answer("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "8")])
    assert client.answer() == net.ok(b"GET /g ")


def test_pipelined_requests_are_answered_in_order(net):
    """RFC 9112, 9.3.2, with and without bodies."""
    client = net.connect(net.serve())
    data = b""
    for number in range(50):
        data += b"POST /%d HTTP/1.1\r\n" % number + HOST + b"Content-Length: %d\r\n\r\n" % number + b"x" * number
    client.send(data)
    for number in range(50):
        assert client.answer() == net.ok(b"POST /%d " % number + b"x" * number)


def test_a_small_body_that_nobody_reads_is_dropped(net):
    """The next request is found behind it."""

    def app(environ, start_response):
        start_response("200 OK", [])
        return [environ["PATH_INFO"].encode()]

    client = net.connect(net.serve(app))
    client.send(b"POST /1 HTTP/1.1\r\n" + HOST + b"Content-Length: 60000\r\n\r\n" + b"x" * 60000)
    client.send(b"POST /2 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    client.send(b"GET /3 HTTP/1.1\r\n" + HOST + b"\r\n")
    assert client.answer() == net.answer("200 OK", [("Content-Length", "2")], b"/1")
    second = client.answer()  # its body may or may not have arrived in time
    assert second.body == b"/2"
    if ("Connection", "close") not in second.headers:
        assert client.answer() == net.answer("200 OK", [("Content-Length", "2")], b"/3")


def test_a_large_body_that_nobody_reads_does_not_cost_the_answer(net):
    """The client sends all of it, then reads the answer: no reset."""

    def app(environ, start_response):
        start_response("401 Unauthorized", [])
        return [b"who?"]

    client = net.connect(net.serve(app))
    client.send(b"POST /1 HTTP/1.1\r\n" + HOST + b"Content-Length: 16777216\r\n\r\n" + bytes(16777216))
    headers = [("Content-Length", "4"), ("Connection", "close")]
    assert client.answer() == net.answer("401 Unauthorized", headers, b"who?")
    assert client.rest() == b""


def test_java_asking_for_h2c_is_answered_in_http_1_1(net):
    """RFC 9110, 7.8: an Upgrade that is not spoken is ignored; the body is read, the connection usable."""
    java = (
        b"POST /token HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: 29\r\nHost: 127.0.0.1:8080\r\n"
        b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\n"
        b"User-Agent: Java-http-client/17.0.9\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
        b"grant_type=client_credentials"
    )
    chunked = java.replace(b"Content-Length: 29", b"Transfer-Encoding: chunked")
    chunked = chunked.replace(b"grant_type=client_credentials", b"5\r\nhello\r\n0\r\n\r\n")
    client = net.connect(net.serve())
    for _ in range(2):
        client.send(java)
        assert client.answer() == net.ok(b"POST /token grant_type=client_credentials")
        client.send(chunked)
        assert client.answer() == net.ok(b"POST /token hello")


def test_junk_after_connection_close_is_ignored(net):
    """RFC 9112, 9.6: the request is answered, what follows is not looked at."""
    client = net.connect(net.serve())
    client.send(b"GET /x HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n\x00junk" + b"x" * 100000)
    assert client.answer() == net.ok(b"GET /x ", ("Connection", "close"))
    assert client.rest() == b""


def test_http_1_0_ends_the_connection_unless_asked_to_keep_it(net):
    """RFC 9112, 9.3."""
    server = net.serve()
    client = net.connect(server)
    client.send(b"GET /x HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
    assert client.answer() == net.ok(b"GET /x ", ("Connection", "keep-alive"))
    client.send(b"GET /y HTTP/1.0\r\n\r\n")
    assert client.answer() == net.ok(b"GET /y ", ("Connection", "close"))
    assert client.rest() == b""


@pytest.mark.parametrize(
    ("target", "path", "query", "host"),
    [
        (b"http://api.example:81/a%20b?q=%20", "/a b", "q=%20", "api.example:81"),
        (b"http://api.example", "/", "", "api.example"),
        (b"http://api.example?q", "/", "q", "api.example"),
        (b"HTTPS://user@api.example/p", "/p", "", "api.example"),
        (b"/a?u=http://other/", "/a", "u=http://other/", "a"),
        (b"//double/%C3%A9%2F", "//double/\u00c3\u00a9/", "", "a"),
        (b"*", "*", "", "a"),
        (b"/bad%zz%4", "/bad%zz%4", "", "a"),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_a_target_gives_path_query_and_host(net, target, path, query, host):
    """RFC 9112, 3.2: origin-form, absolute-form (its host wins) and asterisk-form; the raw target stays."""
    seen = []

    def app(environ, start_response):
        seen.append(environ)
        start_response("204 No Content", [])
        return []

    client = net.connect(net.serve(app))
    client.send(b"OPTIONS " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    assert client.answer() == net.answer("204 No Content", [])
    names = ("PATH_INFO", "QUERY_STRING", "HTTP_HOST", "REQUEST_URI", "RAW_URI")
    assert [seen[0][name] for name in names] == [path, query, host, target.decode(), target.decode()]


def test_the_environ_holds_what_was_sent(net):
    """PEP 3333 and our own keys: raw names in order, duplicates joined."""
    seen = []

    def app(environ, start_response):
        seen.append(dict(environ))
        start_response("204 No Content", [])
        return []

    server = net.serve(app)
    client = net.connect(server)
    client.send(
        b"GET /p?q=1 HTTP/1.1\r\nhOST: a\r\nX-One: 1\r\nx-one:  2 \t\r\nX_Under: u\r\nCookie: a=1\r\nCookie: b=2\r\n"
        b"Content-Type: text/x\r\nContent-Length: 0\r\nX-Latin: \xe9\r\n\r\n"
    )
    assert client.answer() == net.answer("204 No Content", [])
    environ = seen[0]
    for name in (
        "wsgi.input",
        "wsgi.errors",
        "serving.disconnect",
        "serving.reset",
        "serving.send",
        "serving.until_gone",
    ):
        del environ[name]
    assert environ == {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/p",
        "QUERY_STRING": "q=1",
        "REQUEST_URI": "/p?q=1",
        "RAW_URI": "/p?q=1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(server.port),
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": str(client.sock.getsockname()[1]),
        "CONTENT_TYPE": "text/x",
        "CONTENT_LENGTH": "0",
        "HTTP_HOST": "a",
        "HTTP_X_ONE": "1,2",
        "HTTP_X_UNDER": "u",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X_LATIN": "\xe9",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "serving.raw_headers": (
            (b"hOST", b"a"),
            (b"X-One", b"1"),
            (b"x-one", b"2"),
            (b"X_Under", b"u"),
            (b"Cookie", b"a=1"),
            (b"Cookie", b"b=2"),
            (b"Content-Type", b"text/x"),
            (b"Content-Length", b"0"),
            (b"X-Latin", b"\xe9"),
        ),
        "serving.connection": 1,
        "serving.peer_certificate": None,
        "serving.on_delivery": [],
    }


def test_the_input_reads_like_a_file(net):
    """PEP 3333: read, readline, readlines and iteration, over pieces of any size."""
    seen = []

    def app(environ, start_response):
        stream = environ["wsgi.input"]
        seen.extend([stream.read(0), stream.read(2), stream.readline(), stream.readline(2), stream.readline(9)])
        seen.append(stream.readlines(3))
        seen.append(next(iter(stream)))
        seen.extend([stream.readlines(), stream.read(), stream.read(5), stream.readline(), list(stream)])
        start_response("204 No Content", [])
        return []

    client = net.connect(net.serve(app))
    client.send(b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
    for octet in b"abcd\nefgh\nij\nkl\nmn\nop\nqr":
        client.send(b"1\r\n%c\r\n" % octet)
    client.send(b"0\r\n\r\n")
    assert client.answer() == net.answer("204 No Content", [])
    assert seen == [
        *(b"", b"ab", b"cd\n", b"ef", b"gh\n"),
        [b"ij\n"],
        b"kl\n",
        [b"mn\n", b"op\n", b"qr"],
        *(b"", b"", b"", []),
    ]


REFUSED = [
    ("400 Bad Request", b"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 without Host"),
    ("400 Bad Request", b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "more than one Host"),
    ("400 Bad Request", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "Host is not a host"),
    ("400 Bad Request", b"GET /#f HTTP/1.1\r\nHost: a\r\n\r\n", "a request target has no fragment (RFC 9112, 3.2)"),
    ("400 Bad Request", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", None),
    ("400 Bad Request", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", None),
    ("400 Bad Request", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", None),
    ("400 Bad Request", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", None),
    ("400 Bad Request", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999999\r\n\r\n", None),
    ("400 Bad Request", b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding in HTTP/1.0"),
    ("400 Bad Request", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", None),
    ("400 Bad Request", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n", None),
    ("400 Bad Request", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", None),
    ("400 Bad Request", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", None),
    ("400 Bad Request", b"GET / HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n", None),
    ("400 Bad Request", b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", None),
    ("400 Bad Request", b"GET / HTTP/1.1\nHost: a\n\n", None),
    ("400 Bad Request", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", None),
    ("400 Bad Request", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", None),
    ("400 Bad Request", b"GET relative HTTP/1.1\r\nHost: a\r\n\r\n", None),
    ("400 Bad Request", b"GET / HTTX/1.1\r\nHost: a\r\n\r\n", None),
    ("400 Bad Request", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", None),
    ("501 Not Implemented", b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "unknown method 'BREW'"),
    ("501 Not Implemented", b"get / HTTP/1.1\r\nHost: a\r\n\r\n", "unknown method 'get'"),
    ("501 Not Implemented", b"SETUP / HTTP/1.1\r\nHost: a\r\n\r\n", "method 'SETUP' is not one of HTTP"),
    ("501 Not Implemented", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", None),
    ("501 Not Implemented", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", None),
    ("501 Not Implemented", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", None),
    ("505 HTTP Version Not Supported", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "HTTP/2.0 is not spoken here"),
    ("505 HTTP Version Not Supported", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2 is not spoken here"),
    ("505 HTTP Version Not Supported", b"GET /\r\n\r\n", "HTTP/0.9 is not spoken here"),
]


@pytest.mark.parametrize(("status", "request_", "reason"), REFUSED, ids=[repr(row[1])[2:60] for row in REFUSED])
def test_what_is_no_request_is_refused_and_never_reaches_the_application(net, status, request_, reason):
    """RFC 9112, 2.2, 3.2, 5.1, 5.2, 6.1, 6.3; RFC 9110, 15.6.2 and 15.6.6."""
    calls = []

    def app(environ, start_response):
        calls.append(environ)
        start_response("200 OK", [])
        return []

    client = net.connect(net.serve(app))
    client.send(request_)
    answer = client.answer()
    assert answer == net.refusal(status, answer.body.decode().rstrip("\n") if reason is None else reason)
    assert client.rest() == b""
    assert calls == []


def test_blank_lines_before_a_request_are_skipped(net):
    """RFC 9112, 2.2."""
    client = net.connect(net.serve())
    client.send(b"\r\n\r\n\r\nGET /x HTTP/1.1\r\n" + HOST + b"\r\n")
    assert client.answer() == net.ok(b"GET /x ")


def test_an_unknown_method_is_refused_at_any_length(net):
    """Half a method is refused like a whole one."""
    server = net.serve()
    for octets in (b"BR", b"BREW", b"BREW /pot HT"):
        client = net.connect(server)
        client.send(octets)
        assert client.answer().status == "HTTP/1.1 501 Not Implemented"


CAPS = Limits(url=100, header_block=300, header_fields=5, body=1000)


LONG_URL = ("414 URI Too Long", "the request target is longer than 100 octets")
LONG_HEAD = ("431 Request Header Fields Too Large", "the request head is longer than 300 octets")
MANY_FIELDS = ("431 Request Header Fields Too Large", "the request has more than 5 header fields")
LONG_BODY = ("413 Content Too Large", "the request body is longer than 1000 octets")


@pytest.mark.parametrize(
    ("request_", "status", "reason"),
    [
        (b"GET /" + b"u" * 100 + b" HTTP/1.1\r\nHost: a\r\n\r\n", *LONG_URL),
        (b"GET /" + b"u" * 5000, *LONG_URL),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 300 + b"\r\n\r\n", *LONG_HEAD),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 5000, *LONG_HEAD),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: x\r\n" * 5 + b"\r\n", *MANY_FIELDS),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: x\r\n" * 6, *MANY_FIELDS),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", *LONG_BODY),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n" + b"x" * 1001, *LONG_BODY),
    ],
    ids=["url", "half_url", "block", "half_block", "fields", "half_fields", "length", "chunked"],
)
def test_what_is_too_long_is_refused(net, request_, status, reason):
    """RFC 9110, 15.5.14 and 15.5.15; RFC 6585, 5."""
    client = net.connect(net.serve(limits=CAPS))
    client.send(request_)
    assert client.answer() == net.refusal(status, reason)
    assert client.rest() == b""


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (b"GET /" + b"u" * 99 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /" + b"u" * 99 + b" "),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 260 + b"\r\n\r\n", b"GET / "),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: x\r\n" * 4 + b"\r\n", b"GET / "),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000, b"POST / " + b"x" * 1000),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3E8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n",
            b"POST / " + b"x" * 1000,
        ),
    ],
    ids=["url", "block", "fields", "length", "chunked"],
)
def test_what_is_just_short_enough_is_served(net, request_, body):
    """The caps are the longest that is taken."""
    client = net.connect(net.serve(limits=CAPS))
    client.send(request_)
    assert client.answer() == net.ok(body)


def test_an_announced_body_of_64_mib_is_refused_and_the_client_reads_why(net):
    """413 before reading, then lingering: a client that sends everything first still gets the answer, not a reset."""
    client = net.connect(net.serve(limits=Limits(body=1 << 20)))
    sent = threading.Event()
    client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 67108864\r\n\r\n")
    piece = bytes(1 << 20)
    for _ in range(64):
        client.send(piece)
    sent.set()
    assert client.answer() == net.refusal("413 Content Too Large", "the request body is longer than 1048576 octets")
    assert client.rest() == b""


def test_the_application_may_answer_a_body_that_is_too_long_itself(net):
    """Reading raises an OSError; catching it is the application's choice."""
    kinds = []

    def app(environ, start_response):
        try:
            environ["wsgi.input"].read()
        except OSError as error:
            kinds.append(type(error).__name__)
        start_response("422 Unprocessable Content", [])
        return [b"mine"]

    client = net.connect(net.serve(app, limits=CAPS))
    client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n" + b"x" * 1001)
    headers = [("Content-Length", "4"), ("Connection", "close")]
    assert client.answer() == net.answer("422 Unprocessable Content", headers, b"mine")
    assert kinds == ["BodyTooLarge"]


def test_reject_words_every_answer_of_the_server_itself(net):
    """It sees status, head as far as read, and reason; its answer goes out with framing and `Connection: close`."""
    calls = []

    def reject(status, head, reason):
        calls.append((status, head, reason))
        return "400 Nope", [("X-Mine", "yes")], b"{}"

    server = net.serve(reject=reject, limits=CAPS)
    mine = net.answer("400 Nope", [("X-Mine", "yes"), ("Content-Length", "2"), ("Connection", "close")], b"{}")
    for request_ in (
        b"BREW / HTTP/1.1\r\n\r\n",
        b"GET /x HTTP/1.1\r\nX: 1\r\n\r\n",
        b"GET /x HTTP/1.1\r\nW: 1\r\nX: 1\r\nY y\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
    ):
        client = net.connect(server)
        client.send(request_)
        assert client.answer() == mine
    assert calls == [
        (501, Head(method="BREW"), "unknown method 'BREW'"),
        (400, Head(method="GET", target=b"/x", version="1.1", headers=((b"X", b"1"),)), "HTTP/1.1 without Host"),
        (400, Head(method="GET", target=b"/x", headers=((b"W", b"1"),)), "Invalid header token"),
        (400, Head(), "Invalid char in url path"),
    ]


def test_a_reject_that_raises_is_reported_and_the_plain_answer_sent(net):
    """The client is answered whatever happens."""
    errors = []
    failure = RuntimeError("reject is broken")

    def reject(status, head, reason):
        raise failure

    client = net.connect(net.serve(reject=reject, on_error=errors.append))
    client.send(b"GET / HTTP/1.1\r\n\r\n")
    assert client.answer() == net.refusal("400 Bad Request", "HTTP/1.1 without Host")
    assert errors == [failure]
