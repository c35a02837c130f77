"""RFC 7662: what the introspection endpoint says of a token, and to whom; RFC 9701: as a signed JWT."""

from __future__ import annotations

import typing

import jwt
import pytest

from mockserver import ConfigurationError
from mockserver import OAuthMock

_CRM = ("crm", "s3cret")
_API = ("api", "s3cret-too")
_INACTIVE = {"active": False}
_SIGNED = "application/token-introspection+jwt"


@pytest.fixture
def crm(mock: OAuthMock) -> typing.Any:
    """A client with tokens, and one that asks about them."""
    mock.client("api", client_secret="s3cret-too")
    return mock.client("crm", client_secret="s3cret")


def introspect(http: typing.Any, token: str, *, basic: tuple[str, str] | None = _API, **more: str) -> typing.Any:
    return http.post("/introspect", {"token": token, **more}, basic=basic)


def said(http: typing.Any, token: str, **options: typing.Any) -> typing.Any:
    status, members, headers = http.answer(introspect(http, token, **options))
    assert (status, headers) == (200, http.json_headers)
    return members


@pytest.mark.parametrize("access_token_format", ["jwt", "opaque"])
def test_an_access_token_of_a_person(http: typing.Any, mock: OAuthMock, access_token_format: typing.Any) -> None:
    """RFC 7662 2.2: every member, the same for a JWT and for what tells nothing itself."""
    mock.client("api", client_secret="s3cret-too")
    crm = mock.client("crm", client_secret="s3cret", access_token_format=access_token_format)
    token = crm.grant(user="alice", scope="orders:read orders:write")
    issued = int(token.issued_at)

    members = said(http, token.access_token)
    jti = members.pop("jti")

    assert members == {
        "active": True,
        "scope": "orders:read orders:write",
        "client_id": "crm",
        "username": "alice",
        "token_type": "Bearer",
        "exp": issued + 3600,
        "iat": issued,
        "nbf": issued,
        "auth_time": issued,
        "sub": "alice",
        "aud": "http://localhost/api",
        "iss": "http://localhost",
    }
    assert jti == (token.claims["jti"] if token.claims else said(http, token.access_token)["jti"])
    assert jti.startswith("oam_")
    assert jti not in token.access_token
    assert mock.journal.last.why == "active: an access token of client 'crm'"


def test_an_access_token_of_a_client(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 7662 2.2: nobody's name, no scope where there is none, and several audiences as a list (RFC 8707)."""
    wanted = [
        ("grant_type", "client_credentials"),
        ("resource", "https://a.example"),
        ("resource", "https://b.example"),
    ]
    http.token(wanted, basic=_CRM)

    members = said(http, mock.tokens.last.access_token)

    assert sorted(members) == ["active", "aud", "client_id", "exp", "iat", "iss", "jti", "nbf", "sub", "token_type"]
    assert (members["sub"], members["aud"]) == ("crm", ["https://a.example", "https://b.example"])


def test_a_refresh_token(http: typing.Any, crm: typing.Any) -> None:
    """RFC 7662 2.2: without a token_type, so that no API takes it for an access token."""
    token = crm.grant(user="alice", scope="orders:read", refresh_token_lifetime=86400)

    members = said(http, token.refresh_token)

    assert sorted(members) == [
        *("active", "aud", "auth_time", "client_id", "exp", "iat", "iss", "jti", "nbf", "scope", "sub", "username"),
    ]
    assert members["exp"] - members["iat"] == 86400


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "id_token", "nonsense", ""])
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_the_hint_hides_nothing(http: typing.Any, crm: typing.Any, kind: str, hint: str) -> None:
    """RFC 7662 2.1: right, wrong or unknown, it helps to look the token up and no more."""
    token = getattr(crm.grant(user="alice"), kind)

    assert said(http, token, token_type_hint=hint)["active"] is True


def expired(mock: OAuthMock, token: typing.Any) -> str:
    mock.clock.advance(seconds=3600)
    return str(token.access_token)


def revoked(mock: OAuthMock, token: typing.Any) -> str:
    token.revoke()
    return str(token.access_token)


def of_another_issuer(mock: OAuthMock, token: typing.Any) -> str:
    other = OAuthMock(issuer="http://elsewhere").client("crm")
    return str(other.grant().access_token)


def flawed(mock: OAuthMock, token: typing.Any) -> str:
    return str(token.access_token[:-4]) + "AAAA"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(expired, "an access token of client 'crm', which expired 0 s ago (server clock)", id="expired"),
        pytest.param(revoked, "an access token of client 'crm', which has been revoked", id="revoked"),
        pytest.param(of_another_issuer, "never issued the token", id="another issuer's"),
        pytest.param(flawed, "never issued the token", id="another signature"),
        pytest.param(lambda mock, token: "x" * 1000, "never issued the token", id="unknown"),
    ],
)
def test_what_is_not_active_is_not_told_apart(
    http: typing.Any, mock: OAuthMock, crm: typing.Any, spoil: typing.Any, why: str
) -> None:
    """RFC 7662 2.2: nothing but that it is not active; the tester is told why."""
    token = spoil(mock, crm.grant(user="alice"))

    assert said(http, token) == _INACTIVE
    assert mock.journal.last.why.startswith("inactive: ")
    assert why in mock.journal.last.why


def test_it_expires_in_the_second_that_exp_says(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 7662 2.2: active until exp, and not at it."""
    token = crm.grant(user="alice").access_token
    mock.clock.advance(seconds=3599)

    assert said(http, token)["active"] is True
    mock.clock.advance(seconds=1)
    assert said(http, token) == _INACTIVE


def test_a_refresh_token_that_was_used_up(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 7662 2.2: what a rotation left behind cannot be used, so it is not active."""
    old = crm.grant(user="alice").refresh_token
    http.token({"grant_type": "refresh_token", "refresh_token": old}, basic=_CRM)

    assert said(http, old) == _INACTIVE
    assert said(http, mock.tokens.last.refresh_token)["active"] is True


def test_a_token_that_a_fault_forged(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 7662 2.2: what nobody should take is not active."""
    mock.token_endpoint.forge("expired")
    http.token({"grant_type": "client_credentials"}, basic=_CRM)

    assert said(http, mock.tokens.last.access_token) == _INACTIVE


# -- who may ask -------------------------------------------------------------------------------------------------------


def test_own_tokens_alone(http: typing.Any) -> None:
    """RFC 7662 2.2: who may not know of a token is told that it is not active."""
    mock = OAuthMock(issuer="http://localhost", introspection="own")
    http = type(http)(mock)
    mock.client("api", client_secret="s3cret-too")
    token = mock.client("crm", client_secret="s3cret").grant().access_token

    assert said(http, token) == _INACTIVE
    assert "introspection is 'own'" in mock.journal.last.why
    assert said(http, token, basic=_CRM)["active"] is True


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_jwt", "private_key_jwt"])
def test_clients_authenticate_as_at_the_token_endpoint(
    http: typing.Any, mock: OAuthMock, crm: typing.Any, method: str
) -> None:
    """RFC 7662 2.1: by whatever method the client is registered with; an assertion for the token endpoint is good."""
    asking = mock.client("asking", token_endpoint_auth_method=method)
    if method == "client_secret_post":
        shown = {"client_id": "asking", "client_secret": asking.client_secret}
    else:
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        assertion = asking.client_assertion(audience="http://localhost/token")
        shown = {"client_assertion_type": kind, "client_assertion": assertion}

    assert said(http, crm.grant().access_token, basic=None, **shown)["active"] is True
    assert (mock.journal.last.client_id, mock.journal.last.client_auth) == ("asking", method)


@pytest.mark.parametrize(
    ("basic", "form", "challenge"),
    [
        pytest.param(None, {}, None, id="nobody"),
        pytest.param(("api", "wr0ng"), {}, 'Basic realm="token endpoint"', id="wrong secret"),
        pytest.param(None, {"client_id": "spa"}, None, id="public client"),
        pytest.param(None, {"client_id": "nobody", "client_secret": "x"}, None, id="unknown client"),
    ],
)
def test_who_does_not_show_who_they_are_learns_nothing(
    http: typing.Any, crm: typing.Any, basic: typing.Any, form: typing.Any, challenge: str | None
) -> None:
    """RFC 7662 2.1, 2.3, 4: 401, of a public client as well."""
    http.mock.client("spa", token_endpoint_auth_method="none")

    answer = introspect(http, crm.grant().access_token, basic=basic, **form)

    assert http.answer(answer) == http.refused(401, "invalid_client", challenge=challenge)


def test_a_resource_server_with_a_token_of_its_own(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 7662 2.1: a Bearer token in place of client authentication."""
    http.token({"grant_type": "client_credentials"}, basic=_API)
    own = mock.tokens.last.access_token
    token = crm.grant(user="alice").access_token

    answer = http.post("/introspect", {"token": token}, headers=[("Authorization", f"Bearer {own}")])

    assert answer.get_json()["active"] is True
    assert (mock.journal.last.client_id, mock.journal.last.client_auth) == ("api", "bearer")
    mock.clock.advance(hours=1)
    refused = http.post("/introspect", {"token": token}, headers=[("Authorization", f"Bearer {own}")])
    assert http.answer(refused) == http.challenged(401, "invalid_token", description="The access token expired.")
    unknown = http.post("/introspect", {"token": token}, headers=[("Authorization", "Bearer nobodys")])
    assert http.answer(unknown) == http.challenged(401, "invalid_token", description="The access token is unknown.")


@pytest.mark.parametrize(
    ("form", "clause"),
    [
        pytest.param([], "RFC 7662 2.1", id="no token"),
        pytest.param([("token", "")], "RFC 7662 2.1", id="empty token"),
        pytest.param([("token", "a"), ("token", "b")], "RFC 6749 3.1", id="two tokens"),
        pytest.param([("token", "a\x00b")], "RFC 6749 appendix A", id="control character"),
    ],
)
def test_malformed_requests(http: typing.Any, crm: typing.Any, form: typing.Any, clause: str) -> None:
    """RFC 7662 2.3, RFC 6749 5.2: 400 invalid_request."""
    answer = http.post("/introspect", form, basic=_API)

    assert http.answer(answer) == http.refused(400, "invalid_request")
    assert clause in http.mock.journal.last.why


def test_a_get_is_refused(http: typing.Any, crm: typing.Any) -> None:
    """RFC 7662 2.1: POST, since the token must not get into a URL."""
    answer = http.client.get("/introspect?token=x")

    assert http.answer(answer)[0] == 405
    assert answer.headers["Allow"] == "POST"


# -- as a signed JWT ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_a_signed_answer(http: typing.Any, mock: OAuthMock, crm: typing.Any, alg: typing.Any) -> None:
    """RFC 9701 4, 5: by the Accept header; type, issuer, audience, and the answer as one claim."""
    mock.client("signed", client_secret="s3cret-three", introspection_signed_response_alg=alg)
    token = crm.grant(user="alice", scope="orders:read").access_token
    plain = said(http, token)

    answer = http.post(
        "/introspect", {"token": token}, basic=("signed", "s3cret-three"), headers=[("Accept", f"{_SIGNED}, */*;q=0.1")]
    )

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, _SIGNED)
    assert answer.headers["Cache-Control"] == "no-store"
    header = jwt.get_unverified_header(answer.text)
    assert header == {"typ": "token-introspection+jwt", "alg": alg, "kid": header["kid"]}
    keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(http.client.get("/jwks").get_json()).keys}
    claims = jwt.decode(answer.text, keys[header["kid"]], algorithms=[alg], audience="signed")
    now = int(mock.clock.now())
    assert now - 5 <= claims.pop("iat") <= now
    assert claims == {"iss": "http://localhost", "aud": "signed", "token_introspection": plain}


def test_a_signed_answer_about_nothing(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 9701 5: of an inactive token nothing but that."""
    answer = http.post("/introspect", {"token": "x"}, basic=_API, headers=[("Accept", _SIGNED)])

    claims = jwt.decode(answer.text, options={"verify_signature": False})
    assert claims["token_introspection"] == _INACTIVE


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/jwt"])
def test_who_did_not_ask_for_a_jwt_gets_json(http: typing.Any, crm: typing.Any, accept: str) -> None:
    """RFC 9701 4."""
    answer = http.post("/introspect", {"token": crm.grant().access_token}, basic=_API, headers=[("Accept", accept)])

    assert answer.get_json()["active"] is True


# -- on and off --------------------------------------------------------------------------------------------------------


def test_discovery_tells_of_it(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 8414 2, RFC 9701 7: where, for whom, and by which algorithms; public clients are not among them."""
    document = http.client.get("/.well-known/oauth-authorization-server").get_json()
    methods = [name for name in document["token_endpoint_auth_methods_supported"] if name != "none"]

    assert document["introspection_endpoint"] == "http://localhost/introspect" == mock.introspection_url
    assert document["introspection_endpoint_auth_methods_supported"] == methods
    assert "RS256" in document["introspection_endpoint_auth_signing_alg_values_supported"]
    assert document["introspection_signing_alg_values_supported"] == ["RS256"]


def test_switched_off(http: typing.Any) -> None:
    """It is nowhere: 404, not in discovery, no URL and no fault to arm."""
    mock = OAuthMock(issuer="http://localhost", introspection="off")
    http = type(http)(mock)
    mock.client("crm", client_secret="s3cret")
    document = http.client.get("/.well-known/oauth-authorization-server").get_json()

    assert introspect(http, "x", basic=_CRM).status_code == 404
    assert [name for name in document if name.startswith("introspection")] == []
    with pytest.raises(ConfigurationError, match="switched off"):
        _ = mock.introspection_url
    with pytest.raises(ConfigurationError, match="no such endpoint"):
        mock.arm({"fault": "fail", "endpoint": "introspect", "status": 503})


def test_it_can_be_made_to_fail(http: typing.Any, mock: OAuthMock, crm: typing.Any) -> None:
    """RFC 7662 2.3: like every other endpoint; and a token can end in the moment that somebody asks."""
    token = crm.grant(user="alice").access_token
    mock.introspection_endpoint.fail(503, retry_after=2)
    mock.introspection_endpoint.expire_token()

    failed = introspect(http, token)

    assert (failed.status_code, failed.headers["Retry-After"]) == (503, "2")
    assert said(http, token) == _INACTIVE
    assert [exchange.status for exchange in mock.introspection_endpoint.exchanges] == [503, 200]
    assert mock.introspection_endpoint.url == "http://localhost/introspect"
