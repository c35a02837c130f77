"""RFC 6749 1.5, 4.1.4, 5.1 and OpenID Connect Core 11: when a code brings a refresh token."""

from __future__ import annotations

import typing

import pytest

_BACK = "http://127.0.0.1:7001/callback"
_CASES = [
    pytest.param("always", {}, True, id="always"),
    pytest.param("never", {"scope": "a offline_access", "access_type": "offline"}, False, id="never"),
    pytest.param("offline_access", {"scope": "a offline_access"}, True, id="with the scope"),
    pytest.param("offline_access", {"scope": "a", "access_type": "offline"}, False, id="without the scope"),
    pytest.param("access_type", {"scope": "a", "access_type": "offline"}, True, id="with access_type=offline"),
    pytest.param("access_type", {"scope": "a offline_access"}, False, id="without access_type"),
    pytest.param("access_type", {"scope": "a", "access_type": "online"}, False, id="with access_type=online"),
    pytest.param("access_type", {"scope": "a", "access_type": ""}, False, id="with an empty access_type"),
]


@pytest.mark.parametrize(("when", "more", "refresh_token"), _CASES)
@pytest.mark.parametrize("consent", ["page", "auto"])
def test_a_refresh_token_comes_when_the_policy_says_so(
    http: typing.Any, consent: typing.Any, when: typing.Any, more: dict[str, str], refresh_token: bool
) -> None:
    """RFC 6749 1.5: issuing one is optional, at the discretion of the server."""
    http.mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK], refresh_token_when=when, consent=consent)
    query = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, **more}
    ticked = [("scope", token) for token in more.get("scope", "").split()]
    pressed = http.authorize(query, [("user", "alice"), *ticked])
    form = {"grant_type": "authorization_code", "code": http.callback(pressed)[2][0][1], "redirect_uri": _BACK}

    response = http.token(form, basic=("crm", "s3cret"))

    assert http.answer(response) == http.tokens(scope=more.get("scope"), refresh_token=refresh_token)


def test_a_person_who_unticks_offline_access_gives_no_refresh_token(http: typing.Any) -> None:
    """OpenID Connect Core 11: what counts is the scope that was granted."""
    http.mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK], refresh_token_when="offline_access")
    query = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, "scope": "a offline_access"}
    pressed = http.authorize(query, {"user": "alice", "scope": "a"})
    form = {"grant_type": "authorization_code", "code": http.callback(pressed)[2][0][1], "redirect_uri": _BACK}

    assert http.answer(http.token(form, basic=("crm", "s3cret"))) == http.tokens(scope="a", refresh_token=False)


def test_a_client_without_the_grant_has_none_by_any_policy(http: typing.Any) -> None:
    """RFC 6749 1.5: it could not use one."""
    client = http.mock.client("crm", client_secret="s3cret", grant_types=["authorization_code"])
    form = {"grant_type": "authorization_code", "code": client.issue_code()}

    assert http.answer(http.token(form, basic=("crm", "s3cret"))) == http.tokens(refresh_token=False)


@pytest.mark.parametrize(("when", "more", "refresh_token"), _CASES)
def test_a_code_without_the_dance_is_no_exception(
    http: typing.Any, when: typing.Any, more: dict[str, typing.Any], refresh_token: bool
) -> None:
    """RFC 6749 4.1.4: `issue_code` takes scope and access_type as the authorization request would."""
    client = http.mock.client("crm", client_secret="s3cret", refresh_token_when=when)
    form = {"grant_type": "authorization_code", "code": client.issue_code(**more)}

    response = http.token(form, basic=("crm", "s3cret"))

    assert http.answer(response) == http.tokens(scope=more.get("scope"), refresh_token=refresh_token)
