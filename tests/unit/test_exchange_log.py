"""The log of exchanges as a file: HAR 1.2 or JSON Lines, without secrets unless they are asked for."""

from __future__ import annotations

import base64
import datetime as dt
import json
import pathlib
import threading
import typing

import pytest
from werkzeug.test import Client

from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver.exchange_log import ExchangeLog

_SECRET = "s3 cr/et&+é\"'<x"
_FORM = {"grant_type": "client_credentials", "scope": "orders:read"}
_SUFFIXES = pytest.mark.parametrize("suffix", [".har", ".jsonl"])


@pytest.fixture
def mock() -> OAuthMock:
    mock = OAuthMock(issuer="http://localhost")
    mock.client("crm", client_secret=_SECRET)
    mock.user("alice", password="wonder/land")
    return mock


@pytest.fixture
def http(mock: OAuthMock) -> Client:
    return Client(mock.wsgi, use_cookies=False)


def _entries(path: pathlib.Path) -> list[dict[str, typing.Any]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".har":
        return json.loads(text)["log"]["entries"]
    return [json.loads(line) for line in text.splitlines()]


def _basic(secret: str = _SECRET) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"crm:{secret}".encode()).decode()}


@_SUFFIXES
def test_an_exchange_is_written_whole(mock: OAuthMock, http: Client, tmp_path: pathlib.Path, suffix: str) -> None:
    """Every member that HAR 1.2 asks for, and what only the mock knows; the bodies of both sides."""
    http.post("/token?a=b+c", data=_FORM, headers={**_basic(), "Cookie": "sid=abc; x=y"})
    exchange, path = mock.journal.last, tmp_path / f"log{suffix}"
    mock.save_exchanges(path, secrets=True)

    (entry,) = _entries(path)
    started = entry.pop("startedDateTime")
    assert started.endswith("Z")
    assert dt.datetime.fromisoformat(started).timestamp() == pytest.approx(exchange.request.arrived, abs=0.001)
    milliseconds = round(exchange.seconds * 1000, 3)
    assert entry == {
        "time": milliseconds,
        "request": {
            "method": "POST",
            "url": "http://localhost/token?a=b+c",
            "httpVersion": "HTTP/1.1",
            "cookies": [{"name": "sid", "value": "abc"}, {"name": "x", "value": "y"}],
            "headers": [{"name": name, "value": value} for name, value in exchange.request.headers],
            "queryString": [{"name": "a", "value": "b c"}],
            "postData": {
                "mimeType": "application/x-www-form-urlencoded",
                "params": [{"name": name, "value": value} for name, value in _FORM.items()],
                "text": exchange.request.body.decode(),
            },
            "headersSize": -1,
            "bodySize": exchange.body.length,
        },
        "response": {
            "status": 200,
            "statusText": "OK",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [{"name": name, "value": value} for name, value in exchange.reply.headers],
            "content": {
                "size": len(exchange.reply.body),
                "mimeType": "application/json",
                "text": exchange.reply.body.decode(),
            },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": len(exchange.reply.body),
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_oauthmock": {
            "number": 1,
            "test": None,
            "issuer": "",
            "endpoint": "token",
            "verdict": "accepted",
            "why": exchange.why,
            "error": None,
            "fault": None,
            "client_id": "crm",
            "client_auth": "client_secret_basic",
            "grant_type": "client_credentials",
            "guard": None,
            "caller": None,
            "findings": [finding.words() for finding in exchange.findings],
        },
    }


def test_the_frame_is_that_of_har(mock: OAuthMock, tmp_path: pathlib.Path) -> None:
    """HAR 1.2: log with version, creator, pages and entries, also without an exchange."""
    mock.save_exchanges(tmp_path / "log.har")

    har = json.loads((tmp_path / "log.har").read_text(encoding="utf-8"))
    assert har["log"].pop("creator")["name"] == "oauthmock"
    assert har == {"log": {"version": "1.2", "pages": [], "entries": []}}


def _talk(mock: OAuthMock, http: Client) -> list[str]:
    """A request in every way that carries a secret; the secrets."""
    client = mock.client("web", client_secret="chosen-by-hand")
    token = client.grant()
    code = client.issue_code()
    bearer = {"Authorization": f"Bearer {token.access_token}"}
    http.post("/token", data=_FORM, headers=_basic())
    http.post("/token", data=_FORM, headers=_basic("wrong-s3cret"))
    http.post("/token", data={**_FORM, "client_id": "web", "client_secret": "chosen-by-hand"})
    http.post("/token", data=b"%63lient_secret=wrong-s3cret", content_type="application/x-www-form-urlencoded")
    http.post("/token", json={**_FORM, "client_id": "web", "client_secret": "wrong-s3cret"})
    http.post("/token", data={"grant_type": "refresh_token", "refresh_token": token.refresh_token}, headers=_basic())
    http.post("/token", data={"grant_type": "authorization_code", "code": code}, headers=_basic())
    http.post("/token?%63lient_secret=wrong-s3cret&client_id=web")
    http.get(f"/callback?code={code}")
    http.get(f"/api/{token.access_token}?access_token={token.access_token}", headers=bearer)
    http.post("/api/echo", data=f"x {token.access_token} {_SECRET}", headers=bearer)
    http.get(
        "/jwks",
        headers={
            "Referer": f"http://localhost/callback?code={code}",
            "X-Own": "chosen-by-hand",
            "Cookie": "sid=wrong-s3cret",
        },
    )
    http.post("/token", data=b"\xff chosen-by-hand", content_type="application/octet-stream")
    query = "response_type=code&client_id=web&redirect_uri=http://localhost/callback"
    mock.client("auto", consent="auto")
    http.get("/authorize?" + query.replace("web", "auto"))
    return [
        _SECRET,
        "chosen-by-hand",
        "wrong-s3cret",
        code,
        *(text for each in mock.tokens for text in (each.access_token, each.refresh_token) if text),
    ]


@_SUFFIXES
def test_no_secret_is_in_it(mock: OAuthMock, http: Client, tmp_path: pathlib.Path, suffix: str) -> None:
    """By value and by name, in bodies, headers and URLs; the search for leaks finds none in the file either."""
    secrets = _talk(mock, http)
    path = tmp_path / f"log{suffix}"
    mock.save_exchanges(path)
    text = path.read_text(encoding="utf-8")

    assert len(_entries(path)) == len(mock.journal) == 14
    assert [secret for secret in secrets if secret in text or json.dumps(secret)[1:-1] in text] == []
    with pytest.raises(AssertionError) as caught:  # the requests themselves leaked
        mock.assert_no_secret_leak(path)
    assert str(path) not in str(caught.value)


@_SUFFIXES
def test_with_secrets_they_are_in_it(mock: OAuthMock, http: Client, tmp_path: pathlib.Path, suffix: str) -> None:
    """The check can fail: the same exchanges, raw; a body that is no text is base64."""
    secrets = _talk(mock, http)
    path = tmp_path / f"log{suffix}"
    mock.save_exchanges(path, secrets=True)
    text = path.read_text(encoding="utf-8")

    assert [secret for secret in secrets[1:] if secret not in text] == []
    with pytest.raises(AssertionError) as caught:
        mock.assert_no_secret_leak(path)
    assert str(path) in str(caught.value)
    posted = _entries(path)[12]["request"]["postData"]
    assert (base64.b64decode(posted["text"]), posted["encoding"]) == (b"\xff chosen-by-hand", "base64")


def test_what_a_person_needs_stays(mock: OAuthMock, http: Client, tmp_path: pathlib.Path) -> None:
    """Masks are no wider than secrets."""
    http.post("/token?state=s1&code=abcdef", data={**_FORM, "client_secret": _SECRET}, headers=_basic())
    mock.save_exchanges(tmp_path / "log.jsonl")

    (entry,) = _entries(tmp_path / "log.jsonl")
    assert entry["request"]["url"] == "http://localhost/token?state=s1&code=***"
    assert entry["request"]["queryString"] == [{"name": "state", "value": "s1"}, {"name": "code", "value": "***"}]
    assert entry["request"]["postData"]["text"] == ("grant_type=client_credentials&scope=orders:read&client_secret=***")
    assert {"name": "Authorization", "value": "Basic crm:***"} in entry["request"]["headers"]
    assert entry["_oauthmock"]["verdict"] == "refused"
    assert entry["_oauthmock"]["why"] == mock.journal.last.why


def test_a_long_body_is_cut(mock: OAuthMock, http: Client, tmp_path: pathlib.Path) -> None:
    """As much as the journal keeps, and a remark."""
    http.post("/token", data=b"x" * 70_000, content_type="text/plain")
    mock.save_exchanges(tmp_path / "log.jsonl")

    request = _entries(tmp_path / "log.jsonl")[0]["request"]
    assert (request["bodySize"], len(request["postData"]["text"])) == (70_000, 65_536)
    assert request["postData"]["comment"] == "the first 65536 octets of 70000"


@_SUFFIXES
def test_it_is_whole_after_each_exchange_and_goes_on_over_resets(
    mock: OAuthMock, http: Client, tmp_path: pathlib.Path, suffix: str
) -> None:
    """However the process ends, what came is there; with the test that it belongs to."""
    path = tmp_path / f"log{suffix}"
    path.write_text("an older log", encoding="utf-8")
    log = ExchangeLog(path)
    mock.subscribe(log.add)
    found = []
    for test in ("first", "second", None):
        log.test = test
        http.get("/jwks")
        mock.reset()
        found.append([entry["_oauthmock"]["test"] for entry in _entries(path)])
    log.close()
    http.get("/jwks")

    assert found == [["first"], ["first", "second"], ["first", "second", None]]
    assert len(_entries(path)) == 3
    log.check()


@_SUFFIXES
def test_no_entry_is_lost_between_threads(mock: OAuthMock, tmp_path: pathlib.Path, suffix: str) -> None:
    """Each stays in one piece."""
    log = ExchangeLog(tmp_path / f"log{suffix}")
    mock.subscribe(log.add)
    together = threading.Barrier(8)

    def ask() -> None:
        http = Client(mock.wsgi)
        together.wait()
        for _ in range(25):
            http.get("/jwks")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()

    assert sorted(entry["_oauthmock"]["number"] for entry in _entries(log.path)) == [*range(1, 201)]


@pytest.mark.parametrize("name", ["log", "log.json", "log.txt", "har"])
def test_another_suffix_is_refused(mock: OAuthMock, tmp_path: pathlib.Path, name: str) -> None:
    """The message names those that there are."""
    with pytest.raises(ConfigurationError) as caught:
        mock.save_exchanges(tmp_path / name)

    assert str(caught.value) == (
        f"a log of exchanges ends in .har (HAR 1.2) or .jsonl (JSON Lines), not {name!r}; rename it"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_cannot_be_written_is_refused(mock: OAuthMock, tmp_path: pathlib.Path) -> None:
    """A folder that is not there."""
    with pytest.raises(
        ConfigurationError, match=r"no-such/log\.har' cannot be written: No such file or directory; name"
    ):
        mock.save_exchanges(tmp_path / "no-such" / "log.har")


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="there is no device that is full")
def test_a_full_disk_does_not_break_the_server(mock: OAuthMock, http: Client, tmp_path: pathlib.Path) -> None:
    """Whoever keeps the log is told, the client is served."""
    path = tmp_path / "log.jsonl"
    path.symlink_to("/dev/full")
    log = ExchangeLog(path)
    mock.subscribe(log.add)

    assert [http.get("/jwks").status_code for _ in range(2)] == [200, 200]
    with pytest.raises(ConfigurationError, match="cannot be written: No space left on device"):
        log.check()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        mock.save_exchanges(path)
    log.close()
