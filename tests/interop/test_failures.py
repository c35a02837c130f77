"""Rows of the matrix's section 4 that are more than one answer: what other people's clients do, as measured."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import socket
import types
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
from authlib.integrations.httpx_client import OAuth2Client
from oauthlib.oauth2 import BackendApplicationClient
from requests_oauthlib import OAuth2Session

from interop import answers
from mockserver import OAuthMock
from mockserver import RegisteredClient

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

_REQUESTS = ("requests-oauthlib", "authlib-requests", "google-auth")


def _google(oauthmock: OAuthMock, client: RegisteredClient, token: typing.Any) -> typing.Any:
    return google.oauth2.credentials.Credentials(  # type: ignore[no-untyped-call]
        token.access_token,
        refresh_token=token.refresh_token,
        token_uri=oauthmock.token_url,
        client_id=client.client_id,
        client_secret=client.client_secret,
    )


def _refresh(oauthmock: OAuthMock, client: RegisteredClient, refresh_token: str | None) -> typing.Any:
    """By requests-oauthlib."""
    with OAuth2Session(client.client_id) as session:
        credentials = (client.client_id, client.client_secret)
        return session.refresh_token(oauthmock.token_url, refresh_token=refresh_token, auth=credentials)


@pytest.mark.parametrize("name", answers.ASK)
def test_x1_refused(oauthmock: OAuthMock, name: str) -> None:
    """Nobody listens: an error of the client's own, or of its HTTP library."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/token"
    nobody: typing.Any = types.SimpleNamespace(token_url=url, authorize_url=url)
    expected = {
        "requests-oauthlib": requests.exceptions.ConnectionError,
        "authlib-requests": requests.exceptions.ConnectionError,
        "authlib-httpx": httpx2.ConnectError,
        "httpx-oauth": httpx_oauth.oauth2.GetAccessTokenError,
        "google-auth": google.auth.exceptions.TransportError,
    }

    with pytest.raises(expected[name]):
        answers.ASK[name](nobody, oauthmock.client(), 20)
    gc.collect()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("name", answers.ASK)
def test_x11_another_origin(oauthmock: OAuthMock, name: str, status: int) -> None:
    """RFC 9700 4.12: what stands on requests follows, carries code and secrets, and takes the stranger's token."""
    with OAuthMock() as stranger:
        stranger.token_endpoint.reply(json={"access_token": "theirs", "token_type": "Bearer"}, optional=True)
        oauthmock.token_endpoint.redirect(status, to=stranger.token_url)
        client = oauthmock.client()

        if name not in _REQUESTS:
            with pytest.raises(Exception, match="Redirect"):
                answers.ASK[name](oauthmock, client, 20)
            assert list(stranger.journal) == []
            return
        token = answers.ASK[name](oauthmock, client, 20)

        assert token["access_token"] == "theirs"
        seen = stranger.journal.last
        assert seen.request.method == ("POST" if status in (307, 308) else "GET")
        carried = {name for name in ("code", "refresh_token", "client_secret") if name in seen.parameters}
        repeated = {"google-auth": {"refresh_token", "client_secret"}}.get(name, {"code"})
        assert carried == (repeated if status in (307, 308) else set())
        # requests leaves the Authorization header behind
        assert seen.request.header_values("authorization") == []
    gc.collect()


def test_x11_from_https_to_http(oauthmock: OAuthMock) -> None:
    """The code goes on in the clear."""
    with OAuthMock(https=True) as secure:
        client = secure.client()
        secure.token_endpoint.redirect(307, to=oauthmock.token_url)
        oauthmock.token_endpoint.reply(json={"access_token": "theirs", "token_type": "Bearer"})
        with OAuth2Session(client.client_id, redirect_uri="http://127.0.0.1/cb") as session:
            session.fetch_token(
                secure.token_url, code="the-code", client_secret=client.client_secret, verify=str(secure.ca_path)
            )

    assert oauthmock.journal.last.parameters["code"] == "the-code"


@pytest.mark.parametrize("token", ["a\r\nX-Injected: b", "a\0b", "a b"])
def test_x13_a_token_that_is_none_is_used(oauthmock: OAuthMock, token: str) -> None:
    """RFC 6749 A.12: nobody looks at it; CR LF stops at the HTTP library, NUL at httpx2, and the rest comes out."""
    client = oauthmock.client()
    oauthmock.token_endpoint.alter({"access_token": token}, times=2)
    auth = (client.client_id, client.client_secret)
    with (
        OAuth2Session(client=BackendApplicationClient(client.client_id)) as by_requests,
        OAuth2Client(client.client_id, client.client_secret) as by_httpx,
    ):
        by_requests.fetch_token(oauthmock.token_url, auth=auth)
        by_httpx.fetch_token(oauthmock.token_url, grant_type="client_credentials")
        if "\r" in token:
            with pytest.raises(requests.exceptions.InvalidHeader):
                by_requests.get(oauthmock.api_url)
        else:
            assert by_requests.get(oauthmock.api_url).status_code == (400 if "\0" in token else 401)
        if token == "a b":
            assert by_httpx.get(oauthmock.api_url).status_code == 401
        else:
            with pytest.raises(httpx2.LocalProtocolError):
                by_httpx.get(oauthmock.api_url)
    assert len(oauthmock.api.exchanges) == (2 if token == "a b" else 0)
    gc.collect()


@pytest.mark.parametrize("name", answers.ASK)
def test_x15_an_untrusted_certificate(name: str) -> None:
    """An error before any HTTP; the trusted CA is another's."""
    expected = {
        "requests-oauthlib": requests.exceptions.SSLError,
        "authlib-requests": requests.exceptions.SSLError,
        "authlib-httpx": httpx2.ConnectError,
        "httpx-oauth": httpx_oauth.oauth2.GetAccessTokenError,
        "google-auth": google.auth.exceptions.TransportError,
    }
    with OAuthMock(https=True) as secure:
        with pytest.raises(expected[name]):
            answers.ASK[name](secure, secure.client(), 20)
        assert secure.journal.at("token") == []
        assert secure.exceptions == []
    gc.collect()


@pytest.mark.parametrize(
    ("hours", "wrong"),
    [
        (5 / 60, jwt.ImmatureSignatureError),
        (24, jwt.ImmatureSignatureError),
        (-5 / 60, None),
        (-24, jwt.ExpiredSignatureError),
    ],
)
def test_x16_the_servers_clock_is_another(oauthmock: OAuthMock, hours: float, wrong: type[Exception] | None) -> None:
    """PyJWT has no leeway of its own: a token from a clock five minutes ahead is none yet; `leeway` takes it."""
    oauthmock.clock.advance(hours=hours)
    token = oauthmock.client().grant().access_token
    key = jwt.PyJWKClient(oauthmock.jwks_url).get_signing_key_from_jwt(token)

    def claims(leeway: float) -> dict[str, typing.Any]:
        found: dict[str, typing.Any] = jwt.decode(
            token, key, algorithms=["ES256"], audience=oauthmock.api_url, leeway=leeway
        )
        return found

    if wrong is not None:
        with pytest.raises(wrong):
            claims(leeway=0)
    if abs(hours) < 1:
        assert claims(leeway=360)["iss"] == oauthmock.url


@pytest.mark.parametrize(
    ("policy", "statuses", "opened"),
    [
        ("rotate", [200, 400], True),
        ("rotate_revoke_family", [200, 400], False),
        ({"policy": "rotate_grace", "seconds": 60}, [200, 200], True),
        ("static", [200, 200], True),
    ],
)
def test_x17_two_refreshes_at_once(oauthmock: OAuthMock, policy: typing.Any, statuses: list[int], opened: bool) -> None:
    """RFC 9700 4.14.2: the second of two is a replay, which may cost the first its token, too; a grace helps."""
    client = oauthmock.client(refresh_policy=policy)
    old = client.grant().refresh_token
    barrier = oauthmock.token_endpoint.hold(2)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(_refresh, oauthmock, client, old) for _ in range(2)]
    failures = [call.exception() for call in asked if call.exception()]
    tokens = [call.result() for call in asked if not call.exception()]

    assert barrier.together == 2
    assert sorted(exchange.status for exchange in oauthmock.token_endpoint.exchanges) == statuses
    assert [type(failure) for failure in failures] == [oauthlib.oauth2.InvalidGrantError] * statuses.count(400)
    with OAuth2Session(client.client_id, token=tokens[0]) as session:
        assert (session.get(oauthmock.api_url).status_code == 200) is opened


@pytest.mark.parametrize(
    ("policy", "recovers"), [("rotate", False), ({"policy": "rotate_grace", "seconds": 60}, True), ("omit", True)]
)
def test_x18_the_new_token_is_not_kept(oauthmock: OAuthMock, policy: typing.Any, recovers: bool) -> None:
    """The store fails after the refresh; the next process has the old refresh token."""
    client = oauthmock.client(refresh_policy=policy)
    stored = client.grant(user="alice")

    def fails(token: object) -> None:
        raise OSError("disk full")

    with (
        OAuth2Session(
            client.client_id,
            token={"access_token": stored.access_token, "refresh_token": stored.refresh_token, "expires_in": -1},
            auto_refresh_url=oauthmock.token_url,
            auto_refresh_kwargs={"client_id": client.client_id, "client_secret": client.client_secret},
            token_updater=fails,
        ) as session,
        pytest.raises(OSError, match="disk full"),
    ):
        session.get(oauthmock.api_url)
    assert oauthmock.api.exchanges == []

    if recovers:
        assert _refresh(oauthmock, client, stored.refresh_token)["access_token"] == oauthmock.tokens.last.access_token
    else:
        with pytest.raises(oauthlib.oauth2.InvalidGrantError):
            _refresh(oauthmock, client, stored.refresh_token)


def test_x19_google_repeats_a_patch_and_the_others_do_not(oauthmock: OAuthMock) -> None:
    """RFC 9110 9.2.2: the same body twice, the second time with the new token; Authlib hands the 401 on."""
    client = oauthmock.client()
    first, second = client.grant(), client.grant()
    credentials = _google(oauthmock, client, first)
    oauthmock.api.revoke_token()
    with google.auth.transport.requests.AuthorizedSession(credentials) as session:
        answer = session.patch(f"{oauthmock.api_url}/orders/1", data=b"paid")
    oauthmock.api.revoke_token()
    with OAuth2Client(client.client_id, client.client_secret, token={"access_token": second.access_token}) as session:
        refused = session.patch(f"{oauthmock.api_url}/orders/1", content=b"paid")

    assert (answer.status_code, refused.status_code) == (200, 401)
    assert [(e.request.method, e.request.body, e.status) for e in oauthmock.api.exchanges] == [
        ("PATCH", b"paid", 401),
        ("PATCH", b"paid", 200),
        ("PATCH", b"paid", 401),
    ]


@pytest.mark.parametrize(
    ("arm", "wrong"),
    [
        (lambda endpoint: endpoint.fail(500), jwt.PyJWKClientConnectionError),
        (lambda endpoint: endpoint.never_answer(), jwt.PyJWKClientConnectionError),
        (lambda endpoint: endpoint.cut("before_head"), Exception),
        (lambda endpoint: endpoint.send_as("html"), Exception),
        (lambda endpoint: endpoint.alter({"keys": []}), jwt.PyJWKSetError),
    ],
    ids=["500", "never an answer", "cut", "a page", "no key"],
)
def test_x20_keys_that_cannot_be_had(oauthmock: OAuthMock, arm: typing.Any, wrong: type[Exception]) -> None:
    """PyJWT says so, keeps nothing of it, and has the keys the next time."""
    token = oauthmock.client().grant().access_token
    keys = jwt.PyJWKClient(oauthmock.jwks_url, timeout=1)
    arm(oauthmock.jwks_endpoint)

    with pytest.raises(wrong):
        keys.get_signing_key_from_jwt(token)
    gc.collect()

    assert keys.get_signing_key_from_jwt(token).key_id == jwt.get_unverified_header(token)["kid"]


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("cooldown", [30, 0])
def test_x20_keys_rotate(oauthmock: OAuthMock, overlap: bool, cooldown: int) -> None:
    """
    A `kid` that is unknown makes PyJWT 2.15 ask again, but not within 30 s of the last time unless it is told so: until
    then every token of the new key is refused.
    """
    client = oauthmock.client()
    keys = jwt.PyJWKClient(oauthmock.jwks_url, cooldown_duration=cooldown)
    old = client.grant().access_token
    keys.get_signing_key_from_jwt(old)
    oauthmock.rotate_keys(overlap=overlap)
    new = client.grant().access_token

    def is_found(token: str) -> bool:
        try:
            return keys.get_signing_key_from_jwt(token).key_id == jwt.get_unverified_header(token)["kid"]
        except jwt.PyJWKClientError:
            return False

    assert is_found(new) is (cooldown == 0)
    assert is_found(old) is (overlap or cooldown == 30)


@pytest.mark.parametrize(("cooldown", "fetches"), [(30, 1), (0, 4)])
def test_x20_unknown_kids(oauthmock: OAuthMock, cooldown: int, fetches: int) -> None:
    """Without the cooldown, whoever sends tokens with invented names makes an API ask the issuer each time."""
    client = oauthmock.client()
    oauthmock.token_endpoint.forge("unknown_kid")
    form = {"grant_type": "client_credentials"}
    forged = httpx.post(oauthmock.token_url, data=form, auth=(client.client_id, client.client_secret))
    keys = jwt.PyJWKClient(oauthmock.jwks_url, cooldown_duration=cooldown)

    for _ in range(3):
        with pytest.raises(jwt.PyJWKClientError):
            keys.get_signing_key_from_jwt(forged.json()["access_token"])

    assert len(oauthmock.jwks_endpoint.exchanges) == fetches


@pytest.mark.parametrize("what", ["huge", "wrong use", "wrong alg"])
def test_x20_strange_key_sets(oauthmock: OAuthMock, what: str) -> None:
    """2,000 keys are read; keys for encryption are none; an `alg` that is not the key's is believed."""
    token = oauthmock.client().grant().access_token
    keys = httpx.get(oauthmock.jwks_url).json()["keys"]
    members = {
        "huge": [*({**keys[0], "kid": f"k{number}"} for number in range(2000)), *keys],
        "wrong use": [{**key, "use": "enc"} for key in keys],
        "wrong alg": [{**key, "alg": "ES384"} for key in keys],
    }[what]
    oauthmock.jwks_endpoint.alter({"keys": members})
    client = jwt.PyJWKClient(oauthmock.jwks_url)

    if what == "huge":
        assert client.get_signing_key_from_jwt(token)
    else:
        with pytest.raises((jwt.PyJWTError, jwt.PyJWKClientError)):
            jwt.decode(token, client.get_signing_key_from_jwt(token), algorithms=["ES256"], audience=oauthmock.api_url)


def test_x21_metadata_name_another_origin(oauthmock: OAuthMock) -> None:
    """RFC 8414 6.2, RFC 9700 4.4: httpx-oauth believes it, and sends code and secret there."""
    with OAuthMock() as stranger:
        stranger.token_endpoint.reply(json={"access_token": "theirs", "token_type": "Bearer"})
        oauthmock.openid_configuration_endpoint.alter({"token_endpoint": stranger.token_url})
        client = httpx_oauth.clients.openid.OpenID("crm", "s3cret", oauthmock.openid_configuration_url)
        token = asyncio.run(client.get_access_token("the-code", "http://127.0.0.1/cb"))

        assert token["access_token"] == "theirs"
        seen = stranger.journal.last
        assert seen.parameters["code"] == "the-code"
        assert seen.request.header_values("authorization") == ["Basic Y3JtOnMzY3JldA=="]


def test_x22_consent_is_withdrawn_between_two_refreshes(oauthmock: OAuthMock) -> None:
    """google-auth says that it cannot be tried again, and does not."""
    client = oauthmock.client()
    credentials = _google(oauthmock, client, client.grant(user="alice"))
    transport = google.auth.transport.requests.Request()  # type: ignore[no-untyped-call]
    oauthmock.token_endpoint.withdraw_consent(nth=2)
    credentials.refresh(transport)

    with pytest.raises(google.auth.exceptions.RefreshError, match="invalid_grant") as caught:
        credentials.refresh(transport)

    assert not caught.value.retryable
    assert [exchange.status for exchange in oauthmock.token_endpoint.exchanges] == [200, 400]
    transport.session.close()


def test_x23_two_workers_take_each_others_token_away(oauthmock: OAuthMock) -> None:
    """Where a client has one live token: each 401 is answered with a new one, which is the other's 401."""
    client = oauthmock.client(access_token_policy="one_live")
    auth = (client.client_id, client.client_secret)
    with (
        OAuth2Session(client=BackendApplicationClient(client.client_id)) as one,
        OAuth2Session(client=BackendApplicationClient(client.client_id)) as other,
    ):
        statuses = []
        for session in (one, other, one, other):
            answer = session.get(oauthmock.api_url) if session.token else None
            if answer is None or answer.status_code == 401:
                session.fetch_token(oauthmock.token_url, auth=auth)
                statuses += [answer.status_code] if answer is not None else []
            statuses.append(session.get(oauthmock.api_url).status_code)

    assert statuses == [200, 200, 401, 200, 401, 200]
    assert len(oauthmock.token_endpoint.exchanges) == 4
