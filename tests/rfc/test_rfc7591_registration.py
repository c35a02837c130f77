"""RFC 7591: clients that register themselves."""

from __future__ import annotations

import collections.abc as cabc
import json
import typing

import pytest
import time_machine
from werkzeug.test import TestResponse

from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver.keys import SigningKey

from .conftest import Http
from .conftest import Matching

NOW = 1_800_000_000
URI = "https://app.example.com/callback"
VOUCHING = SigningKey.generate("ES256")

_ID = Matching(r"dcr-[\w-]{16}")
_SECRET = Matching(r"oam_cs_[\w-]{43}")
_TOKEN = Matching(r"oam_ra_[\w-]{43}")
_WHERE = Matching(r"http://localhost/register/dcr-[\w-]{16}")


@pytest.fixture(autouse=True)
def _now() -> cabc.Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def register(http: Http, document: object, *, token: str | None = None, **options: typing.Any) -> TestResponse:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return http.client.post(
        "/register", **{"data": body, "content_type": "application/json", **options}, headers=headers
    )


def registered(**members: object) -> dict[str, object]:
    """The whole answer of RFC 7591 3.2.1, of a client of the defaults."""
    return {
        "client_id": _ID,
        "client_secret": _SECRET,
        "client_secret_expires_at": 0,
        "client_id_issued_at": NOW,
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "registration_access_token": _TOKEN,
        "registration_client_uri": _WHERE,
        **members,
    }


def told(answer: tuple[int, typing.Any, dict[str, str]]) -> tuple[int, str, str]:
    status, body, _ = answer
    return status, body["error"], body["error_description"]


@pytest.mark.parametrize(
    ("sent", "members"),
    [
        ({"redirect_uris": [URI]}, {"redirect_uris": [URI]}),
        (
            {"redirect_uris": [URI], "client_name": "CRM", "client_name#fr": "GRC", "tos_uri": None},
            {"redirect_uris": [URI], "client_name": "CRM", "client_name#fr": "GRC"},
        ),
        (
            {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_post", "scope": "a b"},
            {
                "grant_types": ["client_credentials"],
                "response_types": [],
                "token_endpoint_auth_method": "client_secret_post",
                "scope": "a b",
            },
        ),
        # RFC 7591 2: what is not understood is ignored
        ({"redirect_uris": [URI], "colour": "red", "access_token_lifetime": 5}, {"redirect_uris": [URI]}),
        (
            {"redirect_uris": [URI], "contacts": ["a@example.com"], "software_id": "crm", "response_types": ["code"]},
            {"redirect_uris": [URI], "contacts": ["a@example.com"], "software_id": "crm"},
        ),
        # OpenID Connect Registration 2
        (
            {
                "redirect_uris": [URI],
                "response_types": ["code", "id_token code"],
                "grant_types": ["authorization_code", "implicit"],
                "userinfo_signed_response_alg": "ES256",
            },
            {
                "redirect_uris": [URI],
                "response_types": ["code", "id_token code"],
                "grant_types": ["authorization_code", "implicit"],
                "userinfo_signed_response_alg": "ES256",
            },
        ),
    ],
    ids=["least", "names", "without a browser", "unknown members", "kept members", "hybrid"],
)
def test_a_client_registers_itself(http: Http, sent: dict[str, object], members: dict[str, object]) -> None:
    """RFC 7591 3.2.1: 201 with everything that is registered of it."""
    assert http.answer(register(http, sent)) == (201, registered(**members), http.json_headers)


def test_what_it_was_given_works(http: Http) -> None:
    """RFC 7591 3.2.1: with its secret it gets tokens, of the grants that it named alone."""
    own = register(http, {"grant_types": ["client_credentials"]}).get_json()
    pair = (own["client_id"], own["client_secret"])

    assert http.answer(http.token({"grant_type": "client_credentials"}, basic=pair)) == http.tokens(refresh_token=False)
    refused = http.token({"grant_type": "password", "username": "alice", "password": "wonderland"}, basic=pair)
    assert http.answer(refused) == http.refused(400, "unauthorized_client")


def test_a_public_client_has_no_secret(http: Http) -> None:
    """RFC 7591 3.2.1: client_secret is for clients that have one, and so is when it expires."""
    answer = http.answer(register(http, {"redirect_uris": [URI], "token_endpoint_auth_method": "none"}))

    members = registered(redirect_uris=[URI], token_endpoint_auth_method="none")
    del members["client_secret"], members["client_secret_expires_at"]
    assert answer == (201, members, http.json_headers)


def test_a_test_sees_who_registered(http: Http) -> None:
    own = register(http, {"redirect_uris": [URI]}).get_json()

    (client,) = http.mock.registrations
    assert (client.client_id, client.client_secret) == (own["client_id"], own["client_secret"])
    assert own["registration_client_uri"] == f"{http.mock.registration_url}/{client.client_id}"
    assert own["registration_access_token"] not in repr(http.mock.context.registrations)


def test_a_secret_may_expire() -> None:
    """RFC 7591 3.2.1: client_secret_expires_at is when."""
    mock = OAuthMock(issuer="http://localhost", registered_secret_lifetime=60)
    http = Http(mock)
    answer = http.answer(register(http, {"grant_types": ["client_credentials"]}))
    members = registered(client_secret_expires_at=NOW + 60, grant_types=["client_credentials"], response_types=[])
    assert answer == (201, members, http.json_headers)
    pair = (answer[1]["client_id"], answer[1]["client_secret"])

    mock.clock.advance(seconds=59)
    assert http.token({"grant_type": "client_credentials"}, basic=pair).status_code == 200
    mock.clock.advance(seconds=1)
    assert http.answer(http.token({"grant_type": "client_credentials"}, basic=pair)) == http.refused(
        401, "invalid_client", challenge='Basic realm="token endpoint"'
    )


_METADATA = "invalid_client_metadata"
_REDIRECT = "invalid_redirect_uri"


@pytest.mark.parametrize(
    ("sent", "error", "name", "why"),
    [
        ({}, _REDIRECT, "redirect_uris", "redirect_uris is missing"),
        ({"redirect_uris": ["/callback"]}, _REDIRECT, "redirect_uris", "is not an absolute URI"),
        ({"redirect_uris": ["https://a/#b"]}, _REDIRECT, "redirect_uris", "has a fragment"),
        ({"redirect_uris": URI}, _REDIRECT, "redirect_uris", "redirect_uris = 'https:"),
        ({"redirect_uris": [URI], "grant_types": ["magic"]}, _METADATA, "grant_types", "'magic'"),
        ({"redirect_uris": [URI], "grant_types": [7]}, _METADATA, "grant_types", "grant_types = [7]"),
        (
            {"redirect_uris": [URI], "token_endpoint_auth_method": "secret"},
            _METADATA,
            "token_endpoint_auth_method",
            "'secret'",
        ),
        (
            {"redirect_uris": [URI], "token_endpoint_auth_method": ["none", "client_secret_post"]},
            _METADATA,
            "token_endpoint_auth_method",
            "is one method here",
        ),
        (
            {"redirect_uris": [URI], "response_types": ["token"]},
            _METADATA,
            "response_types",
            "belongs to 'authorization_code'",
        ),
        (
            {"redirect_uris": [URI], "response_types": ["code", "code token"]},
            _METADATA,
            "response_types",
            "response_types has 'code token'; this server has 'code', 'id_token', 'code id_token'",
        ),
        (
            {"redirect_uris": [URI], "response_types": ["code", "magic"]},
            _METADATA,
            "response_types",
            "response_types has 'magic'",
        ),
        (
            {
                "redirect_uris": [URI],
                "response_types": ["code", "code id_token"],
                "id_token_signed_response_alg": "none",
            },
            _METADATA,
            "response_types",
            "only for ID tokens of the token endpoint",
        ),
        (
            {"grant_types": ["client_credentials"], "response_types": ["code"]},
            _METADATA,
            "response_types",
            "belongs to 'authorization_code'",
        ),
        (
            {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"},
            _METADATA,
            "grant_types",
            "a public client",
        ),
        ({"redirect_uris": [URI], "contacts": "a@example.com"}, _METADATA, "contacts", "contacts: Expected `array`"),
        ({"redirect_uris": [URI], "client_name#fr": 7}, _METADATA, "client_name", "client_name#fr: Expected `str`"),
        ({"redirect_uris": [URI], "scope": 'a"'}, _METADATA, "scope", "scope"),
        ({"redirect_uris": [URI], "jwks": {"keys": []}}, _METADATA, "jwks", "at least one key"),
        (
            {"redirect_uris": [URI], "jwks_uri": "https://app.example.com/jwks"},
            _METADATA,
            "jwks_uri",
            "keys are fetched from this server alone",
        ),
        (
            {"redirect_uris": [URI], "token_endpoint_auth_method": "private_key_jwt"},
            _METADATA,
            "token_endpoint_auth_method",
            "private_key_jwt needs the client's public keys",
        ),
    ],
)
def test_metadata_that_cannot_be_are_refused(http: Http, sent: object, error: str, name: str, why: str) -> None:
    """RFC 7591 3.2.2."""
    answer = http.answer(register(http, sent))

    description = f"The client metadata {name} is not acceptable."
    assert answer == (400, {"error": error, "error_description": description}, http.json_headers)
    assert why in http.mock.journal.last.why
    assert http.mock.registrations == ()


@pytest.mark.parametrize(
    ("body", "content_type", "description"),
    [
        (b"[]", "application/json", "The client metadata are no JSON object."),
        (b'{"redirect_uris"', "application/json", "The client metadata are no JSON object."),
        (b"\xff", "application/json", "The client metadata are no JSON object."),
        (b"[" * 100_000, "application/json", "The client metadata are no JSON object."),
        (b"", "application/json", "The client metadata are no JSON object."),
        (b"a=b", "application/x-www-form-urlencoded", "The client metadata are not sent as application/json."),
        (b"{}", None, "The client metadata are not sent as application/json."),
    ],
    ids=["a list", "broken", "no UTF-8", "deep", "empty", "a form", "no type"],
)
def test_what_is_no_json_object_is_refused(http: Http, body: bytes, content_type: str, description: str) -> None:
    """RFC 7591 3.1: the parameters are members of a JSON object."""
    answer = http.answer(register(http, body, content_type=content_type))

    expected = {"error": "invalid_client_metadata", "error_description": description}
    assert answer == (400, expected, http.json_headers)


def test_an_initial_access_token_can_be_asked_for() -> None:
    """RFC 7591 3: without one, or with a wrong one, the protected endpoint answers as RFC 6750 3 has it."""
    mock = OAuthMock(issuer="http://localhost", registration="initial_access_token", initial_access_tokens=["known"])
    http, document = Http(mock), {"redirect_uris": [URI]}

    for token in ("known", mock.initial_access_token()):
        assert register(http, document, token=token).status_code == 201
    assert http.answer(register(http, document)) == http.challenged(401, None)
    assert http.answer(register(http, document, token="strange")) == http.challenged(
        401, "invalid_token", description="The initial access token is unknown."
    )
    assert len(mock.registrations) == 2


def test_registration_can_be_switched_off() -> None:
    mock = OAuthMock(issuer="http://localhost", registration="off")
    http = Http(mock)

    assert http.answer(register(http, {"redirect_uris": [URI]})) == http.refused(404, "invalid_request")
    assert http.client.get("/register/dcr-0").status_code == 404
    assert "registration_endpoint" not in http.client.get("/.well-known/oauth-authorization-server").get_json()
    with pytest.raises(ConfigurationError):
        _ = mock.registration_url


def test_discovery_says_where(http: Http) -> None:
    """RFC 8414 2."""
    document = http.client.get("/.well-known/oauth-authorization-server").get_json()

    assert document["registration_endpoint"] == "http://localhost/register" == http.mock.registration_url


def statement(claims: dict[str, object], key: SigningKey = VOUCHING) -> str:
    return key.sign({"iss": "https://vouching.example", **claims}, typ="JWT")


@pytest.fixture
def vouched() -> Http:
    return Http(OAuthMock(issuer="http://localhost", software_statement_jwks={"keys": [VOUCHING.public_jwk()]}))


def test_a_software_statement_comes_first(vouched: Http) -> None:
    """RFC 7591 2.3: its claims take the place of the client's own metadata, which fill up the rest."""
    sent = {
        "redirect_uris": [URI],
        "client_name": "Mallory",
        "software_statement": statement({"client_name": "CRM", "software_id": "crm"}),
    }

    answer = vouched.answer(register(vouched, sent))

    members = registered(redirect_uris=[URI], client_name="CRM", software_id="crm")
    assert answer == (201, members, vouched.json_headers)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: statement({}, SigningKey.generate("ES256")), "no registered key has the kid"),
        (lambda: VOUCHING.sign({"client_name": "CRM"}, typ="JWT"), "iss is missing"),
        (lambda: "no.jwt", "it has 2 parts and not three"),
        (lambda: {"a": 1}, "it is dict, and no string"),
    ],
    ids=["strange key", "no issuer", "no JWT", "an object"],
)
def test_a_bad_software_statement_is_refused(vouched: Http, made: cabc.Callable[[], object], why: str) -> None:
    """RFC 7591 3.2.2: invalid_software_statement."""
    answer = vouched.answer(register(vouched, {"redirect_uris": [URI], "software_statement": made()}))

    assert answer == vouched.refused(400, "invalid_software_statement")
    assert why in vouched.mock.journal.last.why


def test_a_statement_of_nobody_who_is_trusted_is_refused(http: Http) -> None:
    """RFC 7591 3.2.2: unapproved_software_statement."""
    answer = http.answer(register(http, {"redirect_uris": [URI], "software_statement": statement({})}))

    assert answer == http.refused(400, "unapproved_software_statement")


def test_secrets_of_a_registration_are_masked(http: Http) -> None:
    own = register(http, {"redirect_uris": [URI]}).get_json()

    shown = str(http.mock.journal.last)
    assert own["client_secret"] not in shown
    assert own["registration_access_token"] not in shown
