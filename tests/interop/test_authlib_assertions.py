"""Authlib 1.9's private_key_jwt and client_secret_jwt, on requests and on httpx2 (RFC 7523 2.2)."""

from __future__ import annotations

import typing

import anyio
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey
from joserfc.jwk import OKPKey
from joserfc.jwk import RSAKey

from mockserver import OAuthMock

_GRANTS: dict[str, dict[str, str]] = {
    "client_credentials": {"grant_type": "client_credentials"},
    "password": {"username": "alice", "password": "wonderland"},
}


def _key(alg: str) -> typing.Any:
    if alg.startswith("ES"):
        return ECKey.generate_key({"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}[alg])
    return OKPKey.generate_key("Ed25519") if alg == "EdDSA" else RSAKey.generate_key(2048)


def _client(oauthmock: OAuthMock, alg: str, **settings: typing.Any) -> tuple[dict[str, typing.Any], typing.Any]:
    """What Authlib is given: client_id, what it signs with, the method; and how it signs."""
    if alg.startswith("HS"):
        client = oauthmock.client(token_endpoint_auth_method="client_secret_jwt", **settings)
        secret, method = client.client_secret, ClientSecretJWT(alg=alg)
    else:
        secret = _key(alg)
        public = secret.as_dict(private=False)
        client = oauthmock.client(token_endpoint_auth_method="private_key_jwt", jwks={"keys": [public]}, **settings)
        method = PrivateKeyJWT(alg=alg)
    names = {"client_id": client.client_id, "client_secret": secret, "token_endpoint_auth_method": method.name}
    return names, method


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
@pytest.mark.parametrize("grant_type", _GRANTS)
@pytest.mark.parametrize(
    "alg", ["RS256", "RS512", "PS256", "PS384", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"]
)
@pytest.mark.parametrize("session_of", [OAuth2Session, OAuth2Client], ids=["requests", "httpx2"])
def test_tokens_by_assertion(oauthmock: OAuthMock, session_of: typing.Any, alg: str, grant_type: str) -> None:
    """RFC 7523 2.2: each algorithm, the token URL as audience, a new jti for each request."""
    settings, method = _client(oauthmock, alg)
    with session_of(scope="orders:read", **settings) as session:
        session.register_client_auth_method(method)
        for _ in range(2):
            session.fetch_token(oauthmock.token_url, **_GRANTS[grant_type])
        assert session.get(oauthmock.api_url).status_code == 200

    issued = oauthmock.tokens.last
    assert (issued.grant_type, issued.client_auth) == (grant_type, method.name)
    assert issued.scope == {"orders:read"}
    assert oauthmock.journal.grant_types == [grant_type] * 2


@pytest.mark.parametrize("alg", ["ES256", "HS256"])
@pytest.mark.parametrize("session_of", [OAuth2Session, OAuth2Client], ids=["requests", "httpx2"])
def test_a_refresh_by_assertion(oauthmock: OAuthMock, session_of: typing.Any, alg: str) -> None:
    """RFC 6749 6: the refresh request is authenticated like the first."""
    settings, method = _client(oauthmock, alg)
    with session_of(**settings) as session:
        session.register_client_auth_method(method)
        first = session.fetch_token(oauthmock.token_url, **_GRANTS["password"])
        second = session.refresh_token(oauthmock.token_url, refresh_token=first["refresh_token"])

    assert second["refresh_token"] != first["refresh_token"]
    assert oauthmock.tokens.last.client_auth == method.name


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tokens_by_assertion_without_blocking(oauthmock: OAuthMock, backend: str) -> None:
    """RFC 7523 2.2 on AsyncOAuth2Client."""
    settings, method = _client(oauthmock, "ES256")

    async def ask() -> None:
        async with AsyncOAuth2Client(**settings) as session:
            session.register_client_auth_method(method)
            await session.fetch_token(oauthmock.token_url, grant_type="client_credentials")

    anyio.run(ask, backend=backend)
    assert oauthmock.tokens.last.client_auth == "private_key_jwt"


def test_the_issuer_as_audience(oauthmock: OAuthMock) -> None:
    """RFC 7523 3: where the token URL is not accepted, Authlib is told what is."""
    settings, _ = _client(oauthmock, "ES256", client_assertion_audiences=["issuer"])
    for audience, right in ((oauthmock.token_url, False), (oauthmock.url, True)):
        with OAuth2Session(**settings) as session:
            session.register_client_auth_method(PrivateKeyJWT(audience, alg="ES256"))
            if right:
                session.fetch_token(oauthmock.token_url, grant_type="client_credentials")
                continue
            with pytest.raises(OAuthError, match="invalid_client"):
                session.fetch_token(oauthmock.token_url, grant_type="client_credentials")
            assert f"aud is {audience!r}; accepted: {oauthmock.url} " in oauthmock.journal.last.why


def test_claims_of_ones_own_repeat_the_jti(oauthmock: OAuthMock) -> None:
    """RFC 7523 3: Authlib 1.9 puts its jti into the mapping of claims that it was given, and so sends it again."""
    settings, _ = _client(oauthmock, "ES256")
    with OAuth2Session(**settings) as session:
        session.register_client_auth_method(PrivateKeyJWT(alg="ES256", claims={"tenant": "a"}))
        session.fetch_token(oauthmock.token_url, grant_type="client_credentials")
        with pytest.raises(OAuthError, match="invalid_client"):
            session.fetch_token(oauthmock.token_url, grant_type="client_credentials")

    assert "has been used before: make a new assertion for each request (RFC 7523 3)" in oauthmock.journal.last.why


def test_a_rotated_key_is_refused(oauthmock: OAuthMock) -> None:
    """RFC 7517 5: the connector that goes on with the old key is told so; with the new one it is taken."""
    client = oauthmock.client(token_endpoint_auth_method="private_key_jwt", token_endpoint_auth_signing_alg="RS256")

    def fetch(pem: str, kid: str) -> None:
        with OAuth2Session(client.client_id, pem, token_endpoint_auth_method="private_key_jwt") as session:
            session.register_client_auth_method(PrivateKeyJWT(headers={"kid": kid}))
            session.fetch_token(oauthmock.token_url, grant_type="client_credentials")

    old = client.private_key, client.key_id
    fetch(*old)
    client.rotate_key()
    with pytest.raises(OAuthError, match="invalid_client"):
        fetch(*old)
    assert f"no registered key has the kid {old[1]!r}" in oauthmock.journal.last.why
    fetch(client.private_key, client.key_id)
