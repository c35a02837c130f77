"""msal at `https://login.microsoftonline.com`: what it asks besides tokens."""

from __future__ import annotations

import msal
import pytest
import requests
from msal.exceptions import MsalServiceError

from mockserver import Mount
from mockserver import OAuthMock
from mockserver import Open

_AUTHORITY = "https://login.microsoftonline.com/contoso"
_SCOPES = ["User.Read"]


@pytest.fixture
def entra(oauthmock: OAuthMock) -> Mount:
    mount = oauthmock.mount("https://login.microsoftonline.com", profile="entra", tenant="contoso")
    mount.user("alice", name="Alice Liddell")
    return mount


def _signed_in(entra: Mount, **options: object) -> msal.ConfidentialClientApplication:
    """The code flow of a web application; the token that it leaves in the cache has expired, as has been said."""
    client = entra.client(redirect_uris=["https://app.example.com/callback"])
    app = msal.ConfidentialClientApplication(
        client.client_id, client_credential=client.client_secret, authority=_AUTHORITY, **options
    )
    flow = app.initiate_auth_code_flow(
        _SCOPES, redirect_uri="https://app.example.com/callback", response_mode="form_post"
    )
    callback = entra.approve(flow["auth_uri"], user="alice")
    answer = app.acquire_token_by_auth_code_flow(flow, callback.params)
    assert answer["id_token_claims"]["name"] == "Alice Liddell"
    return app


def test_a_person_signs_in_and_the_token_is_refreshed(oauthmock: OAuthMock, entra: Mount) -> None:
    """Without the question for Microsoft's aliases, which `get_accounts` asks of login.microsoftonline.com."""
    app = _signed_in(entra, instance_discovery=False)

    (account,) = app.get_accounts()
    answer = app.acquire_token_silent(_SCOPES, account, force_refresh=True)

    assert answer["access_token"] == entra.tokens.last.access_token
    assert oauthmock.journal.grant_types == ["authorization_code", "refresh_token"]


def _app(**options: object) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication("crm", client_credential="s", authority=_AUTHORITY, **options)


def test_an_empty_cache_makes_it_ask_for_aliases(oauthmock: OAuthMock, entra: Mount) -> None:
    """How every desktop application begins: are there accounts?"""
    with pytest.raises(MsalServiceError, match="404"):
        _app().get_accounts()
    assert oauthmock.journal.last.request.path == "/common/discovery/instance"

    aliases = {"metadata": [{"aliases": ["login.microsoftonline.com", "login.windows.net"]}]}
    entra.protect("/common/discovery/instance", guard=Open(), json=aliases)

    assert _app().get_accounts() == []
    assert oauthmock.journal.last.verdict == "accepted"
    assert _app(instance_discovery=False).get_accounts() == []
    assert [exchange.request.path for exchange in oauthmock.journal][-1].endswith("/.well-known/openid-configuration")


def test_an_authority_that_is_not_microsofts_is_asked_for_at_theirs(oauthmock: OAuthMock, entra: Mount) -> None:
    """It takes what is there for no answer: such an authority wants `instance_discovery=False`, as msal says."""
    sso = oauthmock.mount("https://sso.example.com", settings={"paths": {"token": "/contoso/token"}})
    sso.protect("/contoso/v2.0/.well-known/openid-configuration", guard=Open(), json=_discovery(sso))
    authority = "https://sso.example.com/contoso"
    client = sso.client()

    with pytest.raises(KeyError, match="tenant_discovery_endpoint"):
        msal.ConfidentialClientApplication(client.client_id, authority=authority)
    assert oauthmock.journal.last.request.path == "/common/discovery/instance"

    app = msal.ConfidentialClientApplication(
        client.client_id, client_credential=client.client_secret, authority=authority, instance_discovery=False
    )
    assert app.acquire_token_for_client(["crm"])["access_token"] == sso.tokens.last.access_token


def _discovery(mount: Mount) -> dict[str, object]:
    document: dict[str, object] = requests.get(mount.openid_configuration_url, timeout=10).json()
    return document
