"""RFC 6454 7, CORS: which endpoints scripts of other origins may ask, where a setting lets them."""

from __future__ import annotations

import typing

import pytest

from mockserver import OAuthMock
from mockserver.errors import ConfigurationError

_APP = "https://app.example.com"
_SHARED = [
    *("/token", "/userinfo", "/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"),
]
_OTHERS = ["/authorize", "/end_session", "/register", "/api/x", "/callback", "/nothing"]
_PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type",
}


def http_of(http: typing.Any, *origins: str) -> typing.Any:
    mock = OAuthMock(issuer="http://localhost", cors_origins=list(origins))
    mock.user("alice", password="wonderland")
    mock.client("crm", client_secret="s3cret")
    return type(http)(mock)


def asked(http: typing.Any, path: str, origin: str | None = _APP, **options: typing.Any) -> dict[str, str]:
    """What an answer says to a browser."""
    headers = {**({} if origin is None else {"Origin": origin}), **options.pop("headers", {})}
    response = http.client.open(path, **{"method": "GET", **options}, headers=headers)
    return {name: value for name, value in response.headers.items() if name.startswith("Access-") or name == "Vary"}


_EXPOSED = {"Access-Control-Expose-Headers": "DPoP-Nonce, Retry-After, WWW-Authenticate"}


@pytest.mark.parametrize("path", _SHARED)
def test_a_script_may_read_answers_and_refusals(http: typing.Any, path: str) -> None:
    """RFC 6454 7.2: the origin that asked, or any; an origin that is not listed is told nothing."""
    own, anybody, nobody = http_of(http, _APP, "http://localhost:3000"), http_of(http, "*"), http_of(http)

    assert asked(own, path) == {"Access-Control-Allow-Origin": _APP, **_EXPOSED, "Vary": "Origin"}
    assert asked(own, path, "http://localhost:3000")["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert asked(anybody, path) == {"Access-Control-Allow-Origin": "*", **_EXPOSED}
    for origin in ("https://evil.example", "null", f"{_APP}.evil.example", f"{_APP}/", None):
        assert asked(own, path, origin) == {"Vary": "Origin"}
    assert asked(nobody, path) == {}


@pytest.mark.parametrize("path", _OTHERS)
def test_other_endpoints_are_not_for_scripts(http: typing.Any, path: str) -> None:
    """RFC 6454 7.2: pages are for people, the API has its own guard."""
    own = http_of(http, "*")

    assert asked(own, path) == {}
    assert asked(own, path, method="OPTIONS", headers=_PREFLIGHT) == {}


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/token", "POST"), ("/userinfo", "GET, POST"), ("/jwks", "GET"), ("/.well-known/openid-configuration", "GET")],
)
def test_a_browser_asks_first(http: typing.Any, path: str, methods: str) -> None:
    """RFC 9110 9.3.7, CORS preflight: 204, nothing is done, and what is listed is what there is."""
    own = http_of(http, _APP)

    response = own.client.options(path, headers={"Origin": _APP, **_PREFLIGHT})

    assert (response.status_code, response.data) == (204, b"")
    sent = {name: value for name, value in response.headers.items() if name.startswith("Access-") or name == "Vary"}
    assert sent == {
        "Access-Control-Allow-Origin": _APP,
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "authorization, content-type",
        "Access-Control-Max-Age": "7200",
        **_EXPOSED,
        "Vary": "Origin",
    }
    assert own.mock.journal.last.why == f"a script of {_APP} may ask the {own.mock.journal.last.endpoint} endpoint"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", **_PREFLIGHT},
        {"Origin": _APP},
        _PREFLIGHT,
        {"Origin": "null", **_PREFLIGHT},
    ],
)
def test_what_is_no_preflight_of_ours_is_a_wrong_method(http: typing.Any, headers: dict[str, str]) -> None:
    """RFC 9110 15.5.6: 405, as without the setting."""
    for own in (http_of(http, _APP), http_of(http)):
        response = own.client.options("/token", headers=headers)

        assert response.status_code == 405
        assert "Access-Control-Allow-Methods" not in response.headers


def test_a_token_request_of_a_script(http: typing.Any) -> None:
    """RFC 6749 5.1, 5.2: success and refusal alike can be read, and no cookie is asked for."""
    own = http_of(http, _APP)
    form = {"grant_type": "password", "username": "alice", "password": "wonderland"}
    for secret, status in (("s3cret", 200), ("wrong", 401)):
        headers = [("Origin", _APP)]
        response = own.token(form, basic=("crm", secret), headers=headers)

        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == _APP
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("origin", ["app.example.com", "https://app.example.com/", "https://*.example.com", ""])
def test_what_no_browser_sends_is_no_origin(origin: str) -> None:
    """RFC 6454 6.2: scheme and host, without a slash."""
    with pytest.raises(ConfigurationError, match=r"cors_origins has .*: write scheme and host as browsers do"):
        OAuthMock(cors_origins=[origin])
