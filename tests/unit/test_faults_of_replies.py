"""Other answers, other representations of the same answer, and its headers."""

from __future__ import annotations

import email.utils
import gzip
import json
import time
import typing
import urllib.parse
import zlib

import pytest
from werkzeug.test import Client
from werkzeug.test import TestResponse

from mockserver import ConfigurationError
from mockserver import OAuthMock

_FORM = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": "s3cret"}


@pytest.fixture
def ask(mock: OAuthMock, http: Client) -> typing.Callable[[], TestResponse]:
    """A token request."""
    mock.client("crm", client_secret="s3cret", access_token_format="opaque")
    return lambda: http.post("/token", data=_FORM)


Ask = typing.Callable[[], TestResponse]


def _truth(mock: OAuthMock) -> dict[str, typing.Any]:
    """What the answer says when nothing is wrong with it."""
    token = mock.tokens.last
    return {"access_token": token.access_token, "token_type": "Bearer", "expires_in": token.expires_in}


# -- in place of the endpoint ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"json": {"errcode": 1}}, (200, "application/json", b'{"errcode":1}'), id="json"),
        pytest.param({"json": None}, (200, "application/json", b"null"), id="null"),
        pytest.param({"json": []}, (200, "application/json", b"[]"), id="list"),
        pytest.param({"form": {"error": "x y"}}, (200, "application/x-www-form-urlencoded", b"error=x+y"), id="form"),
        pytest.param({"status": 502, "html": "<h1>"}, (502, "text/html; charset=utf-8", b"<h1>"), id="html"),
        pytest.param({"status": 418, "text": "é"}, (418, "text/plain; charset=utf-8", "é".encode()), id="text"),
        pytest.param({"status": 401}, (401, None, b""), id="no body"),
        pytest.param(
            {"json": 1, "headers": {"content-type": "text/json"}}, (200, "text/json", b"1"), id="another type"
        ),
    ],
)
def test_an_endpoint_answers_something_else(
    mock: OAuthMock, ask: Ask, options: dict[str, typing.Any], expected: tuple[int, str | None, bytes]
) -> None:
    """And does nothing."""
    mock.token_endpoint.reply(**options)

    answer = ask()

    assert (answer.status_code, answer.headers.get("Content-Type"), answer.data) == expected
    assert answer.headers["Cache-Control"] == "no-store"
    assert (len(mock.tokens), mock.journal.last.verdict, ask().status_code) == (0, "faulted", 200)
    assert mock.journal[0].fault.startswith(f"reply({expected[0]}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_endpoint_sends_the_client_elsewhere(mock: OAuthMock, ask: Ask, status: int) -> None:
    """Or to itself."""
    mock.token_endpoint.redirect(status, to="https://elsewhere.example/token")
    mock.token_endpoint.redirect(status)

    answers = [ask(), ask()]

    assert [answer.status_code for answer in answers] == [status, status]
    assert [answer.headers["Location"] for answer in answers] == [
        "https://elsewhere.example/token",
        "http://localhost/token",
    ]
    assert len(mock.tokens) == 0


@pytest.mark.parametrize("seconds", [30, 0, -5, 10**9])
def test_retry_after_is_a_number_a_date_or_any_text(mock: OAuthMock, ask: Ask, seconds: int) -> None:
    """RFC 9110 10.2.3 has a delay or a date; servers send others."""
    mock.clock.skew(minutes=5)
    mock.token_endpoint.fail(429, retry_after=seconds)
    mock.token_endpoint.fail(429, retry_after=seconds, retry_after_form="date")
    mock.token_endpoint.fail(429, retry_after="soon", headers={"X-RateLimit-Reset": "7"}, description="Later.")

    number, date, text = ask(), ask(), ask()

    assert number.headers["Retry-After"] == str(seconds)
    when = email.utils.parsedate_to_datetime(date.headers["Retry-After"]).timestamp()
    assert when == pytest.approx(time.time() + 300 + seconds, abs=5)
    assert (text.headers["Retry-After"], text.headers["X-RateLimit-Reset"]) == ("soon", "7")
    assert text.get_json() == {"error": "temporarily_unavailable", "error_description": "Later."}


# -- the answer --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "change"),
    [
        pytest.param({"without": ["token_type", "nothing"]}, lambda m: m.pop("token_type"), id="without"),
        pytest.param({"null": ["expires_in"]}, lambda m: m.update(expires_in=None), id="null"),
        pytest.param(
            {"rename": {"access_token": "accessToken"}},
            lambda m: m.update(accessToken=m.pop("access_token")),
            id="renamed",
        ),
        pytest.param(
            {"members": {"code": 0}, "rename": {"access_token": "data.access_token", "token_type": "data.token_type"}},
            lambda m: m.update(code=0, data={"access_token": m.pop("access_token"), "token_type": m.pop("token_type")}),
            id="nested",
        ),
        pytest.param(
            {"members": {"data": 7}, "rename": {"access_token": "data.token"}},
            lambda m: m.update(data={"token": m.pop("access_token")}),
            id="nested where something else is",
        ),
    ],
)
def test_members_are_left_out_emptied_and_renamed(
    mock: OAuthMock, ask: Ask, options: dict[str, typing.Any], change: typing.Callable[[dict[str, typing.Any]], object]
) -> None:
    """Together, too."""
    mock.token_endpoint.alter(**options)

    answer = ask().get_json()

    expected = _truth(mock)
    change(expected)
    assert answer == expected


def _read(answer: TestResponse) -> object:
    return json.loads(answer.data)


@pytest.mark.parametrize(
    ("name", "kind", "read"),
    [
        (
            "form",
            "application/x-www-form-urlencoded",
            lambda a: _numbers(dict(urllib.parse.parse_qsl(a.get_data(True)))),
        ),
        ("bom", "application/json", lambda a: json.loads(a.data.decode("utf-8-sig"))),
        ("utf-16", "application/json; charset=utf-16", lambda a: json.loads(a.data.decode("utf-16"))),
        ("gzip", "application/json", lambda a: json.loads(gzip.decompress(a.data))),
        ("deflate", "application/json", lambda a: json.loads(zlib.decompress(a.data))),
        ("false_gzip", "application/json", _read),
        ("array", "application/json", lambda a: _read(a)[0]),  # type: ignore[index]
        ("string", "application/json", lambda a: json.loads(_read(a))),  # type: ignore[arg-type]
    ],
)
def test_an_answer_is_sent_in_another_representation(
    mock: OAuthMock, ask: Ask, name: typing.Any, kind: str, read: typing.Callable[[TestResponse], object]
) -> None:
    """It says the same to whoever can read it; the next is as ever."""
    mock.token_endpoint.send_as(name)

    answer = ask()

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
    assert read(answer) == _truth(mock)
    encoding = {"gzip": "gzip", "false_gzip": "gzip", "deflate": "deflate"}.get(name)
    assert answer.headers.get("Content-Encoding") == encoding
    assert ask().get_json() == _truth(mock)
    assert mock.journal[0].fault == f"send_as({name})"


def _numbers(members: dict[str, str]) -> dict[str, object]:
    return {**members, "expires_in": int(members["expires_in"])}


def test_an_answer_is_replaced_by_what_is_none(mock: OAuthMock, ask: Ask) -> None:
    """A page, nothing, null; a token was issued all the same."""
    mock.token_endpoint.send_as("html")
    mock.token_endpoint.send_as("empty")
    mock.token_endpoint.send_as("null")

    page, nothing, null = ask(), ask(), ask()

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.data.startswith(b"<!DOCTYPE html>")
    assert (nothing.data, nothing.headers["Content-Type"], nothing.content_length) == (b"", "application/json", 0)
    assert null.data == b"null"
    assert len(mock.tokens) == 3


def test_an_answer_is_more_than_it_should_be(mock: OAuthMock, ask: Ask) -> None:
    """RFC 8259 4, 6, 9: names that come twice, NaN, depth, size."""
    for name in ("duplicate_keys", "nan", "deep", "huge"):
        mock.token_endpoint.send_as(name)  # type: ignore[arg-type]

    twice = json.loads(ask().data, object_pairs_hook=list)
    assert dict(twice) == dict.fromkeys(_truth(mock), "duplicate")
    assert dict(reversed(twice)) == _truth(mock)
    assert [name for name, _ in twice] == 2 * [*_truth(mock)]
    assert b'"expires_in":NaN' in ask().data
    deep = ask().data
    assert deep.count(b"[") == 100_000
    with pytest.raises(RecursionError):
        json.loads(deep)
    huge = ask()
    assert huge.content_length > 10 * 1024 * 1024
    assert {**huge.get_json(), "padding": ""} == {**_truth(mock), "padding": ""}


@pytest.mark.parametrize("name", ["form", "array", "string", "nan", "duplicate_keys", "deep", "huge"])
def test_what_is_no_json_object_is_not_represented_as_one(mock: OAuthMock, http: Client, name: typing.Any) -> None:
    """A page stays a page."""
    mock.authorization_endpoint.send_as(name)

    plain, struck = http.get("/authorize"), http.get("/authorize")

    assert plain.data == struck.data


@pytest.mark.parametrize(("keep", "left"), [(None, 0.5), (0, 0), (20, 20), (10**6, 1.0)])
def test_an_answer_is_cut_short(mock: OAuthMock, ask: Ask, keep: int | None, left: float) -> None:
    """Content-Length fits what is left."""
    whole = len(ask().data)
    mock.token_endpoint.truncate(keep)

    answer = ask()

    expected = left if isinstance(left, int) else int(whole * left)
    assert len(answer.data) == answer.content_length == pytest.approx(expected, abs=2)
    assert mock.journal.last.fault == ("truncate()" if keep is None else f"truncate({keep})")


def test_status_and_headers_are_others(mock: OAuthMock, ask: Ask) -> None:
    """Several of one name, and some left out."""
    mock.token_endpoint.send_with(
        status=201, headers={"content-type": "text/html", "X-Twice": ["1", "2"]}, without=["pragma"]
    )

    answer = ask()

    assert answer.status_code == 201
    assert answer.headers.getlist("X-Twice") == ["1", "2"]
    assert answer.headers.getlist("Content-Type") == ["text/html"]
    assert "Pragma" not in answer.headers
    assert json.loads(answer.data) == _truth(mock)


def test_faults_of_an_answer_strike_in_the_order_in_which_they_can(mock: OAuthMock, ask: Ask) -> None:
    """Members, representation, length, headers: whichever was armed first."""
    mock.token_endpoint.send_with(headers={"Content-Type": "text/plain"})
    mock.token_endpoint.truncate(14)
    mock.token_endpoint.send_as("form")
    mock.token_endpoint.alter({"access_token": "AT"})

    answer = ask()

    assert (answer.data, answer.headers["Content-Type"]) == (b"access_token=A", "text/plain")
    assert [name.partition("(")[0] for name in mock.journal.last.fault.split("), ")] == [
        *("alter", "send_as", "truncate", "send_with"),
    ]


def test_an_answer_of_fail_is_spoilt_like_any(mock: OAuthMock, ask: Ask) -> None:
    mock.token_endpoint.fail(503)
    mock.token_endpoint.send_as("html")

    assert (ask().status_code, mock.journal.last.fault) == (503, "fail(503), send_as(html)")


@pytest.mark.parametrize(
    ("arm", "message"),
    [
        (lambda e: e.reply(100), "an answer has a status from 200 to 599; choose one, e.g. 200"),
        (lambda e: e.reply(json=1, html="x"), "json and html exclude each other: an answer has one body; drop one"),
        (lambda e: e.reply(json={1}), "Object of type set is not JSON serializable; give values that JSON has"),
        (lambda e: e.reply(headers={"A B": "x"}), "'A B' is no name of a header"),
        (lambda e: e.reply(headers={"A": "x\r\nB: y"}), "the header A has .*; write printable ASCII"),
        (lambda e: e.reply(headers={"Date": "now"}), r"Date belongs to the server; leave it out: oauthmock.clock.skew"),
        (lambda e: e.redirect(304), "a redirect has the status 301, 302, 303, 307 or 308; choose one, e.g. 307"),
        (lambda e: e.redirect(to=""), "to is empty; write a URL, or leave it out"),
        (lambda e: e.redirect(to="/\n"), "the header Location has"),
        (lambda e: e.fail(429, retry_after="é"), "the header Retry-After has"),
        (lambda e: e.fail(429, retry_after_form="date"), "write the seconds until then into retry_after"),
        (lambda e: e.alter(), "nothing would be altered; name a member"),
        (lambda e: e.alter(rename={"a": "b..c"}), r"rename has 'b..c' for 'a'; write a name, e.g. 'data.token'"),
        (lambda e: e.send_as("xml"), "representation = 'xml': known are array, bom"),
        (lambda e: e.send_as("form", content_type="é"), "the header Content-Type has"),
        (lambda e: e.truncate(-1), "keep is a number of octets; write keep=0 or more"),
        (lambda e: e.send_with(), "nothing would be changed; name a status or a header"),
        (lambda e: e.send_with(status=99), "an answer has a status from 200 to 599"),
        (lambda e: e.send_with(without=["Content-Length"]), "cut and frame_as send another"),
        (lambda e: e.send_with(without="Pragma"), r"without = 'Pragma': write a list, \['Pragma'\]"),
        (lambda e: e.garbage(0), "size is a number of octets; write 1 to 16777216"),
        (lambda e: e.rotate_secret(overlap=-1), "overlap is seconds; write 0 or more"),
        (lambda e: e.narrow('"'), "separate tokens by single spaces"),
        (lambda e: e.forge(), "nothing is wrong with it; name a flaw, e.g. 'expired', or write claims"),
        (lambda e: e.forge("wrong_nonce"), "wrong_nonce is a flaw of ID tokens; write token='id_token' as well"),
        (lambda e: e.forge(claims={"a": {1}}), "give values that JSON has"),
    ],
)
def test_what_cannot_be_meant_is_refused(mock: OAuthMock, arm: typing.Any, message: str) -> None:
    """With the remedy."""
    with pytest.raises(ConfigurationError, match=message):
        arm(mock.token_endpoint)

    assert list(mock.state.faults) == []
