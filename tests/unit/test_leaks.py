"""Secrets are found wherever they got to, in whatever encoding, and are not shown by whoever finds them."""

from __future__ import annotations

import base64
import collections.abc as cabc
import gzip
import html
import io
import json
import logging
import os
import pathlib
import re
import subprocess
import sys
import time
import types
import typing
import urllib.parse

import pytest
from werkzeug.test import Client

from mockserver import ConfigurationError
from mockserver import OAuthMock

_SECRET = "s3 cr/et&+é\"'<x"
_OF_CRM = "client secret of client 'crm'"


@pytest.fixture
def mock() -> OAuthMock:
    """With a secret that every encoding changes."""
    mock = OAuthMock(issuer="http://localhost")
    mock.client("crm", client_secret=_SECRET)
    mock.user("alice", password="wonder/land")
    return mock


def _leaks(mock: OAuthMock, *places: object, allow: typing.Any = ()) -> list[str]:
    """The lines of the message, without what stands around; none when nothing leaked."""
    try:
        mock.assert_no_secret_leak(*places, allow=allow)
    except AssertionError as error:
        return [line.strip() for line in str(error).splitlines()[1::2]]
    return []


def _in_base64(before: str, encode: cabc.Callable[[bytes], bytes] = base64.b64encode) -> cabc.Callable[[str], str]:
    return lambda secret: encode(f"{before}{secret}".encode()).decode().rstrip("=")


def _basic(secret: str) -> str:
    return "Authorization: Basic " + base64.b64encode(f"crm:{secret}".encode()).decode()


_ENCODINGS: dict[str, tuple[str, cabc.Callable[[str], str]]] = {
    "plain": ("plain", str),
    "quote": ("percent-encoded", urllib.parse.quote),
    "quote, lower case": ("percent-encoded", lambda s: re.sub("%..", lambda m: m[0].lower(), urllib.parse.quote(s))),
    "quote, nothing safe": ("percent-encoded", lambda s: urllib.parse.quote(s, safe="")),
    "quote_plus": ("percent-encoded", urllib.parse.quote_plus),
    "encodeURIComponent": ("percent-encoded", lambda s: urllib.parse.quote(s, safe="!'()*")),
    "quoted twice": ("percent-encoded twice", lambda s: urllib.parse.quote(urllib.parse.quote(s, safe=""), safe="")),
    "base64": ("base64", _in_base64("")),
    "base64, padded": ("base64", lambda s: base64.b64encode(s.encode()).decode()),
    "base64, second place": ("base64", _in_base64("a")),
    "base64, third place": ("base64", _in_base64("ab")),
    "base64, with more behind": ("base64", lambda s: base64.b64encode(f"abc{s}--".encode()).decode()),
    "base64url": ("base64", _in_base64("", base64.urlsafe_b64encode)),
    "base64url, second place": ("base64", _in_base64("a", base64.urlsafe_b64encode)),
    "base64url, third place": ("base64", _in_base64("ab", base64.urlsafe_b64encode)),
    "Basic": ("base64", _basic),
    "Basic, form-urlencoded first": ("base64", lambda s: _basic(urllib.parse.quote_plus(s))),
    "Basic in latin-1": ("base64", lambda s: base64.b64encode(f"crm:{s}".encode("latin-1")).decode()),
    "hex": ("hex", lambda s: s.encode().hex()),
    "hex, upper case": ("hex", lambda s: s.encode().hex().upper()),
    "JSON": ("JSON-escaped", json.dumps),
    "JSON, not ASCII": ("JSON-escaped", lambda s: json.dumps(s, ensure_ascii=False)),
    "JSON, slashes escaped": ("JSON-escaped", lambda s: json.dumps(s).replace("/", "\\/")),
    "repr": ("JSON-escaped", repr),
    "repr of bytes": ("JSON-escaped", lambda s: repr(s.encode())),
    "HTML": ("HTML-escaped", html.escape),
    "HTML, numbers": (
        "HTML-escaped",
        lambda s: html.escape(s).replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
    ),
}


@pytest.mark.parametrize("name", _ENCODINGS)
def test_a_secret_is_found_in_every_encoding(mock: OAuthMock, name: str) -> None:
    """Once, by its best name; another value in the same encoding is none."""
    encoding, encode = _ENCODINGS[name]

    assert _leaks(mock, f"at first\nthere is {encode(_SECRET)} in it\n") == [
        f"{_OF_CRM} ({encoding}) in str (place 1), line 2"
    ]
    assert _leaks(mock, f"there is {encode(_SECRET[::-1])} in it") == []


@pytest.mark.parametrize("name", [name for name in _ENCODINGS if name != "Basic in latin-1"])
def test_the_report_masks_what_the_search_finds(mock: OAuthMock, name: str) -> None:
    """One list of shapes for both."""
    from mockserver.redaction import conceal

    encoded = _ENCODINGS[name][1](_SECRET)

    assert encoded.strip("\"'") not in conceal(f"there is {encoded} in it", [_SECRET])


@pytest.mark.parametrize("secret", ["s3cr", "s3cre", "s3cret", "s3cret7"])
@pytest.mark.parametrize("name", ["plain", "base64", "Basic", "hex"])
def test_a_short_secret_is_found_too(secret: str, name: str) -> None:
    """Down to four characters, each alone and wherever it begins."""
    mock = OAuthMock()
    mock.client("crm", client_secret=secret)
    for shift in range(5):
        text = "-" * shift + " " + _ENCODINGS[name][1](secret)

        assert _leaks(mock, text) == [f"{_OF_CRM} ({_ENCODINGS[name][0]}) in str (place 1)"]


def test_three_characters_are_no_secret() -> None:
    """They stand everywhere."""
    mock = OAuthMock()
    mock.client("crm", client_secret="abc")

    assert _leaks(mock, "abc") == []


# -- which secrets there are -------------------------------------------------------------------------------------------


def _issued(mock: OAuthMock, access_token_format: typing.Any) -> dict[str, str]:
    """Everything that can leak, by its name."""
    client = mock.client(
        "web", access_token_format=access_token_format, token_endpoint_auth_method=["client_secret_post"]
    )
    mock.issuer("tenant").client("shop", client_secret="of-a-tenant")
    code = client.issue_code(user="alice", scope="openid")
    Client(mock.wsgi).post(
        "/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "client_id": "web",
            "client_secret": client.client_secret,
        },
    )
    token = mock.tokens.last
    pem = mock.client("signer", token_endpoint_auth_method="private_key_jwt").private_key
    return {
        "client secret of client 'web'": client.client_secret,
        "client secret of client 'shop' of issuer 'tenant'": "of-a-tenant",
        "password of user 'alice'": "wonder/land",
        "authorization code of client 'web'": code,
        "access token #1 of client 'web'": token.access_token,
        "refresh token #1 of client 'web'": str(token.refresh_token),
        "ID token #1 of client 'web'": str(token.id_token),
        "private key of client 'signer'": pem,
    }


@pytest.mark.parametrize("access_token_format", ["jwt", "opaque"])
@pytest.mark.parametrize("name", ["plain", "base64, padded"])
def test_everything_that_was_issued_is_known_by_name(mock: OAuthMock, access_token_format: str, name: str) -> None:
    """Each alone, and all at once."""
    encode = _ENCODINGS[name][1]
    secrets = _issued(mock, access_token_format)
    for told, secret in secrets.items():
        assert [leak.partition(" (")[0] for leak in _leaks(mock, encode(secret))] == [told]

    assert [leak.partition(" (")[0] for leak in _leaks(mock, "\n".join(map(encode, secrets.values())))] == [*secrets]


@pytest.mark.parametrize("access_token_format", ["jwt", "opaque"])
def test_what_a_reset_forgot_is_known_by_its_canary(mock: OAuthMock, access_token_format: str) -> None:
    """Also what another server made; a JWT by what is in it."""
    secrets = _issued(mock, access_token_format)
    mock.reset()
    found = [_leaks(mock, secrets[name]) for name in secrets if "#" in name or "code" in name or "'web'" in name]

    from_before = "of a mock server, from before a reset or of another server (plain) in str (place 1)"
    jwt = " (JWT)" if access_token_format == "jwt" else ""
    assert found == [
        [f"client secret {from_before}"],
        [f"authorization code {from_before}"],
        [f"access token{jwt} {from_before}"],
        [f"refresh token {from_before}"],
        [f"ID token (JWT) {from_before}"],
    ]


@pytest.mark.parametrize("kind", ["at", "rt", "ac", "cs", "pw"])
@pytest.mark.parametrize("encoding", ["base64", "base64, second place", "base64, third place", "hex"])
def test_a_canary_is_found_in_what_was_encoded(mock: OAuthMock, kind: str, encoding: str) -> None:
    """Of whatever server; the report masks it as well."""
    from mockserver.redaction import redact

    encoded = _ENCODINGS[encoding][1](f"oam_{kind}_" + "aB3-_x" * 7)

    assert len(_leaks(mock, f"x {encoded} y")) == 1
    assert redact(f"x {encoded} y") in ("x *** y", f"x {encoded[:2]}*** y", f"x {encoded[:3]}*** y")


@pytest.mark.parametrize(
    "text",
    [
        "oam_at_***",
        "oam_at_abcd...",
        "oam_at_",
        base64.b64encode(b"oam_at_***").decode(),
        b"oam_at_***".hex(),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwianRpIjoib3RoZXIifQ.c2lnbmF0dXJlc2lnbmF0dXJlc2ln",
        "eyJhbGciOiJub25lIn0.eyJ0aGlzIGlzIG5vIEpTT04gYXQgYWxs.c2lnbmF0dXJlc2lnbmF0dXJlc2ln",
        "eyJbGciOiJub25lIn0x.eyJzdWIiOiJhIiwianRpIjoib3RoZXIifQ.c2lnbmF0dXJlc2lnbmF0dXJlc2ln",
        "client crm, user alice",
        "",
    ],
)
def test_what_is_no_secret_is_none(mock: OAuthMock, text: str) -> None:
    """What is masked, cut after its beginning or somebody else's JWT; names."""
    assert _leaks(mock, text, text.encode(), text.encode("utf-16")) == []


# -- places ------------------------------------------------------------------------------------------------------------


def _record(message: str = "asked", *arguments: object, **more: typing.Any) -> logging.LogRecord:
    record = logging.LogRecord("app.http", logging.INFO, "app.py", 1, message, arguments, more.pop("exc_info", None))
    vars(record).update(more)
    return record


def _raised(error: BaseException, cause: BaseException | None = None, note: str | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as caught:
        if note is not None:
            caught.add_note(note)
        return caught


def _during(first: Exception) -> BaseException:
    try:
        try:
            raise first
        except ValueError:
            raise KeyError("second") from None
    except KeyError as caught:
        return caught


class _Odd:
    """Something whose str breaks."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        raise ValueError("no")

    def __repr__(self) -> str:
        return f"<Odd {self.text}>"


class _AttributeError(Exception):
    def __init__(self, url: str) -> None:
        super().__init__("it failed")
        self.url = url


def _records(*records: logging.LogRecord) -> types.SimpleNamespace:
    return types.SimpleNamespace(records=list(records), text="")


def _caplog(phase: str, *records: logging.LogRecord) -> types.SimpleNamespace:
    found = {"setup": [], "call": [], phase: list(records)}
    return types.SimpleNamespace(records=found["call"], get_records=found.__getitem__)


# Each is given what leaks, and how the place is called then.
_PLACES: dict[str, tuple[cabc.Callable[[str], object], str]] = {
    "str": (str, "str (place 1)"),
    "str of lines": (lambda s: f"a\nb\n{s}", "str (place 1), line 3"),
    "bytes": (lambda s: s.encode(), "bytes (place 1)"),
    "bytearray": (lambda s: bytearray(s.encode()), "bytearray (place 1)"),
    "memoryview": (lambda s: memoryview(s.encode()), "memoryview (place 1)"),
    "mapping": (lambda s: {"TOKEN": s}, "dict (place 1)['TOKEN']"),
    "key of a mapping": (lambda s: {s: 1}, "a key of dict (place 1)"),
    "list": (lambda s: ["x", s], "list (place 1)[1]"),
    "tuple": (lambda s: ("x", s), "tuple (place 1)[1]"),
    "deep": (lambda s: {"a": [{"b": s}]}, "dict (place 1)['a'][0]['b']"),
    "an object in a list": (lambda s: [types.SimpleNamespace(token=s)], "list (place 1)[0]"),
    "repr of what has no str": (lambda s: [_Odd(s)], "list (place 1)[0]"),
    "out": (lambda s: types.SimpleNamespace(out=s, err=""), "out of SimpleNamespace (place 1)"),
    "err": (lambda s: types.SimpleNamespace(out="", err=s), "err of SimpleNamespace (place 1)"),
    "binary output": (lambda s: types.SimpleNamespace(out=b"", err=s.encode()), "err of SimpleNamespace (place 1)"),
    "process, output": (
        lambda s: subprocess.CompletedProcess(["x"], 0, s, None),
        "stdout of CompletedProcess (place 1)",
    ),
    "process, command": (
        lambda s: subprocess.CompletedProcess(["x", s], 0, "", ""),
        "the command of CompletedProcess (place 1)[1]",
    ),
    "StringIO": (io.StringIO, "StringIO (place 1)"),
    "record": (_record, "LogRecord (place 1) (app.http, INFO)"),
    "message": (lambda s: _records(_record(), _record(s)), "log record 2 (app.http, INFO)"),
    "caplog, setup": (lambda s: _caplog("setup", _record(s)), "log record 1 (app.http, INFO)"),
    "caplog, call": (lambda s: _caplog("call", _record(s)), "log record 1 (app.http, INFO)"),
    "unused argument": (
        lambda s: _records(_record("%(a)s", {"a": 1, "b": s})),
        "log record 1 (app.http, INFO)",
    ),
    "wrong format": (
        lambda s: _records(_record("nothing to fill in", s)),
        "log record 1 (app.http, INFO)",
    ),
    "extra": (lambda s: _records(_record(headers={"a": s})), "extra of log record 1 (app.http, INFO)['headers']['a']"),
    "exc_info": (
        lambda s: _records(_record(exc_info=(ValueError, _raised(ValueError(s)), None))),
        "the exception of log record 1 (app.http, INFO) (ValueError)",
    ),
    "exc_text": (lambda s: _records(_record(exc_text=s)), "log record 1 (app.http, INFO)"),
    "stack": (lambda s: _records(_record(stack_info=s)), "log record 1 (app.http, INFO)"),
    "exception": (lambda s: _raised(ValueError(s)), "ValueError (place 1) (ValueError)"),
    "note": (lambda s: _raised(ValueError("x"), note=s), "ValueError (place 1) (ValueError)"),
    "attribute": (
        _AttributeError,
        "the attributes of _AttributeError (place 1) (_AttributeError)['url']",
    ),
    "cause": (
        lambda s: _raised(ValueError("x"), KeyError(s)),
        "the cause of ValueError (place 1) (ValueError) (KeyError)",
    ),
    "context": (
        lambda s: _during(ValueError(s)),
        "the context of KeyError (place 1) (KeyError) (ValueError)",
    ),
    "group": (
        lambda s: ExceptionGroup("two", [ValueError("x"), KeyError(s)]),
        "exception 2 in ExceptionGroup (place 1) (ExceptionGroup) (KeyError)",
    ),
    "pytest.raises": (
        lambda s: types.SimpleNamespace(value=_raised(ValueError(s))),
        "SimpleNamespace (place 1) (ValueError)",
    ),
}


@pytest.mark.parametrize("name", _PLACES)
def test_a_secret_is_found_at_every_place(mock: OAuthMock, name: str) -> None:
    """The place is named; the same place without a secret passes."""
    token = str(mock.client("web").grant().refresh_token)
    make, where = _PLACES[name]

    assert f"refresh token #1 of client 'web' (plain) in {where}" in _leaks(mock, make(token))
    assert {leak.partition(" (")[0] for leak in _leaks(mock, make(token))} == {"refresh token #1 of client 'web'"}
    assert _leaks(mock, make("nothing")) == []


def test_what_refers_to_itself_ends(mock: OAuthMock) -> None:
    """A list in itself, an exception that is its own context."""
    circle: list[object] = [_SECRET]
    circle.append(circle)
    error = ValueError("x")
    error.__cause__ = KeyError("y")
    error.__cause__.__context__ = error

    assert _leaks(mock, circle, error) == [f"{_OF_CRM} (plain) in list (place 1)[0]"]


_FILES: dict[str, tuple[str, cabc.Callable[[str], bytes], str]] = {
    "text": ("app.log", lambda s: f"a\nb {s}\n".encode(), " (plain) in {file}, line 2"),
    "several lines": ("app.log", lambda s: f"{s}\n\n{s}\n".encode(), " (plain) in {file}, lines 1, 3"),
    "binary": ("cache.db", lambda s: b"\xff\xfe\x00\x01" + s.encode() + b"\x00\xff", " (plain) in {file}, line 1"),
    "UTF-16": ("app.log", lambda s: f"a\nb {s}\n".encode("utf-16"), " (plain in UTF-16) in {file}, line 2"),
    "UTF-16-BE": ("app.log", lambda s: f"a\nb {s}\n".encode("utf-16-be"), " (plain in UTF-16) in {file}, line 2"),
    "hidden": (".netrc", str.encode, " (plain) in {file}, line 1"),
    "deep": ("a/b/c.txt", str.encode, " (plain) in {file}, line 1"),
    "gzip": ("app.log.gz", lambda s: gzip.compress(f"a\n{s}".encode()), " (plain) in {file} (gunzipped), line 2"),
    "gzip, cut off": (
        "app.log.gz",
        lambda s: gzip.compress(f"{s}\n{[*range(9000)]}".encode())[:-2000],
        " (plain) in {file} (gunzipped), line 1",
    ),
    "gzip, two members": (
        "app.log.gz",
        lambda s: gzip.compress(b"a\n") + gzip.compress(s.encode()),
        " (plain) in {file} (gunzipped), line 2",
    ),
}


@pytest.mark.parametrize("name", _FILES)
def test_a_secret_is_found_in_a_file_of_a_folder(mock: OAuthMock, tmp_path: pathlib.Path, name: str) -> None:
    """File and line; by folder or by file."""
    token = str(mock.client("web").grant().refresh_token)
    file, make, where = _FILES[name]
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make("nothing"))
    assert _leaks(mock, tmp_path, path) == []

    path.write_bytes(make(token))
    expected = [f"refresh token #1 of client 'web'{where.format(file=path)}"]
    assert _leaks(mock, tmp_path) == expected
    assert _leaks(mock, path) == expected


def test_a_secret_that_is_not_ascii_is_found_in_utf_16(mock: OAuthMock, tmp_path: pathlib.Path) -> None:
    """Where leaving out zeros is not enough."""
    path = tmp_path / "app.log"
    path.write_text("x " + _SECRET, encoding="utf-16-le")

    assert _leaks(mock, path) == [f"{_OF_CRM} (UTF-16) in {path}, line 1"]


def test_a_secret_is_found_in_the_name_of_a_file(mock: OAuthMock, tmp_path: pathlib.Path) -> None:
    """A cache by token."""
    token = str(mock.client("web").grant().refresh_token)
    (tmp_path / token).touch()

    (leak,) = _leaks(mock, tmp_path)
    assert leak == f"refresh token #1 of client 'web' (plain) in the name of {tmp_path}/***"


def test_a_secret_across_two_pieces_of_a_large_file_is_found_once(
    mock: OAuthMock, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its line, wherever the file is cut."""
    monkeypatch.setattr("mockserver.places._CHUNK", 1000)
    monkeypatch.setattr("mockserver.places._OVERLAP", 300)
    token = str(mock.client("web").grant().refresh_token)
    path = tmp_path / "app.log"
    for before in range(900, 1100, 10):
        path.write_text("x\n" * (before // 2) + token + "\ny" * 2000, encoding="utf-8")

        assert _leaks(mock, path) == [f"refresh token #1 of client 'web' (plain) in {path}, line {before // 2 + 1}"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes have no place in the file system")
def test_a_pipe_is_passed_by(mock: OAuthMock, tmp_path: pathlib.Path) -> None:
    """Reading from it would not end."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path)

    assert _leaks(mock, tmp_path) == []


def test_a_file_that_unfolds_without_end_is_refused(
    mock: OAuthMock, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not passed over: its end was not looked at."""
    monkeypatch.setattr("mockserver.places._UNFOLDED", 1024 * 1024)
    path = tmp_path / "zeros.gz"
    path.write_bytes(gzip.compress(bytes(2 * 1024 * 1024)))

    with pytest.raises(ConfigurationError, match=r"zeros\.gz is more than 1 MiB unpacked; leave it out: allow="):
        mock.assert_no_secret_leak(tmp_path)
    assert _leaks(mock, tmp_path, allow=path) == []


@pytest.mark.parametrize(
    ("place", "message"),
    [
        pytest.param(1, "int (place 1) is of type int, in which no secret is looked for; give caplog,", id="number"),
        pytest.param(None, "NoneType (place 1) is of type NoneType", id="None"),
        pytest.param(open, "is of type builtin_function_or_method", id="function"),
        pytest.param(types.SimpleNamespace(readouterr=1), "give what readouterr() returns", id="capsys"),
        pytest.param(pathlib.Path("nowhere.log"), "there is no file or folder 'nowhere.log' to look in", id="no file"),
    ],
)
def test_what_is_no_place_is_refused(mock: OAuthMock, place: object, message: str) -> None:
    """A check that looks nowhere would pass."""
    with pytest.raises(ConfigurationError) as caught:
        mock.assert_no_secret_leak(place)

    assert message in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_cannot_be_read_is_refused(mock: OAuthMock, tmp_path: pathlib.Path) -> None:
    """It may hold anything."""
    path = tmp_path / "closed.log"
    path.touch(mode=0)

    with pytest.raises(ConfigurationError, match=r"closed\.log cannot be read: Permission denied; leave it out"):
        mock.assert_no_secret_leak(tmp_path)


# -- what may be seen --------------------------------------------------------------------------------------------------


def test_a_value_a_kind_and_a_file_may_be_allowed(mock: OAuthMock, tmp_path: pathlib.Path) -> None:
    """Each alone; the others are found as ever."""
    first, second = mock.client("web").grant(), mock.client("shop").grant()
    store = tmp_path / "store" / "tokens.json"
    store.parent.mkdir()
    store.write_text(first.access_token, encoding="utf-8")
    places = (tmp_path, first.access_token, second.access_token, str(second.refresh_token))
    names = [leak.partition(" of")[0] for leak in _leaks(mock, *places)]
    assert names == ["access token #1", "access token #1", "access token #2", "refresh token #2"]

    def left(allow: typing.Any) -> list[str]:
        return [leak.partition(" of")[0] for leak in _leaks(mock, *places, allow=allow)]

    assert left(store) == names[1:]
    assert left(store.parent) == names[1:]
    assert left("access token") == names[3:]
    assert left(first.access_token) == names[2:]
    assert left([store, "refresh token", second.access_token]) == names[:1]


@pytest.mark.parametrize("wrong", ["acces token", "oam_at_unknown", 1])
def test_what_cannot_be_allowed_is_refused(mock: OAuthMock, wrong: typing.Any) -> None:
    """Without repeating it, which might be a secret."""
    with pytest.raises(ConfigurationError, match="allow: one item is neither a secret of this server") as caught:
        mock.assert_no_secret_leak("text", allow=[wrong])

    assert str(wrong) not in str(caught.value)


# -- what is said ------------------------------------------------------------------------------------------------------


def test_the_message_shows_no_secret(mock: OAuthMock) -> None:
    """Neither the one that it is about nor one beside it; what stands around helps to find the line."""
    token = mock.client("web").grant()
    text = f"log\nPOST {token.access_token} and {token.refresh_token} pass={_SECRET} end"

    with pytest.raises(AssertionError) as caught:
        mock.assert_no_secret_leak(text, [_SECRET] * 2)

    assert str(caught.value).splitlines() == [
        "3 secrets leaked:",
        "  access token #1 of client 'web' (plain) in str (place 1), line 2",
        "      POST *** and ***",
        "  refresh token #1 of client 'web' (plain) in str (place 1), line 2",
        "      *** and *** pass=*** end",
        f"  {_OF_CRM} (plain) in str (place 1), line 2",
        "      *** pass=*** end",
        f"  {_OF_CRM} (plain) in list (place 2)[0]",
        "      ***",
        f"  {_OF_CRM} (plain) in list (place 2)[1]",
        "      ***",
    ]


def test_many_lines_are_counted(mock: OAuthMock) -> None:
    """The first ten, and how many more."""
    assert _leaks(mock, f"{_SECRET}\n" * 25) == [
        f"{_OF_CRM} (plain) in str (place 1), lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 15 more"
    ]


def test_twenty_megabytes_and_two_hundred_secrets_take_seconds_at_most() -> None:
    """The time does not depend on how many there are. Measured: 1.2 s; a shape at a time would take minutes."""
    mock = OAuthMock(issuer="http://localhost")
    for number in range(100):
        mock.client(f"chosen-{number}", client_secret=f"secret/{number:04}-{os.urandom(6).hex()}")
        mock.client(f"made-{number}")
    line = f"2026-01-01 INFO client_secret token request to /token {base64.b64encode(os.urandom(60)).decode()}\n"
    text = line * (20_000_000 // len(line))

    began = time.process_time()
    mock.assert_no_secret_leak(text)

    assert time.process_time() - began < 10


# -- the client's own conduct ------------------------------------------------------------------------------------------


def _ask(mock: OAuthMock, url: str, **options: typing.Any) -> None:
    Client(mock.wsgi, use_cookies=False).open(url, base_url="http://localhost", **options)


def test_a_secret_in_a_url_is_found(mock: OAuthMock) -> None:
    """RFC 6750 5.3, RFC 9700 4.3.2: in the query, or in the path; encoded or not."""
    token = mock.client("web").grant().access_token
    quoted = urllib.parse.quote_plus(_SECRET)
    _ask(mock, "/api/clean?page=2")
    _ask(mock, f"/api/orders?access_token={token}&page=2")
    _ask(mock, f"/api/{token}/orders")
    _ask(mock, f"/token?client_id=crm&client_secret={quoted}", method="POST")

    path = mock.journal[2].path
    assert _leaks(mock) == [
        "access token #1 of client 'web' (plain) in the URL of exchange #2 (GET /api/orders)",
        f"access token #1 of client 'web' (plain) in the URL of exchange #3 (GET {path.replace(token, '***')})",
        f"{_OF_CRM} (percent-encoded) in the URL of exchange #4 (POST /token)",
    ]


def test_a_secret_in_a_referer_is_found(mock: OAuthMock) -> None:
    """RFC 9700 4.2."""
    code = mock.client("web").issue_code()
    _ask(mock, "/jwks", headers={"Referer": "https://app.example/callback?state=1"})
    _ask(mock, "/jwks", headers={"Referer": f"https://app.example/callback?code={code}"})

    assert _leaks(mock) == ["authorization code of client 'web' (plain) in the Referer of exchange #2 (GET /jwks)"]


def test_headers_and_bodies_are_where_secrets_belong(mock: OAuthMock) -> None:
    """The protocol sends them there."""
    token = mock.client("web").grant()
    _ask(mock, "/api/x", headers={"Authorization": f"Bearer {token.access_token}"})
    _ask(
        mock,
        "/token",
        method="POST",
        data={"grant_type": "client_credentials", "client_id": "crm", "client_secret": _SECRET},
    )

    assert [exchange.status for exchange in mock.journal] == [200, 200]
    assert _leaks(mock) == []


def test_what_is_meant_for_the_query_is_no_leak(mock: OAuthMock) -> None:
    """The code at the redirect URI, the secret of a client that is registered for it, a token request in the URL."""
    code = mock.client("web").issue_code()
    _ask(mock, f"/callback?code={code}&state=1")
    mock.client("sap", client_secret="in-the-url", token_endpoint_auth_method="client_secret_query")
    _ask(
        mock, "/token?client_id=sap&client_secret=in-the-url", method="POST", data={"grant_type": "client_credentials"}
    )
    mock.client(
        "zoho",
        client_secret="also-in-the-url",
        request_encodings=["query"],
        token_endpoint_auth_method="client_secret_query",
    )
    _ask(mock, "/token?client_id=zoho&client_secret=also-in-the-url&grant_type=client_credentials", method="POST")
    _ask(mock, f"/token?client_id=zoho&client_secret=also-in-the-url&code={code}", method="POST")
    token = mock.client("dropbox", bearer_methods_supported=["query"]).grant().access_token
    _ask(mock, f"/api/x?access_token={token}")
    assert mock.journal.last.status == 200

    assert _leaks(mock) == []


def test_a_provider_may_call_it_otherwise() -> None:
    """The rule is about what it means."""
    mock = OAuthMock(issuer="http://localhost", parameter_names={"token": {"appsecret": "client_secret"}})
    mock.client("sap", client_secret="in-the-url", token_endpoint_auth_method="client_secret_query")
    _ask(mock, "/token?client_id=sap&appsecret=in-the-url", method="POST", data={"grant_type": "client_credentials"})

    assert mock.journal.last.status == 200
    assert _leaks(mock) == []


def test_elsewhere_in_the_query_it_is_one(mock: OAuthMock) -> None:
    """The check can fail: the same parameters where they are not meant."""
    code = mock.client("web").issue_code()
    mock.client("sap", client_secret="in-the-url", token_endpoint_auth_method="client_secret_query")
    _ask(mock, f"/callback?state={code}")
    _ask(mock, f"/api/x?code={code}")
    _ask(mock, "/token?client_id=sap&secret=in-the-url", method="POST")

    token = mock.client("dropbox", bearer_methods_supported=["query"]).grant().access_token
    _ask(mock, f"/api/x?page={token}")
    _ask(mock, f"/jwks?access_token={token}")

    assert [leak.partition(" (")[0] for leak in _leaks(mock)] == [
        "authorization code of client 'web'",
        "authorization code of client 'web'",
        "client secret of client 'sap'",
        *["access token #1 of client 'dropbox'"] * 2,
    ]
