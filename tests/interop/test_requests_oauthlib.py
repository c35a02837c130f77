"""requests-oauthlib 2 on oauthlib."""

from __future__ import annotations

import typing

import oauthlib.oauth2
import pytest
import time_machine
from oauthlib.oauth2 import BackendApplicationClient
from oauthlib.oauth2 import LegacyApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from mockserver import OAuthMock
from mockserver.server import RegisteredClient

_REDIRECT_URI = "http://127.0.0.1:8765/callback"

# how the session is told to authenticate -> the method that the server sees
_HEADER_AND_BODY = [
    pytest.param({}, "client_secret_basic", id="header"),
    pytest.param({"include_client_id": True}, "client_secret_post", id="body"),
]


def _session(client: RegisteredClient, **settings: typing.Any) -> OAuth2Session:
    return OAuth2Session(
        client.client_id, redirect_uri=_REDIRECT_URI, scope=["orders:read", "orders:write"], **settings
    )


@pytest.mark.parametrize(("how", "method"), _HEADER_AND_BODY)
def test_the_code_flow_with_pkce_and_state_reaches_the_api(
    oauthmock: OAuthMock, how: dict[str, typing.Any], method: str
) -> None:
    """RFC 6749 4.1, RFC 7636: the callback carries state and code, the verifier fits, the token opens the API."""
    client = oauthmock.client(redirect_uris=[_REDIRECT_URI], token_endpoint_auth_method=method)
    with _session(client, pkce="S256") as session:
        url, state = session.authorization_url(oauthmock.authorize_url)
        callback = oauthmock.approve(url, user="alice")
        token = session.fetch_token(
            oauthmock.token_url, authorization_response=callback.url, client_secret=client.client_secret, **how
        )
        answer = session.patch(f"{oauthmock.api_url}/orders/1?notify=no", json={"state": "sent"})

    assert callback.state == state
    assert token["scope"] == ["orders:read", "orders:write"]
    assert answer.status_code == 200
    assert answer.json()["method"] == "PATCH"
    assert answer.json()["path"] == "/api/orders/1"
    assert answer.json()["query"] == [["notify", "no"]]
    assert answer.json()["body"] == '{"state": "sent"}'
    issued = oauthmock.tokens.last
    assert (issued.grant_type, issued.client_auth, issued.username) == ("authorization_code", method, "alice")
    assert [exchange.endpoint for exchange in oauthmock.journal] == ["authorize", "authorize", "token", "api"]
    asked = oauthmock.authorization_endpoint.exchanges[0].request
    assert asked.parameter("code_challenge_method", of="query") == "S256"
    assert oauthmock.token_endpoint.exchanges[0].parameters["code_verifier"]


def test_a_public_client_sends_its_id_and_no_secret(oauthmock: OAuthMock) -> None:
    """RFC 6749 3.2.1: a client without credentials says who it is in the body."""
    client = oauthmock.client(token_endpoint_auth_method="none")
    with _session(client, pkce="S256") as session:
        url, _ = session.authorization_url(oauthmock.authorize_url)
        callback = oauthmock.approve(url)
        session.fetch_token(oauthmock.token_url, authorization_response=callback.url, include_client_id=True)

    assert oauthmock.tokens.last.client_auth == "none"
    assert oauthmock.journal.grant_types == ["authorization_code"]


def test_an_empty_basic_password_is_no_way_in_for_a_public_client(oauthmock: OAuthMock) -> None:
    """The session's default is Basic with an empty secret, which is another method than the one registered."""
    client = oauthmock.client(token_endpoint_auth_method="none")
    with _session(client) as session:
        url, _ = session.authorization_url(oauthmock.authorize_url)
        callback = oauthmock.approve(url)
        with pytest.raises(oauthlib.oauth2.InvalidClientError):
            session.fetch_token(oauthmock.token_url, authorization_response=callback.url)
        # what was refused consumed nothing
        session.fetch_token(oauthmock.token_url, authorization_response=callback.url, include_client_id=True)

    refused, accepted = oauthmock.token_endpoint.exchanges
    assert (refused.client_auth, refused.status, refused.error) == ("client_secret_basic", 401, "invalid_client")
    assert (accepted.client_auth, accepted.verdict) == ("none", "accepted")


def test_a_denied_request_surfaces_as_access_denied(oauthmock: OAuthMock) -> None:
    """RFC 6749 4.1.2.1: the callback has error and state, and nothing reaches the token endpoint."""
    client = oauthmock.client()
    with _session(client, pkce="S256") as session:
        url, state = session.authorization_url(oauthmock.authorize_url)
        callback = oauthmock.deny(url)
        with pytest.raises(oauthlib.oauth2.AccessDeniedError):
            session.fetch_token(oauthmock.token_url, authorization_response=callback.url)

    assert (callback.error, callback.state) == ("access_denied", state)
    assert oauthmock.journal.at("token") == []
    assert oauthmock.journal.last.error == "access_denied"


def test_a_callback_with_a_foreign_state_is_not_redeemed(oauthmock: OAuthMock) -> None:
    """RFC 6749 10.12: the state of one login does not open another."""
    client = oauthmock.client()
    with _session(client) as session, _session(client) as other:
        session.authorization_url(oauthmock.authorize_url)
        foreign, _ = other.authorization_url(oauthmock.authorize_url, state="foreign")
        callback = oauthmock.approve(foreign)
        with pytest.raises(oauthlib.oauth2.MismatchingStateError):
            session.fetch_token(oauthmock.token_url, authorization_response=callback.url)

    assert callback.state == "foreign"
    assert oauthmock.journal.at("token") == []


def test_a_narrowed_scope_is_said_and_noticed(oauthmock: OAuthMock) -> None:
    """RFC 6749 5.1: a scope other than the one asked for is in the answer; oauthlib raises a Warning for it."""
    client = oauthmock.client()
    with _session(client) as session:
        url, _ = session.authorization_url(oauthmock.authorize_url)
        callback = oauthmock.approve(url, scope="orders:read")
        with pytest.raises(Warning, match=r'Scope has changed from ".+ .+" to "orders:read"'):
            session.fetch_token(
                oauthmock.token_url, authorization_response=callback.url, client_secret=client.client_secret
            )

    assert oauthmock.tokens.last.scope == {"orders:read"}


def test_a_code_with_a_strange_verifier_is_refused(oauthmock: OAuthMock) -> None:
    """RFC 7636 4.6: a verifier that does not belong to the challenge is invalid_grant."""
    client = oauthmock.client()
    with _session(client, pkce="S256") as session:
        url, _ = session.authorization_url(oauthmock.authorize_url)
        callback = oauthmock.approve(url)
        session.authorization_url(oauthmock.authorize_url)  # makes another verifier
        with pytest.raises(oauthlib.oauth2.InvalidGrantError):
            session.fetch_token(oauthmock.token_url, code=callback.code, client_secret=client.client_secret)

    assert oauthmock.journal.last.error == "invalid_grant"
    assert "RFC 7636 4.6" in oauthmock.journal.last.why


def test_a_code_works_once(oauthmock: OAuthMock) -> None:
    """RFC 6749 4.1.2: the second redemption is invalid_grant and takes the first token with it."""
    client = oauthmock.client()
    with _session(client) as session:
        url, _ = session.authorization_url(oauthmock.authorize_url)
        code = oauthmock.approve(url).code
        token = session.fetch_token(oauthmock.token_url, code=code, client_secret=client.client_secret)
        with pytest.raises(oauthlib.oauth2.InvalidGrantError):
            session.fetch_token(oauthmock.token_url, code=code, client_secret=client.client_secret)
        session.token = token
        answer = session.get(oauthmock.api_url)

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert [exchange.status for exchange in oauthmock.token_endpoint.exchanges] == [200, 400]


@pytest.mark.parametrize(("how", "method"), _HEADER_AND_BODY)
def test_client_credentials_by_either_method(oauthmock: OAuthMock, how: dict[str, typing.Any], method: str) -> None:
    """RFC 6749 4.4, 2.3.1: BackendApplicationClient, the secret in header or body."""
    client = oauthmock.client(token_endpoint_auth_method=method, grant_types=["client_credentials"])
    with OAuth2Session(client=BackendApplicationClient(client.client_id, scope=["orders:read"])) as session:
        token = session.fetch_token(oauthmock.token_url, client_secret=client.client_secret, **how)
        answer = session.patch(oauthmock.api_url, data=b"\x00\xff\x80")

    assert token["token_type"] == "Bearer"
    # RFC 6749 4.4.3
    assert "refresh_token" not in token
    assert answer.json()["body_base64"] == "AP+A"
    issued = oauthmock.tokens.last
    assert (issued.grant_type, issued.client_auth) == ("client_credentials", method)
    assert issued.scope == {"orders:read"}
    assert oauthmock.journal.grant_types == ["client_credentials"]


def test_a_secret_with_every_kind_of_character_comes_through_basic(oauthmock: OAuthMock) -> None:
    """requests sends the two halves of Basic unencoded; the server takes them as they are."""
    client = oauthmock.client("the client", client_secret="p%40ss+w:rd/=&?")
    with OAuth2Session(client=BackendApplicationClient(client.client_id)) as session:
        session.fetch_token(oauthmock.token_url, auth=HTTPBasicAuth(client.client_id, client.client_secret))

    assert oauthmock.tokens.last.client_id == "the client"
    assert oauthmock.journal.last.basic_encoding == "raw"


@pytest.mark.parametrize(
    ("how", "method"), [*_HEADER_AND_BODY, pytest.param({"include_client_id": True}, "none", id="public")]
)
def test_the_password_grant_by_every_method(oauthmock: OAuthMock, how: dict[str, typing.Any], method: str) -> None:
    """RFC 6749 4.3: LegacyApplicationClient; username and password are in the body, however the client shows itself."""
    client = oauthmock.client(token_endpoint_auth_method=method)
    secret = None if method == "none" else client.client_secret
    with OAuth2Session(client=LegacyApplicationClient(client.client_id)) as session:
        session.fetch_token(oauthmock.token_url, username="alice", password="wonderland", client_secret=secret, **how)
        answer = session.get(f"{oauthmock.api_url}/orders")

    assert answer.status_code == 200
    issued = oauthmock.tokens.last
    assert (issued.grant_type, issued.client_auth, issued.username) == ("password", method, "alice")


def test_an_expired_token_is_refreshed_by_the_session_itself(
    oauthmock: OAuthMock, traveller: time_machine.Traveller
) -> None:
    """RFC 6749 6: once both clocks are past the lifetime, the session refreshes and keeps what it got."""
    client = oauthmock.client(access_token_lifetime=60)
    kept: list[dict[str, typing.Any]] = []
    with OAuth2Session(
        client=LegacyApplicationClient(client.client_id),
        auto_refresh_url=oauthmock.token_url,
        auto_refresh_kwargs={"client_id": client.client_id, "client_secret": client.client_secret},
        token_updater=kept.append,
    ) as session:
        first = session.fetch_token(
            oauthmock.token_url, username="alice", password="wonderland", client_secret=client.client_secret
        )
        assert session.get(oauthmock.api_url).status_code == 200
        traveller.shift(61)
        answer = session.patch(oauthmock.api_url, json={})

    assert answer.status_code == 200
    assert [token["access_token"] for token in kept] == [oauthmock.tokens.last.access_token]
    # refresh_policy "rotate" is the default
    assert kept[0]["refresh_token"] != first["refresh_token"]
    assert oauthmock.journal.grant_types == ["password", "refresh_token"]
    # the header for the first token, the body for the refresh
    methods = [exchange.client_auth for exchange in oauthmock.token_endpoint.exchanges]
    assert methods == ["client_secret_basic", "client_secret_post"]


def test_a_token_that_only_the_server_thinks_expired_meets_a_401(oauthmock: OAuthMock) -> None:
    """RFC 6750 3.1: the client's clock stands, so it learns from invalid_token and refreshes by hand."""
    client = oauthmock.client(refresh_policy="static")
    with OAuth2Session(client=LegacyApplicationClient(client.client_id)) as session:
        first = session.fetch_token(
            oauthmock.token_url, username="alice", password="wonderland", client_secret=client.client_secret
        )
        oauthmock.clock.advance(hours=1)
        refused = session.get(oauthmock.api_url)
        second = session.refresh_token(oauthmock.token_url, auth=HTTPBasicAuth(client.client_id, client.client_secret))
        answer = session.get(oauthmock.api_url)

    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert answer.status_code == 200
    assert second["refresh_token"] == first["refresh_token"]
    assert oauthmock.journal.grant_types == ["password", "refresh_token"]
    assert oauthmock.tokens.last.client_auth == "client_secret_basic"


@pytest.mark.parametrize(
    ("registered", "asked", "error", "status"),
    [
        pytest.param({}, {"client_secret": "wrong"}, oauthlib.oauth2.InvalidClientError, 401, id="secret"),
        pytest.param({}, {"password": "wrong"}, oauthlib.oauth2.InvalidGrantError, 400, id="password"),
        pytest.param({}, {"username": "bob"}, oauthlib.oauth2.InvalidGrantError, 400, id="user"),
        # oauthlib 4.0: the first class, by alphabet, whose error is invalid_request
        pytest.param({}, {"password": ""}, oauthlib.oauth2.InvalidClientIdError, 400, id="blank"),
        pytest.param(
            {"grant_types": ["client_credentials"]}, {}, oauthlib.oauth2.UnauthorizedClientError, 400, id="grant"
        ),
        pytest.param({"scope": "orders:read"}, {"scope": "admin"}, oauthlib.oauth2.InvalidScopeError, 400, id="scope"),
        pytest.param(
            {"token_endpoint_auth_method": "client_secret_post"},
            {},
            oauthlib.oauth2.InvalidClientError,
            401,
            id="method",
        ),
    ],
)
def test_a_refusal_surfaces_as_its_own_exception(
    oauthmock: OAuthMock,
    registered: dict[str, typing.Any],
    asked: dict[str, str],
    error: type[oauthlib.oauth2.OAuth2Error],
    status: int,
) -> None:
    """RFC 6749 5.2: the error code of the answer is the exception that oauthlib raises."""
    client = oauthmock.client(**registered)
    request = {"username": "alice", "password": "wonderland", "client_secret": client.client_secret, **asked}
    with (
        OAuth2Session(client=LegacyApplicationClient(client.client_id)) as session,
        pytest.raises(error) as raised,
    ):
        session.fetch_token(oauthmock.token_url, **request)

    exchange = oauthmock.journal.last
    assert (exchange.verdict, exchange.status, exchange.error) == ("refused", status, raised.value.error)
    assert raised.value.description
    assert list(oauthmock.tokens) == []


def test_an_unknown_grant_surfaces_as_unsupported(oauthmock: OAuthMock) -> None:
    """RFC 6749 5.2: unsupported_grant_type."""

    class Strange(BackendApplicationClient):
        grant_type = "urn:example:magic"

    client = oauthmock.client()
    with (
        OAuth2Session(client=Strange(client.client_id)) as session,
        pytest.raises(oauthlib.oauth2.UnsupportedGrantTypeError),
    ):
        session.fetch_token(oauthmock.token_url, client_secret=client.client_secret)

    assert oauthmock.journal.grant_types == ["urn:example:magic"]


def test_a_busy_token_endpoint_is_said_and_tried_again(oauthmock: OAuthMock) -> None:
    """RFC 6749 4.1.2.1: temporarily_unavailable while the fault lasts, a token afterwards."""
    client = oauthmock.client()
    oauthmock.token_endpoint.fail(503, retry_after=1)
    with OAuth2Session(client=BackendApplicationClient(client.client_id)) as session:
        with pytest.raises(oauthlib.oauth2.TemporarilyUnavailableError):
            session.fetch_token(oauthmock.token_url, client_secret=client.client_secret)
        session.fetch_token(oauthmock.token_url, client_secret=client.client_secret)

    assert [exchange.status for exchange in oauthmock.token_endpoint.exchanges] == [503, 200]
