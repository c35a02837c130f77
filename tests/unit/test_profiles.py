"""Profiles: data at both edges of the pass."""

from __future__ import annotations

import pytest
from werkzeug.test import Client

from mockserver import OAuthMock
from mockserver import profiles
from mockserver.errors import InvalidGrant
from mockserver.messages import Reply
from mockserver.profiles import Profile
from mockserver.profiles import profile as module

_RFC = profiles.load("rfc6749")
_ACME = Profile(
    name="acme",
    paths={**_RFC.paths, "token": "/oauth/v2/access"},
    parameter_names={
        "authorize": {"app_id": "client_id"},
        "token": {"app_id": "client_id", "client_id": "client_id", "app_secret": "client_secret"},
    },
    response_names={"access_token": "token", "expires_in": "ttl"},
)


@pytest.fixture
def acme(mock: OAuthMock, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The server under the words of a provider that does not exist."""
    monkeypatch.setattr(module, "load", lambda name, variables=None: _ACME)
    mock.reset()
    mock.client("crm", client_secret="s3cret")
    return Client(mock.wsgi)


def test_a_provider_may_rename_parameters_and_members(mock: OAuthMock, acme: Client) -> None:
    """Canonical inside: the journal has both forms."""
    form = {"grant_type": "client_credentials", "app_id": "crm", "app_secret": "s3cret"}
    response = acme.post("/oauth/v2/access", data=form)

    assert response.status_code == 200
    assert set(response.get_json()) == {"token", "token_type", "ttl"}
    assert int(response.headers["Content-Length"]) == len(response.data)
    exchange = mock.journal.last
    assert (exchange.client_id, exchange.client_auth) == ("crm", "client_secret_post")
    assert exchange.parameters["client_id"] == "crm"
    assert b"app_id=crm" in exchange.request.body


def test_the_rfcs_names_go_on_where_they_are_listed(acme: Client) -> None:
    """Beside the provider's; both at once is a repeated parameter."""
    form = {"grant_type": "client_credentials", "client_id": "crm", "app_secret": "s3cret"}

    assert acme.post("/oauth/v2/access", data=form).status_code == 200
    assert acme.post("/oauth/v2/access", data={**form, "app_id": "crm"}).status_code == 400


def test_the_rfcs_names_mean_nothing_where_they_are_replaced(mock: OAuthMock, acme: Client) -> None:
    """The client has no secret then, and the tester learns why."""
    form = {"grant_type": "client_credentials", "app_id": "crm", "client_secret": "s3cret"}

    assert acme.post("/oauth/v2/access", data=form).get_json()["error"] == "invalid_client"
    assert mock.journal.last.why.endswith("; the body has 'client_secret', which is called 'app_secret' here")


def test_queries_are_renamed_too(mock: OAuthMock, acme: Client) -> None:
    """At the authorization endpoint parameters are in the query."""
    query = {"response_type": "code", "app_id": "crm", "redirect_uri": "http://127.0.0.1/"}

    assert acme.get("/authorize", query_string=query).status_code == 200


def test_paths_move(mock: OAuthMock, acme: Client) -> None:
    """URLs and metadata follow, the RFC's path is free."""
    assert acme.post("/token").status_code == 404
    assert mock.token_url == "http://localhost/oauth/v2/access"
    document = acme.get("/.well-known/oauth-authorization-server").get_json()
    assert document["token_endpoint"] == mock.token_url


def test_the_default_changes_nothing(mock: OAuthMock) -> None:
    """Not even the object."""
    Client(mock.wsgi).post("/token", data={"grant_type": "x"})
    request, reply, error = mock.journal.last.request, Reply.of_json({"access_token": "x"}), InvalidGrant("x")

    assert profiles.shape(reply, _RFC, request) is reply
    assert profiles.refusal(reply, error, "token", _RFC, request) is reply
    assert profiles.refusal(reply, error, "api", _RFC, request) is reply
    assert profiles.read(request, _RFC, "token") is request
    assert profiles.read(request, _RFC, "api") is request
    assert (_RFC.parameter_names, _RFC.response_names, _RFC.callback_names) == ({}, {}, {})


@pytest.mark.parametrize(("path", "endpoint"), [("/token", "token"), ("/jwks", "jwks"), ("/Token", None), ("/", None)])
def test_endpoints_are_found_by_their_path(path: str, endpoint: str | None) -> None:
    """Exactly."""
    assert profiles.endpoint_at(path, _RFC) == endpoint
