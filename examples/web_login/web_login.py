"""A web application with a login: authorization code, PKCE and OpenID Connect."""

from __future__ import annotations

import base64
import hashlib
import secrets
import urllib.parse

import httpx
import jwt
from werkzeug.utils import redirect
from werkzeug.wrappers import Request
from werkzeug.wrappers import Response

__all__ = ["WebApp"]

_CALLBACK = "http://localhost/callback"


class WebApp:
    """`/login` sends the browser away, `/callback` greets the person who comes back."""

    def __init__(self, issuer: str, *, client_id: str, client_secret: str) -> None:
        self._metadata = httpx.get(f"{issuer}/.well-known/openid-configuration").raise_for_status().json()
        self._credentials = (client_id, client_secret)
        self._logins: dict[str, tuple[str, str]] = {}

    @Request.application
    def __call__(self, request: Request) -> Response:
        return self._callback(request) if request.path == "/callback" else self._login()

    def _login(self) -> Response:
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        self._logins[state] = (nonce, verifier)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._credentials[0],
            "redirect_uri": _CALLBACK,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return redirect(f"{self._metadata['authorization_endpoint']}?{urllib.parse.urlencode(asked)}")

    def _callback(self, request: Request) -> Response:
        nonce, verifier = self._logins.pop(request.args.get("state", ""), ("", ""))
        if not nonce:
            return Response("Nobody here asked for this login.", 400)
        if "error" in request.args:
            return Response(f"No login: {request.args['error']}", 403)
        form = {
            "grant_type": "authorization_code",
            "code": request.args["code"],
            "redirect_uri": _CALLBACK,
            "code_verifier": verifier,
        }
        answer = httpx.post(self._metadata["token_endpoint"], data=form, auth=self._credentials)
        id_token = answer.raise_for_status().json()["id_token"]
        key = jwt.PyJWKClient(self._metadata["jwks_uri"]).get_signing_key_from_jwt(id_token)
        claims = jwt.decode(
            id_token, key, algorithms=["RS256"], audience=self._credentials[0], issuer=self._metadata["issuer"]
        )
        if claims["nonce"] != nonce:
            return Response("The ID token belongs to another login.", 400)
        return Response(f"Hello {claims['name']}")
