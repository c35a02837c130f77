"""RFC 6749 4.1.2, RFC 9700 4.14: what one authorization brought forth, and how all of it ends."""

from __future__ import annotations

import typing

import pytest

_CRM = ("crm", "s3cret")
_EVERY = ["static", "omit", "fixed_life", "rotate", "rotate_grace", "rotate_revoke_family", "rotate_every"]


@pytest.fixture(params=_EVERY)
def crm(http: typing.Any, request: pytest.FixtureRequest) -> typing.Any:
    """A client under every policy."""
    return http.mock.client("crm", client_secret="s3cret", refresh_policy=request.param)


def refresh(http: typing.Any, value: str) -> typing.Any:
    """By the owner."""
    return http.token({"grant_type": "refresh_token", "refresh_token": value}, basic=_CRM)


def redeem(http: typing.Any, code: str) -> typing.Any:
    """By the owner."""
    return http.token({"grant_type": "authorization_code", "code": code}, basic=_CRM)


def test_a_token_knows_where_it_comes_from(http: typing.Any, crm: typing.Any) -> None:
    """The first of a family comes of no refresh token, the next of the one that was sent; families are apart."""
    code, apart = crm.issue_code(scope="a"), crm.grant(scope="a")
    first = redeem(http, code).get_json()
    second = refresh(http, first["refresh_token"]).get_json()
    newest = second.get("refresh_token", first["refresh_token"])
    refresh(http, newest)
    family = http.mock.tokens.family_of(http.mock.tokens.last)

    assert family == list(http.mock.tokens)[1:]
    assert [token.refreshed_from for token in family] == [None, first["refresh_token"], newest]
    assert [token.grant_type for token in family] == ["authorization_code", "refresh_token", "refresh_token"]
    assert [token.access_token for token in family[:2]] == [first["access_token"], second["access_token"]]
    assert http.mock.tokens.family_of(apart) == [apart]
    assert apart.family != family[0].family


def test_a_replayed_code_ends_all_that_it_brought(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 4.1.2, 10.5: also what was refreshed since; and it stays used up."""
    code, apart = crm.issue_code(scope="a"), crm.grant(scope="a")
    first = redeem(http, code).get_json()
    second = refresh(http, first["refresh_token"]).get_json()
    assert http.api(second["access_token"]).status_code == 200

    assert http.answer(redeem(http, code)) == http.refused(400, "invalid_grant")
    assert "whatever it brought is revoked (RFC 6749 4.1.2)" in http.mock.journal.last.why
    for answer in (first, second):
        assert http.api(answer["access_token"]).status_code == 401
        assert refresh(http, answer.get("refresh_token", first["refresh_token"])).status_code == 400
    assert http.answer(redeem(http, code)) == http.refused(400, "invalid_grant")
    assert [token.alive for token in http.mock.tokens] == [True, False, False]
    assert http.api(apart.access_token).status_code == 200


def test_an_expired_code_that_comes_again_is_a_replay(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 4.1.2: at any time; a code that expires unused ends nothing."""
    code, unused = crm.issue_code(), crm.issue_code()
    access_token = redeem(http, code).get_json()["access_token"]
    http.mock.clock.advance(seconds=600)

    assert redeem(http, unused).status_code == 400
    assert http.mock.journal.last.why.endswith(" s ago (authorization_code_lifetime)")
    assert http.api(access_token).status_code == 200
    assert redeem(http, code).status_code == 400
    assert http.api(access_token).status_code == 401


@pytest.mark.parametrize("which", ["first", "last"])
def test_revoking_a_token_ends_its_family(http: typing.Any, crm: typing.Any, which: str) -> None:
    """RFC 7009 2.1: as when a person withdraws consent, whichever of the family is taken; idempotent."""
    first, apart = crm.grant(scope="a"), crm.grant(scope="a")
    refresh(http, first.refresh_token)
    last = http.mock.tokens.last
    (first if which == "first" else last).revoke()
    last.revoke()

    assert (first.alive, last.alive, apart.alive) == (False, False, True)
    for token in (first, last):
        assert http.api(token.access_token).status_code == 401
        assert http.answer(refresh(http, token.refresh_token)) == http.refused(400, "invalid_grant")
        assert "the refresh token has been revoked" in http.mock.journal.last.why
    assert refresh(http, apart.refresh_token).status_code == 200


def test_a_token_may_expire_alone(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 1.5: the access token at the API, its refresh token goes on; alive means not revoked."""
    token, apart = crm.grant(scope="a"), crm.grant(scope="a")
    token.expire()
    token.expire()

    assert http.api(token.access_token).status_code == 401
    assert "expired" in http.mock.journal.last.why
    assert token.alive
    assert http.api(apart.access_token).status_code == 200
    renewed = refresh(http, token.refresh_token).get_json()
    assert http.api(renewed["access_token"]).status_code == 200


def test_a_refresh_token_may_expire_alone(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 5.2: invalid_grant; the access token is good until its own end."""
    token = crm.grant(scope="a")
    token.expire_refresh_token()

    assert http.answer(refresh(http, token.refresh_token)) == http.refused(400, "invalid_grant")
    assert http.mock.journal.last.why.endswith(" s ago (refresh_token_lifetime)")
    assert http.api(token.access_token).status_code == 200


def test_what_has_no_refresh_token_has_none_to_expire(http: typing.Any) -> None:
    """RFC 6749 4.4.3: client credentials bring none."""
    http.mock.client("crm", client_secret="s3cret")
    http.token({"grant_type": "client_credentials"}, basic=_CRM)
    token = http.mock.tokens.last
    token.expire_refresh_token()

    assert token.refresh_token is None
    assert http.api(token.access_token).status_code == 200
    token.revoke()
    assert http.api(token.access_token).status_code == 401
