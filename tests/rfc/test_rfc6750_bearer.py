"""RFC 6750: bearer tokens at the protected API and at userinfo."""

from __future__ import annotations

import base64
import typing

import pytest

from mockserver import OAuthMock


@pytest.fixture
def crm(mock: OAuthMock) -> typing.Any:
    mock.context.doors.clear()
    return mock.client("crm", client_secret="s3cret")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", " Bearer", "Bearer  "])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"])
def test_a_good_token_opens_the_echo(http: typing.Any, crm: typing.Any, method: str, scheme: str) -> None:
    """RFC 6750 2.1: the token in the Authorization header, by any method; the scheme in any case (RFC 9110 11.1)."""
    token = crm.grant(scope="a").access_token
    headers = [("Authorization", f"{scheme} {token}"), ("X-Twice", "one")]

    response = http.client.open(
        "/api/orders/7?expand=lines&expand=tax&empty=", method=method, data=b"\xff\x00raw", headers=headers
    )

    echo = response.get_json()
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert (echo["method"], echo["path"]) == (method, "/api/orders/7")
    assert echo["query"] == [["expand", "lines"], ["expand", "tax"], ["empty", ""]]
    assert ["X-Twice", "one"] in echo["headers"]
    assert (echo["body"], base64.b64decode(echo["body_base64"])) == (None, b"\xff\x00raw")
    assert (http.mock.journal.last.endpoint, http.mock.journal.last.verdict) == ("api", "accepted")


def test_the_echo_shows_text_as_text(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6750 2.1: PATCH with a JSON body, which comes back to the letter."""
    response = http.api(crm.grant().access_token, method="PATCH", json={"name": "é"})

    assert response.get_json()["body"] == '{"name": "\\u00e9"}'


def test_the_echo_never_answers_as_if_a_large_body_were_empty(http: typing.Any, crm: typing.Any) -> None:
    """RFC 9110 15.5.14: a body beyond the limit is echoed in full or refused with 413."""
    body = b"x" * (1024 * 1024 + 1)

    response = http.api(crm.grant().access_token, method="PATCH", data=body)

    assert response.status_code == 413 or base64.b64decode(response.get_json()["body_base64"]) == body


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/orders", "/orders", "/userinfo"])
def test_without_credentials_the_challenge_has_no_error(
    mock: OAuthMock, http: typing.Any, crm: typing.Any, path: str
) -> None:
    """RFC 6750 3.1: a request that lacks any authentication information gets no error code."""
    mock.protect("/orders", scope="orders:read", json=[])
    scope = {"/orders": "orders:read", "/userinfo": "openid"}.get(path)

    response = http.api(None, path)

    assert http.answer(response) == http.challenged(401, None, scope=scope)
    assert mock.journal.last.why == "the request has no Authorization header (RFC 6750 2.1)"


@pytest.mark.parametrize("header", ["Basic Y3JtOnM=", "Digest username=x", "abc", "Bearer1 abc"])
def test_another_scheme_is_challenged(http: typing.Any, crm: typing.Any, header: str) -> None:
    """RFC 6750 3: the challenge names Bearer; the why names the scheme that came."""
    response = http.client.get("/api/x", headers={"Authorization": header})

    assert http.answer(response) == http.challenged(401, None)
    assert f"the Authorization header has the scheme {header.partition(' ')[0]!r}" in http.mock.journal.last.why


@pytest.mark.parametrize(
    ("token", "why"),
    [
        pytest.param("unknown", "this issuer never issued the token", id="unknown"),
        pytest.param("", "what follows Bearer is empty", id="empty"),
        pytest.param("a b", "a character that a token cannot have", id="a space"),
        pytest.param("a,b", "a character that a token cannot have", id="a comma"),
        pytest.param("a=b", "a character that a token cannot have", id="an equals sign inside"),
        pytest.param("é", "a character that a token cannot have", id="not ASCII"),
        pytest.param("None", "a variable that was never set", id="None"),
        pytest.param("null", "a variable that was never set", id="null"),
        pytest.param("undefined", "a variable that was never set", id="undefined"),
        pytest.param("a" * 100_000, "never issued", id="long"),
        pytest.param("eyJhbGciOiJub25lIn0.e30.", "never issued", id="an unsigned JWT"),
    ],
)
def test_a_bad_token_is_invalid_token(http: typing.Any, crm: typing.Any, token: str, why: str) -> None:
    """RFC 6750 3.1: expired, revoked, malformed or invalid for other reasons is 401 invalid_token."""
    response = http.api(token)

    text = response.get_json()["error_description"]
    assert http.answer(response) == http.challenged(401, "invalid_token", description=text)
    assert text == http.some.description
    assert why in http.mock.journal.last.why


@pytest.mark.parametrize("kind", ["refresh_token", "code", "another issuer's token", "revoked", "expired"])
def test_what_is_not_this_servers_access_token_is_invalid_token(http: typing.Any, crm: typing.Any, kind: str) -> None:
    """RFC 6750 3.1: codes, refresh tokens and other issuers' tokens open nothing, nor does what is over."""
    good = crm.grant()
    value = good.access_token
    if kind == "refresh_token":
        value = good.refresh_token
    elif kind == "code":
        value = crm.issue_code()
    elif kind == "another issuer's token":
        value = http.mock.issuer("b").client().grant().access_token
    elif kind == "revoked":
        request = {"grant_type": "authorization_code", "code": crm.issue_code()}
        value = http.token(request, basic=("crm", "s3cret")).get_json()["access_token"]
        http.token(request, basic=("crm", "s3cret"))
    else:
        http.mock.clock.advance(hours=1)

    response = http.api(value)

    description = {"revoked": "The access token was revoked.", "expired": "The access token expired."}
    text = description.get(kind, "The access token is unknown.")
    assert http.answer(response) == http.challenged(401, "invalid_token", description=text)


@pytest.mark.parametrize(
    ("granted", "needed", "status"),
    [
        pytest.param("orders:read", "orders:read", 200, id="the same"),
        pytest.param("orders:read orders:write", "orders:read", 200, id="more"),
        pytest.param("orders:read", "", 200, id="nothing needed"),
        pytest.param("orders:write", "orders:read", 403, id="another"),
        pytest.param("Orders:read", "orders:read", 403, id="another case"),
        pytest.param("orders:read", "orders:read orders:write", 403, id="one of two"),
        pytest.param(None, "orders:read", 403, id="none"),
    ],
)
def test_a_protected_path_needs_its_scope(
    http: typing.Any, crm: typing.Any, granted: str | None, needed: str, status: int
) -> None:
    """RFC 6750 3.1: higher privileges than provided are 403 insufficient_scope, and the challenge names the scope."""
    http.mock.protect("/orders", scope=needed, json=[{"id": 1}])

    response = http.api(crm.grant(scope=granted).access_token, "/orders")

    if status == 200:
        assert (response.status_code, response.get_json()) == (200, [{"id": 1}])
        assert response.headers["Content-Type"] == "application/json"
        return
    text = "The request requires higher privileges than provided by the access token."
    assert http.answer(response) == http.challenged(403, "insufficient_scope", description=text, scope=needed)
    assert http.mock.journal.last.why.startswith("the token of client 'crm' has scope")


def test_a_repeated_authorization_header_is_invalid_request(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6750 3, 3.1: more than one method or credential is 400 invalid_request, said in the challenge too."""
    value = f"Bearer {crm.grant().access_token}".encode()
    raw = [(b"Authorization", value), (b"authorization", value)]

    response = http.client.get("/api/x", environ_overrides={"serving.raw_headers": raw})

    text = response.get_json()["error_description"]
    assert http.answer(response) == http.challenged(400, "invalid_request", description=text)


# -- the form parameter ------------------------------------------------------------------------------------------------


def test_userinfo_takes_the_token_as_a_form_parameter(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6750 2.2: in a form-encoded POST the token may be the parameter access_token."""
    token = crm.grant(user="alice", scope="openid").access_token

    response = http.client.post("/userinfo", data={"access_token": token})

    assert http.answer(response) == (200, {"email": "alice@example.com", "sub": "alice"}, http.json_headers)


@pytest.mark.parametrize(
    "place", [pytest.param("query", id="query (2.3)"), pytest.param("json", id="JSON"), pytest.param("api", id="API")]
)
def test_other_places_do_not_count(http: typing.Any, crm: typing.Any, place: str) -> None:
    """RFC 6750 2: header and, at userinfo, form: a token anywhere else is no token."""
    token = crm.grant(user="alice", scope="openid").access_token
    if place == "query":
        response = http.client.get("/userinfo", query_string={"access_token": token})
    elif place == "json":
        response = http.client.post("/userinfo", json={"access_token": token})
    else:
        response = http.client.post("/api/x", data={"access_token": token})

    assert http.answer(response) == http.challenged(401, None, scope=None if place == "api" else "openid")


def test_a_token_sent_twice_is_invalid_request(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6750 2, 3.1: clients must not use more than one method; the resource says so in its challenge."""
    token = crm.grant(user="alice", scope="openid").access_token

    response = http.client.post("/userinfo", data={"access_token": token}, headers={"Authorization": f"Bearer {token}"})

    text = response.get_json()["error_description"]
    assert http.answer(response) == http.challenged(400, "invalid_request", description=text)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"access_token=a&access_token=b", id="twice"),
        pytest.param(b"access_token=%FF", id="not UTF-8"),
        pytest.param(b"access_token=a%00", id="NUL"),
    ],
)
def test_a_malformed_form_is_invalid_request(http: typing.Any, crm: typing.Any, body: bytes) -> None:
    """RFC 6750 3.1: repeats the same parameter or is otherwise malformed: 400 invalid_request with a challenge."""
    response = http.client.post("/userinfo", data=body, content_type="application/x-www-form-urlencoded")

    text = response.get_json()["error_description"]
    assert http.answer(response) == http.challenged(400, "invalid_request", description=text)


def test_other_methods_of_userinfo_are_refused(http: typing.Any) -> None:
    """OpenID Connect Core 5.3.1: GET and POST."""
    response = http.client.put("/userinfo")

    assert http.answer(response) == http.refused(405, "invalid_request", allow="GET, POST")
