"""RFC 6750 as a guard: another issuer's tokens, audience, scope by method, another word for Bearer."""

from __future__ import annotations

import typing

import pytest

from mockserver import Bearer
from mockserver import OAuthMock


def get(http: typing.Any, token: str, *, scheme: str = "Bearer", **options: typing.Any) -> typing.Any:
    return http.client.open("/orders", headers={"Authorization": f"{scheme} {token}"}, **options)


@pytest.mark.parametrize("form", ["jwt", "opaque"])
def test_an_access_token_in_either_form(http: typing.Any, mock: OAuthMock, form: typing.Any) -> None:
    """RFC 6750 2.1: known, alive, and whose it is."""
    token = mock.client("crm", access_token_format=form).grant(scope="a").access_token
    mock.protect("/orders", guard=Bearer(scope="a"), json=[])

    assert http.answer(get(http, token)) == (200, [], {"Content-Type": "application/json"})
    last = mock.journal.last
    assert (last.guard, last.caller, last.why) == (
        "bearer",
        "crm",
        "/orders took the token of client 'crm' with scope 'a'",
    )
    mock.clock.advance(hours=2)
    status, body, headers = http.answer(get(http, token))
    assert (status, body["error"], body["error_description"]) == (401, "invalid_token", "The access token expired.")
    assert headers["WWW-Authenticate"].startswith('Bearer realm="api", error="invalid_token"')


def test_the_scope_depends_on_the_method(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 6750 3.1: the challenge says what this method needs."""
    reader = mock.client("crm").grant(scope="orders:read").access_token
    guard = Bearer(scope={"GET": "orders:read", "OPTIONS": "", "*": "orders:write"})
    mock.protect("/orders", guard=guard, json=[])

    assert get(http, reader).status_code == 200
    assert get(http, reader, method="OPTIONS").status_code == 200
    refused = get(http, reader, method="PATCH", data=b"x")
    assert (refused.status_code, refused.json["error"]) == (403, "insufficient_scope")
    assert 'scope="orders:write"' in refused.headers["WWW-Authenticate"]
    assert http.client.patch("/orders").headers["WWW-Authenticate"] == 'Bearer realm="api", scope="orders:write"'


def test_a_scope_for_some_methods_alone(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 6750 3: other methods take any token."""
    token = mock.client("crm").grant(scope="x").access_token
    mock.protect("/orders", guard=Bearer(scope={"DELETE": "admin"}), json=[])

    assert get(http, token, method="PUT").status_code == 200
    assert get(http, token, method="DELETE").status_code == 403


def test_the_audience_is_checked(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 9068 4, RFC 8707 2: a token for another API is not valid here."""
    client = mock.client("crm")
    plain = client.grant().access_token
    form = {"grant_type": "client_credentials", "resource": "https://orders.example"}
    aimed = http.token(form, basic=("crm", client.client_secret)).json["access_token"]
    mock.protect("/orders", guard=Bearer(audience="https://orders.example"), json=[])

    assert get(http, aimed).status_code == 200
    refused = get(http, plain)
    assert (refused.status_code, refused.json["error"]) == (401, "invalid_token")
    assert mock.journal.last.why == (
        "the token of client 'crm' is for http://localhost/api; this path asks for https://orders.example (RFC 9068 4)"
    )
    mock.protect("/orders", guard=Bearer(audience="http://localhost/api"), json=[])
    assert get(http, plain).status_code == 200


def test_other_issuers_tokens(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 6750 1.3: the resource server takes those of the authorization servers that it trusts."""
    first, second = mock.issuer("first"), mock.issuer("second")
    tokens = [issuer.client(name).grant().access_token for issuer, name in ((first, "a"), (second, "b"), (mock, "c"))]
    mock.protect("/orders", guard=Bearer(accepts=[first, second]), json=[])

    assert [get(http, token).status_code for token in tokens] == [200, 200, 401]
    assert [exchange.caller for exchange in mock.journal] == ["a", "b", None]
    mock.protect("/orders", json=[])
    assert [get(http, token).status_code for token in tokens] == [401, 401, 200]


def test_a_provider_may_call_it_otherwise(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 6750 2.1, but for the word: and the challenge has it, too."""
    token = mock.client("crm").grant().access_token
    mock.protect("/orders", guard=Bearer(scheme="Zoho-oauthtoken"), json=[])

    assert get(http, token, scheme="zoho-oauthtoken").status_code == 200
    assert get(http, token).headers["WWW-Authenticate"] == 'Zoho-oauthtoken realm="api"'
    assert mock.journal.last.why == (
        "the Authorization header has the scheme 'Bearer'; this API takes Zoho-oauthtoken (RFC 6750 2.1)"
    )
    bad = get(http, "unknown", scheme="Zoho-oauthtoken")
    assert bad.headers["WWW-Authenticate"].startswith('Zoho-oauthtoken realm="api", error="invalid_token"')


@pytest.mark.parametrize("app", [True, False], ids=["an application", "a fixed answer"])
def test_the_places_of_the_guard(http: typing.Any, mock: OAuthMock, app: bool) -> None:
    """RFC 6750 2.2 and 2.3: the guard's places go before the client's; no cache keeps what a URL opened."""
    token = mock.client("crm").grant().access_token
    behind = {"app": mock.echo} if app else {"json": []}
    mock.protect("/orders", guard=Bearer(methods=["body", "query"]), **behind)

    in_query = http.client.get("/orders", query_string={"access_token": token})
    in_body = http.client.post("/orders", data={"access_token": token})

    assert (in_query.status_code, in_query.headers["Cache-Control"]) == (200, "private")
    assert in_body.status_code == 200
    assert get(http, token).status_code == 401
    if app:
        assert in_body.json["body"] == f"access_token={token}"
