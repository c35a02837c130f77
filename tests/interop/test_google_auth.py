"""google-auth 2.63: service accounts (RFC 7523) and workloads that exchange what they were given (RFC 8693)."""

from __future__ import annotations

import collections.abc as cabc
import json
import pathlib
import typing

import pytest
import requests
import time_machine
from google.auth import identity_pool
from google.auth.exceptions import OAuthError
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import AuthorizedSession
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from mockserver import Mount
from mockserver import OAuthMock
from mockserver import RegisteredClient

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_TYPE = "urn:ietf:params:oauth:token-type:"
_ROBOT = "robot@crm.example.com"
_REFUSED = {"error": "invalid_grant", "error_description": "The assertion is not valid."}


@pytest.fixture
def transport() -> cabc.Iterator[Request]:
    with requests.Session() as session:
        yield Request(session)


def robot_of(issuer: OAuthMock | Mount) -> RegisteredClient:
    return issuer.client(_ROBOT, token_endpoint_auth_method="private_key_jwt", token_endpoint_auth_signing_alg="RS256")


def key_file(robot: RegisteredClient, token_url: str) -> dict[str, str]:
    """What somebody downloads who makes a key for a service account."""
    return {
        "type": "service_account",
        "client_email": robot.client_id,
        "private_key": robot.private_key,
        "private_key_id": robot.key_id,
        "token_uri": token_url,
    }


def credentials(robot: RegisteredClient, token_url: str, *, scope: str = "orders:read") -> typing.Any:
    """`aud` is Google's token endpoint, whatever `token_uri` is, unless it is told."""
    made = service_account.Credentials.from_service_account_info(key_file(robot, token_url), scopes=[scope])
    return made.with_claims({"aud": token_url})


def test_a_service_account_calls_an_api(
    oauthmock: OAuthMock, transport: Request, traveller: time_machine.Traveller
) -> None:
    """RFC 7523 2.1, 3: the scope is asked for in the assertion; when the token expires there is a new one."""
    orders = oauthmock.protect("/orders", scope="orders:read", json=[{"id": 1}])
    robot = robot_of(oauthmock)
    signed_in = credentials(robot, oauthmock.token_url)
    with AuthorizedSession(signed_in, auth_request=transport) as session:
        assert session.get(orders.url).json() == [{"id": 1}]
        first = oauthmock.tokens.last
        traveller.shift(3601)
        assert session.get(orders.url).json() == [{"id": 1}]

    token = oauthmock.tokens.last
    assert signed_in.token == token.access_token != first.access_token
    assert (token.client_id, token.username, token.scope) == (_ROBOT, None, {"orders:read"})
    assert [exchange.endpoint for exchange in oauthmock.journal] == ["token", "protected"] * 2
    assert oauthmock.journal.grant_types == [_JWT_BEARER] * 2
    assert sorted(oauthmock.token_endpoint.exchanges[0].request.parameters()) == ["assertion", "grant_type"]


def test_a_service_account_acts_for_a_person_of_google(oauthmock: OAuthMock, transport: Request) -> None:
    """RFC 7523 3: domain-wide delegation, unchanged; the token endpoint has a host of its own, which `aud` names."""
    google = oauthmock.mount("https://accounts.google.com", profile="google")
    google.user("alice", sub="alice@example.com")
    drive = google.protect("/drive/v3/files", scope="https://www.googleapis.com/auth/drive", json={"files": []})
    info = key_file(robot_of(google), "https://oauth2.googleapis.com/token")
    scopes = ["https://www.googleapis.com/auth/drive"]
    robot = service_account.Credentials.from_service_account_info(info, scopes=scopes)

    with AuthorizedSession(robot.with_subject("alice@example.com"), auth_request=transport) as session:
        assert session.get(drive.url).json() == {"files": []}

    token = google.tokens.last
    assert (token.client_id, token.username, token.scope) == (_ROBOT, "alice", set(scopes))


@pytest.mark.parametrize(
    ("flaw", "why"),
    [
        ("wrong key", "the signature is not by the registered key"),
        ("old key", "was the key rotated?"),
        ("slow clock", "the assertion expired"),
        ("Google's audience", "aud is 'https://oauth2.googleapis.com/token'"),
        ("stranger", "whom nobody registered"),
    ],
)
def test_a_service_account_is_refused(oauthmock: OAuthMock, transport: Request, flaw: str, why: str) -> None:
    """RFC 7521 4.1.1: invalid_grant, and google-auth does not ask again."""
    robot = robot_of(oauthmock)
    mine = credentials(robot, oauthmock.token_url)
    if flaw == "wrong key":
        other = oauthmock.client(token_endpoint_auth_method="private_key_jwt", token_endpoint_auth_signing_alg="RS256")
        info = {**key_file(robot, oauthmock.token_url), "private_key": other.private_key}
        stolen = service_account.Credentials.from_service_account_info(info)
        mine = stolen.with_claims({"aud": oauthmock.token_url})
    elif flaw == "old key":
        robot.rotate_key()
    elif flaw == "slow clock":
        mine = mine.with_claims({"aud": oauthmock.token_url, "exp": 1, "iat": 0})
    elif flaw == "stranger":
        mine = mine.with_subject("mallory@example.com")
    else:
        mine = service_account.Credentials.from_service_account_info(key_file(robot, oauthmock.token_url))

    with pytest.raises(RefreshError) as refused:
        mine.refresh(transport)

    assert refused.value.args == ("invalid_grant: The assertion is not valid.", _REFUSED)
    assert not refused.value.retryable
    (exchange,) = oauthmock.journal
    assert (exchange.status, exchange.endpoint) == (400, "token")
    assert why in exchange.why


def workload(oauthmock: OAuthMock, file: pathlib.Path, kind: str, *, scope: str = "orders:read") -> typing.Any:
    """The configuration of a workload that finds its token in a file."""
    app = oauthmock.client(scope="orders:read")
    info = {
        "type": "external_account",
        "audience": "billing",
        "subject_token_type": _TYPE + kind,
        "token_url": oauthmock.token_url,
        "credential_source": {"file": str(file)},
        "client_id": app.client_id,
        "client_secret": app.client_secret,
    }
    return identity_pool.Credentials.from_info(info, scopes=[scope])


@pytest.mark.parametrize("kind", ["jwt", "access_token"])
def test_a_workload_exchanges_its_token(
    oauthmock: OAuthMock, transport: Request, tmp_path: pathlib.Path, kind: str
) -> None:
    """RFC 8693 2.1: a JWT of an identity provider that is trusted, or an access token of the issuer itself."""
    idp = oauthmock.identity_provider("https://idp.example")
    issued = oauthmock.issue_token(subject="alice", scope="orders:read orders:write")
    (tmp_path / "token").write_text(idp.assertion("alice") if kind == "jwt" else issued)
    pool = workload(oauthmock, tmp_path / "token", kind)

    pool.refresh(transport)

    token = oauthmock.tokens.last
    assert (pool.token, token.grant_type, token.username) == (token.access_token, _TOKEN_EXCHANGE, "alice")
    assert (token.scope, token.audience, token.client_auth) == ({"orders:read"}, ("billing",), "client_secret_basic")
    (exchange,) = oauthmock.journal
    assert json.loads(exchange.reply.body) == {
        "access_token": token.access_token,
        "issued_token_type": _TYPE + "access_token",
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "orders:read",
    }


@pytest.mark.parametrize(
    ("flaw", "error"), [("expired", "invalid_request"), ("tampered", "invalid_request"), ("scope", "invalid_scope")]
)
def test_a_workload_is_refused(
    oauthmock: OAuthMock, transport: Request, tmp_path: pathlib.Path, flaw: typing.Any, error: str
) -> None:
    """RFC 8693 2.2.2: whatever is wrong with the subject's token; no more scope than it has."""
    bad = None if flaw == "scope" else flaw
    (tmp_path / "token").write_text(oauthmock.issue_token(subject="alice", scope="orders:write", flaw=bad))

    with pytest.raises(OAuthError, match=f"Error code {error}"):
        workload(oauthmock, tmp_path / "token", "access_token").refresh(transport)

    assert oauthmock.journal.last.verdict == "refused"
    assert oauthmock.journal.last.error == error
