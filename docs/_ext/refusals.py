"""Wrong requests, each sent to a mock when the page is built: the table shows what came back, not what was meant to."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import functools
import typing

from werkzeug.test import Client
from werkzeug.test import TestResponse

from mockserver import OAuthMock

__all__ = ["CASES", "Case", "Seen", "observed"]


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """A wrong request: what it is in words, how to make it, what answers it, and the clause that says so."""

    where: typing.Literal["token", "authorize", "resource", "anywhere"]
    request: str
    status: int
    error: str
    clause: str
    send: cabc.Callable[[Mock], TestResponse]


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """What the mock answered."""

    status: int
    error: str
    why: str


class Mock:
    """A mock in process: client `crm` (secret by Basic or in the body), client `app` (public), user `alice`."""

    base = "http://localhost"

    def __init__(self) -> None:
        known = ["orders:read", "orders:write", "openid"]
        self.oauth = OAuthMock(issuer=self.base, scopes_supported=known)
        self.oauth.client("crm", client_secret="s3cret-of-crm", scope="orders:read openid")
        self.oauth.client("billing", client_secret="s3cret-of-billing", grant_types=["client_credentials"])
        self.oauth.client("app", token_endpoint_auth_method="none")
        self.oauth.user("alice", password="wonderland")
        self.oauth.protect("/orders", scope="orders:read", json=[])
        self.http = Client(self.oauth.wsgi, use_cookies=False)

    def token(self, *, auth: tuple[str, str] | None = ("crm", "s3cret-of-crm"), **form: str) -> TestResponse:
        return self.http.post("/token", base_url=self.base, data=form, auth=auth)

    def code(self, **query: str) -> str:
        asked = {"response_type": "code", "client_id": "crm", "redirect_uri": "http://localhost/cb", **query}
        page = self.http.post("/authorize", base_url=self.base, query_string=asked, data={"user": "alice"})
        return page.location.partition("code=")[2].partition("&")[0]

    def redeem(self, code: str, **form: str) -> TestResponse:
        return self.token(grant_type="authorization_code", code=code, redirect_uri="http://localhost/cb", **form)

    def tokens(self, **form: str) -> dict[str, str]:
        answer = self.token(grant_type="password", username="alice", password="wonderland", **form)
        return typing.cast("dict[str, str]", answer.json)

    def refresh(self, refresh_token: str, **form: str) -> TestResponse:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, **form)

    def authorize(self, **query: str | None) -> TestResponse:
        asked = {
            "response_type": "code",
            "client_id": "crm",
            "redirect_uri": "http://localhost/cb",
            "state": "s",
            **query,
        }
        chosen = {name: value for name, value in asked.items() if value is not None}
        return self.http.get("/authorize", base_url=self.base, query_string=chosen)

    def get(self, path: str, authorization: str | None) -> TestResponse:
        headers = {} if authorization is None else {"Authorization": authorization}
        return self.http.get(path, base_url=self.base, headers=headers)


def _repeated(mock: Mock) -> TestResponse:
    body = "grant_type=client_credentials&scope=orders:read&scope=openid"
    kind = "application/x-www-form-urlencoded"
    return mock.http.post("/token", base_url=mock.base, data=body, content_type=kind, auth=("crm", "s3cret-of-crm"))


def _raw(mock: Mock, body: bytes, kind: str) -> TestResponse:
    return mock.http.post("/token", base_url=mock.base, data=body, content_type=kind, auth=("crm", "s3cret-of-crm"))


def _code_twice(mock: Mock) -> TestResponse:
    code = mock.code()
    mock.redeem(code)
    return mock.redeem(code)


def _expired_code(mock: Mock) -> TestResponse:
    code = mock.code()
    mock.oauth.clock.advance(minutes=11)
    return mock.redeem(code)


def _rotated_twice(mock: Mock) -> TestResponse:
    refresh_token = mock.tokens()["refresh_token"]
    mock.refresh(refresh_token)
    return mock.refresh(refresh_token)


def _too_often(mock: Mock) -> TestResponse:
    limit = {"requests": 1, "seconds": 60}
    mock.oauth.client("eager", client_secret="s3cret-of-eager", token_rate_limit=limit)
    mock.token(auth=("eager", "s3cret-of-eager"), grant_type="client_credentials")
    return mock.token(auth=("eager", "s3cret-of-eager"), grant_type="client_credentials")


def _expired_access(mock: Mock) -> TestResponse:
    access_token = mock.tokens()["access_token"]
    mock.oauth.clock.advance(hours=2)
    return mock.get("/orders", f"Bearer {access_token}")


def _two_tokens(mock: Mock) -> TestResponse:
    client = mock.oauth.client(bearer_methods_supported=["header", "query"])
    access_token = client.grant(scope="orders:read").access_token
    return mock.get(f"/orders?access_token={access_token}", f"Bearer {access_token}")


def _challenged(mock: Mock) -> TestResponse:
    mock.oauth.protect("/orders", scope="orders:read", json=[], challenge=True)
    return mock.get("/orders", f"Bearer {mock.tokens(scope='orders:read')['access_token']}")


def _no_state(mock: Mock) -> TestResponse:
    mock.oauth.client("careful", client_secret="s3cret-of-careful", require_state=True)
    return mock.authorize(client_id="careful", state=None)


def _posted_to_an_app(mock: Mock) -> TestResponse:
    mock.oauth.client("native", client_secret="s3cret-of-native", redirect_uris=["com.example.app:/cb"])
    return mock.authorize(client_id="native", redirect_uri="com.example.app:/cb", response_mode="form_post")


def _locked(mock: Mock) -> TestResponse:
    mock.oauth.change_user("alice", account="locked")
    mock.oauth.client("auto", client_secret="s3cret-of-auto", consent="auto")
    return mock.authorize(client_id="auto")


_GOOD = "A" * 43

CASES: tuple[Case, ...] = (
    Case("token", "no credentials at all", 401, "invalid_client", "RFC 6749 5.2",
         lambda m: m.token(auth=None, grant_type="client_credentials")),
    Case("token", "a client that is not registered", 401, "invalid_client", "RFC 6749 5.2",
         lambda m: m.token(auth=("crn", "x"), grant_type="client_credentials")),
    Case("token", "a wrong secret", 401, "invalid_client", "RFC 6749 5.2",
         lambda m: m.token(auth=("crm", "s3cret-of-crm\n"), grant_type="client_credentials")),
    Case("token", "a method that is not registered for the client", 401, "invalid_client", "RFC 6749 2.3.1",
         lambda m: m.token(auth=None, grant_type="client_credentials", client_id="crm")),
    Case("token", "a malformed Basic header", 401, "invalid_client", "RFC 6749 5.2",
         lambda m: m.http.post("/token", base_url=m.base, data={"grant_type": "client_credentials"},
                               headers={"Authorization": "Basic ???"})),
    Case("token", "another scheme in the Authorization header", 401, "invalid_client", "RFC 6749 5.2",
         lambda m: m.http.post("/token", base_url=m.base, data={"grant_type": "client_credentials"},
                               headers={"Authorization": "Digest x"})),
    Case("token", "two methods in one request", 400, "invalid_request", "RFC 6749 2.3",
         lambda m: m.token(grant_type="client_credentials", client_id="crm", client_secret="s3cret-of-crm")),
    Case("token", "another `client_id` in the body than in the header", 400, "invalid_request", "RFC 6749 2.3",
         lambda m: m.token(grant_type="client_credentials", client_id="billing")),
    Case("token", "no `grant_type`", 400, "invalid_request", "RFC 6749 5.2",
         lambda m: m.token(scope="orders:read")),
    Case("token", "a parameter that comes twice", 400, "invalid_request", "RFC 6749 3.2", _repeated),
    Case("token", "a body that is not what its Content-Type says", 400, "invalid_request", "RFC 6749 4",
         lambda m: _raw(m, b'{"grant_type": "client_credentials"}', "application/x-www-form-urlencoded")),
    Case("token", "a JSON body from a client that is not registered with `client_secret_json`", 400, "invalid_request",
         "RFC 6749 4", lambda m: _raw(m, b'{"grant_type": "client_credentials"}', "application/json")),
    Case("token", "a body of another type", 400, "invalid_request", "RFC 6749 4",
         lambda m: _raw(m, b"grant_type=client_credentials", "text/plain")),
    Case("token", "a grant that the mock does not have", 400, "unsupported_grant_type", "RFC 6749 5.2",
         lambda m: m.token(grant_type="client_credential")),
    Case("token", "a grant that the client is not registered for", 400, "unauthorized_client", "RFC 6749 5.2",
         lambda m: m.token(auth=("billing", "s3cret-of-billing"), grant_type="password", username="a", password="b")),
    Case("token", "client_credentials from a public client", 400, "unauthorized_client", "RFC 6749 4.4",
         lambda m: m.token(auth=None, client_id="app", grant_type="client_credentials")),
    Case("token", "a malformed scope", 400, "invalid_scope", "RFC 6749 3.3",
         lambda m: m.token(grant_type="client_credentials", scope='orders"read')),
    Case("token", "a scope that the issuer does not know", 400, "invalid_scope", "RFC 6749 3.3",
         lambda m: m.token(grant_type="client_credentials", scope="Orders:read")),
    Case("token", "a scope beyond the client's", 400, "invalid_scope", "RFC 6749 3.3",
         lambda m: m.token(grant_type="client_credentials", scope="orders:write")),
    Case("token", "a `resource` that is no absolute URI", 400, "invalid_target", "RFC 8707 2",
         lambda m: m.token(grant_type="client_credentials", resource="/orders")),
    Case("token", "a `resource` that was not authorized", 400, "invalid_target", "RFC 8707 2.2",
         lambda m: m.redeem(m.code(resource="https://a.example/"), resource="https://b.example/")),
    Case("token", "authorization_code without `code`", 400, "invalid_request", "RFC 6749 4.1.3",
         lambda m: m.token(grant_type="authorization_code")),
    Case("token", "a code that was never issued", 400, "invalid_grant", "RFC 6749 5.2", lambda m: m.redeem("made-up")),
    Case("token", "another client's code", 400, "invalid_grant", "RFC 6749 4.1.3",
         lambda m: m.token(auth=None, client_id="app", grant_type="authorization_code", code=m.code())),
    Case("token", "a code for the second time", 400, "invalid_grant", "RFC 6749 4.1.2", _code_twice),
    Case("token", "an expired code", 400, "invalid_grant", "RFC 6749 4.1.2", _expired_code),
    Case("token", "another `redirect_uri` than in the authorization request", 400, "invalid_grant", "RFC 6749 4.1.3",
         lambda m: m.token(grant_type="authorization_code", code=m.code(), redirect_uri="http://localhost/other")),
    Case("token", "no `code_verifier` for a code with a challenge", 400, "invalid_grant", "RFC 7636 4.5",
         lambda m: m.redeem(m.code(code_challenge=_GOOD, code_challenge_method="S256"))),
    Case("token", "a wrong `code_verifier`", 400, "invalid_grant", "RFC 7636 4.6",
         lambda m: m.redeem(m.code(code_challenge=_GOOD, code_challenge_method="S256"), code_verifier=_GOOD)),
    Case("token", "a malformed `code_verifier`", 400, "invalid_grant", "RFC 7636 4.1",
         lambda m: m.redeem(m.code(code_challenge=_GOOD), code_verifier="short")),
    Case("token", "a `code_verifier` for a code without a challenge", 400, "invalid_grant", "RFC 9700 4.8.2",
         lambda m: m.redeem(m.code(), code_verifier=_GOOD)),
    Case("token", "password without `username`", 400, "invalid_request", "RFC 6749 4.3.2",
         lambda m: m.token(grant_type="password", password="wonderland")),
    Case("token", "an unknown user", 400, "invalid_grant", "RFC 6749 5.2",
         lambda m: m.token(grant_type="password", username="alicia", password="wonderland")),
    Case("token", "a wrong password", 400, "invalid_grant", "RFC 6749 5.2",
         lambda m: m.token(grant_type="password", username="alice", password="Wonderland")),
    Case("token", "a refresh token that was never issued", 400, "invalid_grant", "RFC 6749 5.2",
         lambda m: m.refresh("made-up")),
    Case("token", "another client's refresh token", 400, "invalid_grant", "RFC 6749 6",
         lambda m: m.token(auth=None, client_id="app", grant_type="refresh_token",
                           refresh_token=m.tokens()["refresh_token"])),
    Case("token", "a rotated refresh token", 400, "invalid_grant", "RFC 6749 6", _rotated_twice),
    Case("token", "a wider scope at refresh", 400, "invalid_scope", "RFC 6749 6",
         lambda m: m.refresh(m.tokens(scope="orders:read")["refresh_token"], scope="orders:read openid")),
    Case("token", "one request more than `token_rate_limit`", 429, "temporarily_unavailable", "RFC 6585 4", _too_often),
    Case("authorize", "no `client_id`", 400, "invalid_request", "RFC 6749 4.1.1",
         lambda m: m.authorize(client_id=None)),
    Case("authorize", "a client that is not registered", 400, "invalid_request", "RFC 6749 4.1.2.1",
         lambda m: m.authorize(client_id="crn")),
    Case("authorize", "no `redirect_uri`, and not exactly one registered", 400, "invalid_request", "RFC 6749 3.1.2.3",
         lambda m: m.authorize(redirect_uri=None)),
    Case("authorize", "a `redirect_uri` that is not registered", 400, "invalid_request", "RFC 6749 3.1.2.3",
         lambda m: m.authorize(redirect_uri="https://evil.example/cb")),
    Case("authorize", "a `redirect_uri` with a fragment", 400, "invalid_request", "RFC 6749 3.1.2",
         lambda m: m.authorize(redirect_uri="http://localhost/cb#x")),
    Case("authorize", "no `response_type`", 302, "invalid_request", "RFC 6749 4.1.2.1",
         lambda m: m.authorize(response_type=None)),
    Case("authorize", "another `response_type` than `code`", 302, "unsupported_response_type", "RFC 6749 4.1.2.1",
         lambda m: m.authorize(response_type="token")),
    Case("authorize", "a client that is not registered for authorization_code", 302, "unauthorized_client",
         "RFC 6749 4.1.2.1", lambda m: m.authorize(client_id="billing")),
    Case("authorize", "a scope that the client may not have", 302, "invalid_scope", "RFC 6749 4.1.2.1",
         lambda m: m.authorize(scope="orders:write")),
    Case("authorize", "a `resource` with a fragment", 302, "invalid_target", "RFC 8707 2",
         lambda m: m.authorize(resource="https://api.example/#x")),
    Case("authorize", "an unknown `code_challenge_method`", 302, "invalid_request", "RFC 7636 4.4.1",
         lambda m: m.authorize(code_challenge=_GOOD, code_challenge_method="S512")),
    Case("authorize", "`prompt=none` where a page has to be shown", 302, "login_required",
         "OpenID Connect Core 3.1.2.6", lambda m: m.authorize(prompt="none")),
    Case("authorize", "no `state`, where `require_state` is set", 302, "invalid_request", "RFC 6749 10.12", _no_state),
    Case("authorize", "`response_mode=form_post` to a redirect URI that is not http or https", 302, "invalid_request",
         "RFC 6749 4.1.2.1", _posted_to_an_app),
    Case("authorize", "a person whose `account` is `locked` or `disabled`", 302, "access_denied", "RFC 6749 4.1.2.1",
         _locked),
    Case("authorize", "the person presses Deny", 302, "access_denied", "RFC 6749 4.1.2.1",
         lambda m: m.http.post("/authorize", base_url=m.base, data={"deny": "yes"}, query_string={
             "response_type": "code", "client_id": "crm", "redirect_uri": "http://localhost/cb"})),
    Case("resource", "no Authorization header", 401, "", "RFC 6750 3.1", lambda m: m.get("/orders", None)),
    Case("resource", "another scheme than Bearer", 401, "", "RFC 6750 3.1", lambda m: m.get("/orders", "Token abc")),
    Case("resource", "a token in the URL, where `bearer_methods_supported` has no `query`", 401, "", "RFC 6750 3.1",
         lambda m: m.get(f"/orders?access_token={m.tokens(scope='orders:read')['access_token']}", None)),
    Case("resource", "two tokens", 400, "invalid_request", "RFC 6750 2", _two_tokens),
    Case("resource", "a token without the word Bearer", 401, "", "RFC 6750 2.1",
         lambda m: m.get("/orders", m.tokens(scope="orders:read")["access_token"])),
    Case("resource", "the first request to `protect(path, challenge=True)`", 401, "", "RFC 6750 3", _challenged),
    Case("resource", "an unknown token", 401, "invalid_token", "RFC 6750 3.1",
         lambda m: m.get("/orders", "Bearer abc")),
    Case("resource", "a malformed token", 401, "invalid_token", "RFC 6750 2.1",
         lambda m: m.get("/orders", "Bearer a b")),
    Case("resource", "the word None as the token", 401, "invalid_token", "RFC 6750 3.1",
         lambda m: m.get("/orders", "Bearer None")),
    Case("resource", "an expired token", 401, "invalid_token", "RFC 6750 3.1", _expired_access),
    Case("resource", "a token whose scope is too small", 403, "insufficient_scope", "RFC 6750 3.1",
         lambda m: m.get("/orders", f"Bearer {m.tokens(scope='openid')['access_token']}")),
    Case("resource", "userinfo for a token without `openid`", 403, "insufficient_scope", "OpenID Connect Core 5.3",
         lambda m: m.get("/userinfo", f"Bearer {m.tokens(scope='orders:read')['access_token']}")),
    Case("anywhere", "a path at which nothing is served", 404, "invalid_request", "RFC 9110 15.5.5",
         lambda m: m.get("/oauth/token", None)),
    Case("anywhere", "GET at the token endpoint", 405, "invalid_request", "RFC 6749 3.2, RFC 9110 15.5.6",
         lambda m: m.get("/token", None)),
    Case("anywhere", "a Host that is not the server's", 421, "invalid_request", "RFC 9110 15.5.20",
         lambda m: m.http.get("/token", base_url="http://oauth.test")),
    Case("anywhere", "a body larger than `body_limit`", 413, "invalid_request", "RFC 9110 15.5.14",
         lambda m: _raw(m, b"x" * 2_000_000, "application/x-www-form-urlencoded")),
)  # fmt: skip


@functools.cache
def observed(where: str) -> list[tuple[Case, Seen]]:
    """Send the wrong requests for one part of the server. Raises AssertionError when an answer is not as tabled."""
    found: list[tuple[Case, Seen]] = []
    for case in CASES:
        if case.where != where:
            continue
        mock = Mock()
        answer = case.send(mock)
        exchange = mock.oauth.journal.last
        seen = Seen(answer.status_code, _error(answer), exchange.why)
        assert (seen.status, seen.error) == (case.status, case.error), (case.request, seen)
        assert not mock.oauth.exceptions, (case.request, mock.oauth.exceptions)
        found.append((case, seen))
    return found


def _error(answer: TestResponse) -> str:
    if answer.status_code == 302:
        return answer.location.partition("error=")[2].partition("&")[0]
    if answer.is_json:
        return str((answer.json or {}).get("error", ""))
    return answer.text.partition(f"<code>{answer.status_code} ")[2].partition("</code>")[0]
