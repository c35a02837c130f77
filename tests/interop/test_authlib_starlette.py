"""A web application with Authlib's relying party for Starlette, as its documentation has it."""

from __future__ import annotations

import typing
import urllib.parse

import pytest
from authlib.integrations.starlette_client import OAuth
from authlib.integrations.starlette_client import OAuthError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from mockserver import OAuthMock

_CALLBACK = "http://testserver/callback"


def visitor(oauthmock: OAuthMock, **settings: typing.Any) -> TestClient:
    """Somebody at a browser, of a webapp with discovery, code with PKCE and nonce, an ID token and userinfo."""
    settings = {"redirect_uris": [_CALLBACK], "post_logout_redirect_uris": ["http://testserver/bye"], **settings}
    client = oauthmock.client("webapp", **settings)
    oauth = OAuth()
    oauth.register(
        "op",
        client_id=client.client_id,
        client_secret=client.client_secret,
        server_metadata_url=oauthmock.openid_configuration_url,
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256"},
    )

    async def login(request: Request) -> Response:
        answer: Response = await oauth.op.authorize_redirect(request, _CALLBACK, **request.query_params)
        return answer

    async def callback(request: Request) -> Response:
        token = await oauth.op.authorize_access_token(request)
        request.session["id_token"] = token["id_token"]
        told = await oauth.op.userinfo(token=token)
        return JSONResponse({"id_token": token["userinfo"], "userinfo": told})

    async def logout(request: Request) -> Response:
        hint = request.session["id_token"]
        answer: Response = await oauth.op.logout_redirect(request, "http://testserver/bye", id_token_hint=hint)
        return answer

    async def bye(request: Request) -> Response:
        return JSONResponse(await oauth.op.validate_logout_response(request))

    app = Starlette(
        routes=[
            Route("/login", login),
            Route("/callback", callback, methods=["GET", "POST"]),
            Route("/logout", logout),
            Route("/bye", bye),
        ],
        middleware=[Middleware(SessionMiddleware, secret_key="of the webapp's own session", same_site="none")],
    )
    return TestClient(app, follow_redirects=False)


def start(browser: TestClient, query: str = "") -> str:
    """Where the webapp sends somebody who wants to log in."""
    return str(browser.get(f"/login{query}").headers["location"])


@pytest.mark.parametrize("response_mode", ["query", "form_post"])
def test_a_person_logs_in(oauthmock: OAuthMock, response_mode: str) -> None:
    """OpenID Connect Core 3.1, 5.3: the nonce comes back in the ID token, and userinfo is of the same person."""
    browser = visitor(oauthmock)
    url = start(browser, f"?response_mode={response_mode}")
    sent = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))

    callback = oauthmock.approve(url, user="alice")
    if response_mode == "query":
        person = browser.get(callback.path_and_query).json()
    else:
        person = browser.post(callback.path_and_query, data=dict(callback.form)).json()

    issued = oauthmock.tokens.last
    assert person["userinfo"] == {"sub": "alice", "email": "alice@example.com"}
    assert {name: person["id_token"][name] for name in ("iss", "sub", "aud", "nonce", "email")} == {
        "iss": oauthmock.url,
        "sub": "alice",
        "aud": "webapp",
        "nonce": sent["nonce"],
        "email": "alice@example.com",
    }
    assert (issued.username, issued.scope, sent["code_challenge_method"]) == ("alice", {"openid", "email"}, "S256")
    assert [exchange.endpoint for exchange in oauthmock.journal] == [
        *("openid_configuration", "authorize", "authorize", "token", "jwks", "userinfo")
    ]


@pytest.mark.parametrize(
    "flaw", ["wrong_nonce", "wrong_key", "wrong_issuer", "wrong_audience", "expired", "none", "wrong_hash", "tampered"]
)
def test_a_bad_id_token_is_refused(oauthmock: OAuthMock, flaw: typing.Any) -> None:
    """OpenID Connect Core 3.1.3.7: nobody is logged in, and userinfo is not asked for."""
    browser = visitor(oauthmock)
    oauthmock.token_endpoint.forge(flaw, token="id_token")
    callback = oauthmock.approve(start(browser))

    with pytest.raises(Exception, match=r"(?i)invalid|mismatch|expired|unsupported|signature|algorithm|missing"):
        browser.get(callback.path_and_query)

    assert oauthmock.journal.at("userinfo") == []


@pytest.mark.parametrize("of", ["somebody else", "nobody"])
def test_a_wrong_state_is_refused(oauthmock: OAuthMock, of: str) -> None:
    """RFC 6749 10.12: the code of another login is not redeemed, nor the right one in another browser."""
    browser = visitor(oauthmock)
    callback = oauthmock.approve(start(browser))
    if of == "somebody else":
        browser.cookies.clear()
        path = callback.path_and_query
    else:
        path = f"/callback?code={callback.code}&state=made-up"

    with pytest.raises(OAuthError, match="mismatching_state"):
        browser.get(path)

    assert oauthmock.journal.at("token") == []


@pytest.mark.parametrize("error", ["access_denied", "login_required", "invalid_scope"])
def test_an_error_comes_back(oauthmock: OAuthMock, error: str) -> None:
    """RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6: the application is told by its code."""
    browser = visitor(oauthmock, scope="openid email")
    if error == "access_denied":
        callback = oauthmock.deny(start(browser))
    else:
        callback = oauthmock.approve(start(browser, "?prompt=none" if error == "login_required" else "?scope=payroll"))

    with pytest.raises(OAuthError) as told:
        browser.get(callback.path_and_query)

    assert (told.value.error, callback.error) == (error, error)
    assert told.value.description == callback.params["error_description"]
    assert len(oauthmock.tokens) == 0


def test_a_person_logs_out(oauthmock: OAuthMock) -> None:
    """OpenID Connect RP-Initiated Logout 2, 3: at the server too, and back with the state."""
    browser, person = visitor(oauthmock), oauthmock.browser()
    browser.get(person.approve(start(browser), user="alice").path_and_query)

    bye = person.log_out(str(browser.get("/logout").headers["location"]))

    assert browser.get(bye.path_and_query).json() == {"post_logout_redirect_uri": "http://testserver/bye"}
    assert person.approve(start(browser, "?prompt=none")).error == "login_required"
