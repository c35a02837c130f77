"""An application behind a guard: what it is called with, how its answer goes out, what the journal has of both."""

from __future__ import annotations

import base64
import collections.abc as cabc
import hashlib
import http.client
import socket
import threading
import typing

import httpx
import pytest
from werkzeug.test import Client

from mockserver import Basic
from mockserver import OAuthMock
from mockserver import Open

Environ = dict[str, typing.Any]
_AUTH = ("crm", "s3cret")
_HEADER = "Basic " + base64.b64encode(b"crm:s3cret").decode()
_GUARD = Basic({"crm": "s3cret"})


class App:
    """Keeps what it was called with, and answers by the path."""

    def __init__(self) -> None:
        self.environs: list[Environ] = []
        self.bodies: list[bytes] = []
        self.closed = threading.Event()

    def __call__(self, environ: Environ, start_response: typing.Any) -> cabc.Iterable[bytes]:
        self.environs.append(environ)
        self.bodies.append(environ["wsgi.input"].read())
        return getattr(self, environ["PATH_INFO"].strip("/").partition("/")[0] or "plain", self.plain)(start_response)

    @staticmethod
    def plain(start_response: typing.Any) -> cabc.Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]

    def streamed(self, start_response: typing.Any) -> cabc.Iterable[bytes]:
        start_response("201 Created", [("X-Piece", "many")])
        return self._pieces()

    def measured(self, start_response: typing.Any) -> cabc.Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "9"), ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")])
        return self._pieces()

    def _pieces(self) -> cabc.Iterator[bytes]:
        try:
            yield from (b"one", b"two", b"333")
        finally:
            self.closed.set()

    @staticmethod
    def late(start_response: typing.Any) -> cabc.Iterable[bytes]:
        yield b""
        start_response("200 OK", [])
        yield b"late"

    @staticmethod
    def writes(start_response: typing.Any) -> cabc.Iterable[bytes]:
        write = start_response("200 OK", [])
        write(b"old ")
        write(b"style")
        return []

    @staticmethod
    def empty(start_response: typing.Any) -> cabc.Iterable[bytes]:
        start_response("204 No Content", [])
        return []

    @staticmethod
    def breaks(_: typing.Any) -> cabc.Iterable[bytes]:
        raise RuntimeError("the application broke")

    @staticmethod
    def breaks_off(start_response: typing.Any) -> cabc.Iterable[bytes]:
        start_response("200 OK", [])
        yield b"half"
        raise RuntimeError("the application broke")

    @staticmethod
    def silent(_: typing.Any) -> cabc.Iterable[bytes]:
        return [b"x"]


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def api(running: OAuthMock, app: App) -> cabc.Iterator[httpx.Client]:
    """A client below an application behind Basic."""
    protected = running.protect("/s3/", app=app, guard=_GUARD)
    assert protected.url == f"{running.url}/s3"
    with httpx.Client(base_url=protected.url, auth=_AUTH) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("", ""),
        ("/", "/"),
        ("/bucket/a%2Fb", "/bucket/a/b"),
        ("/b%20%C3%BC", "/b \u00c3\u00bc"),
        ("//x/../y", "//x/../y"),
        ("/%FF", "/\u00ff"),
    ],
)
@pytest.mark.parametrize("issuer", ["", "tenant"])
def test_the_application_gets_everything_at_and_below(
    running: OAuthMock, app: App, issuer: str, path: str, below: str
) -> None:
    """PEP 3333: SCRIPT_NAME grows, PATH_INFO shrinks, the raw target stays; and the app may know who it is."""
    of = running.issuer(issuer) if issuer else running
    url = of.protect("/s3", app=app, guard=_GUARD).url
    connection = http.client.HTTPConnection("127.0.0.1", int(running.url.rpartition(":")[2]), timeout=10)
    # No other client sends a path as it is
    connection.request("GET", f"{'/' + issuer if issuer else ''}/s3{path}?q=1", headers={"Authorization": _HEADER})
    assert (connection.getresponse().status, url) == (200, f"{of.url}/s3")
    connection.close()

    (environ,) = app.environs
    prefix = f"/{issuer}/s3" if issuer else "/s3"
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"], environ["QUERY_STRING"]) == (prefix, below, "q=1")
    assert environ["REQUEST_URI"] == f"{prefix}{path}?q=1"
    assert (environ["AUTH_TYPE"], environ["REMOTE_USER"]) == ("basic", "crm")


def test_a_path_beside_is_not_below(running: OAuthMock, api: httpx.Client) -> None:
    """`/s3x` is another path, and so is what the protocol serves."""
    assert httpx.get(f"{running.url}/s3x").status_code == 404
    assert running.journal.last.endpoint == "unknown"


def test_an_application_at_the_root_leaves_the_protocol_alone(running: OAuthMock, app: App) -> None:
    """And a nearer door goes before: a fixed answer, another application."""
    root = running.protect("/", app=app, guard=Open())
    running.protect("/deep/er", app=App(), guard=Open())
    running.protect("/deep/fixed", guard=Open(), json={"fixed": True})

    assert root.url == running.url
    assert httpx.get(f"{running.url}/anything/at/all").text == "hello"
    assert httpx.get(f"{running.url}/").text == "hello"
    assert "keys" in httpx.get(running.jwks_url).json()
    assert httpx.get(f"{running.url}/deep/er/x").text == "hello"
    assert httpx.get(f"{running.url}/deep/fixed").json() == {"fixed": True}
    assert [environ["PATH_INFO"] for environ in app.environs] == ["/anything/at/all", "/"]


@pytest.mark.parametrize("size", [0, 10, 70_000, 8 * 1024 * 1024])
def test_a_body_of_any_size_passes(running: OAuthMock, api: httpx.Client, app: App, size: int) -> None:
    """Beyond `body_limit`, which is for the protocol: the journal has its beginning, its length and its digest."""
    body = b"0123456789abcdef" * (size // 16) + b"x" * (size % 16)

    assert api.put("/bucket/key", content=body).text == "hello"
    last = running.journal.last
    assert app.bodies == [body]
    assert (last.body.length, last.body.content) == (size, body[: 64 * 1024])
    assert last.body.sha256 == hashlib.sha256(body).hexdigest()


def test_a_chunked_body_passes(running: OAuthMock, api: httpx.Client, app: App) -> None:
    """RFC 9112 7.1."""
    assert api.put("/bucket/key", content=iter([b"one", b"two"])).status_code == 200
    assert app.bodies == [b"onetwo"]


def test_a_refused_request_never_reaches_the_application(running: OAuthMock, app: App) -> None:
    """Its body is recorded all the same: whether it is the same when the client asks again is to be seen."""
    s3 = running.protect("/s3", app=app, guard=_GUARD)
    body = b"x" * 2_000_000
    assert httpx.patch(f"{s3.url}/a", content=body).status_code == 401
    assert httpx.patch(f"{s3.url}/a", content=body, auth=_AUTH).status_code == 200
    assert httpx.patch(f"{s3.url}/b", content=body[:-1], auth=_AUTH).status_code == 200

    first, second, third = s3.exchanges
    assert [exchange.status for exchange in s3.exchanges] == [401, 200, 200]
    assert first.body == second.body != third.body
    assert [exchange.preemptive for exchange in s3.exchanges] == [False, False, False]
    assert len(app.environs) == 2


def test_a_body_that_is_not_waited_for_is_not_asked_for(running: OAuthMock, app: App) -> None:
    """RFC 9110 10.1.1: a refused request gets its final status and no 100 (Continue)."""
    s3 = running.protect("/s3", app=app, guard=_GUARD)
    headers = {"Expect": "100-continue"}
    with httpx.Client() as client, client.stream("PUT", s3.url, content=b"", headers=headers) as answer:
        assert answer.status_code == 401
    assert running.journal.last.body.length == 0


@pytest.mark.parametrize(
    ("path", "answered", "headers"),
    [
        ("/plain", (200, "hello"), {"content-type": "text/plain", "content-length": "5"}),
        ("/streamed", (201, "onetwo333"), {"x-piece": "many", "transfer-encoding": "chunked"}),
        ("/measured", (200, "onetwo333"), {"content-length": "9", "date": "Sun, 06 Nov 1994 08:49:37 GMT"}),
        ("/late", (200, "late"), {"transfer-encoding": "chunked"}),
        ("/writes", (200, "old style"), {}),
        ("/empty", (204, ""), {}),
    ],
)
def test_answers_of_every_kind(
    running: OAuthMock, api: httpx.Client, path: str, answered: tuple[int, str], headers: dict[str, str]
) -> None:
    """PEP 3333; the exchange is there as soon as the client has the whole answer."""
    for _ in range(3):
        answer = api.get(path)
        last = running.journal.last
        assert (answer.status_code, answer.text) == answered
        assert headers.items() <= dict(answer.headers).items()
        assert "date" in answer.headers
        assert (last.status, last.reply.body.decode(), last.verdict) == (*answered, "accepted")
        assert last.why == "/s3 took the password of user 'crm' (Basic)"


def test_the_head_alone(running: OAuthMock, api: httpx.Client, app: App) -> None:
    """RFC 9110 9.3.2: and the application's iterable is closed."""
    answer = api.head("/measured")

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "9")
    assert running.journal.last.request.method == "HEAD"
    assert app.closed.wait(10)


def test_what_streams_leaves_before_it_is_complete(running: OAuthMock) -> None:
    """No piece waits for the next one."""
    read = threading.Event()

    def app(environ: Environ, start_response: typing.Any) -> cabc.Iterator[bytes]:
        start_response("200 OK", [])
        yield b"first"
        assert read.wait(10)
        yield b"second"

    url = running.protect("/events", app=app, guard=Open()).url
    with httpx.stream("GET", url) as answer:
        pieces = answer.iter_raw()
        assert next(pieces) == b"first"
        read.set()
        assert list(pieces) == [b"second"]
    assert running.journal.last.reply.body == b"firstsecond"


def test_an_application_that_breaks(running: OAuthMock, api: httpx.Client) -> None:
    """500 for the client, and the traceback for the test."""
    assert api.get("/breaks").status_code == 500
    assert running.journal.last.verdict == "error"
    assert api.get("/silent").status_code == 500
    with pytest.raises(httpx.RemoteProtocolError):
        api.get("/breaks_off")

    assert [str(error) for error in running.exceptions[:2]] == [
        "the application broke",
        "the application never called start_response (PEP 3333)",
    ]
    assert str(running.exceptions[2]) == "the application broke"
    assert running.journal.wait_for(3)[-1].reply.body == b"half"
    running.exceptions.clear()


def test_faults_strike_an_application_as_well(running: OAuthMock, app: App) -> None:
    """`fail` keeps the request from it, `alter` changes what it said; both are for everything below."""
    s3 = running.protect("/s3", app=app, guard=_GUARD)
    s3.fail(503)
    assert httpx.get(f"{s3.url}/a", auth=_AUTH).status_code == 503
    assert app.environs == []

    s3.drip(0.02, pieces=2)
    assert httpx.get(f"{s3.url}/streamed", auth=_AUTH).text == "onetwo333"
    assert "drip" in running.journal.last.fault
    assert httpx.get(f"{s3.url}/measured", auth=_AUTH).headers["content-length"] == "9"


def test_an_application_has_host_names_of_its_own(running: OAuthMock, api: httpx.Client) -> None:
    """The buckets of S3; the protocol answers for its own host alone."""
    headers = {"Host": "bucket.s3.eu-west-1.amazonaws.com"}

    assert api.get("/key", headers=headers).status_code == 200
    assert httpx.get(running.jwks_url, headers=headers).status_code == 421


def test_an_application_under_another_server(mock: OAuthMock) -> None:
    """Without our own WSGI server below."""
    app = App()
    mock.protect("/s3", app=app, guard=_GUARD)
    http = Client(mock.wsgi)

    answer = http.put("/s3/streamed", data=b"body", auth=_AUTH)

    assert (answer.status_code, answer.data) == (201, b"onetwo333")
    assert app.bodies == [b"body"]
    assert mock.journal.last.body.content == b"body"


def test_the_echo_may_be_behind_any_guard(running: OAuthMock) -> None:
    """`oauthmock.echo`: the same as below `/api/`, with the whole path."""
    echo = running.protect("/v1", app=running.echo, guard=_GUARD)
    answer = httpx.patch(f"{echo.url}/orders/7?dry=1", content=b"\xff", auth=_AUTH).json()

    assert (answer["method"], answer["path"], answer["query"]) == ("PATCH", "/v1/orders/7", [["dry", "1"]])
    assert (answer["body"], answer["body_base64"]) == (None, "/w==")


def test_a_client_that_goes_away_is_not_the_applications_fault(running: OAuthMock, app: App) -> None:
    """A body that breaks off is 408 and no error of the server's."""
    running.protect("/s3", app=app, guard=Open())
    with socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2]))) as sock:
        sock.sendall(b"PUT /s3/k HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nabc")
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(10)
        assert sock.recv(64).startswith(b"HTTP/1.1 408 ")

    (last,) = running.journal.wait_for(1)
    assert (last.status, last.verdict, last.why[:19]) == (408, "refused", "the body broke off:")
    assert running.exceptions == []


def test_a_second_protect_replaces_the_first(running: OAuthMock, api: httpx.Client) -> None:
    """Also an application by a fixed answer, and the reverse."""
    running.protect("/s3", json={"fixed": True}, guard=Open())

    assert api.get(f"{running.url}/s3").json() == {"fixed": True}
    assert api.get("/below").status_code == 404
