"""msal 1.39 with an authority of one's own (`oidc_authority`), over TLS, which it insists on."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msal
import pytest

from mockserver import OAuthMock
from mockserver import RegisteredClient
from mockserver.server import Issuer

_CALLBACK = "https://app.example.com/callback"
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> cabc.Iterator[OAuthMock]:
    with OAuthMock(https=True) as mock:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(mock.ca_path))
        yield mock
        assert mock.exceptions == []


@pytest.fixture
def contoso(server: OAuthMock) -> Issuer:
    """An issuer with a path, as authorities have, whose devices ask as often as they like."""
    issuer = server.issuer("contoso", device_code_interval=1)
    issuer.user("alice", name="Alice Liddell", preferred_username="alice@contoso.example")
    return issuer


def confidential(issuer: Issuer, client: RegisteredClient) -> typing.Any:
    return msal.ConfidentialClientApplication(
        client.client_id, client_credential=client.client_secret, oidc_authority=issuer.url
    )


def tokens(answer: dict[str, typing.Any], issuer: Issuer, **more: object) -> None:
    """The whole answer is what the issuer gave out last."""
    token = issuer.tokens.last
    claims = answer.pop("id_token_claims", {})
    assert {name: claims[name] for name in ("iss", "sub") if claims} == (
        {"iss": issuer.url, "sub": "alice"} if token.id_token else {}
    )
    expected = {
        "access_token": token.access_token,
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": str(token.scope),
        "refresh_token": token.refresh_token,
        "id_token": token.id_token,
        "token_source": "identity_provider",
    }
    assert answer == {name: value for name, value in {**expected, **more}.items() if value is not None}


def test_an_application_asks_once_for_itself(server: OAuthMock, contoso: Issuer) -> None:
    """RFC 6749 4.4: discovery, a token, and the same one out of msal's cache."""
    app = confidential(contoso, contoso.client())

    tokens(app.acquire_token_for_client(["crm"]), contoso)
    again = app.acquire_token_for_client(["crm"])

    assert (again["access_token"], again["token_source"]) == (contoso.tokens.last.access_token, "cache")
    assert [exchange.endpoint for exchange in server.journal] == ["openid_configuration", "token"]
    assert contoso.tokens.last.client_auth == "client_secret_post"


def test_an_application_with_a_wrong_secret_is_refused(server: OAuthMock, contoso: Issuer) -> None:
    """RFC 6749 5.2: the answer itself, since msal raises nothing."""
    client = contoso.client()
    app = confidential(contoso, client)
    client.rotate_secret()

    answer = app.acquire_token_for_client(["crm"])

    assert (answer["error"], answer["error_description"]) == ("invalid_client", "Client authentication failed.")
    assert server.journal.last.status == 401


def test_a_person_signs_in_and_the_token_is_refreshed(server: OAuthMock, contoso: Issuer) -> None:
    """RFC 7636, OpenID Connect Core 3.1, RFC 6749 6: PKCE and nonce are msal's own doing."""
    app = confidential(contoso, contoso.client(redirect_uris=[_CALLBACK]))
    flow = app.initiate_auth_code_flow(["orders:read"], redirect_uri=_CALLBACK, response_mode="form_post")
    callback = contoso.approve(flow["auth_uri"], user="alice")

    tokens(app.acquire_token_by_auth_code_flow(flow, callback.form), contoso)
    (account,) = app.get_accounts()
    tokens(app.acquire_token_silent(["orders:read"], account, force_refresh=True), contoso)

    assert account["username"] == "alice@contoso.example"
    assert contoso.tokens.last.scope == {"openid", "profile", "offline_access", "orders:read"}
    assert server.journal.grant_types == ["authorization_code", "refresh_token"]
    assert server.journal.at("authorize")[0].request.parameters(of="query")["code_challenge_method"] == "S256"


def test_a_wrong_nonce_is_refused(contoso: Issuer) -> None:
    """OpenID Connect Core 3.1.3.7: the one thing in an ID token over which msal gives up; times it merely logs."""
    app = confidential(contoso, contoso.client(redirect_uris=[_CALLBACK]))
    flow = app.initiate_auth_code_flow(["orders:read"], redirect_uri=_CALLBACK, response_mode="form_post")
    contoso.token_endpoint.forge("wrong_nonce", token="id_token")
    callback = contoso.approve(flow["auth_uri"])

    with pytest.raises((ValueError, RuntimeError), match=r"(?i)nonce"):
        app.acquire_token_by_auth_code_flow(flow, callback.form)


def test_an_answer_to_another_login_is_refused(server: OAuthMock, contoso: Issuer) -> None:
    """RFC 6749 10.12: state; and an error comes back as it was sent."""
    app = confidential(contoso, contoso.client(redirect_uris=[_CALLBACK]))
    flow = app.initiate_auth_code_flow(["orders:read"], redirect_uri=_CALLBACK, response_mode="form_post")
    callback = contoso.approve(flow["auth_uri"])
    denied = contoso.deny(flow["auth_uri"])

    with pytest.raises(ValueError, match="state mismatch"):
        app.acquire_token_by_auth_code_flow(flow, {**callback.form, "state": "of another"})
    assert app.acquire_token_by_auth_code_flow(flow, denied.form)["error"] == "access_denied"

    assert server.journal.at("token") == []


@pytest.mark.parametrize("decision", ["approved", "denied", "pending"])
def test_a_device_is_connected(server: OAuthMock, contoso: Issuer, decision: str) -> None:
    """RFC 8628 3: the answer is what the person decided; msal sends the device code twice, as `code` too."""
    client = contoso.client(token_endpoint_auth_method="none")
    app = msal.PublicClientApplication(client.client_id, oidc_authority=contoso.url)
    flow = app.initiate_device_flow(["orders:read"])
    assert flow["verification_uri"] == contoso.device_url
    if decision == "approved":
        contoso.approve_device(flow["user_code"], user="alice")
    elif decision == "denied":
        contoso.deny_device(flow["user_code"])
    # msal asks once, and then waits no longer
    flow["expires_at"] = 0

    answer = app.acquire_token_by_device_flow(flow)

    if decision == "approved":
        tokens(answer, contoso)
    else:
        assert answer["error"] == {"denied": "access_denied", "pending": "authorization_pending"}[decision]
    assert server.journal.grant_types == [_DEVICE_CODE]


@pytest.mark.parametrize("whose", ["an identity provider", "the issuer"])
def test_an_api_asks_on_behalf_of_a_person(server: OAuthMock, contoso: Issuer, whose: str) -> None:
    """RFC 7523 2.1: what Microsoft calls on-behalf-of is this grant, for assertions of those who are trusted."""
    app = confidential(contoso, contoso.client())
    idp = contoso.identity_provider("https://idp.example")
    if whose == "an identity provider":
        tokens(app.acquire_token_on_behalf_of(idp.assertion("alice"), ["orders:read"]), contoso)
        assert (contoso.tokens.last.username, server.journal.grant_types) == ("alice", [_JWT_BEARER])
    else:
        answer = app.acquire_token_on_behalf_of(contoso.issue_token(subject="alice"), ["orders:read"])
        assert answer["error"] == "invalid_grant"
        assert "who is not trusted" in server.journal.last.why
