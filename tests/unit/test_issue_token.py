"""Tokens for an API under test, good ones and bad ones, which nobody has to ask the token endpoint for."""

from __future__ import annotations

import typing

import jwt
import pytest
from werkzeug.test import Client

from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver.faults import Flaw

API = "http://localhost/api"


def verified(mock: OAuthMock, token: str, *, audience: str = API, typ: str = "at+jwt") -> dict[str, typing.Any]:
    """RFC 9068 4, by the JWK Set as a test has it."""
    header = jwt.get_unverified_header(token)
    keys = {key["kid"]: key for key in mock.jwks["keys"]}
    assert (header["typ"], "crit" in header) == (typ, False)
    key = keys[header["kid"]]
    claims: dict[str, typing.Any] = jwt.decode(
        token, jwt.PyJWK(key).key, algorithms=[key["alg"]], audience=audience, issuer="http://localhost"
    )
    return claims


def test_the_plainest_token_is_a_clients(mock: OAuthMock, http: Client) -> None:
    token = mock.issue_token()

    claims = verified(mock, token)
    assert {name: claims[name] for name in claims if name not in ("iat", "exp", "jti")} == {
        "iss": "http://localhost",
        "aud": API,
        "sub": "app",
        "client_id": "app",
    }
    assert claims["exp"] - claims["iat"] == 3600
    assert http.get("/api", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert mock.tokens.last.access_token == token
    assert "app" not in mock.context.clients


def test_all_of_it_can_be_said(mock: OAuthMock) -> None:
    token = mock.issue_token(
        subject="alice",
        client_id="crm",
        scope="orders:read orders:write",
        audience=["https://api.example.com", "https://other.example.com"],
        lifetime=60,
        claims={"roles": ["admin"], "client_id": "other"},
        headers={"x": 1},
        without=["jti"],
    )

    claims = verified(mock, token, audience="https://api.example.com")
    assert (claims["sub"], claims["scope"], claims["roles"]) == ("alice", "orders:read orders:write", ["admin"])
    assert claims["aud"] == ["https://api.example.com", "https://other.example.com"]
    assert (claims["client_id"], claims["exp"] - claims["iat"], "jti" in claims) == ("other", 60, False)
    assert jwt.get_unverified_header(token)["x"] == 1


def test_the_token_of_a_registered_person_and_client_is_theirs(mock: OAuthMock, http: Client) -> None:
    mock.user("alice", sub="u-1", email="alice@example.com")
    mock.client("crm", access_token_format="opaque")
    mock.protect("/orders", scope="orders:read", json=[])

    token = mock.issue_token(subject="alice", client_id="crm", scope="orders:read")

    assert token.startswith("oam_at_")
    assert http.get("/orders", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert verified(mock, mock.issue_token(subject="u-1", client_id="crm", access_token_format="jwt"))["sub"] == "u-1"


def test_an_id_token_tells_of_a_person(mock: OAuthMock) -> None:
    mock.user("alice", email="alice@example.com")

    token = mock.issue_token(subject="alice", client_id="crm", token="id_token", lifetime=60, claims={"nonce": "n-1"})

    claims = verified(mock, token, audience="crm", typ="JWT")
    assert (claims["sub"], claims["email"], claims["nonce"]) == ("alice", "alice@example.com", "n-1")
    assert claims["exp"] - claims["iat"] == 60


@pytest.mark.parametrize(
    "flaw", [flaw for flaw in typing.get_args(Flaw) if flaw not in ("wrong", "wrong_nonce", "wrong_hash")]
)
def test_every_flaw_is_to_be_had(mock: OAuthMock, http: Client, flaw: Flaw) -> None:
    """RFC 8725: neither this API nor a verifier that looks takes it."""
    token = mock.issue_token(subject="alice", flaw=flaw)

    assert http.get("/api", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    with pytest.raises((jwt.InvalidTokenError, KeyError, AssertionError)):
        assert verified(mock, token)["sub"] == "alice"


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_a_certificate_in_the_header_is_the_strangers(mock: OAuthMock, alg: typing.Any) -> None:
    """RFC 7515 4.1.6: whoever takes it from there finds the signature good."""
    from cryptography import x509

    mock.client("crm", id_token_signed_response_alg=alg)
    token = mock.issue_token(subject="alice", client_id="crm", token="id_token", flaw="certificate_in_header")

    certificate = x509.load_der_x509_certificate(
        jwt.utils.base64url_decode(jwt.get_unverified_header(token)["x5c"][0].replace("+", "-").replace("/", "_"))
    )
    key = typing.cast("typing.Any", certificate.public_key())
    assert jwt.decode(token, key, algorithms=[alg], audience="crm")["sub"] == "alice"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"flaw": "expird"}, "did you mean 'expired'"),
        ({"flaw": "wrong"}, "nothing is wrong with it"),
        ({"flaw": "wrong_nonce"}, "is a flaw of ID tokens"),
        ({"token": "id_token"}, "an ID token tells of a person; name a subject"),
        ({"lifetime": -1}, "lifetime = -1: write whole seconds"),
        ({"claims": {"a": {1}}}, "give values that JSON has"),
        ({"client_id": ""}, "client_id must be printable"),
    ],
)
def test_what_cannot_be_issued_is_said(mock: OAuthMock, call: dict[str, typing.Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        mock.issue_token(**call)
