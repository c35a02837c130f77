"""RFC 6749 3.2 and 5: the token endpoint's two answers, and what it makes of bad input."""

from __future__ import annotations

import io
import json
import typing
import urllib.parse

import pytest

from mockserver import OAuthMock

_CRM = ("crm", "s3cret")
_FORM = "application/x-www-form-urlencoded"
_RIGHT = b"grant_type=client_credentials&client_id=crm&client_secret=s3cret"


@pytest.fixture(autouse=True)
def crm(mock: OAuthMock) -> typing.Any:
    """A client that may also send JSON, so that JSON is judged for what it is."""
    return mock.client(
        "crm",
        client_secret="s3cret",
        token_endpoint_auth_method=["client_secret_basic", "client_secret_post", "client_secret_json"],
    )


@pytest.mark.parametrize(
    ("lifetime", "expires_in"),
    [pytest.param(None, 3600, id="the issuer's"), pytest.param(60, 60, id="the client's"), pytest.param(0, 0, id="0")],
)
def test_expires_in_is_true(http: typing.Any, lifetime: int | None, expires_in: int) -> None:
    """RFC 6749 5.1: expires_in is the lifetime in seconds of the access token, and the API holds to it."""
    http.mock.client("app", client_secret="a", access_token_lifetime=lifetime)

    response = http.token({"grant_type": "client_credentials"}, basic=("app", "a"))

    assert http.answer(response) == http.tokens(expires_in=expires_in, refresh_token=False)
    token = http.mock.tokens.last
    assert token.expires_at == token.issued_at + expires_in
    if expires_in:
        http.mock.clock.advance(seconds=expires_in - 5)
        assert http.api(token.access_token).status_code == 200
    http.mock.clock.advance(seconds=5)
    assert http.api(token.access_token).status_code == 401


@pytest.mark.parametrize(("format_", "kind"), [("jwt", "jwt"), ("opaque", "opaque")])
def test_access_tokens_have_the_format_of_the_client(http: typing.Any, format_: typing.Any, kind: str) -> None:
    """RFC 6749 1.4: a token may be anything; the client's registration says which of two kinds this one is."""
    http.mock.client("app", client_secret="a", access_token_format=format_)

    response = http.token({"grant_type": "client_credentials"}, basic=("app", "a"))

    assert http.answer(response) == http.tokens(refresh_token=False, access_token=getattr(http.some, kind))


def test_every_token_is_new(http: typing.Any) -> None:
    """RFC 6749 10.10: no two tokens are alike, not even in one second."""
    asked = {"grant_type": "password", "username": "alice", "password": "wonderland"}
    answers = [http.token(asked, basic=_CRM).get_json() for _ in range(20)]

    assert len({answer["access_token"] for answer in answers}) == 20
    assert len({answer["refresh_token"] for answer in answers}) == 20


def test_the_error_of_a_get_is_in_the_protocols_form(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 3.2: the client must use POST."""
    response = http.client.get("/token", query_string=_RIGHT.decode())

    assert http.answer(response) == http.refused(405, "invalid_request", allow="POST")
    assert (mock.journal.last.endpoint, mock.journal.last.verdict) == ("token", "refused")
    assert mock.journal.last.why == "GET was used; the token endpoint takes POST"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "QUERY"])
def test_other_methods_are_refused(http: typing.Any, method: str) -> None:
    """RFC 6749 3.2: POST and nothing else."""
    response = http.client.open("/token", method=method, data=_RIGHT, content_type=_FORM)

    assert http.answer(response) == http.refused(405, "invalid_request", allow="POST")


def test_head_gets_the_headers_of_a_refusal(http: typing.Any) -> None:
    """RFC 9110 9.3.2: HEAD is answered without a body."""
    response = http.client.head("/token")

    assert (response.status_code, response.data, response.headers["Allow"]) == (405, b"", "POST")
    assert int(response.headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    ("content_type", "body", "why"),
    [
        pytest.param(_FORM, b'{"grant_type": "client_credentials"}', "the body is JSON", id="form that is JSON"),
        pytest.param(_FORM, b'["grant_type"]', "the body is JSON", id="form that is a JSON array"),
        pytest.param(_FORM, _RIGHT + b"&x=%FF", "the body is not UTF-8", id="form, not UTF-8 when decoded"),
        pytest.param(_FORM, _RIGHT + b"&x=\xff", "the body is not UTF-8", id="form, not UTF-8"),
        pytest.param(_FORM, _RIGHT + b"&x=1&x=1", "'x' came more than once", id="form, twice"),
        pytest.param(_FORM, _RIGHT + b"&scope=&scope=a", "'scope' came more than once", id="form, twice, once empty"),
        pytest.param(_FORM, _RIGHT + b"&x=a%00b", "control character", id="form, NUL"),
        pytest.param(_FORM, _RIGHT + b"&x=a%0D%0Ab", "control character", id="form, CR LF"),
        pytest.param(_FORM, _RIGHT + b"&x%0D%0A=b", "control character", id="form, CR LF in a name"),
        pytest.param(_FORM, _RIGHT + b"&x=%7F", "control character", id="form, DEL"),
        pytest.param(_FORM, _RIGHT + b"&x" * 1001, "more than 1000 parameters", id="form, too many"),
        pytest.param(_FORM + "; charset=latin-1", _RIGHT, "charset is 'latin-1'", id="form in latin-1"),
        pytest.param(_FORM + '; charset="utf-16"', _RIGHT, "charset is 'utf-16'", id="form in UTF-16"),
        pytest.param("application/json", _RIGHT, "Content-Type says JSON", id="JSON that is a form"),
        pytest.param("application/json", b"", "Content-Type says JSON", id="JSON, empty"),
        pytest.param("application/json", b"[]", "the JSON body is no object", id="JSON, an array"),
        pytest.param("application/json", b"[[]]", "the JSON body is no object", id="JSON, an array of arrays"),
        pytest.param("application/json", b"null", "the JSON body is no object", id="JSON, null"),
        pytest.param("application/json", b'"x"', "the JSON body is no object", id="JSON, a string"),
        pytest.param("application/json", b"1" * 5000, "JSON", id="JSON, a long number"),
        pytest.param("application/json", b'{"grant_type": 1}', "'grant_type' is no string", id="JSON, a number"),
        pytest.param("application/json", b'{"a": {"b": "c"}}', "'a' is no string", id="JSON, nested"),
        pytest.param("application/json", b'{"a": null}', "'a' is no string", id="JSON, null inside"),
        pytest.param("application/json", b'{"a": "b", "a": "b"}', "'a' came more than once", id="JSON, twice"),
        pytest.param("application/json", b'{"a": "b\\u0000"}', "control character", id="JSON, NUL"),
        pytest.param("application/json", b'{"a": "b', "Content-Type says JSON", id="JSON, cut"),
        pytest.param("application/json", b'{"a": "\xff"}', "not in UTF-8", id="JSON, not UTF-8"),
        pytest.param("application/json", b'{"a":' * 65 + b"1" + b"}" * 65, "is no string", id="JSON, deep"),
        pytest.param("application/json", b"[" * 100_000, "nested too deep", id="JSON, very deep"),
        pytest.param("application/json", b'{"a":' * 64 + b"1" + b"}" * 64, "is no string", id="JSON, not too deep"),
        pytest.param("text/plain", _RIGHT, "Content-Type is 'text/plain'", id="text"),
        pytest.param("multipart/form-data; boundary=x", b"--y--", "the body is none", id="multipart"),
        pytest.param("application/xml", b"<a/>", "is 'application/xml'", id="XML"),
        pytest.param(None, _RIGHT, "Content-Type is missing", id="no Content-Type"),
        pytest.param("\x00;;;=", _RIGHT, "Content-Type is", id="Content-Type that is none"),
    ],
)
@pytest.mark.parametrize("authenticated", [True, False])
def test_a_body_that_cannot_be_read_is_invalid_request(
    http: typing.Any, authenticated: bool, content_type: str | None, body: bytes, why: str
) -> None:
    """RFC 6749 3.2, 5.2: repeated or malformed is invalid_request, said before anybody is judged by it."""
    response = http.token(body, basic=_CRM if authenticated else None, content_type=content_type)

    assert http.answer(response) == http.refused(400, "invalid_request")
    exchange = http.mock.journal.last
    assert (exchange.endpoint, exchange.verdict, exchange.error) == ("token", "refused", "invalid_request")
    assert why in exchange.why
    assert exchange.body.length == len(body)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param(_FORM, _RIGHT, id="form"),
        pytest.param(_FORM + "; charset=utf-8", _RIGHT, id="form in UTF-8"),
        pytest.param(_FORM + ';charset="UTF8"', _RIGHT, id="form in UTF8"),
        pytest.param(_FORM.upper(), _RIGHT, id="upper case"),
        pytest.param(_FORM, _RIGHT + b"&scope=&unknown=%C3%A9&", id="blank and unknown parameters"),
        pytest.param(_FORM, _RIGHT + b"&x=tab%09", id="a tabulator"),
        pytest.param(_FORM, _RIGHT + b"&audience=" + b"a" * 100_000, id="a long one"),
        pytest.param(
            "application/json",
            b'{"grant_type":"client_credentials","client_id":"crm","client_secret":"s3cret"}',
            id="JSON",
        ),
    ],
)
def test_a_body_that_can_be_read_is_accepted(http: typing.Any, content_type: str, body: bytes) -> None:
    """RFC 6749 3.2, appendix B: UTF-8, unknown parameters ignored, blank ones omitted."""
    response = http.token(body, content_type=content_type)

    assert http.answer(response) == http.tokens(refresh_token=False)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_the_limit_is_413_in_the_protocols_form(http: typing.Any, chunked: bool) -> None:
    """RFC 9110 15.5.14, RFC 6749 5.2: 10 MB are not read; the answer is an OAuth error all the same."""
    environ = {"wsgi.input_terminated": True} if chunked else {}
    options = {"input_stream": io.BytesIO(b"a" * 10_000_000), "content_type": _FORM, "environ_overrides": environ}
    if not chunked:
        options["headers"] = {"Content-Length": "10000000"}

    response = http.client.post("/token", **options)

    assert http.answer(response) == http.refused(413, "invalid_request")
    assert "body_limit, 1048576 bytes" in http.mock.journal.last.why


def test_a_body_of_exactly_the_limit_is_read(http: typing.Any) -> None:
    """RFC 6749 3.2: the cap is a setting, and what it allows is allowed."""
    response = http.token(_RIGHT + b"&x=" + b"a" * (1024 * 1024 - len(_RIGHT) - 3))

    assert http.answer(response) == http.tokens(refresh_token=False)


class _Broken(io.RawIOBase):
    """A connection that is cut."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: typing.Any) -> int:
        raise ConnectionResetError("peer went away")


def test_a_body_that_breaks_off_is_408(http: typing.Any) -> None:
    """RFC 9110 15.5.9, RFC 6749 5.2: a body that does not arrive is an OAuth error and no exception."""
    environ = {"wsgi.input": _Broken(), "wsgi.input_terminated": True}

    response = http.client.post("/token", content_type=_FORM, environ_overrides=environ)

    assert http.answer(response) == http.refused(408, "invalid_request")
    assert "the body broke off" in http.mock.journal.last.why


def test_many_quotes_in_json_do_not_keep_the_server_busy(http: typing.Any) -> None:
    """RFC 6749 5.2: an unterminated string of escaped quotes is malformed and does not keep the server busy."""
    body = b'{"a": "' + b'\\"' * 400_000

    response = http.token(body, content_type="application/json")

    assert http.answer(response) == http.refused(400, "invalid_request")


@pytest.mark.parametrize("name", ['"quoted"', "back\\slash", "é\u65e5", "x" * 5000, "a\tb"])
def test_error_descriptions_keep_to_their_grammar(http: typing.Any, name: str) -> None:
    """RFC 6749 5.2: error_description has printable ASCII without quote and backslash, whatever comes in."""
    body = _RIGHT + b"&" + urllib.parse.urlencode([(name, "1"), (name, "1")]).encode()

    response = http.token(body)

    assert http.answer(response) == http.refused(400, "invalid_request")
    assert len(response.get_json()["error_description"]) < 200


def test_a_refusal_is_one_json_object_without_the_why(http: typing.Any) -> None:
    """RFC 6749 5.2: what is for the tester never goes to the client."""
    response = http.token({"grant_type": "client_credentials"}, basic=("crm", "S3CRET"))

    assert json.loads(response.data) == {
        "error": "invalid_client",
        "error_description": "Client authentication failed.",
    }
    assert "upper and lower case" in http.mock.journal.last.why
