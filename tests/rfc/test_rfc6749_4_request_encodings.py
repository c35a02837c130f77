"""RFC 6749 4, appendix B: token requests as a form; as JSON, multipart or in the URL where that is registered."""

from __future__ import annotations

import itertools
import json
import typing
import urllib.parse

import pytest

from mockserver import OAuthMock

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_MULTIPART = "multipart/form-data; boundary=edge"
_SAID = {
    "form": "application/x-www-form-urlencoded",
    "json": "application/json",
    "multipart": "multipart/form-data",
    "query": "parameters in the URL",
}
ENCODINGS = [*_SAID]
GRANT = {"grant_type": "password", "username": "alice", "password": "wonderland", "scope": "a"}
RIGHT = {**GRANT, "client_id": "crm", "client_secret": "s&=é"}


def part(name: str, value: bytes | str, *headers: str) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    head = "".join(f"{header}\r\n" for header in headers)
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n{head}\r\n'.encode() + value + b"\r\n"


def multipart(parameters: typing.Iterable[tuple[str, str]]) -> bytes:
    return b"".join(part(name, value) for name, value in parameters) + b"--edge--\r\n"


def encoded(how: str, parameters: dict[str, str]) -> tuple[bytes, str | None, str]:
    """Body, Content-Type, query."""
    if how == "form":
        return urllib.parse.urlencode(parameters).encode(), _FORM, ""
    if how == "json":
        return json.dumps(parameters).encode(), _JSON, ""
    if how == "multipart":
        return multipart(parameters.items()), _MULTIPART, ""
    return b"", None, urllib.parse.urlencode(parameters)


def sent(http: typing.Any, body: bytes, content_type: str | None, query: str = "") -> typing.Any:
    return http.token(body, content_type=content_type, query=query)


def refused(http: typing.Any, response: typing.Any, why: str) -> None:
    assert http.answer(response) == http.refused(400, "invalid_request")
    assert why in http.mock.journal.last.why


_METHOD = {
    "form": "client_secret_post",
    "json": "client_secret_json",
    "multipart": "client_secret_post",
    "query": "client_secret_query",
}


@pytest.mark.parametrize(
    "taken", [combination for size in (1, 2, 3, 4) for combination in itertools.combinations(ENCODINGS, size)]
)
@pytest.mark.parametrize("how", ENCODINGS)
def test_an_encoding_is_for_clients_that_are_registered_for_it(
    mock: OAuthMock, http: typing.Any, how: str, taken: tuple[str, ...]
) -> None:
    """RFC 6749 4: each alone and every set of them; whatever the secret's method."""
    methods = list(dict.fromkeys(_METHOD.values()))
    mock.client("crm", client_secret="s&=é", token_endpoint_auth_method=methods, request_encodings=taken, scope=None)
    parameters = {**RIGHT, "scope": "a-b"}

    response = sent(http, *encoded(how, parameters))

    if how in taken:
        assert http.answer(response) == http.tokens(scope="a-b")
        assert mock.journal.last.client_auth == _METHOD[how]
        assert mock.tokens.last.username == "alice"
    elif how == "query":
        refused(http, response, "grant_type" if taken else "")
        assert "it is in the URL, where RFC 6749 4 has no place for it" in mock.journal.last.why
    else:
        said = " or ".join(_SAID[encoding] for encoding in taken)
        why = f"the body is {_SAID[how]}; client 'crm' may send {said} (request_encodings; RFC 6749 4)"
        refused(http, response, why)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_json", "client_secret_query", "none"])
def test_what_is_registered_implies_an_encoding(mock: OAuthMock, http: typing.Any, method: str) -> None:
    """RFC 6749 4: form; JSON and the URL for those clients alone whose secret is there."""
    mock.client("crm", client_secret=None if method == "none" else "s", token_endpoint_auth_method=method)
    implied = {"client_secret_json": "json", "client_secret_query": "query"}.get(method)
    for how in ENCODINGS:
        body, content_type, query = encoded(how, {**GRANT, "scope": "a", "client_id": "crm"})
        if method == "client_secret_basic":
            response = http.token(body, content_type=content_type, query=query, basic=("crm", "s"))
        elif method == "none":
            response = http.token(body, content_type=content_type, query=query)
        elif method == "client_secret_query":
            query = query or "client_id=crm"
            response = http.token(body, content_type=content_type, query=f"{query}&client_secret=s")
        elif how == "json":
            response = http.token_as_json({**GRANT, "scope": "a", "client_id": "crm", "client_secret": "s"})
        else:
            continue
        if how == implied or (how == "form" and method != "client_secret_query"):
            assert http.answer(response) == http.tokens(scope="a")
        else:
            assert response.status_code in (400, 401)


def test_the_journal_has_the_body_as_it_came(mock: OAuthMock, http: typing.Any) -> None:
    """Encoding, bytes and where each parameter was."""
    mock.client("crm", client_secret="s&=é", request_encodings=["multipart"])
    body = multipart({**RIGHT}.items())

    assert http.answer(sent(http, body, _MULTIPART)) == http.tokens(scope="a")
    exchange = mock.journal.last
    assert (exchange.request.encoding, exchange.request.body) == ("multipart", body)
    assert exchange.parameters["username"] == "alice"


# -- form --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    [
        _FORM,
        f"{_FORM}; charset=UTF-8",
        f"{_FORM};charset=utf-8",
        f'{_FORM}; charset="utf-8"',
        f"{_FORM}; charset=us-ascii",
        "Application/X-WWW-Form-Urlencoded",
        f"{_FORM};",
        f"{_FORM}; charset=",
        f"{_FORM}; boundary=x",
    ],
)
def test_a_form_may_say_its_charset(mock: OAuthMock, http: typing.Any, content_type: str) -> None:
    """RFC 6749 appendix B; RFC 9110 8.3.1: case, quotes and white space are nothing."""
    mock.client("crm", client_secret="s&=é")
    body, _, _ = encoded("form", {**RIGHT})

    assert http.answer(sent(http, body, content_type)) == http.tokens(scope="a")


@pytest.mark.parametrize(
    ("content_type", "why"),
    [
        pytest.param(
            f"{_FORM}; charset=utf-16", "the body's charset is 'utf-16'; RFC 6749 appendix B asks", id="UTF-16"
        ),
        pytest.param(f"{_FORM}; charset=latin-1", "the body's charset is 'latin-1'", id="latin-1"),
        pytest.param("application/x-x-www-form-urlencoded", "Content-Type is 'application/x-x-www-form-url", id="typo"),
        pytest.param(
            "application/x-www-form-urlencode", "Content-Type is 'application/x-www-form-urlencode'", id="cut"
        ),
        pytest.param("x-www-form-urlencoded", "Content-Type is 'x-www-form-urlencoded'", id="half"),
        pytest.param("text/plain", "Content-Type is 'text/plain'; parameters are sent as application/x-www", id="text"),
        pytest.param("*/*", "Content-Type is '*/*'", id="anything"),
        pytest.param(f"{_FORM}, {_FORM}", "Content-Type is '", id="two"),
        pytest.param(None, "Content-Type is missing; parameters are sent as application/x-www-form", id="missing"),
        pytest.param("", "Content-Type is missing", id="empty"),
        pytest.param(_JSON, "Content-Type says JSON, the body is none, or not in UTF-8", id="says JSON"),
        pytest.param("application/vnd.api+json", "Content-Type says JSON", id="says some JSON"),
        pytest.param(
            "multipart/form-data", "Content-Type says multipart/form-data, the body is none: Missing", id="MP"
        ),
        pytest.param(_MULTIPART, "Content-Type says multipart/form-data, the body is none: ", id="says multipart"),
        pytest.param('multipart/form-data; boundary="é"', "the body is none: ", id="boundary not ASCII"),
    ],
)
@pytest.mark.parametrize("taken", [None, ENCODINGS], ids=["strict", "lenient"])
def test_a_form_that_says_it_is_something_else_is_refused(
    mock: OAuthMock, http: typing.Any, taken: list[typing.Any] | None, content_type: str | None, why: str
) -> None:
    """RFC 6749 4: also of clients that may send everything; the right request is taken afterwards."""
    mock.client("crm", client_secret="s", request_encodings=taken)
    body, _, _ = encoded("form", {**RIGHT, "scope": "a", "client_secret": "s"})

    refused(http, sent(http, body, content_type), why)
    assert http.answer(sent(http, body, _FORM)) == http.tokens(scope="a")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(json.dumps(RIGHT).encode(), "Content-Type says form-urlencoded, the body is JSON", id="JSON"),
        pytest.param(b"[]", "Content-Type says form-urlencoded, the body is JSON", id="a JSON array"),
        pytest.param(b"grant_type=\xff", "the body is not UTF-8 (RFC 6749 appendix B)", id="no UTF-8"),
        pytest.param(b"grant_type=%FF", "the body is not UTF-8", id="no UTF-8, encoded"),
        pytest.param(b"grant_type=%ED%A0%80", "the body is not UTF-8", id="a surrogate"),
        pytest.param(b"a=b&" * 1001, "the body has more than 1000 parameters", id="1001 parameters"),
        pytest.param(b"grant_type=a%00b&client_id=crm", "has a control character", id="NUL"),
        pytest.param(b"a=1&a=2", "parameter 'a' came more than once in the body", id="twice"),
        pytest.param(
            multipart(RIGHT.items()), "Content-Type says form-urlencoded, the body is multipart", id="multipart"
        ),
    ],
)
def test_a_form_that_is_none_is_refused(mock: OAuthMock, http: typing.Any, body: bytes, why: str) -> None:
    """RFC 6749 3.2, appendix A and B: before anybody is judged by it."""
    mock.client("crm", client_secret="s")
    response = http.token(body, basic=("crm", "s"))

    refused(http, response, why)


def test_an_empty_body_has_no_grant_type(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 5.2; whatever its Content-Type is. Nobody shows itself in it either."""
    mock.client("crm", client_secret="s")
    for content_type in (_FORM, None, "", "text/plain"):
        refused(http, http.token(b"", content_type=content_type, basic=("crm", "s")), "has no parameter grant_type")
        response = http.token(b"", content_type=content_type)
        assert http.answer(response) == http.refused(401, "invalid_client")
    refused(http, http.token(b"", content_type=_JSON, basic=("crm", "s")), "Content-Type says JSON, the body is none")


# -- JSON --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(encoded("form", RIGHT)[0], "Content-Type says JSON, the body is none, or not in UTF-8", id="form"),
        pytest.param(b"", "Content-Type says JSON, the body is none", id="empty"),
        pytest.param(b" ", "Content-Type says JSON, the body is none", id="blank"),
        pytest.param(json.dumps(RIGHT).encode()[:-1], "Content-Type says JSON, the body is none", id="cut"),
        pytest.param(json.dumps(RIGHT).encode() + b"x", "Content-Type says JSON, the body is none", id="more"),
        pytest.param(json.dumps(RIGHT).encode("utf-16"), "the body is none, or not in UTF-8", id="UTF-16"),
        pytest.param(b'{"a":"\xff"}', "the body is none, or not in UTF-8", id="no UTF-8"),
        pytest.param(
            b"\xef\xbb\xbf" + json.dumps(RIGHT).encode(), "Content-Type says JSON, the body is none", id="BOM"
        ),
        pytest.param(json.dumps([RIGHT]).encode(), "the JSON body is no object; its members are", id="an array of it"),
        pytest.param(b"[]", "the JSON body is no object", id="an array"),
        pytest.param(b'"a"', "the JSON body is no object", id="a string"),
        pytest.param(b"5", "the JSON body is no object", id="a number"),
        pytest.param(b"null", "the JSON body is no object", id="null"),
        pytest.param(b"NaN", "the JSON body is no object", id="NaN"),
        pytest.param(b'{"scope":["a"]}', "the JSON member 'scope' is no string", id="an array in it"),
        pytest.param(b'{"scope":{"a":"b"}}', "the JSON member 'scope' is no string", id="an object in it"),
        pytest.param(b'{"client_id":5}', "the JSON member 'client_id' is no string", id="a number in it"),
        pytest.param(b'{"scope":true}', "the JSON member 'scope' is no string", id="a bool in it"),
        pytest.param(b'{"scope":null}', "the JSON member 'scope' is no string", id="null in it"),
        pytest.param(b'{"a":' * 30_000, "the JSON body is nested too deep", id="deep"),
        pytest.param(b"[" * 100_000, "the JSON body is nested too deep", id="deep array"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", "Content-Type says JSON", id="digits"),
        pytest.param(b'{"grant_type":"x","grant_type":"y"}', "parameter 'grant_type' came more than once", id="twice"),
        pytest.param(b'{"a\\u0000":"x"}', "has a control character", id="NUL"),
    ],
)
def test_json_that_is_none_is_refused(mock: OAuthMock, http: typing.Any, body: bytes, why: str) -> None:
    """RFC 8259: one flat object of strings; anything else is said before anybody is judged by it."""
    mock.client("crm", client_secret="s&=é", token_endpoint_auth_method="client_secret_json")

    refused(http, http.token_as_json(body), why)
    assert http.token_as_json({**RIGHT}).status_code == 200


def test_json_may_be_any_json_type(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6839 3.1: `+json`; a charset is nothing (RFC 8259 11), an escaped surrogate no mistake of ours."""
    mock.client("crm", client_secret="s&=é", token_endpoint_auth_method="client_secret_json")
    body = json.dumps({**RIGHT}).encode()
    for content_type in (_JSON, "application/json; charset=utf-8", "Application/JSON", "application/vnd.acme+json"):
        assert http.answer(sent(http, body, content_type)) == http.tokens(scope="a")
    response = http.token_as_json({**RIGHT, "client_id": "\ud800"})
    assert http.answer(response) == http.refused(401, "invalid_client")
    response = http.token_as_json({**RIGHT, "username": "\ud800"})
    assert response.status_code == 400


# -- multipart ---------------------------------------------------------------------------------------------------------

_FIELDS = [*{**RIGHT}.items()]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(encoded("form", RIGHT)[0], "Content-Type says multipart/form-data, the body is none: ", id="form"),
        pytest.param(
            json.dumps(RIGHT).encode(), "Content-Type says multipart/form-data, the body is none: ", id="JSON"
        ),
        pytest.param(multipart(_FIELDS)[:-12], "the body is none: ", id="the end is missing"),
        pytest.param(multipart(_FIELDS)[:40], "the body is none: ", id="cut in a header"),
        pytest.param(multipart(_FIELDS).replace(b"edge", b"wedge"), "the body is none: ", id="another boundary"),
        pytest.param(part("a", "b") * 1001 + b"--edge--", "has more than 1000 parts", id="1001 parts"),
        pytest.param(part("a", "b") * 2 + b"--edge--", "parameter 'a' came more than once in the body", id="twice"),
        pytest.param(part("a", "b\0") + b"--edge--", "parameter 'a' has a control character", id="NUL"),
        pytest.param(part("a", b"\xff") + b"--edge--", "the body is not UTF-8 (RFC 6749 appendix B)", id="no UTF-8"),
        pytest.param(
            part('a"; filename="x', "b") + b"--edge--", "the part 'a' is a file; parameters have no", id="file"
        ),
        pytest.param(part('a"; filename="', b"\xff") + b"--edge--", "the part 'a' is a file", id="file without name"),
        pytest.param(
            part("x", "b").replace(b'; name="x"', b"") + b"--edge--",
            "a part of the multipart body has no name (RFC 7578 4.2)",
            id="no name",
        ),
        pytest.param(
            part("x", "b").replace(b"Content-Disposition", b"X") + b"--edge--",
            "the body is none: ",
            id="no disposition",
        ),
        pytest.param(b"--edge\r\n" + b"a: b\r\n" * 20_000, "the body is none: ", id="headers without end"),
    ],
)
def test_multipart_that_is_none_is_refused(mock: OAuthMock, http: typing.Any, body: bytes, why: str) -> None:
    """RFC 7578 4: before anybody is judged by it."""
    mock.client("crm", client_secret="s&=é", request_encodings=["multipart"])

    refused(http, sent(http, body, _MULTIPART), why)
    assert http.answer(sent(http, multipart(_FIELDS), _MULTIPART)) == http.tokens(scope="a")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(multipart([*_FIELDS, ("big", "x" * 700_000)]), id="a part of 700 kB"),
        pytest.param(multipart([*_FIELDS, *((f"a{number}", "b") for number in range(993))]), id="1000 parts"),
        pytest.param(b"preamble\r\n" + multipart(_FIELDS) + b"epilogue", id="preamble and epilogue"),
        pytest.param(
            b"".join(part(*field, "Content-Type: text/plain; charset=utf-8") for field in _FIELDS) + b"--edge--",
            id="parts with a type",
        ),
        pytest.param(multipart([*_FIELDS, ("empty", "")]), id="an empty part"),
    ],
)
def test_multipart_of_any_size_is_taken(mock: OAuthMock, http: typing.Any, body: bytes) -> None:
    """RFC 2046 5.1.1, RFC 7578 4: `body_limit` is the limit."""
    mock.client("crm", client_secret="s&=é", request_encodings=["multipart"])

    assert http.answer(sent(http, body, _MULTIPART)) == http.tokens(scope="a")


def test_a_body_beyond_the_limit_is_413(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9110 15.5.14; whatever it is."""
    mock.client("crm", client_secret="s&=é", request_encodings=ENCODINGS)
    for content_type in (_FORM, _JSON, _MULTIPART):
        response = sent(http, b"x" * (1024 * 1024 + 1), content_type)
        assert http.answer(response) == http.refused(413, "invalid_request")
        assert "the body is larger than body_limit" in mock.journal.last.why


# -- in the URL --------------------------------------------------------------------------------------------------------


def test_parameters_may_be_in_the_url(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 3.2 has them in the body; SAP takes grant_type in the URL beside a form, or everything."""
    mock.client("crm", client_secret="s", request_encodings=["form", "query"])
    rest = {name: value for name, value in GRANT.items() if name not in ("grant_type", "scope")}

    for body, query in (
        (rest, "grant_type=password&scope=a"),
        ({}, urllib.parse.urlencode({**rest, "grant_type": "password", "scope": "a"})),
        ({**rest, "grant_type": "password", "scope": "a"}, ""),
        ({**rest, "grant_type": "password", "scope": "a"}, "tenant=x&scope="),
    ):
        response = http.token(body, query=query, basic=("crm", "s"))
        assert http.answer(response) == http.tokens(scope="a")
        assert mock.journal.last.grant_type == "password"


@pytest.mark.parametrize("same", [True, False], ids=["the same value", "another"])
@pytest.mark.parametrize("name", ["grant_type", "scope", "username", "x"])
def test_a_parameter_in_url_and_body_is_there_twice(mock: OAuthMock, http: typing.Any, name: str, same: bool) -> None:
    """RFC 6749 3.2: no parameter more than once; where the URL is nothing, it is not looked at."""
    mock.client("crm", client_secret="s", request_encodings=["form", "query"])
    mock.client("erp", client_secret="s")
    body = {**GRANT, "scope": "a", "x": "y"}
    query = urllib.parse.urlencode({name: body[name] if same else "other"})

    refused(
        http, http.token(body, query=query, basic=("crm", "s")), f"parameter {name!r} is in the URL and in the body"
    )
    assert http.answer(http.token(body, query=query, basic=("erp", "s"))) == http.tokens(scope="a")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("grant_type=a&grant_type=a", "parameter 'grant_type' came more than once in the query"),
        ("grant_type=a%0Ab", "parameter 'grant_type' has a control character"),
        ("grant_type=%FF", "the query is not UTF-8"),
        ("&".join(["a=b"] * 1001), "the query has more than 1000 parameters"),
    ],
)
def test_a_url_that_is_malformed_is_refused(mock: OAuthMock, http: typing.Any, query: str, why: str) -> None:
    """RFC 6749 3.2, appendix A and B."""
    mock.client("crm", client_secret="s", request_encodings=["query"])

    refused(http, http.token(b"", query=query, basic=("crm", "s")), why)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_post_is_taken(mock: OAuthMock, http: typing.Any, method: str) -> None:
    """RFC 6749 3.2: also of a client that may have everything in the URL."""
    mock.client("crm", client_secret="s", token_endpoint_auth_method="client_secret_query", request_encodings=["query"])
    query = urllib.parse.urlencode({**GRANT, "scope": "a", "client_id": "crm", "client_secret": "s"})

    response = http.client.open("/token", method=method, query_string=query)

    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert http.answer(http.token(b"", query=query)) == http.tokens(scope="a")
