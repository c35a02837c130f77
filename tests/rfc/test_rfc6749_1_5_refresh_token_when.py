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
    pytest.param("offline_access_each_time", {"scope": "a offline_access"}, True, id="each time with the scope"),
    pytest.param("offline_access_each_time", {"scope": "a"}, False, id="each time without the scope"),
    pytest.param("first_access_type", {"scope": "a", "access_type": "offline"}, True, id="first with access_type"),
    pytest.param("first_access_type", {"scope": "a", "access_type": "online"}, False, id="first with another"),
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


@pytest.mark.parametrize("consent", ["page", "auto"])
def test_a_person_who_has_consented_before_gives_none_unless_asked_again(http: typing.Any, consent: typing.Any) -> None:
    """RFC 6749 1.5: `first_access_type`, per person and client; `prompt=consent` is OpenID Connect Core 3.1.2.1."""
    http.mock.user("bob", password="builder")
    shared: typing.Any = {"redirect_uris": [_BACK], "refresh_token_when": "first_access_type", "consent": consent}
    for client_id in ("crm", "erp"):
        http.mock.client(client_id, client_secret="s3cret", **shared)

    def refresh_token(user: str, client_id: str = "crm", **more: str) -> bool:
        query = {"response_type": "code", "client_id": client_id, "redirect_uri": _BACK, "login_hint": user, **more}
        pressed = http.authorize({**query, "access_type": "offline"}, {"user": user})
        form = {"grant_type": "authorization_code", "code": http.callback(pressed)[2][0][1], "redirect_uri": _BACK}
        return "refresh_token" in http.token(form, basic=(client_id, "s3cret")).get_json()

    assert [refresh_token("alice"), refresh_token("alice")] == [True, False]
    assert refresh_token("alice", prompt="login consent")
    assert not refresh_token("alice", prompt="login")
    assert refresh_token("bob")
    assert refresh_token("alice", client_id="erp")


def test_somebody_who_denies_has_not_consented(http: typing.Any) -> None:
    """RFC 6749 4.1.2.1: the next consent is the first."""
    http.mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK], refresh_token_when="first_access_type")
    query = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, "access_type": "offline"}
    http.authorize(query, {"deny": "yes"})
    pressed = http.authorize(query, {"user": "alice"})
    form = {"grant_type": "authorization_code", "code": http.callback(pressed)[2][0][1], "redirect_uri": _BACK}

    assert http.answer(http.token(form, basic=("crm", "s3cret"))) == http.tokens(refresh_token=True)


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        pytest.param({"scope": "offline_access a"}, True, id="repeated"),
        pytest.param({"scope": "a"}, False, id="left out of the scope"),
        pytest.param({}, False, id="no scope"),
    ],
)
def test_a_refresh_has_to_repeat_offline_access_for_another(
    http: typing.Any, scope: dict[str, str], told: bool
) -> None:
    """RFC 6749 6: otherwise the answer has none, and the one that was used stays good."""
    client = http.mock.client("crm", client_secret="s3cret", refresh_token_when="offline_access_each_time")
    used = client.grant(scope="a offline_access").refresh_token
    form = {"grant_type": "refresh_token", "refresh_token": used}

    answer = http.answer(http.token({**form, **scope}, basic=("crm", "s3cret")))
    again = http.token(form, basic=("crm", "s3cret"))

    assert answer == http.tokens(scope=scope.get("scope", "a offline_access"), refresh_token=told)
    assert again.status_code == (400 if told else 200)
