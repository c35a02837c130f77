"""Where a provider's endpoints are: below the loopback server, and at the provider's own hosts."""

from __future__ import annotations

import typing

import pytest
from werkzeug.test import Client

from mockserver import OAuthMock
from mockserver.keys import SigningKey

_CASES = [
    ("google", {}, "", "/token"),
    ("entra", {"tenant": "contoso"}, "/contoso/v2.0", "/contoso/oauth2/v2.0/token"),
    ("entra", {"tenant": "contoso", "version": "v1"}, "/contoso/", "/contoso/oauth2/token"),
    ("salesforce", {}, "", "/services/oauth2/token"),
    ("shopify", {"shop": "acme"}, "", "/admin/oauth/access_token"),
]


def _served(profile: str, variables: dict[str, str], **settings: typing.Any) -> OAuthMock:
    return OAuthMock(profile=profile, variables=variables, consent="auto", issuer="http://localhost", **settings)


def _document(mock: OAuthMock, url: str) -> dict[str, typing.Any]:
    answer = Client(mock.wsgi).get(url.removeprefix("http://localhost"))
    assert answer.status_code == 200, answer.text
    return typing.cast("dict[str, typing.Any]", answer.get_json())


@pytest.mark.parametrize(("profile", "variables", "issuer_path", "token_path"), _CASES)
@pytest.mark.parametrize("name", ["", "tenant-a"])
def test_urls_and_metadata_agree(
    profile: str, variables: dict[str, str], issuer_path: str, token_path: str, name: str
) -> None:
    """Both documents, below the issuer identifier; endpoints are below the base URL."""
    server = _served(profile, variables)
    mock = server.issuer(name) if name else server
    base = f"http://localhost/{name}".rstrip("/")

    assert (mock.base_url, mock.url) == (base, base + issuer_path)
    assert (mock.token_url, mock.api_url) == (base + token_path, f"{base}/api")
    assert mock.openid_configuration_url == f"{(base + issuer_path).rstrip('/')}/.well-known/openid-configuration"
    for url in (mock.openid_configuration_url, mock.authorization_server_url):
        document = _document(server, url)
        assert document["issuer"] == mock.url
        assert document["token_endpoint"] == mock.token_url
        assert document["authorization_endpoint"] == mock.authorize_url
        assert document["jwks_uri"] == mock.jwks_url


def test_tokens_name_the_issuer_and_the_api() -> None:
    """`iss` has the issuer's path; `aud` is the API, which is below the base URL."""
    mock = _served("entra", {"tenant": "contoso"})
    claims = mock.client().grant().claims

    assert (claims["iss"], claims["aud"]) == ("http://localhost/contoso/v2.0", "http://localhost/api")


def test_what_is_served_beside_the_protocol_is_below_the_base_url() -> None:
    """Stubs, published keys, the callback."""
    mock = _served("entra", {"tenant": "contoso"})

    assert mock.protect("/v1.0/users", json={}).url == "http://localhost/v1.0/users"
    assert mock.publish_jwks("/keys", {"keys": [SigningKey.generate("ES256").public_jwk()]}) == "http://localhost/keys"
    assert mock.callback_url == "http://localhost/callback"
    assert mock.token_endpoint.url == mock.token_url
    assert mock.api.url == "http://localhost/api"


def test_at_its_real_origin_a_provider_has_its_real_urls() -> None:
    """Also those at other hosts, and asked at one of those."""
    mock = OAuthMock(profile="google", issuer="https://accounts.google.com")
    document = Client(mock.wsgi).get("/.well-known/openid-configuration", base_url="https://accounts.google.com")

    assert (
        document.get_json()
        | {
            "issuer": "https://accounts.google.com",
            "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
            "token_endpoint": "https://oauth2.googleapis.com/token",
            "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
            "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
        }
        == document.get_json()
    )
    assert mock.token_url == "https://oauth2.googleapis.com/token"


@pytest.mark.parametrize("host", ["https://oauth2.googleapis.com", "https://www.googleapis.com"])
def test_asked_at_another_host_of_the_provider_it_is_the_same_issuer(host: str) -> None:
    """A token endpoint that is elsewhere says who the issuer is."""
    mock = OAuthMock(profile="google", allow_hosts=["oauth2.googleapis.com", "www.googleapis.com"])
    mock.client("crm", client_secret="s3cret", access_token_format="jwt")
    form = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": "s3cret"}
    answer = Client(mock.wsgi).post("/token", base_url=host, data=form)

    assert answer.status_code == 200
    assert mock.tokens.last.claims["iss"] == "https://accounts.google.com"


def test_v1_of_entra_has_another_host_for_its_issuer() -> None:
    """Where it is served at its real origin."""
    variables = {"tenant": "contoso", "version": "v1"}
    mock = OAuthMock(profile="entra", variables=variables, issuer="https://login.microsoftonline.com")

    assert mock.url == "https://sts.windows.net/contoso/"
    assert mock.token_url == "https://login.microsoftonline.com/contoso/oauth2/token"


@pytest.mark.parametrize("path", ["/token", "/oauth2/v4/token", "/o/oauth2/token"])
def test_an_endpoint_has_further_paths(path: str) -> None:
    """Older URLs of Google's answer too."""
    mock = _served("google", {})
    mock.client("crm", client_secret="s3cret")
    form = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": "s3cret"}

    assert Client(mock.wsgi).post(path, data=form).status_code == 200
    assert mock.journal.last.endpoint == "token"
    assert Client(mock.wsgi).post("/oauth2/v3/token", data=form).status_code == 404


def test_settings_move_what_the_profile_has_elsewhere() -> None:
    """One that an issuer puts somewhere is there, and nowhere else."""
    mock = OAuthMock(profile="google", issuer="https://accounts.google.com", paths={"token": "/mine"})

    assert mock.token_url == "https://accounts.google.com/mine"
    assert Client(mock.wsgi).post("/oauth2/v4/token", base_url="https://accounts.google.com").status_code == 404
