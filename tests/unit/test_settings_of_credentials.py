"""What a client shows itself with, as people write it: a mistake has its key, its value, its line and its remedy."""

from __future__ import annotations

import json
import pathlib
import typing

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver import settings as from_settings

_KEY = ec.generate_private_key(ec.SECP256R1())
_PRIVATE = jwt.get_algorithm_by_name("ES256").to_jwk(_KEY, as_dict=True)
_PUBLIC = jwt.get_algorithm_by_name("ES256").to_jwk(_KEY.public_key(), as_dict=True)
_URL = "https://other.example/keys"

# The key at which the line is blamed, what is written, what is said
_WRONG = [
    pytest.param(
        "token_endpoint_auth_method",
        {"token_endpoint_auth_method": "private_key_jvt"},
        "token_endpoint_auth_method has 'private_key_jvt'; did you mean 'private_key_jwt'?",
        id="unknown method",
    ),
    pytest.param(
        "token_endpoint_auth_method",
        {"token_endpoint_auth_method": ["client_secret_post", "client_secret_cookie"]},
        "token_endpoint_auth_method has 'client_secret_cookie'; ",
        id="a method that there is not",
    ),
    pytest.param(
        "token_endpoint_auth_method",
        {"token_endpoint_auth_method": []},
        "token_endpoint_auth_method is empty; name a method, or leave it out for client_secret_basic and client_se",
        id="no method",
    ),
    pytest.param(
        "token_endpoint_auth_method",
        {"token_endpoint_auth_method": 5},
        "token_endpoint_auth_method = 5: expected `",
        id="a method that is a number",
    ),
    pytest.param(
        "jwks",
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [{**_PUBLIC, "alg": "RS256"}]}},
        "jwks: keys[0] has alg 'RS256', which its key does not fit; it fits ES256",
        id="a key that does not fit its algorithm",
    ),
    pytest.param(
        "jwks",
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [_PRIVATE]}},
        "jwks: keys[0] has a private key; register its public half alone, without 'd'",
        id="a private key",
    ),
    pytest.param(
        "jwks",
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
        "jwks: keys[0] is a symmetric key; with a shared secret the method is client_secret_jwt",
        id="a symmetric key",
    ),
    pytest.param(
        "jwks",
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}},
        "jwks: a JWK Set has a list 'keys' with at least one key (RFC 7517 5)",
        id="no keys",
    ),
    pytest.param(
        "jwks",
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {}},
        "jwks: a JWK Set has a list 'keys' with at least one key (RFC 7517 5)",
        id="an empty table",
    ),
    pytest.param(
        "jwks",
        {"jwks": _URL},
        f"jwks = '{_URL}': expected `object",
        id="a URL where the keys belong",
    ),
    pytest.param(
        "jwks_uri",
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": _URL},
        f"jwks_uri = '{_URL}': keys are fetched from this server alone; publish them first, with"
        " oauthmock.publish_jwks(path, jwks), or write them into jwks",
        id="keys elsewhere",
    ),
    pytest.param(
        "jwks_uri",
        {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": _URL, "jwks": {"keys": [_PUBLIC]}},
        "jwks and jwks_uri exclude each other (RFC 7591 2); drop one",
        id="keys in two places",
    ),
    pytest.param(
        "token_endpoint_auth_signing_alg",
        {"token_endpoint_auth_signing_alg": "ES256"},
        "token_endpoint_auth_signing_alg = 'ES256': its methods sign nothing: leave it out",
        id="an algorithm for a client that does not sign",
    ),
    pytest.param(
        "token_endpoint_auth_signing_alg",
        {"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "HS265"},
        "token_endpoint_auth_signing_alg = 'HS265': did you mean 'HS256'?",
        id="an algorithm that there is not",
    ),
    pytest.param(
        "token_endpoint_auth_signing_alg",
        {"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "none"},
        "token_endpoint_auth_signing_alg = 'none': ",
        id="none",
    ),
    pytest.param(
        "token_endpoint_auth_signing_alg",
        {
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "PS256",
            "jwks": {"keys": [_PUBLIC]},
        },
        "token_endpoint_auth_signing_alg = 'PS256' does not fit the keys in jwks; they are for ES256",
        id="an algorithm that the keys do not fit",
    ),
    pytest.param(
        "client_secret",
        {"token_endpoint_auth_method": "private_key_jwt", "client_secret": "s", "jwks": {"keys": [_PUBLIC]}},
        "token_endpoint_auth_method 'private_key_jwt' has no secret; leave client_secret out, or name another method",
        id="a secret for a client that has a key",
    ),
    pytest.param(
        "client_secret",
        {"token_endpoint_auth_method": ["none", "private_key_jwt"], "client_secret": "s", "jwks": {"keys": [_PUBLIC]}},
        "token_endpoint_auth_method 'none' or 'private_key_jwt' has no secret",
        id="a secret for a client that may have none",
    ),
    pytest.param(
        "client_secret", {"client_secret": ""}, "client_secret is empty; write one, or leave it out", id="empty secret"
    ),
    pytest.param("client_secret", {"client_secret": []}, "client_secret is empty; write one", id="no secrets"),
    pytest.param("client_secret", {"client_secret": ["a", ""]}, "client_secret is empty; write", id="one empty secret"),
    pytest.param("client_secret", {"client_secret": 5}, "client_secret = ", id="a secret that is a number"),
    pytest.param(
        "client_secret_expires_at",
        {"client_secret_expires_at": -1},
        "client_secret_expires_at = -1: expected `int` >= 0",
        id="expired before the epoch",
    ),
    pytest.param(
        "client_secret_expires_at",
        {"client_secret_expires_at": "2027-01-01"},
        "client_secret_expires_at = '2027-01-01': expected `int | null`, got `str`",
        id="a date",
    ),
    pytest.param("disabled", {"disabled": "yes"}, "disabled = 'yes': expected `bool`, got `str`", id="disabled"),
    pytest.param(
        "basic_encoding", {"basic_encoding": "rfc6749"}, "basic_encoding = 'rfc6749': known are either", id="encoding"
    ),
    pytest.param("both_at_once", {"both_at_once": "prefer_haeder"}, "did you mean 'prefer_header'?", id="preference"),
    pytest.param(
        "burn_code_on_invalid_client",
        {"burn_code_on_invalid_client": 1},
        "burn_code_on_invalid_client = 1: expected `bool",
        id="burning",
    ),
    pytest.param(
        "request_encodings",
        {"request_encodings": []},
        "request_encodings = []: expected `array` of length >= 1",
        id="[]",
    ),
    pytest.param("request_encodings", {"request_encodings": "json"}, "write a list, ['json']", id="no list"),
    pytest.param("request_encodings", {"request_encodings": ["from"]}, "did you mean 'form'?", id="unknown encoding"),
    pytest.param(
        "client_assertion_audiences",
        {"client_assertion_audiences": []},
        "client_assertion_audiences = []: expected `array` of length >= 1",
        id="no audience",
    ),
    pytest.param(
        "client_assertion_lifetime",
        {"client_assertion_lifetime": 0},
        "client_assertion_lifetime = 0: expected `int` >= 1",
        id="no lifetime",
    ),
]


def _toml(value: typing.Any) -> str:
    """A value as TOML has it; JSON is that but for tables."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {_toml(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


@pytest.mark.parametrize(("key", "settings", "message"), _WRONG)
def test_a_client_that_is_registered_in_python(key: str, settings: dict[str, typing.Any], message: str) -> None:
    """The client, the key, what is wrong with it; nothing is registered."""
    mock = OAuthMock()
    with pytest.raises(ConfigurationError) as caught:
        mock.client("crm", **settings)

    assert str(caught.value).startswith("client 'crm': ")
    assert message in str(caught.value)
    assert "crm" not in mock.state.issuers[""].clients


@pytest.mark.parametrize(("key", "settings", "message"), _WRONG)
@pytest.mark.parametrize("issuer", ["", "issuers.a."])
def test_a_client_that_is_written_in_a_file(
    tmp_path: pathlib.Path, issuer: str, key: str, settings: dict[str, typing.Any], message: str
) -> None:
    """The same message, blamed on the line of the key."""
    path = tmp_path / "oauthmock.toml"
    lines = [f"[[{issuer}clients]]", 'client_id = "crm"', *(f"{name} = {_toml(settings[name])}" for name in settings)]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        from_settings.resolve([from_settings.file(path)])
    (error,) = str(caught.value).splitlines()

    line = 3 + list(settings).index(key)
    assert error.startswith(f"{path}:{line}: ")
    assert message in error


def test_keys_are_needed_where_nobody_can_make_them(tmp_path: pathlib.Path) -> None:
    """In a file: in Python the server makes a pair, and hands out the private half."""
    path = tmp_path / "oauthmock.toml"
    path.write_text('[[clients]]\nclient_id = "crm"\ntoken_endpoint_auth_method = "private_key_jwt"')
    with pytest.raises(ConfigurationError) as caught:
        from_settings.resolve([from_settings.file(path)])

    assert str(caught.value) == (
        f"{path}:3: client 'crm': private_key_jwt needs the client's public keys; write them into jwks (in Python,"
        " oauthmock.client() makes a key pair by itself)"
    )
    client = OAuthMock().client("crm", token_endpoint_auth_method="private_key_jwt")
    assert client.private_key.startswith("-----BEGIN PRIVATE KEY-----")


@pytest.mark.parametrize(
    "settings",
    [
        {"client_secret": ["a", "b"], "client_secret_expires_at": 0},
        {"client_secret": "é:%+ /=&"},
        {"token_endpoint_auth_method": ["private_key_jwt", "client_secret_jwt"], "jwks": {"keys": [_PUBLIC]}},
        {"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256"}
        | {"jwks": {"keys": [{**_PUBLIC, "kid": "k", "use": "sig", "alg": "ES256"}]}},
        {"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "HS512"},
        {"token_endpoint_auth_method": "none", "disabled": True},
        {"request_encodings": ["form", "json", "multipart", "query"], "both_at_once": "prefer_body"},
        {"client_assertion_audiences": ["issuer", "https://as.example"], "client_assertion_lifetime": 1},
    ],
)
def test_a_client_that_can_be_is_taken(tmp_path: pathlib.Path, settings: dict[str, typing.Any]) -> None:
    """The checks can pass: in Python and in a file, and both make the same client."""
    path = tmp_path / "oauthmock.toml"
    lines = ["[[clients]]", 'client_id = "crm"', *(f"{name} = {_toml(settings[name])}" for name in settings)]
    path.write_text("\n".join(lines), encoding="utf-8")

    written = OAuthMock(config=path).state.issuers[""].clients["crm"]
    mock = OAuthMock()
    mock.client("crm", **settings)
    registered = mock.state.issuers[""].clients["crm"]

    for name in ("auth_methods", "jwks", "assertion_algorithms", "disabled", "policies"):
        assert getattr(written, name) == getattr(registered, name)
    if "client_secret" in settings:
        assert written.secrets == registered.secrets
