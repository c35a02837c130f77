"""RFC 6749 4.1.3, 4.3 and 4.4: redeeming a code, a password, the client's own credentials."""

from __future__ import annotations

import typing

import pytest

from mockserver import OAuthMock
from mockserver.stores import MemoryStore

_BACK = "http://127.0.0.1:7001/callback"
_CRM = ("crm", "s3cret")
_CODE = "authorization_code"


@pytest.fixture(autouse=True)
def crm(mock: OAuthMock) -> typing.Any:
    """A client for every grant, another one, and a public one."""
    mock.client("other", client_secret="0ther", consent="auto")
    mock.client("public", token_endpoint_auth_method="none")
    return mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK], consent="auto")


# -- authorization_code ------------------------------------------------------------------------------------------------


def test_a_code_from_the_front_channel_is_redeemed(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 4.1.3, 4.1.4: code and the identical redirect_uri bring an access and a refresh token."""
    asked = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, "scope": "orders:read"}
    code = http.callback(http.authorize(asked))[2][0][1]

    response = http.token({"grant_type": _CODE, "code": code, "redirect_uri": _BACK}, basic=_CRM)

    assert http.answer(response) == http.tokens(scope="orders:read")
    token = mock.tokens.last
    assert (token.grant_type, token.client_auth, token.client_id, token.username) == (
        _CODE,
        "client_secret_basic",
        "crm",
        "alice",
    )
    assert http.api(token.access_token).status_code == 200


@pytest.mark.parametrize(
    ("asked", "sent", "accepted"),
    [
        pytest.param(_BACK, _BACK, True, id="identical"),
        pytest.param(_BACK, None, False, id="missing"),
        pytest.param(_BACK, "", False, id="empty"),
        pytest.param(_BACK, _BACK + "/", False, id="a slash more"),
        pytest.param(_BACK, _BACK.replace("127.0.0.1", "localhost"), False, id="another name"),
        pytest.param(_BACK, "https://evil.example/", False, id="another"),
        pytest.param(None, None, True, id="left out both times"),
        pytest.param(None, _BACK, True, id="left out the first time"),
    ],
)
def test_redirect_uri_must_be_the_one_of_the_authorization_request(
    http: typing.Any, crm: typing.Any, asked: str | None, sent: str | None, accepted: bool
) -> None:
    """RFC 6749 4.1.3: required and identical if it was in the authorization request."""
    parameters = {"grant_type": _CODE, "code": crm.issue_code(redirect_uri=asked)}
    if sent is not None:
        parameters["redirect_uri"] = sent

    response = http.token(parameters, basic=_CRM)

    assert http.answer(response) == (http.tokens() if accepted else http.refused(400, "invalid_grant"))
    assert accepted or "both must be identical" in http.mock.journal.last.why


@pytest.mark.parametrize(("sent", "accepted"), [(None, True), (_BACK, True), ("https://evil.example/", False)])
def test_a_redirect_uri_need_not_be_repeated_where_the_setting_says_so(
    http: typing.Any, sent: str | None, accepted: bool
) -> None:
    """`repeat_redirect_uri`, as in OAuth 2.1; another one than that of the request is refused all the same."""
    crm = http.mock.client("lax", client_secret="s3cret", repeat_redirect_uri=False)
    parameters = {"grant_type": _CODE, "code": crm.issue_code(redirect_uri=_BACK)}

    response = http.token(parameters | ({} if sent is None else {"redirect_uri": sent}), basic=("lax", "s3cret"))

    assert http.answer(response) == (http.tokens() if accepted else http.refused(400, "invalid_grant"))


def test_a_wrong_redirect_uri_burns_the_code(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 4.1.2: a code is used by the attempt, so the right redirect_uri comes too late."""
    code = crm.issue_code(redirect_uri=_BACK)

    http.token({"grant_type": _CODE, "code": code, "redirect_uri": "https://evil.example/"}, basic=_CRM)
    response = http.token({"grant_type": _CODE, "code": code, "redirect_uri": _BACK}, basic=_CRM)

    assert http.answer(response) == http.refused(400, "invalid_grant")
    assert "the code has been used before; " in http.mock.journal.last.why


@pytest.mark.parametrize(
    ("parameters", "error", "why"),
    [
        pytest.param({}, "invalid_request", "the grant needs the parameter code", id="missing"),
        pytest.param({"code": ""}, "invalid_request", "the grant needs the parameter code", id="empty"),
        pytest.param({"code": "x" * 3000}, "invalid_grant", "never issued the code", id="unknown"),
        pytest.param({"code": "é+/=%"}, "invalid_grant", "never issued the code", id="odd characters"),
    ],
)
def test_a_code_that_was_never_issued_is_refused(
    http: typing.Any, parameters: dict[str, str], error: str, why: str
) -> None:
    """RFC 6749 4.1.3, 5.2: a missing code is invalid_request, an unknown one invalid_grant."""
    response = http.token({"grant_type": _CODE, **parameters}, basic=_CRM)

    assert http.answer(response) == http.refused(400, error)
    assert why in http.mock.journal.last.why


def test_a_token_is_no_code(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 4.1.3: what is kept apart is never taken for another: a refresh token redeems nothing here."""
    response = http.token({"grant_type": _CODE, "code": crm.grant().refresh_token}, basic=_CRM)

    assert http.answer(response) == http.refused(400, "invalid_grant")


def test_a_code_is_bound_to_its_client_and_survives_the_theft(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 4.1.3: issued to the authenticated client, or else invalid_grant; the thief does not burn it."""
    code = crm.issue_code()

    stolen = http.token({"grant_type": _CODE, "code": code}, basic=("other", "0ther"))
    owned = http.token({"grant_type": _CODE, "code": code}, basic=_CRM)

    assert http.answer(stolen) == http.refused(400, "invalid_grant")
    assert http.answer(owned) == http.tokens()


@pytest.mark.parametrize(
    ("lifetime", "seconds", "accepted"),
    [
        pytest.param(None, 599, True, id="a second before"),
        pytest.param(None, 600, False, id="after ten minutes"),
        pytest.param(5, 4, True, id="own lifetime, before"),
        pytest.param(5, 5, False, id="own lifetime, over"),
        pytest.param(0, 0, False, id="born expired"),
    ],
)
def test_a_code_expires(
    http: typing.Any, crm: typing.Any, lifetime: int | None, seconds: float, accepted: bool
) -> None:
    """RFC 6749 4.1.2: a code must expire shortly after it was issued; ten minutes at most are recommended."""
    code = crm.issue_code(lifetime=lifetime)

    # the wall clock goes on while the test runs: half a second stays clear of the edge
    http.mock.clock.advance(seconds=seconds - 0.5 if accepted else seconds + 0.01)
    response = http.token({"grant_type": _CODE, "code": code}, basic=_CRM)

    assert http.answer(response) == (http.tokens() if accepted else http.refused(400, "invalid_grant"))
    assert accepted or "(authorization_code_lifetime)" in http.mock.journal.last.why


def test_a_replayed_code_revokes_what_it_brought(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 4.1.2: used twice, it is denied, and all tokens issued for it are revoked, the refreshed ones too."""
    request = {"grant_type": _CODE, "code": crm.issue_code(scope="orders:read")}
    first = http.token(request, basic=_CRM).get_json()
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = http.token(refresh, basic=_CRM).get_json()
    others = crm.grant(scope="orders:read")
    assert http.api(first["access_token"]).status_code == 200

    replayed = http.token(request, basic=_CRM)

    assert http.answer(replayed) == http.refused(400, "invalid_grant")
    assert "whatever it brought is revoked" in http.mock.journal.last.why
    assert http.api(first["access_token"]).status_code == 401
    assert http.api(second["access_token"]).status_code == 401
    again = http.token({"grant_type": "refresh_token", "refresh_token": second["refresh_token"]}, basic=_CRM)
    assert http.answer(again) == http.refused(400, "invalid_grant")
    assert http.mock.journal.last.why == "the refresh token has been revoked"
    assert http.api(others.access_token).status_code == 200


class _OvertakenStore(MemoryStore):
    """A revocation wins the race between a grant's decision and its tokens."""

    overtaking = False

    def put_if_alive(self, family: str, records: typing.Any, *, taken: bool = False) -> bool:
        if self.overtaking:
            self.kill(family)
        return super().put_if_alive(family, records, taken=taken)


def test_a_code_that_is_replayed_meanwhile_is_answered_with_dead_tokens(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 4.1.2: who took the code first is answered; what the answer has is revoked by then."""
    http.mock.context.store = store = _OvertakenStore()
    request = {"grant_type": _CODE, "code": crm.issue_code(scope="orders:read")}
    store.overtaking = True

    response = http.token(request, basic=_CRM)

    assert http.answer(response) == http.tokens(scope="orders:read")
    assert http.api(response.get_json()["access_token"]).status_code == 401


@pytest.mark.parametrize("policy", ["rotate", "rotate_grace", "rotate_revoke_family", "fixed_life"])
def test_a_rotation_that_is_overtaken_is_answered_with_dead_tokens(http: typing.Any, policy: str) -> None:
    """RFC 6749 5.2: who took the refresh token is answered, like who took a code."""
    http.mock.context.store = store = _OvertakenStore()
    token = http.mock.client("erp", client_secret="0ther", refresh_policy=policy).grant(scope="a")
    store.overtaking = True

    response = http.token({"grant_type": "refresh_token", "refresh_token": token.refresh_token}, basic=("erp", "0ther"))

    assert http.answer(response) == http.tokens(scope="a")
    assert http.api(response.get_json()["access_token"]).status_code == 401


@pytest.mark.parametrize("policy", ["static", "omit", "rotate_every"])
def test_a_grant_that_is_revoked_meanwhile_brings_nothing(http: typing.Any, policy: str) -> None:
    """RFC 6749 5.2: revoked between decision and minting, a refresh that uses nothing up is invalid_grant."""
    http.mock.context.store = store = _OvertakenStore()
    token = http.mock.client("erp", client_secret="0ther", refresh_policy=policy).grant()
    store.overtaking = True

    response = http.token({"grant_type": "refresh_token", "refresh_token": token.refresh_token}, basic=("erp", "0ther"))

    why = "the grant was revoked while this request was under way"
    assert http.told(response) == (400, "invalid_grant", "The grant has been revoked.", why)
    assert list(http.mock.tokens) == [token]


@pytest.mark.race
def test_fifty_redemptions_of_one_code_have_one_winner(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 4.1.2: a code must not be used more than once, not even at the same time."""
    parameters = {"grant_type": _CODE, "code": crm.issue_code()}

    answers = http.at_once([lambda: http.token(parameters, basic=_CRM).status_code] * 50)

    assert sorted(answers) == [200] + [400] * 49
    assert len(http.mock.journal) == 50


# -- password ----------------------------------------------------------------------------------------------------------


def test_a_password_brings_tokens(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 4.3.2, 4.3.3: username and password bring an access and a refresh token."""
    parameters = {"grant_type": "password", "username": "alice", "password": "wonderland", "scope": "orders:read"}

    response = http.token(parameters, basic=_CRM)

    assert http.answer(response) == http.tokens(scope="orders:read")
    assert mock.tokens.last.username == "alice"


@pytest.mark.parametrize(
    ("changes", "error", "why"),
    [
        pytest.param({"username": ""}, "invalid_request", "needs the parameter username", id="no username"),
        pytest.param({"password": ""}, "invalid_request", "needs the parameter password", id="no password"),
        pytest.param({"username": "alic"}, "invalid_grant", "did you mean 'alice'?", id="unknown user"),
        pytest.param({"username": "zz"}, "invalid_grant", "oauthmock.user('zz')", id="quite unknown user"),
        pytest.param({"username": "ALICE"}, "invalid_grant", "no user is called 'ALICE'", id="another case"),
        pytest.param({"password": "Wonderland"}, "invalid_grant", "only upper and lower case differ", id="case"),
        pytest.param({"password": "wonder"}, "invalid_grant", "cut after 6 of 10", id="cut"),
    ],
)
def test_wrong_resource_owner_credentials_are_invalid_grant(
    http: typing.Any, changes: dict[str, str], error: str, why: str
) -> None:
    """RFC 6749 4.3.2, 5.2: wrong credentials of the person are 400 invalid_grant, and never 401."""
    parameters = {"grant_type": "password", "username": "alice", "password": "wonderland", **changes}

    response = http.token(parameters, basic=_CRM)

    assert http.answer(response) == http.refused(400, error)
    assert why in http.mock.journal.last.why


def test_an_unknown_user_and_a_wrong_password_look_the_same(http: typing.Any) -> None:
    """RFC 6749 5.2: the answer does not tell which of the two was wrong."""
    unknown = http.token({"grant_type": "password", "username": "nobody", "password": "wonderland"}, basic=_CRM)
    wrong = http.token({"grant_type": "password", "username": "alice", "password": "wrong"}, basic=_CRM)

    assert (unknown.status_code, unknown.data) == (wrong.status_code, wrong.data)


# -- client_credentials ------------------------------------------------------------------------------------------------


def test_client_credentials_bring_no_refresh_token(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 4.4.3: a refresh token should not be included."""
    response = http.token({"grant_type": "client_credentials", "scope": "a b"}, basic=_CRM)

    assert http.answer(response) == http.tokens(scope="a b", refresh_token=False)
    assert (mock.tokens.last.username, mock.tokens.last.refresh_token) == (None, None)


def test_a_public_client_has_no_client_credentials(http: typing.Any) -> None:
    """RFC 6749 4.4: this grant must only be used by confidential clients."""
    response = http.token({"grant_type": "client_credentials", "client_id": "public"})

    assert http.answer(response) == http.refused(400, "unauthorized_client")
    assert http.mock.journal.last.why.endswith("client_credentials needs a confidential one (RFC 6749 4.4)")


def test_a_client_of_both_kinds_needs_its_secret_for_client_credentials(http: typing.Any) -> None:
    """RFC 6749 4.4: a client that may also come without its secret gets no token that way."""
    http.mock.client("both", client_secret="b", token_endpoint_auth_method=["none", "client_secret_post"])
    parameters = {"grant_type": "client_credentials", "client_id": "both"}

    without, with_secret = http.token(parameters), http.token({**parameters, "client_secret": "b"})

    assert http.answer(without) == http.refused(400, "unauthorized_client")
    assert http.answer(with_secret) == http.tokens(refresh_token=False)


# -- which grant -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grant", [_CODE, "password", "client_credentials", "refresh_token"])
def test_a_grant_that_is_not_registered_is_unauthorized_client(http: typing.Any, grant: str) -> None:
    """RFC 6749 5.2: the authenticated client is not authorized to use this grant type."""
    others = [name for name in (_CODE, "password", "client_credentials", "refresh_token") if name != grant]
    http.mock.client("few", client_secret="f", grant_types=others)

    response = http.token(
        {"grant_type": grant, "code": "c", "username": "alice", "password": "p", "refresh_token": "r"},
        basic=("few", "f"),
    )

    assert http.answer(response) == http.refused(400, "unauthorized_client")
    assert "to allow it: oauthmock.client(grant_types=[" in http.mock.journal.last.why


@pytest.mark.parametrize("grant", [_CODE, "password"])
def test_a_client_without_the_refresh_grant_gets_no_refresh_token(http: typing.Any, grant: str) -> None:
    """RFC 6749 1.5, 5.1: issuing a refresh token is optional; one that could not be used is not issued."""
    few = http.mock.client("few", client_secret="f", grant_types=[grant])
    parameters = {"grant_type": grant, "code": few.issue_code(), "username": "alice", "password": "wonderland"}

    response = http.token(parameters, basic=("few", "f"))

    assert http.answer(response) == http.tokens(refresh_token=False)


@pytest.mark.parametrize(
    ("grant", "error", "why"),
    [
        pytest.param(None, "invalid_request", "the body has no parameter grant_type", id="missing"),
        pytest.param("", "invalid_request", "the body has no parameter grant_type", id="empty"),
        pytest.param("client_credential", "unsupported_grant_type", "did you mean 'client_credentials'?", id="near"),
        pytest.param("PASSWORD", "unsupported_grant_type", "did you mean 'password'?", id="upper case"),
        pytest.param("implicit", "unsupported_grant_type", "is none of authorization_code", id="unknown"),
        pytest.param("urn:example:barter", "unsupported_grant_type", "none of", id="urn"),
        pytest.param("é\u65e5", "unsupported_grant_type", "none of", id="not ASCII"),
    ],
)
def test_an_unknown_grant_is_refused(http: typing.Any, grant: str | None, error: str, why: str) -> None:
    """RFC 6749 5.2: a missing grant_type is invalid_request, an unknown one unsupported_grant_type."""
    response = http.token({} if grant is None else {"grant_type": grant}, basic=_CRM)

    assert http.answer(response) == http.refused(400, error)
    assert why in http.mock.journal.last.why


def test_a_grant_type_in_the_url_is_no_parameter(http: typing.Any) -> None:
    """RFC 6749 4: the parameters of a token request are in its body; the why says where this one was."""
    response = http.token({}, basic=_CRM, query="grant_type=client_credentials")

    assert http.answer(response) == http.refused(400, "invalid_request")
    assert "it is in the URL" in http.mock.journal.last.why
