"""requests_oauth2client: devices, the backchannel, assertions, tokens for tokens, what becomes of tokens."""

from __future__ import annotations

import pytest
from requests_oauth2client import AuthorizationPending
from requests_oauth2client import InvalidGrant
from requests_oauth2client import OAuth2Client
from requests_oauth2client import SlowDown

from mockserver import OAuthMock
from mockserver import RegisteredClient


def theirs(mock: OAuthMock, client: RegisteredClient) -> OAuth2Client:
    return OAuth2Client(
        token_endpoint=mock.token_url,
        client_id=client.client_id,
        client_secret=client.client_secret,
        device_authorization_endpoint=mock.device_authorization_url,
        backchannel_authentication_endpoint=mock.backchannel_authentication_url,
        introspection_endpoint=mock.introspection_url,
        revocation_endpoint=mock.revocation_url,
        testing=True,
    )


def test_a_device(oauthmock: OAuthMock) -> None:
    """RFC 8628 3: pending, too fast, approved, used up."""
    oauth = theirs(oauthmock, oauthmock.client())
    answer = oauth.authorize_device(scope="orders:read")

    with pytest.raises(AuthorizationPending):
        oauth.device_code(answer)
    with pytest.raises(SlowDown):
        oauth.device_code(answer)
    oauthmock.approve_device(str(answer.user_code), user="alice")
    oauthmock.clock.advance(seconds=60)
    token = oauth.device_code(answer)

    assert (str(token.scope), oauthmock.tokens.last.username) == ("orders:read", "alice")
    oauthmock.clock.advance(seconds=60)
    with pytest.raises(InvalidGrant):
        oauth.device_code(answer)


def test_a_person_at_another_device(oauthmock: OAuthMock) -> None:
    """OpenID Connect CIBA 7, 10, 11: asked for by name, approved, polled for."""
    oauth = theirs(oauthmock, oauthmock.client())
    answer = oauth.backchannel_authentication_request(scope="openid", login_hint="alice", binding_message="W4SCT")

    with pytest.raises(AuthorizationPending):
        oauth.ciba(answer, validate=False)
    oauthmock.approve_backchannel()
    oauthmock.clock.advance(seconds=60)
    oauth.ciba(answer, validate=False)

    assert oauthmock.tokens.last.username == "alice"


def test_a_token_for_a_token(oauthmock: OAuthMock) -> None:
    """RFC 8693 2: of another client, for an API behind this one."""
    subject = oauthmock.client().grant(user="alice", scope="orders:read").access_token
    oauth = theirs(oauthmock, oauthmock.client())

    token = oauth.token_exchange(
        subject_token=subject, subject_token_type="access_token", resource="https://stock.example.com"
    )

    assert oauthmock.tokens.last.access_token == str(token.access_token)
    assert (oauthmock.tokens.last.username, oauthmock.tokens.last.audience) == ("alice", ("https://stock.example.com",))


def test_an_assertion_of_an_identity_provider(oauthmock: OAuthMock) -> None:
    """RFC 7523 2.1."""
    oauthmock.user("bob")
    provider = oauthmock.identity_provider("https://idp.example.com")
    oauth = theirs(oauthmock, oauthmock.client())

    oauth.jwt_bearer(provider.assertion("bob"), scope="orders:read")

    assert (oauthmock.tokens.last.username, oauthmock.tokens.last.scope) == ("bob", {"orders:read"})


def test_what_becomes_of_a_token(oauthmock: OAuthMock) -> None:
    """RFC 7662 2, RFC 7009 2."""
    oauth = theirs(oauthmock, oauthmock.client())
    token = oauth.client_credentials(scope="orders:read")

    before = oauth.introspect_token(token)
    assert oauth.revoke_access_token(token)

    assert (before["active"], before["scope"]) == (True, "orders:read")
    assert oauth.introspect_token(token) == {"active": False}
