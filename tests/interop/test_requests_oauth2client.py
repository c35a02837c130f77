"""requests_oauth2client: DPoP with its nonces, pushed and signed requests, and certificates, as it does them itself."""

from __future__ import annotations

import collections.abc as cabc

import pytest
import requests
from jwskate import Jwk
from requests_oauth2client import DPoPToken
from requests_oauth2client import OAuth2Client

from mockserver import OAuthMock
from mockserver import RegisteredClient

_CALLBACK = "http://127.0.0.1:9/callback"


@pytest.fixture
def mock() -> cabc.Iterator[OAuthMock]:
    with OAuthMock(authorization_response_iss_parameter_supported=True) as server:
        server.user("alice")
        yield server
        assert server.exceptions == []


def theirs(mock: OAuthMock, client: RegisteredClient, **options: object) -> OAuth2Client:
    document = requests.get(mock.openid_configuration_url, timeout=10).json()
    known = {"testing": True, "redirect_uri": _CALLBACK, **options}
    return OAuth2Client.from_discovery_document(
        document, issuer=mock.url, client_id=client.client_id, client_secret=client.client_secret, **known
    )


@pytest.mark.parametrize("nonce", [False, True])
def test_dpop_by_client_credentials(mock: OAuthMock, nonce: bool) -> None:
    """RFC 9449 5, 7, 8, 9: it repeats each request once where it is told a nonce, and keeps the newest."""
    client = mock.client(dpop_bound_access_tokens=True, dpop_nonce=nonce)
    token = theirs(mock, client).client_credentials(dpop=True)

    assert isinstance(token, DPoPToken)
    answers = [requests.get(f"{mock.api_url}/orders", auth=token, timeout=10).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert mock.tokens.last.cnf == {"jkt": str(token.dpop_key.dpop_jkt)}
    refused = [exchange.error for exchange in mock.journal if exchange.verdict == "refused"]
    assert refused == (["use_dpop_nonce", "use_dpop_nonce"] if nonce else [])


def test_a_pushed_request_for_a_bound_code(mock: OAuthMock) -> None:
    """RFC 9126, RFC 9449 10, RFC 9207: pushed with dpop_jkt, approved, redeemed by the same key, refreshed."""
    client = mock.client(redirect_uris=[_CALLBACK], require_pushed_authorization_requests=True)
    oauth = theirs(mock, client)
    request = oauth.authorization_request(scope="orders:read", dpop=True)
    pushed = oauth.pushed_authorization_request(request)

    callback = mock.approve(pushed.uri, user="alice")
    token = oauth.authorization_code(request.validate_callback(callback.url), validate=False)

    assert isinstance(token, DPoPToken)
    assert requests.get(f"{mock.api_url}/orders", auth=token, timeout=10).status_code == 200
    assert isinstance(oauth.refresh_token(token), DPoPToken)


def test_a_signed_request(mock: OAuthMock) -> None:
    """RFC 9101: by value, its own signature."""
    key = Jwk.generate(alg="ES256").with_kid_thumbprint()
    client = mock.client(redirect_uris=[_CALLBACK], jwks={"keys": [dict(key.public_jwk())]})
    oauth = theirs(mock, client)
    request = oauth.authorization_request(scope="orders:read")

    callback = mock.approve(request.sign(key, alg="ES256").uri, user="alice")
    token = oauth.authorization_code(request.validate_callback(callback.url), validate=False)

    assert requests.get(f"{mock.api_url}/orders", auth=token, timeout=10).status_code == 200


def test_a_certificate() -> None:
    """RFC 8705 2.1, 3: the session has the certificate, at the aliases of the metadata."""
    with OAuthMock(https=True, client_certificates="optional") as server:
        client = server.client(
            token_endpoint_auth_method="tls_client_auth", tls_client_certificate_bound_access_tokens=True
        )
        session = requests.Session()
        session.trust_env = False  # which would name other authorities
        session.cert, session.verify = client.certificate.cert, str(server.ca_path)
        document = session.get(server.openid_configuration_url, timeout=10).json()
        endpoint = document["mtls_endpoint_aliases"]["token_endpoint"]

        token = OAuth2Client(endpoint, client_id=client.client_id, session=session, testing=True).client_credentials()

        assert session.get(f"{server.api_url}/orders", auth=token, timeout=10).status_code == 200
        assert server.tokens.last.client_auth == "tls_client_auth"
