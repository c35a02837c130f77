"""RFC 6749 6: refreshing an access token, by a refresh token that stays or that is replaced."""

from __future__ import annotations

import typing

import pytest

from mockserver import OAuthMock

_CRM = ("crm", "s3cret")


@pytest.fixture
def crm(mock: OAuthMock, request: pytest.FixtureRequest) -> typing.Any:
    """A client with the policy that the test asks for."""
    mock.client("other", client_secret="0ther")
    return mock.client("crm", client_secret="s3cret", refresh_policy=getattr(request, "param", "rotate"))


def refresh(http: typing.Any, refresh_token: str, **more: str) -> typing.Any:
    """A refresh by the owner."""
    return http.token({"grant_type": "refresh_token", "refresh_token": refresh_token, **more}, basic=_CRM)


@pytest.mark.parametrize("crm", ["static"], indirect=True)
def test_a_static_refresh_token_stays_and_works_again(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 6: the server may issue a new refresh token, and need not: here the same one comes back."""
    token = crm.grant(user="alice", scope="a b")

    first, second = refresh(http, token.refresh_token), refresh(http, token.refresh_token)

    assert http.answer(first) == http.tokens(scope="a b", refresh_token=token.refresh_token)
    assert http.answer(second) == http.tokens(scope="a b", refresh_token=token.refresh_token)
    assert first.get_json()["access_token"] != second.get_json()["access_token"]
    assert http.mock.tokens.last.username == "alice"


@pytest.mark.parametrize("crm", ["rotate"], indirect=True)
def test_a_rotated_refresh_token_is_replaced_and_works_once(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 6: when a new refresh token is issued, the client must discard the old one; it is of no use any more."""
    token = crm.grant(user="alice", scope="a b")

    first = refresh(http, token.refresh_token)
    second = refresh(http, first.get_json()["refresh_token"])
    replayed = refresh(http, token.refresh_token)

    assert http.answer(first) == http.tokens(scope="a b")
    assert first.get_json()["refresh_token"] != token.refresh_token
    assert http.answer(second) == http.tokens(scope="a b")
    assert http.answer(replayed) == http.refused(400, "invalid_grant")
    assert "under refresh_policy 'rotate' each works once" in http.mock.journal.last.why


@pytest.mark.parametrize("crm", ["static", "rotate"], indirect=True)
@pytest.mark.parametrize(
    ("parameters", "error", "why"),
    [
        pytest.param({}, "invalid_request", "needs the parameter refresh_token", id="missing"),
        pytest.param({"refresh_token": ""}, "invalid_request", "needs the parameter refresh_token", id="empty"),
        pytest.param({"refresh_token": "x"}, "invalid_grant", "never issued the refresh token", id="unknown"),
    ],
)
def test_a_refresh_token_that_was_never_issued_is_refused(
    http: typing.Any, crm: typing.Any, parameters: dict[str, str], error: str, why: str
) -> None:
    """RFC 6749 5.2, 6: missing is invalid_request, unknown is invalid_grant."""
    response = http.token({"grant_type": "refresh_token", **parameters}, basic=_CRM)

    assert http.answer(response) == http.refused(400, error)
    assert why in http.mock.journal.last.why


@pytest.mark.parametrize("crm", ["static", "rotate"], indirect=True)
@pytest.mark.parametrize("kind", ["code", "access_token"])
def test_other_kinds_are_no_refresh_token(http: typing.Any, crm: typing.Any, kind: str) -> None:
    """RFC 6749 1.5: a refresh token is for the token endpoint; an access token or a code does not refresh."""
    value = crm.issue_code() if kind == "code" else crm.grant().access_token

    assert http.answer(refresh(http, value)) == http.refused(400, "invalid_grant")


@pytest.mark.parametrize("crm", ["static", "rotate"], indirect=True)
def test_a_refresh_token_is_bound_to_its_client(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 6: bound to the client to which it was issued; the thief's attempt does not use it up."""
    token = crm.grant()

    stolen = http.token({"grant_type": "refresh_token", "refresh_token": token.refresh_token}, basic=("other", "0ther"))
    owned = refresh(http, token.refresh_token)

    assert http.answer(stolen) == http.refused(400, "invalid_grant")
    assert owned.status_code == 200


@pytest.mark.parametrize("crm", ["static", "rotate"], indirect=True)
@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        pytest.param({}, "a b", id="left out"),
        pytest.param({"scope": ""}, "a b", id="empty"),
        pytest.param({"scope": "a b"}, "a b", id="the same"),
        pytest.param({"scope": "b a"}, "b a", id="in another order"),
        pytest.param({"scope": "b"}, "b", id="narrower"),
    ],
)
def test_the_scope_may_be_narrowed(http: typing.Any, crm: typing.Any, asked: dict[str, str], granted: str) -> None:
    """RFC 6749 6: left out, it is the scope originally granted; a narrower one holds for this access token alone."""
    token = crm.grant(scope="a b")

    first = refresh(http, token.refresh_token, **asked)
    second = refresh(http, first.get_json()["refresh_token"])

    static = http.mock.context.clients["crm"].policies.refresh_policy == "static"
    refresh_token = token.refresh_token if static else True
    assert http.answer(first) == http.tokens(scope=granted, refresh_token=refresh_token)
    assert http.answer(second) == http.tokens(scope="a b", refresh_token=refresh_token)


@pytest.mark.parametrize("crm", ["static", "rotate"], indirect=True)
@pytest.mark.parametrize(
    "scope", [pytest.param("a b c", id="wider"), pytest.param("A", id="case"), pytest.param('"', id="malformed")]
)
def test_the_scope_may_not_be_widened(http: typing.Any, crm: typing.Any, scope: str) -> None:
    """RFC 6749 6: no scope that was not originally granted; the attempt does not cost the refresh token."""
    token = crm.grant(scope="a b")

    wider = refresh(http, token.refresh_token, scope=scope)
    right = refresh(http, token.refresh_token)

    assert http.answer(wider) == http.refused(400, "invalid_scope")
    assert right.status_code == 200


@pytest.mark.parametrize("crm", ["static", "rotate"], indirect=True)
@pytest.mark.parametrize(
    ("lifetime", "seconds", "accepted"),
    [
        pytest.param(60, 59, True, id="before"),
        pytest.param(60, 60, False, id="over"),
        pytest.param(None, 30 * 24 * 3600 - 1, True, id="the issuer's, before"),
        pytest.param(None, 30 * 24 * 3600, False, id="the issuer's, over"),
        pytest.param(0, 0, False, id="born expired"),
    ],
)
def test_a_refresh_token_expires(
    http: typing.Any, crm: typing.Any, lifetime: int | None, seconds: float, accepted: bool
) -> None:
    """RFC 6749 5.2: an expired refresh token is invalid_grant."""
    token = crm.grant(refresh_token_lifetime=lifetime)

    http.mock.clock.advance(seconds=seconds - 0.5 if accepted else seconds + 0.01)
    response = refresh(http, token.refresh_token)

    assert response.status_code == (200 if accepted else 400)
    if not accepted:
        assert http.answer(response) == http.refused(400, "invalid_grant")
        assert "(refresh_token_lifetime)" in http.mock.journal.last.why


def test_an_expired_access_token_is_replaced(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 1.5: the refresh token outlives the access token that came with it."""
    token = crm.grant(scope="a")
    http.mock.clock.advance(hours=2)
    assert http.api(token.access_token).status_code == 401

    renewed = refresh(http, token.refresh_token).get_json()

    assert http.api(renewed["access_token"]).status_code == 200


@pytest.mark.race
def test_twenty_rotations_of_one_refresh_token_have_one_winner(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 6, 10.4: rotation is one atomic step, so two refreshes at once never both succeed."""
    token = crm.grant()

    answers = http.at_once([lambda: refresh(http, token.refresh_token).status_code] * 20)

    assert sorted(answers) == [200] + [400] * 19


def test_a_store_that_loses_the_refresh_token_refuses_it(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 5.2: a refresh token that vanishes between look-up and use is invalid_grant, whatever the store."""
    token = crm.grant()
    store = http.mock.context.store

    class Forgetful:
        find = staticmethod(store.find)

        @staticmethod
        def take(*_arguments: object, **_keywords: object) -> None:
            return None

    http.mock.context.store = Forgetful()
    response = refresh(http, token.refresh_token)

    assert http.answer(response) == http.refused(400, "invalid_grant")
