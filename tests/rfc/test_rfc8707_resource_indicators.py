"""RFC 8707: `resource` at both endpoints, the proprietary `audience`, and the `aud` that they decide."""

from __future__ import annotations

import typing
import urllib.parse

import pytest

from mockserver import OAuthMock

_CRM = ("crm", "s3cret")
_CALLBACK = "http://127.0.0.1/cb"
_A, _B = "https://a.example/", "https://b.example/v1?x=1"


@pytest.fixture
def crm(mock: OAuthMock, request: pytest.FixtureRequest) -> typing.Any:
    """A client with the policies that the test asks for."""
    return mock.client("crm", client_secret="s3cret", consent="auto", **getattr(request, "param", {}))


def code(http: typing.Any, *more: tuple[str, str]) -> str:
    """A code for an authorization request with these parameters."""
    query = [("response_type", "code"), ("client_id", "crm"), ("redirect_uri", _CALLBACK), *more]
    return str(dict(http.callback(http.authorize(query))[2])["code"])


def redeem(http: typing.Any, value: str, *more: tuple[str, str]) -> typing.Any:
    return http.token(
        [("grant_type", "authorization_code"), ("code", value), ("redirect_uri", _CALLBACK), *more], basic=_CRM
    )


def refresh(http: typing.Any, refresh_token: str, *more: tuple[str, str]) -> typing.Any:
    return http.token([("grant_type", "refresh_token"), ("refresh_token", refresh_token), *more], basic=_CRM)


@pytest.mark.parametrize("crm", [{}, {"audiences": [_A, _B, "api"]}], indirect=True, ids=["any", "listed"])
@pytest.mark.parametrize("grant_type", ["client_credentials", "password"])
@pytest.mark.parametrize(
    ("asked", "audience"),
    [
        pytest.param([], "http://localhost/api", id="nothing: the API of the issuer"),
        pytest.param([("resource", _A)], _A, id="one"),
        pytest.param([("resource", _B), ("resource", _A)], [_B, _A], id="several"),
        pytest.param([("resource", _A), ("resource", _A)], _A, id="one, twice"),
        pytest.param([("resource", "")], "http://localhost/api", id="empty is left out"),
        pytest.param([("audience", "api")], "api", id="audience"),
        pytest.param([("audience", "api"), ("resource", _A)], [_A, "api"], id="both"),
    ],
)
def test_what_is_asked_for_is_the_audience(
    http: typing.Any, crm: typing.Any, grant_type: str, asked: list[tuple[str, str]], audience: typing.Any
) -> None:
    """RFC 8707 2, RFC 9068 3: `aud` is a string for one and a list for several."""
    person = [("username", "alice"), ("password", "wonderland")] if grant_type == "password" else []
    answer = http.token([("grant_type", grant_type), *person, *asked], basic=_CRM)

    assert http.answer(answer) == http.tokens(refresh_token=grant_type == "password")
    token = http.mock.tokens.last
    assert token.claims["aud"] == audience
    assert token.audience == ((audience,) if isinstance(audience, str) else tuple(audience))


@pytest.mark.parametrize("crm", [{"access_token_format": "opaque"}], indirect=True)
def test_an_opaque_token_has_an_audience_too(http: typing.Any, crm: typing.Any) -> None:
    """RFC 8707 2: the ledger has what a JWT would show."""
    http.token({"grant_type": "client_credentials", "resource": _A}, basic=_CRM)

    assert (http.mock.tokens.last.claims, http.mock.tokens.last.audience) == (None, (_A,))


@pytest.mark.parametrize("crm", [{"audiences": [_A]}], indirect=True)
@pytest.mark.parametrize(
    ("asked", "why"),
    [
        pytest.param([("resource", "/orders")], "resource '/orders' is not an absolute URI", id="relative"),
        pytest.param([("resource", f"{_A}#x")], "has a fragment", id="fragment"),
        pytest.param([("resource", f"{_A}#")], "has a fragment", id="empty fragment"),
        pytest.param([("resource", "https://a b")], "has a character that a URI cannot have", id="space"),
        pytest.param([("resource", _B)], f"{_B!r} is not in audiences [{_A!r}]", id="not in audiences"),
        pytest.param([("resource", _A), ("resource", _B)], f"audiences={[_A, _B]!r}", id="the second"),
        pytest.param([("audience", "api")], "'api' is not in audiences", id="audience"),
    ],
)
def test_a_wrong_target_is_refused_at_both_endpoints(
    http: typing.Any, crm: typing.Any, asked: list[tuple[str, str]], why: str
) -> None:
    """RFC 8707 2: invalid_target; at the authorization endpoint it goes back to the client (RFC 6749 4.1.2.1)."""
    answer = http.token([("grant_type", "client_credentials"), *asked], basic=_CRM)
    assert http.answer(answer) == http.refused(400, "invalid_target")
    assert why in http.mock.journal.last.why

    query = [("response_type", "code"), ("client_id", "crm"), ("redirect_uri", _CALLBACK), *asked]
    refusal = [("error", "invalid_target"), ("error_description", http.some.description)]
    assert http.callback(http.authorize(query)) == (302, _CALLBACK, refusal, "no-store")
    assert why in http.mock.journal.last.why


def test_a_token_request_narrows_what_was_authorized(http: typing.Any, crm: typing.Any) -> None:
    """RFC 8707 2.2: a subset at each request; the refresh token stays good for all of it."""
    value = code(http, ("resource", _A), ("resource", _B))
    first = redeem(http, value, ("resource", _A))
    assert http.answer(first) == http.tokens()
    assert http.mock.tokens.last.claims["aud"] == _A

    second = refresh(http, first.get_json()["refresh_token"], ("resource", _B))
    assert http.mock.tokens.last.claims["aud"] == _B
    third = refresh(http, second.get_json()["refresh_token"])
    assert http.mock.tokens.last.claims["aud"] == [_A, _B]

    wider = refresh(http, third.get_json()["refresh_token"], ("resource", "https://c.example/"))
    assert http.answer(wider) == http.refused(400, "invalid_target")
    assert "is not among what was authorized" in http.mock.journal.last.why
    # and the refused attempt has not used the refresh token up
    assert http.answer(refresh(http, third.get_json()["refresh_token"])) == http.tokens()


def test_a_code_brings_no_more_than_was_authorized(http: typing.Any, crm: typing.Any) -> None:
    """RFC 8707 2.2: more is invalid_target; what named no resource is good for any that is allowed."""
    more = redeem(http, code(http, ("resource", _A)), ("resource", _A), ("resource", _B))
    assert http.answer(more) == http.refused(400, "invalid_target")

    assert http.answer(redeem(http, code(http), ("resource", _B))) == http.tokens()
    assert http.mock.tokens.last.claims["aud"] == _B


@pytest.mark.parametrize("crm", [{"refresh_policy": "static"}], indirect=True)
def test_a_static_refresh_token_keeps_its_audience(http: typing.Any, crm: typing.Any) -> None:
    """RFC 8707 2.2: a narrowed token does not narrow the next."""
    refresh_token = redeem(http, code(http, ("resource", _A), ("audience", "api"))).get_json()["refresh_token"]

    refresh(http, refresh_token, ("audience", "api"))
    assert http.mock.tokens.last.claims["aud"] == "api"
    refresh(http, refresh_token)
    assert http.mock.tokens.last.claims["aud"] == [_A, "api"]


@pytest.mark.parametrize("crm", [{"request_encodings": ["form", "query"]}], indirect=True)
def test_resources_may_be_in_the_url_where_parameters_may(http: typing.Any, crm: typing.Any) -> None:
    """RFC 8707 2.2: with the rest of the request."""
    query = urllib.parse.urlencode([("grant_type", "client_credentials"), ("resource", _A), ("resource", _B)])

    assert http.answer(http.token({}, basic=_CRM, query=query)) == http.tokens(refresh_token=False)
    assert http.mock.tokens.last.audience == (_A, _B)


@pytest.mark.parametrize("name", ["audience", "scope", "grant_type", "Resource", "x"])
def test_nothing_else_may_be_repeated(http: typing.Any, crm: typing.Any, name: str) -> None:
    """RFC 6749 3.2: parameters must not be included more than once; RFC 8707 2 makes the one exception."""
    form = [("grant_type", "client_credentials"), (name, "client_credentials"), (name, "client_credentials")]

    assert http.answer(http.token(form, basic=_CRM)) == http.refused(400, "invalid_request")
