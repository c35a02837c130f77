"""One application, four ways to reach it: `create_app()` answers alike wherever it is mounted."""

from __future__ import annotations

import base64
import collections.abc as cabc
import contextlib
import dataclasses
import http.client
import json
import pathlib
import re
import socket
import subprocess
import sys
import threading
import typing
import urllib.parse

import pytest
import werkzeug.serving
import werkzeug.test

from mockserver import OAuthMock
from mockserver import create_app

_CONFIGURATION = """
body_limit = 4096

[[clients]]
client_id = "crm"
client_secret = "s3cret"
scope = "orders:read orders:write"
token_endpoint_auth_method = ["client_secret_basic", "client_secret_post", "client_secret_json"]
redirect_uris = ["http://127.0.0.1:8765/callback?tenant=a"]

[[clients]]
client_id = "app"
token_endpoint_auth_method = "none"
consent = "auto"
redirect_uris = ["http://127.0.0.1:8765/app"]

[[users]]
username = "alice"
password = "wonderland"

[issuers.tenant-a]
access_token_format = "opaque"
[[issuers.tenant-a.clients]]
client_id = "crm"
client_secret = "other"
"""

# the headers that an answer is made of; a server adds Date, Server and Connection as it likes
_RELEVANT = (
    "Allow",
    "Cache-Control",
    "Content-Length",
    "Content-Security-Policy",
    "Content-Type",
    "Location",
    "Pragma",
    "Referrer-Policy",
    "WWW-Authenticate",
    "X-Content-Type-Options",
    "X-Frame-Options",
)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}
_BASIC = {"Authorization": "Basic " + base64.b64encode(b"crm:s3cret").decode()}
_BINARY = bytes(range(256))


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> typing.Any:
        return json.loads(self.body)


class Mounted(typing.Protocol):
    """A way to reach the application."""

    def __call__(self, method: str, target: str, headers: cabc.Mapping[str, str], body: bytes) -> Answer: ...


def _relevant(headers: cabc.Iterable[tuple[str, str]]) -> dict[str, str]:
    wanted = {name.lower(): name for name in _RELEVANT}
    sent = [(wanted[name.lower()], value) for name, value in headers if name.lower() in wanted]
    assert len(dict(sent)) == len(sent), f"a header was sent twice: {sent}"
    return dict(sent)


def _over_a_socket(port: int) -> Mounted:
    def send(method: str, target: str, headers: cabc.Mapping[str, str], body: bytes) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, target, body=body or None, headers=dict(headers))
            response = connection.getresponse()
            return Answer(response.status, _relevant(response.getheaders()), response.read())

    return send


@contextlib.contextmanager
def _in_process(configuration: pathlib.Path) -> cabc.Iterator[Mounted]:
    client = werkzeug.test.Client(create_app(config=configuration), use_cookies=False)

    def send(method: str, target: str, headers: cabc.Mapping[str, str], body: bytes) -> Answer:
        path, _, query = target.partition("?")
        response = client.open(
            urllib.parse.unquote(path),
            base_url="http://127.0.0.1:8000",
            query_string=query,
            method=method,
            headers=dict(headers),
            data=body,
        )
        return Answer(response.status_code, _relevant(response.headers), response.data)

    yield send


@contextlib.contextmanager
def _on_our_server(configuration: pathlib.Path) -> cabc.Iterator[Mounted]:
    with OAuthMock(config=configuration) as oauthmock:
        yield _over_a_socket(urllib.parse.urlsplit(oauthmock.url).port or 0)
        assert oauthmock.exceptions == []


@contextlib.contextmanager
def _on_werkzeug(configuration: pathlib.Path) -> cabc.Iterator[Mounted]:
    class Quiet(werkzeug.serving.WSGIRequestHandler):
        def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - Werkzeug's name
            pass

    server = werkzeug.serving.make_server(
        "127.0.0.1", 0, create_app(config=configuration), threaded=True, request_handler=Quiet
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield _over_a_socket(server.server_port)
    finally:
        server.shutdown()
        thread.join(timeout=20)
        server.server_close()
    assert not thread.is_alive()


@contextlib.contextmanager
def _on_granian(configuration: pathlib.Path) -> cabc.Iterator[Mounted]:
    module = configuration.with_name("served.py")
    module.write_text(
        f"import mockserver\n\n\ndef app():\n    return mockserver.create_app(config={str(configuration)!r})\n"
    )
    with socket.socket() as probe:
        # granian cannot be told to take any port
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--factory",
        "served:app",
        "--no-ws",
        "--http",
        "1",
    ]
    command += [
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--working-dir",
        str(module.parent),
        "--log-level",
        "warning",
    ]
    log = configuration.with_name("granian.log")
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_until_it_accepts(port, process, log)
        yield _over_a_socket(port)
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=15)


def _wait_until_it_accepts(port: int, process: subprocess.Popen[bytes], log: pathlib.Path) -> None:
    pause = threading.Event()
    for _ in range(600):
        if process.poll() is not None:
            break
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        pause.wait(0.05)
    raise AssertionError(f"granian does not listen: {log.read_text()}")


_SERVERS: dict[str, cabc.Callable[[pathlib.Path], contextlib.AbstractContextManager[Mounted]]] = {
    "ours": _on_our_server,
    "werkzeug": _on_werkzeug,
    "granian": _on_granian,
}


class Fleet:
    """Every server, started when it is first asked for and stopped after the last test of this file."""

    def __init__(self, folder: pathlib.Path, stack: contextlib.ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._started: dict[str, Mounted] = {}

    def __getitem__(self, name: str) -> Mounted:
        if name not in self._started:
            folder = self._folder / name
            folder.mkdir()
            configuration = folder / "oauthmock.toml"
            configuration.write_text(_CONFIGURATION)
            start = _in_process if name == "in-process" else _SERVERS[name]
            self._started[name] = self._stack.enter_context(start(configuration))
        return self._started[name]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> cabc.Iterator[Fleet]:
    with contextlib.ExitStack() as stack:
        yield Fleet(tmp_path_factory.mktemp("servers"), stack)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request, and what is known of its answer beforehand, so that not all may be wrong in the same way."""

    method: str = "POST"
    target: str = "/token"
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""
    status: int = 200
    error: str | None = None
    says: cabc.Callable[[Answer], object] = lambda answer: True
    token: str | None = None
    """The body of a token request whose token the request carries."""


def _form(**parameters: str) -> bytes:
    return urllib.parse.urlencode(parameters).encode()


def _authorize(client_id: str = "crm", **parameters: str) -> str:
    redirect_uri = {"crm": "http://127.0.0.1:8765/callback?tenant=a", "app": "http://127.0.0.1:8765/app"}[client_id]
    asked = {"response_type": "code", "client_id": client_id, "redirect_uri": redirect_uri, **parameters}
    return "/authorize?" + urllib.parse.urlencode(asked)


_CREDENTIALS = _form(grant_type="client_credentials", scope="orders:read")
_CASES = {
    "token by Basic": Case(
        headers={**_FORM, **_BASIC}, body=_CREDENTIALS, says=lambda a: a.json["scope"] == "orders:read"
    ),
    "token by body": Case(
        headers=_FORM,
        body=_CREDENTIALS + b"&client_id=crm&client_secret=s3cret",
        says=lambda a: a.json["expires_in"] == 3600,
    ),
    "token by JSON": Case(
        headers=_JSON, body=b'{"grant_type": "client_credentials", "client_id": "crm", "client_secret": "s3cret"}'
    ),
    "token by password, with a refresh token": Case(
        headers=_FORM,
        body=_form(grant_type="password", username="alice", password="wonderland", client_id="app"),
        says=lambda a: a.json["refresh_token"],
    ),
    "token of the issuer below a path": Case(
        target="/tenant-a/token",
        headers=_FORM,
        body=_form(grant_type="client_credentials", client_id="crm", client_secret="other"),
        says=lambda a: a.json["access_token"].startswith("oam_at_"),
    ),
    "a wrong secret in the header": Case(
        headers={**_FORM, "Authorization": "Basic " + base64.b64encode(b"crm:wrong").decode()},
        body=_CREDENTIALS,
        status=401,
        error="invalid_client",
        says=lambda a: a.headers["WWW-Authenticate"] == 'Basic realm="token endpoint"',
    ),
    "a wrong secret in the body": Case(
        headers=_FORM,
        body=_CREDENTIALS + b"&client_id=crm&client_secret=wrong",
        status=401,
        error="invalid_client",
        says=lambda a: "WWW-Authenticate" not in a.headers,
    ),
    "an unknown grant": Case(
        headers={**_FORM, **_BASIC}, body=b"grant_type=magic", status=400, error="unsupported_grant_type"
    ),
    "a parameter that comes twice": Case(
        headers={**_FORM, **_BASIC}, body=_CREDENTIALS + b"&scope=x", status=400, error="invalid_request"
    ),
    "a body that is not UTF-8": Case(
        headers={**_FORM, **_BASIC}, body=b"grant_type=\xff", status=400, error="invalid_request"
    ),
    "a body over the limit": Case(
        headers={**_FORM, **_BASIC}, body=_CREDENTIALS + b"&x=" + b"x" * 4096, status=413, error="invalid_request"
    ),
    "no body at all": Case(headers=_BASIC, status=400, error="invalid_request"),
    "GET on the token endpoint": Case(
        method="GET", status=405, error="invalid_request", says=lambda a: a.headers["Allow"] == "POST"
    ),
    "the consent page": Case(
        method="GET",
        target=_authorize(scope="orders:read", state="<&\"'>"),
        says=lambda a: b"Continue as alice" in a.body and a.headers["Content-Type"] == "text/html; charset=utf-8",
    ),
    "HEAD on the consent page": Case(
        method="HEAD",
        target=_authorize(scope="orders:read"),
        says=lambda a: a.body == b"" and int(a.headers["Content-Length"]) > 1000,
    ),
    "approval on the page": Case(
        target=_authorize(state="ä b+c&d"),
        headers=_FORM,
        body=_form(user="alice"),
        status=302,
        says=lambda a: re.fullmatch(
            r"http://127\.0\.0\.1:8765/callback\?tenant=a&code=oam_ac_[\w-]{43}&state=%C3%A4%20b%2Bc%26d",
            a.headers["Location"],
        ),
    ),
    "approval without a page": Case(
        method="GET",
        target=_authorize("app"),
        status=302,
        says=lambda a: a.headers["Location"].startswith("http://127.0.0.1:8765/app?code="),
    ),
    "denial on the page": Case(
        target=_authorize(state="s"),
        headers=_FORM,
        body=_form(deny="yes"),
        status=302,
        says=lambda a: "error=access_denied" in a.headers["Location"] and a.headers["Location"].endswith("&state=s"),
    ),
    "a redirect URI that is not registered": Case(
        method="GET",
        target="/authorize?response_type=code&client_id=crm&redirect_uri=https%3A%2F%2Fevil.example%2F",
        status=400,
        says=lambda a: "Location" not in a.headers,
    ),
    "the metadata": Case(
        method="GET",
        target="/.well-known/oauth-authorization-server",
        says=lambda a: a.json["token_endpoint"] == a.json["issuer"] + "/token",
    ),
    "the metadata of the issuer below a path": Case(
        method="GET",
        target="/.well-known/oauth-authorization-server/tenant-a",
        says=lambda a: a.json["issuer"].endswith("/tenant-a"),
    ),
    "OpenID discovery": Case(
        method="GET",
        target="/.well-known/openid-configuration",
        says=lambda a: a.json["id_token_signing_alg_values_supported"] == ["RS256"],
    ),
    "the JWK Set": Case(
        method="GET",
        target="/jwks",
        says=lambda a: {key["alg"] for key in a.json["keys"]} == {"ES256", "RS256"},
    ),
    "PATCH of a binary body": Case(
        method="PATCH",
        target="/api/orders/k%C3%A4se%20a+b?notify=no&tag=%C3%A4&tag=a+b",
        headers={"Content-Type": "application/octet-stream"},
        body=_BINARY,
        token=_CREDENTIALS.decode(),
        says=lambda a: (
            (a.json["method"], a.json["path"], a.json["query"], a.json["body"], a.json["body_base64"])
            == (
                "PATCH",
                "/api/orders/käse a+b",
                [["notify", "no"], ["tag", "ä"], ["tag", "a b"]],
                None,
                base64.b64encode(_BINARY).decode(),
            )
        ),
    ),
    "the API with a token of another issuer": Case(
        method="GET",
        target="/tenant-a/api/orders",
        token=_CREDENTIALS.decode(),
        status=401,
        error="invalid_token",
        says=lambda a: 'error="invalid_token"' in a.headers["WWW-Authenticate"],
    ),
    "the API without a token": Case(
        method="DELETE",
        target="/api/orders",
        status=401,
        says=lambda a: a.headers["WWW-Authenticate"] == 'Bearer realm="api"' and a.json == {},
    ),
    "a path that nothing is at": Case(method="GET", target="/nowhere", status=404, error="invalid_request"),
    "a foreign host": Case(
        method="GET",
        target="/.well-known/openid-configuration",
        headers={"Host": "evil.example"},
        status=421,
        error="invalid_request",
        says=lambda a: b"evil" not in a.body,
    ),
}


def _ask(server: Mounted, case: Case) -> Answer:
    headers = dict(case.headers)
    if case.token is not None:
        answer = server("POST", "/token", {**_FORM, **_BASIC}, case.token.encode())
        headers["Authorization"] = f"Bearer {answer.json['access_token']}"
    return server(case.method, case.target, headers, case.body)


def _comparable(answer: Answer) -> tuple[int, dict[str, str], object]:
    """The answer without what differs between two servers or two requests by right: ports, secrets, keys."""
    text = re.sub(r"http://127\.0\.0\.1:(?!8765)\d+", "http://issuer", answer.body.decode("utf-8"))
    headers = {**answer.headers, "Location": re.sub(r"oam_ac_[\w-]+", "CODE", answer.headers.get("Location", ""))}
    if not headers["Content-Type" if "Content-Type" in headers else "Location"].endswith("json"):
        # bytes count where no secret and no port is in the body
        return answer.status, headers, text
    headers.pop("Content-Length", None)
    members = json.loads(text) if text else None
    if isinstance(members, dict):
        for name in ("access_token", "refresh_token", "headers"):
            if name in members:
                members[name] = type(members[name]).__name__
        for key in members.get("keys", ()):
            key.update({name: len(key[name]) for name in ("kid", "n", "x", "y") if name in key})
    return answer.status, headers, members


@pytest.mark.parametrize("name", _CASES)
def test_the_answer_is_the_one_that_the_table_tells(fleet: Fleet, name: str) -> None:
    """What every server is compared with is itself right: status, error, and what the case says."""
    case = _CASES[name]
    answer = _ask(fleet["in-process"], case)

    assert answer.status == case.status
    if case.error is not None:
        # RFC 6749 5.2
        assert answer.json["error"] == case.error
        assert answer.headers["Cache-Control"] == "no-store"
    assert case.says(answer)


@pytest.mark.parametrize("server", _SERVERS)
@pytest.mark.parametrize("name", _CASES)
def test_every_server_gives_the_same_answer(fleet: Fleet, name: str, server: str) -> None:
    """Status, relevant headers and body are those of the application in process."""
    case = _CASES[name]

    assert _comparable(_ask(fleet[server], case)) == _comparable(_ask(fleet["in-process"], case))


@pytest.mark.parametrize("server", _SERVERS)
def test_a_code_goes_all_the_way_on_every_server(fleet: Fleet, server: str) -> None:
    """RFC 6749 4.1: page, approval, token, refresh, API, and the code a second time, in one process each."""
    send = fleet[server]
    verifier = "a-verifier-of-at-least-forty-three-characters-it-is"
    target = _authorize(scope="orders:read orders:write", code_challenge=verifier, code_challenge_method="plain")
    back = send("POST", target, _FORM, _form(user="alice", scope="orders:write"))
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back.headers["Location"]).query))["code"]
    request = _form(
        grant_type="authorization_code",
        code=code,
        redirect_uri="http://127.0.0.1:8765/callback?tenant=a",
        code_verifier=verifier,
    )
    first = send("POST", "/token", {**_FORM, **_BASIC}, request)
    refresh = _form(grant_type="refresh_token", refresh_token=first.json["refresh_token"])
    second = send("POST", "/token", {**_FORM, **_BASIC}, refresh)
    bearer = {"Authorization": f"Bearer {second.json['access_token']}"}
    before = send("PUT", "/api/orders", bearer, b"")
    again = send("POST", "/token", {**_FORM, **_BASIC}, request)
    after = send("PUT", "/api/orders", bearer, b"")

    assert first.json["scope"] == second.json["scope"] == "orders:write"
    assert before.status == 200
    assert (again.status, again.json["error"]) == (400, "invalid_grant")
    # RFC 6749 4.1.2: the tokens of a code that is used twice are revoked
    assert after.status == 401


def test_our_server_hands_on_headers_as_they_were_sent(fleet: Fleet) -> None:
    """Case, order and underscores of names reach the echo; WSGI alone would lose them."""
    token = fleet["ours"]("POST", "/token", {**_FORM, **_BASIC}, _CREDENTIALS).json["access_token"]
    sent = {"x-lower": "1", "X_Under": "2", "X-UPPER": "3", "Authorization": f"Bearer {token}"}
    answer = fleet["ours"]("GET", "/api/headers", sent, b"")

    echoed = [pair for pair in answer.json["headers"] if pair[0] in sent]
    assert echoed == [list(pair) for pair in sent.items()]
