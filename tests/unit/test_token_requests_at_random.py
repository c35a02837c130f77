"""Token requests that nobody would write: each gets an answer of the protocol, and nothing breaks inside."""

from __future__ import annotations

import base64
import functools
import io
import json
import time
import typing

import hypothesis
import hypothesis.strategies as st
import jwt

from mockserver import OAuthMock

_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ERRORS = {
    *("invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "invalid_target"),
    *("unauthorized_client", "unsupported_grant_type"),
}
_METHODS = [
    *("client_secret_basic", "client_secret_post", "client_secret_json", "client_secret_query"),
    *("client_secret_bearer", "client_secret_jwt", "private_key_jwt", "none"),
]


@functools.cache
def server() -> OAuthMock:
    """One for all examples: a client for each method, one that may do everything, and one that prefers."""
    mock = OAuthMock(issuer="http://localhost")
    mock.user("alice", password="wonderland")
    for method in _METHODS:
        mock.client(method, token_endpoint_auth_method=method, client_secret="s" if "secret" in method else None)
    everything = {"request_encodings": ["form", "json", "multipart", "query"], "burn_code_on_invalid_client": True}
    mock.client("all", client_secret="s", token_endpoint_auth_method=_METHODS[:6], **everything)
    for policy in ("prefer_header", "prefer_body"):
        mock.client(policy, client_secret="s", both_at_once=policy, request_encodings=["form", "query"])
    return mock


@functools.cache
def assertion(client_id: str) -> str:
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": "http://localhost", "exp": now + 600}
    return jwt.api_jws.encode(json.dumps(claims).encode(), b"s" * 64, algorithm="HS256")


def _jwt(header: object, claims: object, signature: str) -> str:
    parts = (json.dumps(part).encode("utf-8", "surrogatepass") for part in (header, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), signature])


_CLIENTS = st.sampled_from([*_METHODS, "all", "prefer_header", "prefer_body", "nobody", ""])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]),
    _CLIENTS | _JSON | st.sampled_from(["http://localhost", 10**400, -(10**400), 1e300, time.time() + 60]),
)
_HEADER = st.dictionaries(
    st.sampled_from(["alg", "kid", "typ", "crit", "b64"]),
    _JSON | st.sampled_from(["HS256", "ES256", "none", "RS256", "JWT", "at+jwt"]),
)
_ASSERTIONS = (
    st.builds(_jwt, _HEADER | _JSON, _CLAIMS | _JSON, st.text("AZaz09-_=", max_size=20))
    | st.builds(assertion, _CLIENTS)
    | st.text(max_size=50)
)
_VALUES = (
    _CLIENTS
    | _ASSERTIONS
    | st.sampled_from(["s", _TYPE, "client_credentials", "password", "refresh_token", "authorization_code", "alice"])
    | st.text(max_size=30)
)
_NAMES = st.sampled_from(
    [
        *("grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "scope", "code"),
        *("refresh_token", "username", "password", "resource", "audience", "redirect_uri", "code_verifier"),
    ]
) | st.text(max_size=5)
_PAIRS = st.lists(st.tuples(_NAMES, _VALUES), max_size=8)


def _form(pairs: list[tuple[str, str]]) -> bytes:
    def quoted(text: str) -> str:
        return "".join(f"%{octet:02X}" for octet in text.encode("utf-8", "surrogatepass"))

    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in pairs).encode()


def _json(pairs: list[tuple[str, str]]) -> bytes:
    return ("{" + ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs) + "}").encode()


def _multipart(pairs: list[tuple[str, str]]) -> bytes:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode("utf-8", "surrogatepass")
        for name, value in pairs
    ]
    return b"".join(parts) + b"--x--"


def _basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode("utf-8", "surrogatepass")).decode()


_BODIES = (
    st.builds(_form, _PAIRS)
    | st.builds(_json, _PAIRS)
    | st.builds(lambda value: json.dumps(value).encode(), _JSON)
    | st.builds(_multipart, _PAIRS)
    | st.binary(max_size=200)
)
_BROKEN = st.builds(
    lambda body, cut, at, junk: body[: at % (len(body) + 1)] + junk + body[(at + cut) % (len(body) + 1) :],
    _BODIES,
    st.integers(0, 20),
    st.integers(0, 2000),
    st.binary(max_size=5),
)
_LATIN = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=40)
_TYPES = (
    st.sampled_from(
        [
            *("application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8"),
            *("application/json", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", ""),
        ]
    )
    | st.none()
    | _LATIN
)
_AUTHORIZATION = (
    st.none()
    | st.builds(_basic, _CLIENTS | st.text(max_size=10), st.just("s") | st.text(max_size=10))
    | st.builds("{} {}".format, st.sampled_from(["Basic", "Bearer", "bearer", "Digest", ""]), _LATIN | st.just("s"))
)


@hypothesis.settings(max_examples=400, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
@hypothesis.given(
    body=_BODIES | _BROKEN,
    query=st.builds(_form, _PAIRS) | st.binary(max_size=30),
    content_type=_TYPES,
    authorization=_AUTHORIZATION,
    stated=st.integers(-3, 3),
)
@hypothesis.example(
    body=b"grant_type=client_credentials",
    query=b"",
    content_type="application/x-www-form-urlencoded",
    authorization=_basic("client_secret_basic", "s"),
    stated=0,
)
@hypothesis.example(  # a part without name
    body=b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--",
    query=b"",
    content_type="multipart/form-data; boundary=x",
    authorization=None,
    stated=0,
)
def test_no_token_request_breaks_the_server(
    body: bytes, query: bytes, content_type: str | None, authorization: str | None, stated: int
) -> None:
    """RFC 6749 5: 200, 400, 401, or 408 for a body that stops early; JSON, an error of the registry; never a 5xx."""
    mock = server()
    environ: dict[str, typing.Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/token",
        "QUERY_STRING": query.decode("latin-1"),
        "HTTP_HOST": "localhost",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "CONTENT_LENGTH": str(max(0, len(body) + stated)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    }
    if content_type is not None:
        environ["CONTENT_TYPE"] = content_type
    if authorization is not None:
        environ["HTTP_AUTHORIZATION"] = authorization
    started: list[tuple[str, list[tuple[str, str]]]] = []

    answer = b"".join(
        mock.wsgi(environ, lambda status, headers: started.append((status, headers)) or io.BytesIO().write)
    )

    assert mock.exceptions == []
    ((status, headers),) = started
    members = json.loads(answer)
    assert ("Content-Type", "application/json") in headers
    assert ("Cache-Control", "no-store") in headers
    assert all("\r" not in value and "\n" not in value for _, value in headers)
    exchange = mock.journal.last
    assert str(exchange)
    assert exchange.status == int(status[:3])
    if status.startswith("200"):
        assert members["token_type"] == "Bearer"
        assert exchange.client_auth in _METHODS
        return
    assert status[:3] in ("400", "401", "408")
    assert members["error"] in _ERRORS
    assert (members["error"] == "invalid_client") == (status[:3] == "401")
    assert all(" " <= character <= "~" and character not in '"\\' for character in members["error_description"])
    assert exchange.why
