"""A small connector on httpx, to read as an example, and the run of it against cells of the matrix."""

from __future__ import annotations

import base64
import collections.abc as cabc
import dataclasses
import hashlib
import secrets
import ssl
import time
import typing
import urllib.parse

import httpx
import jwt

from .redaction import redact

if typing.TYPE_CHECKING:
    from .server import OAuthMock
    from .variants import Cell

__all__ = ["AUTHENTICATION", "GRANTS", "NotAuthorized", "Outcome", "orders", "outcome"]

Settings = cabc.Mapping[str, str]
Form = dict[str, str]

# -- the connector -----------------------------------------------------------------------------------------------------


class NotAuthorized(Exception):
    """The browser came back without a code, or with somebody else's state."""


def orders(settings: Settings) -> typing.Any:
    """Get a token as the settings say, and call the resource with it. Raises `httpx.HTTPError`, `NotAuthorized`."""
    # Proxies of the environment are for other machines: the mock is on this one.
    with httpx.Client(trust_env=False, verify=trusting(settings)) as http:
        return resource(http, settings, access_token(http, settings)).raise_for_status().json()


def trusting(settings: Settings) -> ssl.SSLContext | bool:
    """Whom to believe, and what to show to who asks for a certificate (RFC 8705 2)."""
    if "ca" not in settings:
        return True
    context = ssl.create_default_context(cafile=settings["ca"])
    if "cert" in settings:
        context.load_cert_chain(settings["cert"], settings["key"])
    return context


def resource(http: httpx.Client, settings: Settings, token: str) -> httpx.Response:
    """RFC 6750 2: the token in the header, or where else the API wants it."""
    url, where = settings["resource_url"], settings.get("bearer", "header")
    if where == "query":
        return http.get(url, params={"access_token": token})
    if where == "body":
        return http.post(url, data={"access_token": token})
    return http.get(url, headers={"Authorization": f"Bearer {token}"})


def access_token(http: httpx.Client, settings: Settings) -> str:
    """RFC 6749 4: what the grant sends, authenticated as the client is registered."""
    form = GRANTS[settings["grant_type"]](http, settings)
    answer = AUTHENTICATION[settings["client_auth"]](http, settings, form)
    token: str = answer.raise_for_status().json()["access_token"]
    return token


def authorization_code(http: httpx.Client, settings: Settings) -> Form:
    """RFC 6749 4.1 with PKCE (RFC 7636): through the browser's redirects to the code."""
    state = secrets.token_urlsafe(16)
    verifier = settings.get("code_verifier") or secrets.token_urlsafe(32)
    query = {
        "response_type": "code",
        "client_id": settings["client_id"],
        "redirect_uri": settings["redirect_uri"],
        "scope": settings["scope"],
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    callback = http.get(settings["authorize_url"], params=query, follow_redirects=True).raise_for_status().url.params
    # RFC 6749 10.12: an answer with another state is an answer to somebody else
    if callback.get("state") != state or "code" not in callback:
        raise NotAuthorized(callback.get("error", "the callback has no code, or another state"))
    return {
        "grant_type": "authorization_code",
        "code": callback["code"],
        "redirect_uri": settings["redirect_uri"],
        "code_verifier": verifier,
    }


def password(_http: httpx.Client, settings: Settings) -> Form:
    """RFC 6749 4.3."""
    return {
        "grant_type": "password",
        "username": settings["username"],
        "password": settings["password"],
        "scope": settings["scope"],
    }


def client_credentials(_http: httpx.Client, settings: Settings) -> Form:
    """RFC 6749 4.4."""
    return {"grant_type": "client_credentials", "scope": settings["scope"]}


def refresh_token(_http: httpx.Client, settings: Settings) -> Form:
    """RFC 6749 6, for a connector that starts from a stored refresh token."""
    return {"grant_type": "refresh_token", "refresh_token": settings["refresh_token"]}


def client_secret_basic(http: httpx.Client, settings: Settings, form: Form) -> httpx.Response:
    """RFC 6749 2.3.1: in the Authorization header, each half form-urlencoded first where the server wants that."""
    raw = settings.get("basic_encoding") == "raw"
    halves = (
        settings[name] if raw else urllib.parse.quote_plus(settings[name]) for name in ("client_id", "client_secret")
    )
    return http.post(settings["token_url"], data=form, auth=httpx.BasicAuth(*halves))


def client_secret_post(http: httpx.Client, settings: Settings, form: Form) -> httpx.Response:
    """RFC 6749 2.3.1: in the body."""
    credentials = {name: settings[name] for name in ("client_id", "client_secret")}
    return http.post(settings["token_url"], data=form | credentials)


def client_secret_json(http: httpx.Client, settings: Settings, form: Form) -> httpx.Response:
    """In no RFC, but in products: the whole request as a JSON body."""
    credentials = {name: settings[name] for name in ("client_id", "client_secret")}
    return http.post(settings["token_url"], json=form | credentials)


def client_secret_query(http: httpx.Client, settings: Settings, form: Form) -> httpx.Response:
    """RFC 6749 2.3.1 forbids it, products do it: in the URL."""
    credentials = {name: settings[name] for name in ("client_id", "client_secret")}
    return http.post(settings["token_url"], params=credentials, data=form)


def client_secret_bearer(http: httpx.Client, settings: Settings, form: Form) -> httpx.Response:
    """In no RFC, but in products: the secret as if it were a token."""
    headers = {"Authorization": f"Bearer {settings['client_secret']}"}
    return http.post(settings["token_url"], data=form | {"client_id": settings["client_id"]}, headers=headers)


def assertion(http: httpx.Client, settings: Settings, form: Form) -> httpx.Response:
    """RFC 7523 2.2: signed with the private key, or with the secret."""
    now = int(time.time())
    claims = {
        "iss": settings["client_id"],
        "sub": settings["client_id"],
        "aud": settings["token_url"],
        "iat": now,
        "exp": now + 60,
        "jti": secrets.token_hex(16),
    }
    key = settings.get("private_key") or settings["client_secret"]
    headers = {"kid": settings["key_id"]} if "key_id" in settings else None
    signed = {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(claims, key, algorithm=settings["alg"], headers=headers),
    }
    return http.post(settings["token_url"], data=form | signed)


def public(http: httpx.Client, settings: Settings, form: Form) -> httpx.Response:
    """RFC 6749 3.2.1: a public client only says who it is; RFC 8705 2: so do those whose connection has the proof."""
    return http.post(settings["token_url"], data=form | {"client_id": settings["client_id"]})


GRANTS: dict[str, cabc.Callable[[httpx.Client, Settings], Form]] = {
    "authorization_code": authorization_code,
    "password": password,
    "client_credentials": client_credentials,
    "refresh_token": refresh_token,
}

AUTHENTICATION: dict[str, cabc.Callable[[httpx.Client, Settings, Form], httpx.Response]] = {
    "client_secret_basic": client_secret_basic,
    "client_secret_post": client_secret_post,
    "client_secret_json": client_secret_json,
    "client_secret_query": client_secret_query,
    "client_secret_bearer": client_secret_bearer,
    "client_secret_jwt": assertion,
    "private_key_jwt": assertion,
    "tls_client_auth": public,
    "self_signed_tls_client_auth": public,
    "none": public,
}

# -- the run -----------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one cell. `why` says what went wrong, secrets redacted; it is empty when the cell passed."""

    cell: Cell
    why: str
    seen: tuple[str, ...]
    """What the server saw, in order: `POST /token 200`."""


def outcome(mock: OAuthMock, cell: Cell, connector: cabc.Callable[[Settings], object] = orders) -> Outcome:
    """Run the connector once with the settings of a cell. The server is reset first: it sees this cell alone."""
    mock.reset()
    variant = mock.variant(cell)
    why = ""
    try:
        connector(variant.settings)
        variant.verify()
    except Exception as error:  # whatever a connector raises is its outcome
        refused = [exchange.why for exchange in mock.journal if exchange.verdict != "accepted"]
        # What verify() asserts says it all; what an HTTP client raises knows the status and not the reason.
        known = str(error) if isinstance(error, AssertionError) else ""
        why = redact(known or (refused[-1] if refused else f"{type(error).__name__}: {error}"))
    seen = tuple(f"{exchange.request.method} {exchange.path} {exchange.status}" for exchange in mock.journal)
    return Outcome(cell, why, seen)
