"""RFC 9728: what a protected API says of itself, and where a challenge says that it does."""

from __future__ import annotations

import pytest

from mockserver import OAuthMock
from mockserver.guards import AnyOf
from mockserver.guards import Basic
from mockserver.guards import Bearer

from .conftest import Http

_WHERE = "/.well-known/oauth-protected-resource"


@pytest.fixture
def http() -> Http:
    return Http(OAuthMock(issuer="http://localhost", protected_resource_metadata=True))


def challenge(http: Http, path: str, token: str | None = None) -> str:
    return http.api(token, path).headers["WWW-Authenticate"]


def test_the_echo_has_metadata(http: Http) -> None:
    """RFC 9728 3.2, 5.1: the challenge says where, the document who gives out tokens."""
    assert challenge(http, "/api/orders") == f'Bearer realm="api", resource_metadata="http://localhost{_WHERE}/api"'
    assert http.answer(http.client.get(f"{_WHERE}/api")) == (
        200,
        {
            "resource": "http://localhost/api",
            "authorization_servers": ["http://localhost"],
            "bearer_methods_supported": ["header"],
            "scopes_supported": [],
        },
        http.json_headers,
    )


def test_a_refused_token_brings_them_too(http: Http) -> None:
    """RFC 9728 5.1."""
    assert challenge(http, "/api", "strange") == (
        'Bearer realm="api", error="invalid_token", error_description="The access token is unknown.",'
        f' resource_metadata="http://localhost{_WHERE}/api"'
    )


def test_a_protected_path_has_its_own(http: Http) -> None:
    """RFC 9728 2: with the scopes that it needs, and the places of the token."""
    other = http.mock.issuer("partner")
    guard = Bearer(scope={"GET": "orders:read", "*": "orders:write"}, accepts=[other], methods=["header", "query"])
    http.mock.protect("/orders", guard=guard)

    assert challenge(http, "/orders") == (
        f'Bearer realm="api", scope="orders:read", resource_metadata="http://localhost{_WHERE}/orders"'
    )
    assert http.client.get(f"{_WHERE}/orders").get_json() == {
        "resource": "http://localhost/orders",
        "authorization_servers": ["http://localhost/partner"],
        "bearer_methods_supported": ["header", "query"],
        "scopes_supported": ["orders:read", "orders:write"],
    }


def test_below_an_application_it_is_that_of_the_application(http: Http) -> None:
    """RFC 9728 3.3: the resource is the one that the well-known URL was made of."""
    http.mock.protect("/v1", app=http.mock.echo, guard=AnyOf(Basic({"a": "b"}), Bearer(scope="a")))
    guarded = http.mock.protect("/v2", app=http.mock.echo, guard=Bearer())

    assert challenge(http, "/v2/a/b") == f'Bearer realm="api", resource_metadata="http://localhost{_WHERE}/v2"'
    assert http.client.get(f"{_WHERE}/v2").get_json()["resource"] == guarded.url
    assert http.client.get(f"{_WHERE}/v1").get_json()["scopes_supported"] == ["a"]


def test_an_issuer_with_a_path_has_the_well_known_part_first(http: Http) -> None:
    """RFC 9728 3.1."""
    tenant = http.mock.issuer("tenant-a")
    tenant.protect("/orders")

    assert challenge(http, "/tenant-a/orders") == (
        f'Bearer realm="api", resource_metadata="http://localhost{_WHERE}/tenant-a/orders"'
    )
    document = http.client.get(f"{_WHERE}/tenant-a/orders").get_json()
    assert (document["resource"], document["authorization_servers"]) == (
        "http://localhost/tenant-a/orders",
        ["http://localhost/tenant-a"],
    )
    assert http.client.get(f"{_WHERE}/tenant-a/api").get_json()["resource"] == "http://localhost/tenant-a/api"


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/basic", "/api/orders", "/tenant-a"])
def test_what_takes_no_tokens_has_none(http: Http, path: str) -> None:
    """RFC 9728 3.2: 404."""
    http.mock.protect("/basic", guard=Basic({"a": "b"}))
    http.mock.issuer("tenant-a")

    assert http.answer(http.client.get(_WHERE + path)) == http.refused(404, "invalid_request")


def test_they_are_off_by_default() -> None:
    http = Http(OAuthMock(issuer="http://localhost"))

    assert challenge(http, "/api") == 'Bearer realm="api"'
    assert http.answer(http.client.get(f"{_WHERE}/api")) == http.refused(404, "invalid_request")
