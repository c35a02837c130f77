"""Rows of the matrix's section 3 that the mock's endpoints span: what other people's clients do, as measured."""

from __future__ import annotations

import asyncio
import collections.abc as cabc
import contextlib
import datetime as dt
import gc
import typing

import google.auth.exceptions
import google.auth.transport.requests
import google.oauth2.credentials
import httpx
import httpx2
import httpx_oauth.clients.openid
import jwt
import oauthlib.oauth2
import pytest
import requests
import time_machine
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.oidc.core import CodeIDToken
from joserfc import jwt as jose
from joserfc.jwk import KeySet
from requests_oauthlib import OAuth2Session

from mockserver import IssuedToken
from mockserver import OAuthMock
from mockserver import RegisteredClient

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture
def closing() -> cabc.Iterator[list[typing.Any]]:
    """Sessions to close."""
    sessions: list[typing.Any] = []
    yield sessions
    for session in sessions:
        session.close()
    gc.collect()


def _stored(token: IssuedToken) -> dict[str, typing.Any]:
    """What a connector keeps of a token answer."""
    return {
        "access_token": token.access_token,
        "refresh_token": token.refresh_token,
        "token_type": "Bearer",
        "expires_at": token.expires_at,
    }


def _requests_oauthlib(oauthmock: OAuthMock, client: RegisteredClient, token: IssuedToken) -> OAuth2Session:
    def keep(new: dict[str, typing.Any]) -> None:
        session.token = new

    session = OAuth2Session(
        client.client_id,
        token=_stored(token),
        auto_refresh_url=oauthmock.token_url,
        auto_refresh_kwargs={"client_id": client.client_id, "client_secret": client.client_secret},
        token_updater=keep,
    )
    return session


def _authlib(oauthmock: OAuthMock, client: RegisteredClient, token: IssuedToken) -> AuthlibSession:
    return AuthlibSession(
        client.client_id, client.client_secret, token=_stored(token), token_endpoint=oauthmock.token_url
    )


def _authlib_httpx(oauthmock: OAuthMock, client: RegisteredClient, token: IssuedToken) -> OAuth2Client:
    return OAuth2Client(
        client.client_id, client.client_secret, token=_stored(token), token_endpoint=oauthmock.token_url
    )


def _google(oauthmock: OAuthMock, client: RegisteredClient, token: IssuedToken) -> typing.Any:
    credentials = google.oauth2.credentials.Credentials(  # type: ignore[no-untyped-call]
        token.access_token,
        refresh_token=token.refresh_token,
        token_uri=oauthmock.token_url,
        client_id=client.client_id,
        client_secret=client.client_secret,
        expiry=dt.datetime.fromtimestamp(token.expires_at, dt.UTC).replace(tzinfo=None),
    )
    return google.auth.transport.requests.AuthorizedSession(credentials)


_SESSIONS: dict[str, cabc.Callable[[OAuthMock, RegisteredClient, IssuedToken], typing.Any]] = {
    "requests-oauthlib": _requests_oauthlib,
    "authlib-requests": _authlib,
    "authlib-httpx": _authlib_httpx,
    "google-auth": _google,
}
_each = pytest.mark.parametrize("name", _SESSIONS)


def _made(
    name: str, oauthmock: OAuthMock, client: RegisteredClient, closing: list[typing.Any], **grant: typing.Any
) -> typing.Any:
    session = _SESSIONS[name](oauthmock, client, client.grant(user="alice", **grant))
    closing.append(session)
    return session


def _seen(oauthmock: OAuthMock) -> list[str]:
    return [f"{exchange.endpoint} {exchange.outcome}" for exchange in oauthmock.journal]


@_each
def test_l1_a_token_is_used_until_it_ends(oauthmock: OAuthMock, name: str, closing: list[typing.Any]) -> None:
    session = _made(name, oauthmock, oauthmock.client(), closing)

    assert [session.get(oauthmock.api_url).status_code for _ in range(3)] == [200, 200, 200]
    assert _seen(oauthmock) == ["api 200"] * 3


@pytest.mark.parametrize(
    ("name", "early"), [("requests-oauthlib", 0), ("authlib-requests", 60), ("authlib-httpx", 60), ("google-auth", 225)]
)
def test_l2_a_token_is_renewed_before_it_ends(
    oauthmock: OAuthMock, name: str, early: int, closing: list[typing.Any], traveller: time_machine.Traveller
) -> None:
    """So many seconds before, each has its own: once, and not earlier."""
    session = _made(name, oauthmock, oauthmock.client(), closing)
    traveller.shift(3600 - early - 30)
    session.get(oauthmock.api_url)
    traveller.shift(40)
    session.get(oauthmock.api_url)
    session.get(oauthmock.api_url)

    assert _seen(oauthmock) == ["api 200", "token 200", "api 200", "api 200"]


@pytest.mark.parametrize(
    ("name", "lifetime", "refreshes"),
    [
        ("requests-oauthlib", 30, 0),
        ("authlib-requests", 30, 3),
        ("authlib-requests", 90, 0),
        ("authlib-httpx", 30, 3),
        ("google-auth", 200, 3),
        ("google-auth", 260, 0),
    ],
)
def test_l3_a_lifetime_below_the_early_refresh_is_a_refresh_for_each_call(
    oauthmock: OAuthMock, name: str, lifetime: int, refreshes: int, closing: list[typing.Any]
) -> None:
    """Nobody notices that the new token is as short as the old one."""
    client = oauthmock.client(access_token_lifetime=lifetime, refresh_policy="static")
    session = _made(name, oauthmock, client, closing)

    for _ in range(3):
        assert session.get(oauthmock.api_url).status_code == 200

    assert _seen(oauthmock).count("token 200") == refreshes


@_each
def test_l5_a_401_before_its_time(oauthmock: OAuthMock, name: str, closing: list[typing.Any]) -> None:
    """RFC 6750 3.1: google-auth refreshes and repeats, once; the others hand the 401 on."""
    session = _made(name, oauthmock, oauthmock.client(), closing)
    oauthmock.api.revoke_token()

    answer = session.get(oauthmock.api_url)

    if name == "google-auth":
        assert answer.status_code == 200
        assert _seen(oauthmock) == ["api 401 invalid_token", "token 200", "api 200"]
    else:
        assert answer.status_code == 401
        assert _seen(oauthmock) == ["api 401 invalid_token"]


def test_l6_a_fresh_token_is_refused_as_well(oauthmock: OAuthMock, closing: list[typing.Any]) -> None:
    """google-auth stops after two refreshes."""
    session = _made("google-auth", oauthmock, oauthmock.client(), closing)
    oauthmock.token_endpoint.forge("wrong_audience", always=True)
    oauthmock.api.revoke_token()

    assert session.get(oauthmock.api_url).status_code == 401
    assert _seen(oauthmock) == [
        *("api 401 invalid_token", "token 200", "api 401 invalid_token", "token 200", "api 401 invalid_token"),
    ]


@_each
def test_l7_want_of_scope_is_no_matter_of_refreshing(
    oauthmock: OAuthMock, name: str, closing: list[typing.Any]
) -> None:
    """RFC 6750 3.1: the 403 is handed on, with the scope in its challenge."""
    orders = oauthmock.protect("/orders", scope="orders:write", json=[])
    session = _made(name, oauthmock, oauthmock.client(), closing, scope="orders:read")

    answer = session.get(orders.url)

    assert answer.status_code == 403
    assert 'scope="orders:write"' in answer.headers["WWW-Authenticate"]
    assert _seen(oauthmock) == ["protected 403 insufficient_scope"]


@_each
@pytest.mark.parametrize("policy", ["omit", "static", "rotate"])
def test_l8_the_refresh_token_of_the_answer_counts(
    oauthmock: OAuthMock, name: str, policy: typing.Any, closing: list[typing.Any], traveller: time_machine.Traveller
) -> None:
    """RFC 6749 6: none is the old one, a new one replaces it; two refreshes in a row work."""
    session = _made(name, oauthmock, oauthmock.client(refresh_policy=policy), closing)
    for _ in range(2):
        traveller.shift(3700)
        assert session.get(oauthmock.api_url).status_code == 200

    assert _seen(oauthmock) == ["token 200", "api 200"] * 2


@_each
@pytest.mark.parametrize(("policy", "first"), [("rotate_revoke_family", 401), ("rotate", 200)])
def test_l9_two_processes_with_one_refresh_token(
    oauthmock: OAuthMock, name: str, policy: typing.Any, first: int
) -> None:
    """RFC 9700 4.14.2: the second is refused, which may cost the first its new token, too."""
    client = oauthmock.client(refresh_policy=policy)
    stored = client.grant(user="alice", access_token_lifetime=0)
    sessions = [_SESSIONS[name](oauthmock, client, stored) for _ in range(2)]
    assert sessions[0].get(oauthmock.api_url).status_code == 200

    with pytest.raises((oauthlib.oauth2.InvalidGrantError, OAuthError, google.auth.exceptions.RefreshError)):
        sessions[1].get(oauthmock.api_url)

    token = oauthmock.tokens[1].access_token
    assert httpx.get(oauthmock.api_url, headers={"Authorization": f"Bearer {token}"}).status_code == first
    for session in sessions:
        session.close()
    gc.collect()


@_each
@pytest.mark.parametrize(("after", "status"), [(50, 200), (70, 400)])
def test_l10_a_used_refresh_token_comes_again(
    oauthmock: OAuthMock, name: str, after: int, status: int, traveller: time_machine.Traveller
) -> None:
    """RFC 9700 4.14.2: within the grace, and after it."""
    client = oauthmock.client(refresh_policy={"policy": "rotate_grace", "seconds": 60})
    stored = client.grant(user="alice", access_token_lifetime=0)
    for _ in range(2):
        session = _SESSIONS[name](oauthmock, client, stored)
        with contextlib.suppress(oauthlib.oauth2.InvalidGrantError, OAuthError, google.auth.exceptions.RefreshError):
            session.get(oauthmock.api_url)
        session.close()
        traveller.shift(after)
    gc.collect()

    assert [exchange.status for exchange in oauthmock.token_endpoint.exchanges] == [200, status]


@_each
@pytest.mark.parametrize(
    ("policy", "recovers"),
    [("rotate", False), ({"policy": "rotate_grace", "seconds": 60}, True)],
    ids=["hard", "grace"],
)
def test_l11_the_answer_to_a_refresh_is_lost(
    oauthmock: OAuthMock, name: str, policy: typing.Any, recovers: bool, closing: list[typing.Any]
) -> None:
    """RFC 9700 4.14: whoever tries again sends the old one, which is good for a while or used up."""
    client = oauthmock.client(refresh_policy=policy, access_token_lifetime=1)
    session = _made(name, oauthmock, client, closing, access_token_lifetime=0)
    oauthmock.token_endpoint.lose_answer()
    lost = (requests.exceptions.ConnectionError, httpx2.RemoteProtocolError, google.auth.exceptions.TransportError)
    refused = (oauthlib.oauth2.InvalidGrantError, OAuthError, google.auth.exceptions.RefreshError)

    with pytest.raises(lost):
        session.get(oauthmock.api_url)
    if recovers:
        session.get(oauthmock.api_url)
    else:
        with pytest.raises(refused):
            session.get(oauthmock.api_url)
    statuses = [exchange.status for exchange in oauthmock.token_endpoint.exchanges]
    assert statuses[:2] == [200, 200 if recovers else 400]


_ACCESS = {
    "expired": jwt.ExpiredSignatureError,
    "not_yet_valid": jwt.ImmatureSignatureError,
    "wrong_issuer": jwt.InvalidIssuerError,
    "wrong_audience": jwt.InvalidAudienceError,
    "wrong_key": jwt.InvalidSignatureError,
    "unknown_kid": jwt.PyJWKClientError,
    "no_kid": jwt.PyJWKClientError,
    "wrong_alg": jwt.InvalidAlgorithmError,
    "key_as_secret": jwt.InvalidAlgorithmError,
    "none": jwt.PyJWKClientError,
    "tampered": jwt.InvalidSignatureError,
    "key_in_header": jwt.PyJWKClientError,
    "key_elsewhere": jwt.PyJWKClientError,
    "certificate_in_header": jwt.PyJWKClientError,
    "certificate_elsewhere": jwt.PyJWKClientError,
    "unknown_crit": jwt.InvalidTokenError,
    "wrong_type": None,
}


@pytest.mark.parametrize("flaw", _ACCESS)
def test_l17_an_access_token_with_a_flaw(oauthmock: OAuthMock, flaw: typing.Any) -> None:
    """RFC 9068 4, RFC 8725: PyJWT refuses all but an ID token in its place, whose `typ` it does not look at."""
    client = oauthmock.client()
    oauthmock.token_endpoint.forge(flaw)
    form = {"grant_type": "client_credentials"}
    answer = httpx.post(oauthmock.token_url, data=form, auth=(client.client_id, client.client_secret))
    token = answer.json()["access_token"]

    def verify() -> typing.Any:
        key = jwt.PyJWKClient(oauthmock.jwks_url).get_signing_key_from_jwt(token)
        return jwt.decode(token, key, algorithms=["ES256"], audience=oauthmock.api_url, issuer=oauthmock.url)

    wrong = _ACCESS[flaw]
    if wrong is None:
        assert verify()["sub"] == client.client_id
    else:
        with pytest.raises(wrong):
            verify()


_KINDS = {
    "expired": "ExpiredTokenError",
    "not_yet_valid": "InvalidClaimError",
    "issued_in_future": "InvalidClaimError",
    "wrong_issuer": "InvalidClaimError",
    "wrong_audience": "InvalidClaimError",
    "wrong_subject": "accepted",
    "wrong_key": "BadSignatureError",
    "unknown_kid": "InvalidKeyIdError",
    "no_kid": "InvalidKeyIdError",
    "wrong_alg": "InvalidKeyIdError",
    "key_as_secret": "UnsupportedAlgorithmError",
    "client_secret_as_key": "UnsupportedAlgorithmError",
    "none": "UnsupportedAlgorithmError",
    "tampered": "BadSignatureError",
    # joserfc takes headers of 512 octets at most
    "key_in_header": "ExceededSizeError",
    "key_elsewhere": "InvalidKeyIdError",
    "certificate_in_header": "ExceededSizeError",
    "certificate_elsewhere": "InvalidKeyIdError",
    "unknown_crit": "UnsupportedHeaderError",
    "wrong_type": "accepted",
    "wrong_nonce": "InvalidClaimError",
    "wrong_hash": "InvalidClaimError",
}


@pytest.mark.parametrize("flaw", _KINDS)
def test_l18_an_id_token_with_a_flaw(oauthmock: OAuthMock, flaw: typing.Any) -> None:
    """OpenID Connect Core 3.1.3.7: what Authlib's claims, over joserfc and the JWK Set, refuse and what they take."""
    client = oauthmock.client()
    oauthmock.token_endpoint.forge(flaw, token="id_token")
    form = {"grant_type": "authorization_code", "code": client.issue_code(scope="openid", nonce="n-1", user="alice")}
    tokens = httpx.post(oauthmock.token_url, data=form, auth=(client.client_id, client.client_secret)).json()
    keys = KeySet.import_key_set(httpx.get(oauthmock.jwks_url).json())

    try:
        decoded = jose.decode(tokens["id_token"], keys, algorithms=["RS256", "ES256"])
        options = {"iss": {"value": oauthmock.url}, "aud": {"value": client.client_id}}
        params = {"nonce": "n-1", "client_id": client.client_id, "access_token": tokens["access_token"]}
        CodeIDToken(decoded.claims, decoded.header, options, params).validate()
    except Exception as error:
        found = type(error).__name__
    else:
        found = "accepted"

    assert found == _KINDS[flaw]


def test_l18_two_audiences_without_azp(oauthmock: OAuthMock) -> None:
    """OpenID Connect Core 3.1.3.7: Authlib wants `azp`, and wants it to be the client."""
    client = oauthmock.client()
    oauthmock.token_endpoint.forge(token="id_token", claims={"aud": [client.client_id, "other"]})
    form = {"grant_type": "authorization_code", "code": client.issue_code(scope="openid", user="alice")}
    answer = httpx.post(oauthmock.token_url, data=form, auth=(client.client_id, client.client_secret)).json()
    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})

    with pytest.raises(Exception, match="azp"):
        CodeIDToken(claims, {"alg": "RS256"}, {}, {"client_id": client.client_id}).validate()


def test_l19_userinfo_tells_of_somebody_else(oauthmock: OAuthMock) -> None:
    """OpenID Connect Core 5.3.2: httpx-oauth does not compare; a 401 is an error."""
    client = oauthmock.client()
    token = client.grant(user="alice", scope="openid email").access_token
    provider = httpx_oauth.clients.openid.OpenID(
        client.client_id, client.client_secret, oauthmock.openid_configuration_url
    )
    oauthmock.userinfo_endpoint.alter({"sub": "mallory", "email": "mallory@example.com"})
    oauthmock.userinfo_endpoint.expire_token(nth=2)

    assert asyncio.run(provider.get_id_email(token)) == ("mallory", "mallory@example.com")
    with pytest.raises(httpx_oauth.exceptions.GetIdEmailError):
        asyncio.run(provider.get_id_email(token))


def test_l20_a_resource_that_the_server_does_not_know(oauthmock: OAuthMock) -> None:
    """RFC 8707 2: Authlib sends `resource` along and raises invalid_target."""
    client = oauthmock.client(audiences=["https://api.example.com"])
    with AuthlibSession(client.client_id, client.client_secret) as session:
        session.fetch_token(oauthmock.token_url, grant_type="client_credentials", resource="https://api.example.com")
        assert oauthmock.tokens.last.audience == ("https://api.example.com",)
        with pytest.raises(OAuthError, match="invalid_target"):
            session.fetch_token(
                oauthmock.token_url, grant_type="client_credentials", resource="https://other.example.com"
            )


@pytest.mark.parametrize(
    ("arm", "outcome"),
    [
        (lambda endpoint: endpoint.alter({"issuer": "https://elsewhere.example"}), "accepted"),
        (lambda endpoint: endpoint.alter(without=["token_endpoint"]), "KeyError"),
        (lambda endpoint: endpoint.alter(without=["token_endpoint_auth_methods_supported"]), "accepted"),
        (lambda endpoint: endpoint.fail(500), "OpenIDConfigurationError"),
        (lambda endpoint: endpoint.cut(), "OpenIDConfigurationError"),
        (lambda endpoint: endpoint.send_as("html"), "JSONDecodeError"),
        (lambda endpoint: endpoint.redirect(), "OpenIDConfigurationError"),
    ],
    ids=["another issuer", "no token endpoint", "no methods", "500", "cut", "a page", "redirect"],
)
def test_l25_metadata_that_are_no_good(oauthmock: OAuthMock, arm: typing.Any, outcome: str) -> None:
    """RFC 8414 3.3, OpenID Connect Discovery 4.3: httpx-oauth does not compare the issuer."""
    arm(oauthmock.openid_configuration_endpoint)
    try:
        httpx_oauth.clients.openid.OpenID("crm", "s3cret", oauthmock.openid_configuration_url)
    except Exception as error:
        found = type(error).__name__
    else:
        found = "accepted"

    assert found == outcome


@pytest.mark.parametrize("name", ["requests-oauthlib", "authlib-requests", "authlib-httpx"])
def test_l29_two_tenants_in_one_process(oauthmock: OAuthMock, name: str, closing: list[typing.Any]) -> None:
    """Each session has its own token; neither tenant sees the other's."""
    tenants = [oauthmock.issuer("a"), oauthmock.issuer("b")]
    sessions = []
    for tenant in tenants:
        tenant.user("alice")
        client = tenant.client("crm")
        sessions.append(_SESSIONS[name](tenant, client, client.grant()))  # type: ignore[arg-type]
    closing += sessions

    for _ in range(2):
        for tenant, session in zip(tenants, sessions, strict=True):
            assert session.get(tenant.api_url).status_code == 200
    assert [exchange.issuer for exchange in oauthmock.journal] == ["a", "b", "a", "b"]


@pytest.mark.parametrize(
    ("stored", "outcome"),
    [
        pytest.param({}, {"requests-oauthlib": "401 -", "authlib-requests": "MissingTokenError"}, id="empty"),
        pytest.param(
            {"access_token": None},
            {"requests-oauthlib": "ValueError", "authlib-requests": "401 Bearer None"},
            id="null",
        ),
        pytest.param(
            {"access_token": "x", "expires_at": "soon"},
            {"requests-oauthlib": "401 Bearer x", "authlib-requests": "401 Bearer x"},
            id="no number",
        ),
        pytest.param(
            {"access_token": "x", "expires_at": 1},
            {"requests-oauthlib": "TokenExpiredError", "authlib-requests": "InvalidTokenError"},
            id="no refresh token",
        ),
    ],
)
def test_l30_what_was_stored_is_damaged(
    oauthmock: OAuthMock, stored: dict[str, typing.Any], outcome: dict[str, str]
) -> None:
    """After a restart: Authlib sends `Bearer None`, requests-oauthlib sends nothing at all."""
    client = oauthmock.client()
    sessions: dict[str, typing.Any] = {
        "requests-oauthlib": OAuth2Session(client.client_id, token=stored),
        "authlib-requests": AuthlibSession(
            client.client_id, client.client_secret, token=stored, token_endpoint=oauthmock.token_url
        ),
    }
    found = {}
    for name, session in sessions.items():
        with session:
            try:
                status = session.get(oauthmock.api_url).status_code
            except Exception as error:
                found[name] = type(error).__name__
            else:
                sent = oauthmock.journal.last.request.header_values("authorization")
                found[name] = f"{status} {(sent or ['-'])[0]}"

    assert found == outcome


@_each
def test_l31_the_secret_changes_while_a_token_is_good(
    oauthmock: OAuthMock, name: str, closing: list[typing.Any], traveller: time_machine.Traveller
) -> None:
    """The token is used until it ends; then the old secret is refused."""
    client = oauthmock.client()
    session = _made(name, oauthmock, client, closing)
    client.rotate_secret()
    assert session.get(oauthmock.api_url).status_code == 200
    traveller.shift(3700)

    with pytest.raises((oauthlib.oauth2.InvalidClientError, OAuthError, google.auth.exceptions.RefreshError)):
        session.get(oauthmock.api_url)

    assert _seen(oauthmock) == ["api 200", "token 401 invalid_client"]
