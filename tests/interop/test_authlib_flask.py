"""A web application with Authlib's relying party for Flask, as its documentation has it."""

from __future__ import annotations

import typing

import flask
import pytest
from authlib.integrations.flask_client import OAuth

from mockserver import OAuthMock


def webapp(oauthmock: OAuthMock, **settings: typing.Any) -> flask.Flask:
    """Discovery, code with PKCE and nonce, an ID token; who logged in as JSON."""
    client = oauthmock.client(redirect_uris=["http://localhost/callback"], **settings)
    app = flask.Flask("webapp")
    app.config["SECRET_KEY"] = "of the webapp's own session"
    oauth = OAuth(app)
    oauth.register(
        "op",
        client_id=client.client_id,
        client_secret=client.client_secret,
        server_metadata_url=oauthmock.openid_configuration_url,
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256"},
    )

    @app.route("/login")
    def login() -> typing.Any:
        return oauth.op.authorize_redirect("http://localhost/callback", **flask.request.args)

    @app.route("/callback")
    def callback() -> typing.Any:
        return oauth.op.authorize_access_token()["userinfo"]

    return app


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "ES512"])
def test_a_person_logs_in(oauthmock: OAuthMock, alg: typing.Any) -> None:
    """OpenID Connect Core 3.1: the ID token is believed, whatever it is signed with."""
    with webapp(oauthmock, id_token_signed_response_alg=alg).test_client() as visitor:
        callback = oauthmock.approve(visitor.get("/login").location, user="alice")
        person = visitor.get(callback.path_and_query).get_json()

    assert (person["sub"], person["email"], person["iss"]) == ("alice", "alice@example.com", oauthmock.url)
    assert oauthmock.journal.grant_types == ["authorization_code"]


@pytest.mark.parametrize(
    "flaw", ["wrong_nonce", "wrong_key", "wrong_issuer", "wrong_audience", "expired", "none", "wrong_hash", "tampered"]
)
def test_a_bad_id_token_is_refused(oauthmock: OAuthMock, flaw: typing.Any) -> None:
    """OpenID Connect Core 3.1.3.7: the page of the application breaks, and nobody is logged in."""
    app = webapp(oauthmock)
    app.testing = True
    oauthmock.token_endpoint.forge(flaw, token="id_token")
    with app.test_client() as visitor:
        callback = oauthmock.approve(visitor.get("/login").location)

        with pytest.raises(Exception, match=r"(?i)invalid|mismatch|expired|unsupported|signature|algorithm|missing"):
            visitor.get(callback.path_and_query)


@pytest.mark.parametrize("error", ["access_denied", "login_required"])
def test_an_error_comes_back(oauthmock: OAuthMock, error: str) -> None:
    """OpenID Connect Core 3.1.2.6: the application is told by its code."""
    app = webapp(oauthmock)
    app.testing = True
    with app.test_client() as visitor:
        if error == "access_denied":
            callback = oauthmock.deny(visitor.get("/login").location)
        else:
            callback = oauthmock.approve(visitor.get("/login?prompt=none").location)

        with pytest.raises(Exception, match=error):
            visitor.get(callback.path_and_query)
