"""OpenID Connect Core 3.2, 3.3, Multiple Response Types, JARM: what comes back through the browser, and how."""

from __future__ import annotations

import base64
import hashlib
import typing
import urllib.parse

import jwt
import pytest
import time_machine

from mockserver import Callback
from mockserver import OAuthMock
from mockserver.errors import ConfigurationError

_NOW = 1_800_000_000
_BACK = "http://127.0.0.1:7001/callback"
_SECRET = "s3cret-of-crm"
_ALL = [*("code", "id_token", "token", "code id_token", "code token", "id_token token", "code id_token token")]
_RIGHT = {
    "response_type": "code",
    "client_id": "crm",
    "redirect_uri": _BACK,
    "scope": "openid orders:read",
    "state": "s-1",
    "nonce": "n-1",
}


@pytest.fixture
def every(http: typing.Any) -> typing.Iterator[typing.Any]:
    """A server that has every response type, and its HTTP."""
    mock = OAuthMock(issuer="http://localhost", response_types_supported=_ALL)
    mock.user("alice", email="alice@example.com")
    mock.client("crm", client_secret=_SECRET, consent="auto")
    yield type(http)(mock)
    assert mock.exceptions == []


def url(**changes: str) -> str:
    return "http://localhost/authorize?" + urllib.parse.urlencode({**_RIGHT, **changes})


def half(text: str) -> str:
    """OpenID Connect Core 3.2.2.9, 3.3.2.11, for RS256."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).rstrip(b"=").decode()


def verified(http: typing.Any, token: str) -> dict[str, typing.Any]:
    key = jwt.PyJWKSet.from_dict(http.client.get("/jwks").get_json())[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, key, algorithms=["RS256"], audience="crm", issuer="http://localhost")


@pytest.mark.parametrize("response_type", _ALL)
def test_every_response_type_brings_what_it_names(every: typing.Any, response_type: str) -> None:
    """OpenID Connect Core 3.2.2.5, 3.3.2.5, Multiple Response Types 5: tokens in the fragment, a code in the query."""
    words = set(response_type.split())
    wanted = {
        "code": {"code"},
        "token": {"access_token", "token_type", "expires_in", "scope"},
        "id_token": {"id_token"},
    }

    callback = every.mock.approve(url(response_type=response_type))

    assert callback.params.keys() == {"state"}.union(*(wanted[word] for word in words))
    where, _, fragment = callback.url.partition("#")
    assert bool(fragment) == (words != {"code"})
    assert where == _BACK or words == {"code"}
    assert callback.path_and_query == ("/callback" if fragment else callback.url.removeprefix("http://127.0.0.1:7001"))
    if "id_token" in words:
        claims = verified(every, callback.id_token or "")
        assert (claims["sub"], claims["nonce"]) == ("alice", "n-1")
        assert claims.get("c_hash") == (half(callback.code or "") if "code" in words else None)
        assert claims.get("at_hash") == (half(callback.params["access_token"]) if "token" in words else None)
        # 5.4: without an access token there is no other place for them
        assert claims["email"] == "alice@example.com"
    if "token" in words:
        token = callback.params["access_token"]
        assert (callback.params["token_type"], callback.params["expires_in"]) == ("Bearer", "3600")
        assert callback.params["scope"] == "openid orders:read"
        assert every.api(token, "/userinfo").get_json() == {"email": "alice@example.com", "sub": "alice"}
        assert every.mock.tokens[0].refresh_token is None  # RFC 6749 4.2.2
    if "code" in words:
        form = {"grant_type": "authorization_code", "code": callback.code or "", "redirect_uri": _BACK}
        answer = every.token(form, basic=("crm", _SECRET)).get_json()
        # OpenID Connect Core 3.3.3.6: the same person
        assert verified(every, answer["id_token"])["sub"] == "alice"


@pytest.mark.parametrize("response_type", ["id_token code", "token id_token code"])
def test_words_come_in_any_order(every: typing.Any, response_type: str) -> None:
    """OAuth 2.0 Multiple Response Types 1: the order of the values does not matter."""
    assert every.mock.approve(url(response_type=response_type)).code


def test_a_replayed_code_ends_the_token_that_came_with_it(every: typing.Any) -> None:
    """RFC 6749 4.1.2: whatever one authorization brought lives and dies together."""
    callback = every.mock.approve(url(response_type="code token"))
    form = {"grant_type": "authorization_code", "code": callback.code or "", "redirect_uri": _BACK}
    before = every.api(callback.params["access_token"]).status_code
    for _ in range(2):
        every.token(form, basic=("crm", _SECRET))

    assert (before, every.api(callback.params["access_token"]).status_code) == (200, 401)


@pytest.mark.parametrize(
    ("changes", "error", "why"),
    [
        pytest.param({"response_type": "token"}, "unsupported_response_type", "response_types_supported", id="token"),
        pytest.param({"response_type": "id_token token"}, "unsupported_response_type", "has", id="implicit with token"),
        pytest.param({"response_type": "id_token", "nonce": ""}, "invalid_request", "needs a nonce", id="no nonce"),
        pytest.param(
            {"response_type": "code id_token", "nonce": ""}, "invalid_request", "nonce", id="hybrid, no nonce"
        ),
        pytest.param({"response_type": "id_token", "scope": "a"}, "invalid_request", "has no openid", id="no openid"),
        pytest.param({"response_type": "id_token", "response_mode": "query"}, "invalid_request", "URL", id="query"),
        pytest.param({"response_type": "id_token", "client_id": "code"}, "unauthorized_client", "'code'", id="client"),
        pytest.param({"response_type": "id_token", "client_id": "none"}, "unauthorized_client", "unsigned", id="none"),
        pytest.param(
            {"response_type": "code id_token", "client_id": "none"}, "unauthorized_client", "no", id="none too"
        ),
        pytest.param(
            {"response_type": "code id_token", "prompt": "none"}, "login_required", "nobody", id="prompt none"
        ),
        pytest.param(
            {"response_type": "code id_token", "client_id": "machine"}, "unauthorized_client", "no use", id="m"
        ),
    ],
)
def test_errors_are_where_tokens_would_be(
    mock: OAuthMock, http: typing.Any, changes: dict[str, str], error: str, why: str
) -> None:
    """RFC 6749 4.2.2.1, OpenID Connect Core 3.2.2.6, 3.3.2.6: in the fragment, with the state."""
    mock.client("crm")
    mock.client("code", response_types=["code"])
    mock.client("none", id_token_signed_response_alg="none")
    mock.client("machine", grant_types=["client_credentials"])

    response = http.client.get(url(**changes))

    pairs = [("error", error), ("error_description", http.some.description), ("state", "s-1")]
    assert http.fragment(response) == (302, _BACK, pairs, "no-store")
    assert why in mock.journal.last.why


def test_unsigned_tokens_do_not_come_through_the_browser(mock: OAuthMock) -> None:
    """OpenID Connect Registration 2: none, and an ID token from the authorization endpoint, exclude each other."""
    with pytest.raises(
        ConfigurationError, match="response_types has 'code id_token', and id_token_signed_response_alg"
    ):
        mock.client(response_types=["code id_token"], id_token_signed_response_alg="none")


def test_a_client_may_have_a_type_that_the_others_have_not(mock: OAuthMock) -> None:
    """RFC 7591 2: response_types of the registration."""
    mock.client("crm", response_types=["token"], consent="auto")

    assert "access_token" in mock.approve(url(response_type="token", scope="")).params
    assert mock.approve(url(response_type="code")).error == "unauthorized_client"


@pytest.mark.parametrize("client_id", ["crm", "page"])
@pytest.mark.parametrize("response_type", ["code", "code id_token"])
@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_every_mode_carries_every_type(mock: OAuthMock, mode: str, response_type: str, client_id: str) -> None:
    """OAuth 2.0 Multiple Response Types 2.1, Form Post Response Mode 2: as it was asked; tokens never in a query."""
    mock.client("crm", consent="auto", redirect_uris=[f"{_BACK}?tenant=a"])
    mock.client("page", redirect_uris=[f"{_BACK}?tenant=a"])
    asked = url(response_type=response_type, response_mode=mode, client_id=client_id, redirect_uri=f"{_BACK}?tenant=a")

    callback = mock.approve(asked)

    if mode == "query" and response_type != "code":
        assert callback.error == "invalid_request"
        return
    params = {"tenant", "code", "state"} | ({"id_token"} if "id_token" in response_type else set())
    assert set(callback.params) == params
    assert (callback.method == "POST") == (mode == "form_post")
    assert ("#" in callback.url) == (mode == "fragment")


def test_a_fragment_is_changed_where_it_is(every: typing.Any) -> None:
    """OAuth 2.0 Multiple Response Types 2.1: as a hostile server would have sent it."""
    callback = every.mock.approve(url(response_type="code id_token"))

    changed = callback.with_params(state="other")
    assert (changed.state, changed.url.partition("#")[0], changed.code) == ("other", _BACK, callback.code)
    assert callback.without("id_token").id_token is None
    assert Callback(f"{_BACK}#state=s").without("state").url == _BACK


@pytest.mark.parametrize("flaw", ["wrong_nonce", "wrong_hash", "wrong_key", "expired", "none"])
def test_a_token_from_here_may_be_forged(every: typing.Any, flaw: typing.Any) -> None:
    """OpenID Connect Core 3.2.2.11, 3.3.2.12: what a client of the hybrid flow has to refuse."""
    every.mock.authorization_endpoint.forge(flaw, token="id_token")
    every.mock.approve(url(response_type="code"))  # makes none, so it is not struck

    forged = every.mock.approve(url(response_type="code id_token"))
    good = every.mock.approve(url(response_type="code id_token"))

    assert verified(every, good.id_token or "")["nonce"] == "n-1"
    if flaw in ("wrong_nonce", "wrong_hash"):
        claims = verified(every, forged.id_token or "")
        right = claims["nonce"] == "n-1", claims["c_hash"] == half(forged.code or "")
        assert right == (flaw != "wrong_nonce", flaw != "wrong_hash")
    else:
        with pytest.raises((jwt.InvalidTokenError, KeyError)):
            verified(every, forged.id_token or "")


# -- JARM --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def jarm(http: typing.Any) -> typing.Any:
    modes = ["query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"]
    mock = OAuthMock(issuer="http://localhost", response_modes_supported=modes)
    mock.user("alice")
    mock.client("crm", client_secret=_SECRET, consent="auto")
    mock.client("page", client_secret=_SECRET)
    return type(http)(mock)


@pytest.mark.parametrize(
    ("mode", "response_type", "where"),
    [
        *(
            ("jwt", "code", "?"),
            ("query.jwt", "code", "?"),
            ("fragment.jwt", "code", "#"),
            ("form_post.jwt", "code", ""),
        ),
        *(("jwt", "code id_token", "#"), ("form_post.jwt", "code id_token", "")),
    ],
)
def test_a_response_in_a_jwt(jarm: typing.Any, mode: str, response_type: str, where: str) -> None:
    """JARM 2.1, 2.3, 2.4: one parameter, signed, for this client, for ten minutes; state inside."""
    with time_machine.travel(_NOW, tick=False):
        callback = jarm.mock.approve(url(response_mode=mode, response_type=response_type))
        claims = verified(jarm, callback.params["response"])

    assert set(callback.params) == {"response"}
    assert callback.method == ("GET" if where else "POST")
    assert callback.url.startswith(f"{_BACK}{where}")
    expected = {"iss": "http://localhost", "aud": "crm", "exp": _NOW + 600, "state": "s-1", "code": jarm.some.code}
    assert claims == {**expected, **({"id_token": jarm.some.jwt} if "id_token" in response_type else {})}


def test_an_error_in_a_jwt(jarm: typing.Any) -> None:
    """JARM 2.1: errors travel as successes do."""
    callback = jarm.mock.deny(url(response_mode="jwt", client_id="page").replace("crm", "page"))

    claims = jwt.decode(callback.params["response"], options={"verify_signature": False})
    assert (claims["error"], claims["state"], claims["aud"]) == ("access_denied", "s-1", "page")


@pytest.mark.filterwarnings("ignore:The HMAC key")
@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "HS256"])
def test_a_client_has_its_algorithm(jarm: typing.Any, alg: typing.Any) -> None:
    """JARM 3, 4: authorization_signed_response_alg, published and advertised."""
    jarm.mock.client("own", client_secret=_SECRET, consent="auto", authorization_signed_response_alg=alg)

    token = jarm.mock.approve(url(client_id="own", response_mode="jwt")).params["response"]

    header = jwt.get_unverified_header(token)
    jwks = jwt.PyJWKSet.from_dict(jarm.client.get("/jwks").get_json())
    key: typing.Any = _SECRET if alg == "HS256" else jwks[header["kid"]]
    assert jwt.decode(token, key, algorithms=[alg], audience="own")["state"] == "s-1"
    document = jarm.client.get("/.well-known/openid-configuration").get_json()
    assert document["authorization_signing_alg_values_supported"] == sorted({"RS256", alg})
    assert "form_post.jwt" in document["response_modes_supported"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"response_mode": "query.jwt", "response_type": "code id_token"}, "must not be in a URL"),
        (
            {"response_mode": "form_post.jwt", "redirect_uri": "com.example.app:/cb", "client_id": "app"},
            "cannot be posted",
        ),
    ],
)
def test_a_jwt_where_none_can_be(jarm: typing.Any, changes: dict[str, str], why: str) -> None:
    """JARM 2.3.1, 2.3.3: the error is in a JWT all the same."""
    jarm.mock.client("app", redirect_uris=["com.example.app:/cb"])

    callback = jarm.mock.approve(url(**changes))

    claims = jwt.decode(callback.params["response"], options={"verify_signature": False})
    assert claims["error"] == "invalid_request"
    assert why in jarm.mock.journal.last.why


def test_without_the_setting_there_are_no_jwts(mock: OAuthMock) -> None:
    """OAuth 2.0 Multiple Response Types 2.1: a mode that is not supported."""
    mock.client("crm", consent="auto")

    assert mock.approve(url(response_mode="jwt")).error == "invalid_request"
