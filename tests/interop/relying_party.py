"""A relying party of Authlib's and joserfc's making, and a person at a browser that keeps cookies."""

from __future__ import annotations

import collections.abc as cabc
import typing
import urllib.parse

import httpx
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from mockserver import OAuthMock
from mockserver import RegisteredClient
from mockserver.actor import Page

__all__ = ["REDIRECT_URI", "Browser", "Login", "RelyingParty"]

REDIRECT_URI = "https://rp.example.com/callback"


class Browser:
    """What somebody sees who is sent to the server and presses its buttons; cookies stay until it is closed."""

    def __init__(self) -> None:
        self._http = httpx.Client(trust_env=False)
        self.pages = 0
        """How many pages were shown."""

    def go(self, url: str, *, form: cabc.Mapping[str, str] | None = None) -> httpx.Response:
        """Where a link, or a form of another site, leads: a page or a redirect."""
        answer = self._http.get(url) if form is None else self._http.post(url, data=form)
        self.pages += answer.status_code == 200
        return answer

    def approve(self, answer: httpx.Response, *, user: str = "alice") -> httpx.Response:
        """Press the button of a person on the page that was shown, if one was."""
        if answer.is_redirect:
            return answer
        page = Page(answer.text)
        assert user in page.users, answer.text
        fields = [*page.hidden, ("user", user), *(("scope", scope) for scope in page.scopes)]
        content = urllib.parse.urlencode(fields)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._http.post(answer.request.url.join(page.action or ""), content=content, headers=headers)

    def close(self) -> None:
        self._http.close()


class Login(typing.NamedTuple):
    """What a login brought."""

    tokens: dict[str, typing.Any]
    claims: CodeIDToken | None
    """Of the ID token, validated; None where there is none."""
    header: dict[str, typing.Any]


class RelyingParty:
    """Authlib's client, and its validation of ID tokens (OpenID Connect Core 3.1.3.7)."""

    def __init__(
        self,
        server: OAuthMock,
        client: RegisteredClient,
        *,
        method: str = "client_secret_basic",
        algorithms: cabc.Sequence[str] = ("RS256",),
    ) -> None:
        self._algorithms = list(algorithms)
        self.discovered = httpx.get(server.openid_configuration_url).json()
        self.browser = Browser()
        self.client = OAuth2Client(
            client.client_id,
            client.client_secret,
            token_endpoint_auth_method=method,
            redirect_uri=REDIRECT_URI,
            code_challenge_method="S256",
            trust_env=False,
        )

    def url(self, scope: str = "openid", *, code_verifier: str | None = None, **parameters: str | None) -> str:
        """An authorization request; a parameter that is None is left out."""
        given = {"nonce": "n-1", "state": "s-1", **parameters}
        kept: dict[str, typing.Any] = {name: value for name, value in given.items() if value is not None}
        endpoint = self.discovered["authorization_endpoint"]
        made: tuple[str, str] = self.client.create_authorization_url(
            endpoint, scope=scope, code_verifier=code_verifier, **kept
        )
        return made[0]

    def redeem(
        self, callback: str, *, nonce: str | None = "n-1", code_verifier: str | None = None, max_age: int | None = None
    ) -> Login:
        """Code to tokens, and the ID token validated."""
        tokens = self.client.fetch_token(
            self.discovered["token_endpoint"], authorization_response=callback, state="s-1", code_verifier=code_verifier
        )
        keys = KeySet.import_key_set(httpx.get(self.discovered["jwks_uri"]).json())
        decoded = jwt.decode(tokens["id_token"], keys, algorithms=self._algorithms)
        params = {"nonce": nonce, "client_id": self.client.client_id, "access_token": tokens["access_token"]}
        options = {
            "iss": {"value": self.discovered["issuer"]},
            "aud": {"value": self.client.client_id},
            "auth_time": {"essential": max_age is not None},
        }
        claims = CodeIDToken(decoded.claims, decoded.header, options, {**params, "max_age": max_age})
        claims.validate(leeway=0)
        return Login(dict(tokens), claims, dict(decoded.header))

    def login(self, scope: str = "openid", *, code_verifier: str | None = None, **parameters: str | None) -> Login:
        """All of it, with a person who approves where a page is shown."""
        answer = self.browser.approve(self.browser.go(self.url(scope, code_verifier=code_verifier, **parameters)))
        assert answer.is_redirect, answer.text
        nonce = parameters.get("nonce", "n-1")
        age = parameters.get("max_age")
        return self.redeem(
            answer.headers["Location"],
            nonce=nonce,
            code_verifier=code_verifier,
            max_age=None if age is None else int(age),
        )

    def refused(self, answer: httpx.Response) -> dict[str, str]:
        """The parameters of an error that travelled back."""
        where, _, query = answer.headers["Location"].partition("?")
        assert where == REDIRECT_URI
        return dict(urllib.parse.parse_qsl(query))

    def userinfo(self, tokens: cabc.Mapping[str, typing.Any]) -> dict[str, typing.Any]:
        answer = httpx.get(
            self.discovered["userinfo_endpoint"], headers={"Authorization": f"Bearer {tokens['access_token']}"}
        )
        claims: dict[str, typing.Any] = answer.json()
        return claims

    def close(self) -> None:
        self.browser.close()
        self.client.close()
