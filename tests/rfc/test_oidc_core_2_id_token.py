"""OpenID Connect Core 2: which claims an ID token has, and with what it is signed."""

from __future__ import annotations

import base64
import hashlib
import typing

import jwt
import pytest

from mockserver import OAuthMock
from mockserver.errors import ConfigurationError
from mockserver.policies import SigningAlgorithm

_CRM = ("crm", "s3cret-of-crm")
_ALICE = {"grant_type": "password", "username": "alice", "password": "wonderland", "scope": "openid"}
_SIGNED = typing.get_args(SigningAlgorithm)
_MAC = ("HS256", "HS384", "HS512")
_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
_PERSON = {
    "name": "Alice L.",
    "locale": "en",
    "email": "alice@example.com",
    "email_verified": True,
    "address": {"country": "NZ"},
    "phone_number": "+64",
    "roles": ["admin"],
}


def crm(mock: OAuthMock, **settings: typing.Any) -> typing.Any:
    return mock.client("crm", client_secret="s3cret-of-crm", **settings)


def tokens(http: typing.Any, **changes: str) -> dict[str, typing.Any]:
    response = http.token({**_ALICE, **changes}, basic=_CRM)
    assert response.status_code == 200
    return typing.cast("dict[str, typing.Any]", response.get_json())


def key_of(http: typing.Any, kid: str) -> jwt.PyJWK:
    return jwt.PyJWKSet.from_dict(http.client.get("/jwks").get_json())[kid]


def verified(http: typing.Any, token: str, alg: str, audience: str = "crm") -> dict[str, typing.Any]:
    """The claims, verified as OpenID Connect Core 3.1.3.7 says, by somebody else's code."""
    header = jwt.get_unverified_header(token)
    assert header["alg"] == alg
    if alg in _SIGNED:
        key: typing.Any = key_of(http, header["kid"])
    else:
        assert header == {"alg": alg, "typ": "JWT"}
        key = "s3cret-of-crm"
    options: typing.Any = {"enforce_minimum_key_length": False}
    return jwt.decode(token, key, algorithms=[alg], audience=audience, issuer="http://localhost", options=options)


def half(text: str, bits: str) -> str:
    digest = _HASHES[bits](text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def payload(token: str) -> dict[str, typing.Any]:
    return jwt.decode(token, options={"verify_signature": False})


@pytest.mark.filterwarnings("ignore:The HMAC key")
@pytest.mark.parametrize("alg", [*_SIGNED, *_MAC])
def test_a_client_has_the_algorithm_that_it_registered(http: typing.Any, alg: typing.Any) -> None:
    """OpenID Connect Core 3.1.3.6, 3.1.3.7: signed by it, with a kid if by a key; at_hash by its hash."""
    crm(http.mock, id_token_signed_response_alg=alg)

    answer = tokens(http)
    claims = verified(http, answer["id_token"], alg)

    # RFC 8032 5.1: Ed25519 has SHA-512 inside
    assert claims["at_hash"] == half(answer["access_token"], "512" if alg == "EdDSA" else alg[-3:])
    published = [key["alg"] for key in http.client.get("/jwks").get_json()["keys"]]
    # RS256 is the issuer's own
    used = {"ES256", "RS256"} | ({alg} if alg in _SIGNED else set())
    assert sorted(published) == sorted(used)


def test_a_client_may_be_registered_for_unsigned_tokens(http: typing.Any) -> None:
    """OpenID Connect Core 2, Registration 2: `none`, where nothing but a code comes from the authorization endpoint."""
    crm(http.mock, id_token_signed_response_alg="none")

    answer = tokens(http)

    assert jwt.get_unverified_header(answer["id_token"]) == {"alg": "none", "typ": "JWT"}
    assert answer["id_token"].endswith(".")
    assert payload(answer["id_token"])["at_hash"] == half(answer["access_token"], "256")


def test_an_issuer_signs_for_clients_that_say_nothing() -> None:
    """OpenID Connect Registration 2: none is only for a client that asked for it."""
    with pytest.raises(ConfigurationError, match="id_token_signed_response_alg = 'none': unsigned ID tokens are for"):
        OAuthMock(id_token_signed_response_alg="none")


@pytest.mark.parametrize("alg", _MAC)
def test_a_client_without_secret_cannot_have_a_mac(mock: OAuthMock, alg: typing.Any) -> None:
    """OpenID Connect Core 10.1: a symmetric signature needs a client_secret."""
    with pytest.raises(ConfigurationError, match=f"id_token_signed_response_alg = '{alg}' signs with the client's"):
        mock.client("spa", token_endpoint_auth_method="none", id_token_signed_response_alg=alg)


@pytest.mark.filterwarnings("ignore:The HMAC key")
@pytest.mark.parametrize("alg", ["EdDSA", "ES512", "HS256"])
@pytest.mark.parametrize("flaw", ["wrong_key", "wrong_alg", "key_as_secret", "tampered", "none", "unknown_kid"])
def test_a_forged_one_is_refused_whatever_the_algorithm(http: typing.Any, alg: typing.Any, flaw: typing.Any) -> None:
    """OpenID Connect Core 3.1.3.7 (6-8): no verifier takes it that knows the algorithm and the keys."""
    crm(http.mock, id_token_signed_response_alg=alg)
    http.mock.token_endpoint.forge(flaw, token="id_token")

    forged = tokens(http)["id_token"]

    with pytest.raises((AssertionError, KeyError, jwt.InvalidSignatureError)):
        verified(http, forged, alg)


@pytest.mark.parametrize(
    ("settings", "aud", "azp"),
    [
        ({}, "crm", None),
        ({"id_token_azp": "always"}, "crm", "crm"),
        ({"id_token_audience": ["https://api.example.com"]}, ["crm", "https://api.example.com"], "crm"),
        ({"id_token_audience": ["crm"]}, "crm", None),
    ],
)
def test_several_audiences_come_with_an_authorized_party(
    http: typing.Any, settings: dict[str, typing.Any], aud: object, azp: str | None
) -> None:
    """OpenID Connect Core 2: azp is the client_id, needed where the client is not the only audience."""
    crm(http.mock, **settings)

    claims = verified(http, tokens(http)["id_token"], "RS256")

    assert (claims["aud"], claims.get("azp")) == (aud, azp)


@pytest.mark.parametrize(
    ("account", "own", "amr"),
    [("active", {}, ["pwd"]), ("second_factor", {}, ["pwd", "mfa"]), ("active", {"amr": ["hwk"]}, ["hwk"])],
)
def test_how_somebody_logged_in(
    mock: OAuthMock, http: typing.Any, account: typing.Any, own: typing.Any, amr: object
) -> None:
    """OpenID Connect Core 2, RFC 8176 2: amr has a second factor where there was one; a test may say otherwise."""
    crm(mock)
    mock.user("bob", account=account, **own)
    url = "http://localhost/authorize?response_type=code&client_id=crm&scope=openid&redirect_uri=http://127.0.0.1/cb"
    form = {"grant_type": "authorization_code", "redirect_uri": "http://127.0.0.1/cb"}

    answer = http.token({**form, "code": mock.approve(url, user="bob").code or ""}, basic=_CRM).get_json()
    again = http.token({"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}, basic=_CRM)

    assert verified(http, answer["id_token"], "RS256")["amr"] == amr
    assert verified(http, again.get_json()["id_token"], "RS256")["amr"] == amr


@pytest.mark.parametrize(
    ("rule", "scope", "has"),
    [
        ("when_named", "openid", {*_PERSON}),
        ("when_named", "openid email", {"email", "email_verified", "roles"}),
        ("when_named", "openid profile phone", {"name", "locale", "phone_number", "roles"}),
        ("always", "openid", {"roles"}),
        ("always", "openid address", {"address", "roles"}),
        ("never", "openid email", {*_PERSON}),
    ],
)
def test_scopes_release_their_claims(http: typing.Any, rule: typing.Any, scope: str, has: set[str]) -> None:
    """OpenID Connect Core 5.4: profile, email, address and phone; claims that none of them has are not held back."""
    http.mock.reset()
    crm(http.mock, claims_by_scope=rule)
    http.mock.user("alice", password="wonderland", **_PERSON)

    answer = tokens(http, scope=scope)

    claims = verified(http, answer["id_token"], "RS256")
    assert {name: claims[name] for name in _PERSON if name in claims} == {name: _PERSON[name] for name in has}
    userinfo = http.api(answer["access_token"], "/userinfo").get_json()
    assert userinfo == {"sub": "alice", **{name: _PERSON[name] for name in has}}


def test_an_id_token_may_have_only_what_was_requested(http: typing.Any) -> None:
    """OpenID Connect Core 5.4: where an access token is issued, scopes are about userinfo."""
    http.mock.reset()
    crm(http.mock, id_token_claims="requested")
    http.mock.user("alice", password="wonderland", **_PERSON)

    answer = tokens(http, scope="openid email")

    protocol = {"iss", "sub", "aud", "exp", "iat", "jti", "at_hash", "auth_time", "amr"}
    assert set(verified(http, answer["id_token"], "RS256")) == protocol
    assert http.api(answer["access_token"], "/userinfo").get_json()["email"] == "alice@example.com"


@pytest.mark.parametrize("overlap", [True, False])
@pytest.mark.parametrize("alg", ["PS256", "ES384", "EdDSA"])
def test_keys_of_every_algorithm_rotate(http: typing.Any, alg: typing.Any, overlap: bool) -> None:
    """OpenID Connect Core 10.1.1: the old key stays published, or does not; the new one signs."""
    crm(http.mock, id_token_signed_response_alg=alg)
    before = tokens(http)["id_token"]
    http.mock.rotate_keys(overlap=overlap)

    after = tokens(http)["id_token"]

    kid = jwt.get_unverified_header(before)["kid"]
    assert kid != jwt.get_unverified_header(after)["kid"]
    assert verified(http, after, alg)["sub"] == "alice"
    assert (kid in [key["kid"] for key in http.client.get("/jwks").get_json()["keys"]]) == overlap
