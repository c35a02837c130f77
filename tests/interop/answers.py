"""Other people's clients asked for a token, and what each makes of the answer: one word for the table."""

from __future__ import annotations

import asyncio
import collections.abc as cabc
import datetime as dt
import pathlib
import time
import types
import typing

import google.auth.exceptions
import google.auth.transport.requests
import google.oauth2.credentials
import httpx
import httpx2
import httpx_oauth.oauth2
import msgspec
import requests
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from requests_oauthlib import OAuth2Session

from mockserver import OAuthMock
from mockserver import RegisteredClient

__all__ = ["ASK", "Answer", "outcome", "read", "without_waiting"]

_REDIRECT_URI = "http://127.0.0.1:8765/callback"
_SCOPE = "a b"
# Seconds to connect: no fault is about that
_CONNECT = 20
# What an answer in the data files has for `expires_at`
_SAID = 2307124893

Token = cabc.Mapping[str, typing.Any]
Ask = cabc.Callable[[OAuthMock, RegisteredClient, float], Token]


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer of the token endpoint, and what each client makes of it."""

    id: str
    line: str
    """The one line that makes it, after `oauthmock.token_endpoint.`; empty: nothing is wrong."""
    patience: float = 20
    """Seconds that a client waits for an octet."""
    clients: dict[str, str]

    def arm(self, oauthmock: OAuthMock) -> None:
        if self.line:
            eval(f"endpoint.{self.line}", {"endpoint": oauthmock.token_endpoint})


def read(file: str) -> list[Answer]:
    """The answers of a data file beside this one."""
    data = msgspec.toml.decode(pathlib.Path(__file__).with_name(file).read_bytes())
    return msgspec.convert(data["answer"], list[Answer])


def _requests_oauthlib(oauthmock: OAuthMock, client: RegisteredClient, patience: float) -> Token:
    with OAuth2Session(client.client_id, redirect_uri=_REDIRECT_URI, scope=_SCOPE.split()) as session:
        found: Token = session.fetch_token(
            oauthmock.token_url, code=_code(client), client_secret=client.client_secret, timeout=(_CONNECT, patience)
        )
        return found


def _authlib_requests(oauthmock: OAuthMock, client: RegisteredClient, patience: float) -> Token:
    with AuthlibSession(client.client_id, client.client_secret, scope=_SCOPE, redirect_uri=_REDIRECT_URI) as session:
        found: Token = session.fetch_token(oauthmock.token_url, code=_code(client), timeout=(_CONNECT, patience))
        return found


def _authlib_httpx(oauthmock: OAuthMock, client: RegisteredClient, patience: float) -> Token:
    with OAuth2Client(
        client.client_id,
        client.client_secret,
        scope=_SCOPE,
        redirect_uri=_REDIRECT_URI,
        timeout=httpx2.Timeout(_CONNECT, read=patience),  # what Authlib prefers
    ) as session:
        found: Token = session.fetch_token(oauthmock.token_url, code=_code(client))
        return found


def _httpx_oauth(oauthmock: OAuthMock, client: RegisteredClient, patience: float) -> Token:
    class Impatient(httpx_oauth.oauth2.BaseOAuth2[typing.Any]):
        def get_httpx_client(self) -> httpx.AsyncClient:
            return httpx.AsyncClient(timeout=httpx.Timeout(_CONNECT, read=patience))

    known = Impatient(client.client_id, client.client_secret, oauthmock.authorize_url, oauthmock.token_url)
    return asyncio.run(known.get_access_token(_code(client), _REDIRECT_URI))


def _google_auth(oauthmock: OAuthMock, client: RegisteredClient, patience: float) -> Token:
    credentials = google.oauth2.credentials.Credentials(  # type: ignore[no-untyped-call]
        None,
        refresh_token=client.grant(scope=_SCOPE).refresh_token,
        token_uri=oauthmock.token_url,
        client_id=client.client_id,
        client_secret=client.client_secret,
    )
    with requests.Session() as session:
        transport = google.auth.transport.requests.Request(session)  # type: ignore[no-untyped-call]

        def impatient(*what: object, **how: object) -> object:
            return transport(*what, **{**how, "timeout": (_CONNECT, patience)})

        credentials.refresh(impatient)  # type: ignore[no-untyped-call]
    expiry = credentials.expiry
    ends = None if expiry is None else expiry.replace(tzinfo=dt.UTC).timestamp()
    return {"access_token": credentials.token, "expires_at": ends}


ASK: dict[str, Ask] = {
    "requests-oauthlib": _requests_oauthlib,
    "authlib-requests": _authlib_requests,
    "authlib-httpx": _authlib_httpx,
    "httpx-oauth": _httpx_oauth,
    "google-auth": _google_auth,
}


def outcome(ask: Ask, oauthmock: OAuthMock, *, patience: float = 20) -> str:
    """
    `ok` and the seconds until the client believes that the token ends (`never`; `at` for what it keeps as it came).

    `SILENT`: the call returned without an exception and without a token; else the name of the exception. Behind it the
    number of requests, unless it was one.
    """
    client = oauthmock.client()
    before = len(oauthmock.journal)
    try:
        token = ask(oauthmock, client, patience)
    except Exception as error:
        said = type(error).__name__
    else:
        said = f"ok {_end(token.get('expires_at'))}" if _is_token(token.get("access_token")) else "SILENT"
    requests_made = len(oauthmock.journal) - before
    return said if requests_made == 1 else f"{said}, {requests_made} requests"


def without_waiting(monkeypatch: typing.Any) -> None:
    """google-auth waits for seconds before it tries again."""
    monkeypatch.setattr("google.auth._exponential_backoff.time", types.SimpleNamespace(sleep=lambda seconds: None))


def _is_token(value: object) -> bool:
    return value is not None


def _end(expires_at: object) -> str:
    if expires_at is None:
        return "never"
    if not isinstance(expires_at, int | float):
        return f"at {expires_at}"
    if expires_at == _SAID:
        return f"at {expires_at}"
    seconds = expires_at - time.time()
    # In tens: the request takes time
    return str(10 * round(seconds / 10)) if abs(seconds) < 10**7 else f"{seconds:.4g}"


def _code(client: RegisteredClient) -> str:
    return client.issue_code(scope=_SCOPE, redirect_uri=_REDIRECT_URI)
