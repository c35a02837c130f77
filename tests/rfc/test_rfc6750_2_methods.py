"""RFC 6750 2: where an access token may be, and what `bearer_methods_supported` (RFC 9728 2) switches on."""

from __future__ import annotations

import typing
import urllib.parse

import pytest

from mockserver import OAuthMock
from mockserver.errors import ConfigurationError

_FORM = "application/x-www-form-urlencoded"
_TWICE = "The access token was sent more than once."


@pytest.fixture
def everywhere(mock: OAuthMock) -> str:
    """A token of a client that may send it in any place."""
    client = mock.client("crm", bearer_methods_supported=["header", "body", "query"])
    mock.protect("/orders", scope="orders:read", json=[{"id": 1}])
    return client.grant(scope="orders:read").access_token


def sent(http: typing.Any, place: str, token: str, path: str = "/orders", method: str = "PATCH") -> typing.Any:
    """A request with the token in one place."""
    if place == "header":
        return http.client.open(path, method=method, headers={"Authorization": f"Bearer {token}"})
    if place == "query":
        return http.client.open(path, method=method, query_string={"access_token": token})
    return http.client.open(
        path, method=method, data=urllib.parse.urlencode({"access_token": token}), content_type=_FORM
    )


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("place", ["header", "body", "query"])
def test_a_place_that_is_on_takes_the_token(http: typing.Any, everywhere: str, place: str, method: str) -> None:
    """RFC 6750 2.1, 2.2, 2.3: each place with each method, but no body with GET and DELETE (RFC 9110 9.3.1, 9.3.5)."""
    response = sent(http, place, everywhere, method=method)

    if place == "body" and method in ("GET", "DELETE"):
        assert http.answer(response) == http.challenged(401, None, scope="orders:read")
        assert http.mock.journal.last.why == (
            f"the access token is in the body of a {method}, where RFC 6750 2.2 has no place for it: the header is one"
        )
        return
    headers = {"Content-Type": "application/json"} | ({"Cache-Control": "private"} if place == "query" else {})
    assert http.answer(response) == (200, [{"id": 1}], headers)


def test_the_echo_of_a_token_in_the_url_is_private(http: typing.Any, everywhere: str) -> None:
    """RFC 6750 2.3: a success has Cache-Control: private; a refusal may not be kept at all."""
    good = sent(http, "query", everywhere, "/api/x")
    bad = sent(http, "query", "unknown", "/api/x")

    assert (good.status_code, good.headers.getlist("Cache-Control"), "Pragma" in good.headers) == (
        200,
        ["private"],
        False,
    )
    assert good.get_json()["query"] == [["access_token", everywhere]]
    assert bad.headers.getlist("Cache-Control") == ["no-store"]


def test_a_stub_that_is_no_success_is_not_private(http: typing.Any, everywhere: str) -> None:
    """RFC 6750 2.3 speaks of 2xx."""
    http.mock.protect("/broken", status=500)

    assert http.answer(sent(http, "query", everywhere, "/broken")) == (500, None, {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("place", "on"),
    [
        pytest.param("body", ["header"], id="body"),
        pytest.param("query", ["header"], id="query"),
        pytest.param("header", ["body"], id="header"),
        pytest.param("query", ["header", "body"], id="query beside two"),
    ],
)
@pytest.mark.parametrize("path", ["/orders", "/api/x"])
def test_a_place_that_is_off_is_as_good_as_no_token(
    http: typing.Any, mock: OAuthMock, place: str, on: list[typing.Any], path: str
) -> None:
    """RFC 6750 3.1: the challenge has no error code; the why names place and setting."""
    mock.protect("/orders", scope="orders:read", json=[])
    token = mock.client("crm", bearer_methods_supported=on).grant(scope="orders:read").access_token

    response = sent(http, place, token, path)

    assert http.answer(response) == http.challenged(401, None, scope="orders:read" if path == "/orders" else None)
    clause = {"header": "2.1", "body": "2.2", "query": "2.3"}[place]
    assert mock.journal.last.why == (
        f"the access token is in the {place} (RFC 6750 {clause}), where it is not taken; it is taken in the"
        f" {' or '.join(on)}; to allow it: bearer_methods_supported={[*on, place]!r}"
    )


@pytest.mark.parametrize(
    ("issuer", "client", "status"),
    [
        pytest.param(("header",), None, 401, id="the default"),
        pytest.param(("header", "query"), None, 200, id="the issuer's"),
        pytest.param(("header",), ("query",), 200, id="the client's"),
        pytest.param(("header", "query"), ("header",), 401, id="the client's, narrower"),
    ],
)
def test_the_tokens_client_decides(
    issuer: tuple[typing.Any, ...], client: typing.Any, status: int, http: typing.Any
) -> None:
    """RFC 9728 2: what the API supports; a client may have it otherwise."""
    other = http.mock.issuer("b", bearer_methods_supported=issuer)
    token = other.client(bearer_methods_supported=client).grant().access_token

    assert sent(http, "query", token, "/b/api/x").status_code == status


@pytest.mark.parametrize(("issuer", "error"), [(("header",), None), (("query",), "invalid_token")])
def test_the_issuer_decides_about_a_token_that_nobody_knows(
    http: typing.Any, issuer: tuple[typing.Any, ...], error: str | None
) -> None:
    """RFC 6750 3.1: invalid_token where tokens are taken, a bare challenge where they are not."""
    http.mock.issuer("b", bearer_methods_supported=issuer)

    response = sent(http, "query", "unknown", "/b/api/x")

    description = "The access token is unknown." if error else None
    assert http.answer(response) == http.challenged(401, error, description=description)


@pytest.mark.parametrize("second", ["the same", "another", "unknown"])
@pytest.mark.parametrize("places", ["header body", "header query", "body query", "body body", "query query"])
def test_two_tokens_are_invalid_request(http: typing.Any, everywhere: str, places: str, second: str) -> None:
    """RFC 6750 2, 3.1: more than one method, or the parameter repeated, whatever the second token is."""
    other = {"the same": everywhere, "unknown": "unknown"}.get(second) or http.mock.client().grant().access_token
    where = places.split()
    values = dict(zip(range(2), [everywhere, other], strict=True))
    headers = {"Authorization": f"Bearer {everywhere}"} if "header" in where else {}
    form = [("access_token", values[index]) for index, place in enumerate(where) if place == "body"]
    query = [("access_token", values[index]) for index, place in enumerate(where) if place == "query"]

    response = http.client.post(
        "/orders",
        query_string=urllib.parse.urlencode(query),
        data=urllib.parse.urlencode(form),
        content_type=_FORM,
        headers=headers,
    )

    assert http.answer(response) == http.challenged(400, "invalid_request", description=_TWICE)
    assert http.mock.journal.last.why == (
        f"the request has 2 access tokens, in {' and '.join(dict.fromkeys(where))} (RFC 6750 2); send one"
    )


def test_a_header_counts_also_where_it_is_off(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 6750 2: unlike a parameter, a Bearer header can be nothing but a token."""
    token = mock.client(bearer_methods_supported=["body"]).grant().access_token

    response = http.client.post(
        "/api/x", data={"access_token": token}, headers={"Authorization": f"Bearer {token}"}, content_type=_FORM
    )

    assert http.answer(response) == http.challenged(400, "invalid_request", description=_TWICE)


@pytest.mark.parametrize("body", [b"access_token=data", b"access_token=a&access_token=b", b"access_token=%FF", b"{"])
def test_a_parameter_where_none_is_taken_is_the_applications_own(
    http: typing.Any, mock: OAuthMock, body: bytes
) -> None:
    """RFC 6750 2.2 is off by default: PATCH with a form that happens to have access_token is echoed to the letter."""
    token = mock.client().grant().access_token

    response = http.api(token, "/api/x?access_token=1&access_token=2", method="PATCH", data=body, content_type=_FORM)

    assert response.status_code == 200
    assert response.get_json()["body"] == body.decode()
    assert response.get_json()["query"] == [["access_token", "1"], ["access_token", "2"]]


def test_other_parameters_may_repeat_beside_the_token(http: typing.Any, everywhere: str) -> None:
    """RFC 6750 2.2: the rest of the form is the application's own."""
    body = f"access_token={everywhere}&line=1&line=2"

    response = http.client.patch("/orders", data=body, content_type=_FORM)

    assert (response.status_code, response.get_json()) == (200, [{"id": 1}])


@pytest.mark.parametrize(
    ("body", "error", "description"),
    [
        pytest.param("access_token=%FF", "invalid_request", "The request is malformed.", id="not UTF-8"),
        pytest.param('{"access_token": "a"}', "invalid_request", "The request is malformed.", id="JSON as form"),
        pytest.param(
            "access_token=a%0D%0Ab",
            "invalid_request",
            "The parameter access_token has a control character.",
            id="CR LF",
        ),
        pytest.param(
            "access_token=a&access_token=",
            "invalid_request",
            "The parameter access_token is included more than once.",
            id="once blank",
        ),
        pytest.param("access_token=a%20b", "invalid_token", "The access token is malformed.", id="a space"),
        pytest.param("access_token=None", "invalid_token", "The access token is malformed.", id="None"),
        pytest.param("access_token=" + "a" * 8192, "invalid_token", "The access token is unknown.", id="8 KiB"),
        pytest.param("access_token=", None, None, id="blank"),
        pytest.param("Access_Token=a", None, None, id="another case"),
    ],
)
def test_a_malformed_parameter_is_refused(
    http: typing.Any, mock: OAuthMock, body: str, error: str | None, description: str | None
) -> None:
    """RFC 6750 3.1: malformed requests are 400, malformed tokens 401, blank ones as good as none."""
    mock.issuer("b", bearer_methods_supported=["body"])

    response = http.client.post("/b/api/x", data=body, content_type=_FORM)

    status = 400 if error == "invalid_request" else 401
    assert http.answer(response) == http.challenged(status, error, description=description)


def test_a_json_body_is_no_form(http: typing.Any, everywhere: str) -> None:
    """RFC 6750 2.2: the Content-Type is application/x-www-form-urlencoded."""
    response = http.client.post("/api/x", json={"access_token": everywhere})

    assert http.answer(response) == http.challenged(401, None)
    assert "in a JSON body, where RFC 6750 2.2 has no place for it" in http.mock.journal.last.why


@pytest.mark.parametrize("place", ["body", "query"])
def test_another_scheme_is_no_second_token(http: typing.Any, everywhere: str, place: str) -> None:
    """RFC 6750 2: Basic for a gateway in front does not stand in the way of a token elsewhere."""
    data, query = ({"access_token": everywhere}, None) if place == "body" else (None, {"access_token": everywhere})

    response = http.client.post("/orders", data=data, query_string=query, headers={"Authorization": "Basic Z3c6cw=="})

    assert (response.status_code, response.get_json()) == (200, [{"id": 1}])


@pytest.mark.parametrize("value", ["Bearer {}", "bearer {}", "BEARER   {}  ", "\tBearer {}\t"])
def test_scheme_and_white_space_are_read_liberally(http: typing.Any, everywhere: str, value: str) -> None:
    """RFC 9110 5.5, 11.1: white space around a value is no part of it, the scheme has any case."""
    response = http.client.get("/orders", headers={"Authorization": value.format(everywhere)})

    assert (response.status_code, response.get_json()) == (200, [{"id": 1}])


def test_a_token_without_a_scheme_is_not_shown(http: typing.Any) -> None:
    """RFC 6750 2.1: the commonest slip is told by what it is, and no piece of the token gets into the why."""
    response = http.client.get("/api/x", headers={"Authorization": "sesame" * 10})

    assert http.answer(response) == http.challenged(401, None)
    assert http.mock.journal.last.why == (
        "the Authorization header has no scheme; this API takes Bearer (RFC 6750 2.1)"
    )


@pytest.mark.parametrize("methods", [["query"], ["header", "query"]])
def test_userinfo_keeps_to_its_own_rule(http: typing.Any, mock: OAuthMock, methods: list[typing.Any]) -> None:
    """OpenID Connect Core 5.3.1: the header, and by POST the form; the setting is of the API."""
    client = mock.client(bearer_methods_supported=methods)
    token = client.grant(user="alice", scope="openid").access_token
    good = (200, {"email": "alice@example.com", "sub": "alice"}, http.json_headers)

    assert http.answer(sent(http, "header", token, "/userinfo", "GET")) == good
    assert http.answer(sent(http, "body", token, "/userinfo", "POST")) == good
    assert http.answer(sent(http, "query", token, "/userinfo", "GET")) == http.challenged(401, None, scope="openid")
    assert mock.journal.last.why == (
        "the access token is in the query (RFC 6750 2.3), where it is not taken; it is taken in the header or body"
    )


def test_a_token_in_the_url_is_masked_in_the_journals_lines(http: typing.Any, everywhere: str) -> None:
    """RFC 6750 5.3: URLs end in logs; ours do not keep the token."""
    sent(http, "query", everywhere)

    assert everywhere not in "\n".join(http.mock.journal.last.lines())
    assert everywhere not in repr(http.mock.journal.last)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("header", r"write a list, \['header'\]", id="no list"),
        pytest.param(["heade"], "did you mean 'header'", id="a slip"),
        pytest.param([], "length >= 1", id="empty"),
        pytest.param([1], "expected `str`", id="a number"),
    ],
)
def test_a_wrong_value_is_named(value: typing.Any, message: str) -> None:
    """Key, value and remedy, for the server and for a client."""
    with pytest.raises(ConfigurationError, match=rf"bearer_methods_supported = .*{message}"):
        OAuthMock(bearer_methods_supported=value)
    with pytest.raises(ConfigurationError, match=rf"bearer_methods_supported = .*{message}"):
        OAuthMock().client(bearer_methods_supported=value)
