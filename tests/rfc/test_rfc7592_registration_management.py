"""RFC 7592: clients that look after their registration."""

from __future__ import annotations

import collections.abc as cabc
import json
import typing

import pytest
from werkzeug.test import TestResponse

from .conftest import Answer
from .conftest import Http

_SERVERS = ("registration_access_token", "registration_client_uri", "client_id_issued_at", "client_secret_expires_at")

Document = dict[str, typing.Any]


@pytest.fixture
def own(http: Http) -> Document:
    """What a client is told that registered itself."""
    sent = {"redirect_uris": ["https://app.example.com/callback"], "client_name": "CRM"}
    told: Document = http.client.post("/register", json=sent).get_json()
    return told


def ask(http: Http, method: str, own: Document, document: object = None, **other: typing.Any) -> TestResponse:
    token = other.pop("token", own["registration_access_token"])
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    body = None if document is None else json.dumps(document)
    path = other.pop("path", f"/register/{own['client_id']}")
    return http.client.open(path, method=method, headers=headers, data=body, content_type="application/json", **other)


def updated(own: Document, **changes: object) -> Document:
    """The metadata as a client sends them back (RFC 7592 2.2)."""
    return {**{name: value for name, value in own.items() if name not in _SERVERS}, **changes}


def test_a_client_reads_its_registration(http: Http, own: Document) -> None:
    """RFC 7592 2.1."""
    assert http.answer(ask(http, "GET", own)) == (200, own, http.json_headers)


def test_a_client_changes_its_registration(http: Http, own: Document) -> None:
    """RFC 7592 2.2: what is sent takes the place of all that was there; secret and token stay."""
    document = updated(own, redirect_uris=["https://app.example.com/other"])
    del document["client_name"]

    answer = http.answer(ask(http, "PUT", own, document))

    expected = {**own, "redirect_uris": ["https://app.example.com/other"]}
    del expected["client_name"]
    assert answer == (200, expected, http.json_headers)
    assert http.answer(ask(http, "GET", own)) == (200, expected, http.json_headers)
    assert http.mock.context.clients[own["client_id"]].redirect_uris == ("https://app.example.com/other",)


def test_a_client_that_becomes_public_has_no_secret(http: Http, own: Document) -> None:
    """RFC 7592 2.2."""
    document = updated(own, token_endpoint_auth_method="none")

    answer = http.answer(ask(http, "PUT", own, document))

    expected = {**own, "token_endpoint_auth_method": "none"}
    del expected["client_secret"], expected["client_secret_expires_at"]
    assert answer == (200, expected, http.json_headers)


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"client_id": "other"}, "invalid_client_metadata", "The member client_id is not that of the client."),
        ({"client_secret": "chosen"}, "invalid_client_metadata", "The member client_secret is not that of the client."),
        *(({name: "any"}, "invalid_client_metadata", f"The member {name} must not be sent.") for name in _SERVERS),
        ({"redirect_uris": []}, "invalid_redirect_uri", "The client metadata redirect_uris is not acceptable."),
        (
            {"grant_types": ["authorization_code", "magic"]},
            "invalid_client_metadata",
            "The client metadata grant_types is not acceptable.",
        ),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    http: Http, own: Document, changes: Document, error: str, description: str
) -> None:
    """RFC 7592 2.2: the registration stays as it is."""
    answer = http.answer(ask(http, "PUT", own, updated(own, **changes)))

    assert answer == (400, {"error": error, "error_description": description}, http.json_headers)
    assert http.answer(ask(http, "GET", own)) == (200, own, http.json_headers)


def test_a_client_ends_its_registration(http: Http, own: Document) -> None:
    """RFC 7592 2.3: 204, its tokens end with it, and it is unknown from then on."""
    access_token = http.mock.registrations[0].grant().access_token

    gone = ask(http, "DELETE", own)

    assert (gone.status_code, gone.data, gone.headers["Cache-Control"]) == (204, b"", "no-store")
    assert http.answer(ask(http, "GET", own)) == _invalid(http)
    assert http.answer(http.api(access_token)) == http.challenged(
        401, "invalid_token", description="The access token was revoked."
    )
    assert http.mock.registrations == ()


def _invalid(http: Http) -> Answer:
    return http.challenged(401, "invalid_token", description="The registration access token is invalid.")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_wrong_token_does_nothing(http: Http, own: Document, method: str) -> None:
    """RFC 7592 2: none, a wrong one, another client's, of a client that is not there."""
    other = http.client.post("/register", json={"redirect_uris": ["https://b.example/cb"]}).get_json()
    strange: cabc.Iterable[dict[str, typing.Any]] = (
        {"token": "strange"},
        {"token": other["registration_access_token"]},
        {"path": "/register/nobody"},
        {"path": "/register/"},
    )

    for wrong in strange:
        assert http.answer(ask(http, method, own, updated(own), **wrong)) == _invalid(http)
    assert http.answer(ask(http, method, own, updated(own), token=None)) == http.challenged(401, None)
    assert http.answer(ask(http, "GET", own)) == (200, own, http.json_headers)


def test_a_client_of_the_tests_has_no_registration(http: Http, own: Document) -> None:
    """RFC 7592 1: the token is given to who registered itself."""
    client = http.mock.client("crm")

    assert http.answer(ask(http, "GET", own, path=f"/register/{client.client_id}")) == _invalid(http)


def test_another_method_is_refused(http: Http, own: Document) -> None:
    """RFC 9110 15.5.6."""
    answer = http.answer(ask(http, "PATCH", own, {}))

    assert answer == http.refused(405, "invalid_request", allow="GET, PUT, DELETE")
