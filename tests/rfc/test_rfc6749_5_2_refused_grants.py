"""RFC 6749 5.2: each refusal of a grant word for word: what the client is told, and why for the tester."""

from __future__ import annotations

import collections.abc as cabc
import typing

import pytest
import time_machine

from mockserver.model import Kind

_CRM = ("crm", "s3cret")
_BACK = "http://127.0.0.1:7001/callback"
_MINE = "of a mock server, from before a reset or of another issuer"
_GRACE = {"policy": "rotate_grace", "seconds": 30, "uses": 2}


def bad_code(why: str) -> tuple[str, str, str]:
    return "invalid_grant", "The authorization code is invalid, expired, used or another client's.", why


def bad_refresh_token(why: str) -> tuple[str, str, str]:
    return "invalid_grant", "The refresh token is invalid, expired, revoked or another client's.", why


def bad_person(why: str) -> tuple[str, str, str]:
    return "invalid_grant", "The resource owner credentials are invalid.", why


@pytest.fixture(autouse=True)
def noon() -> cabc.Iterator[None]:
    """Time stands still, but for what a test adds."""
    with time_machine.travel(1_800_000_000, tick=False):
        yield


@pytest.fixture
def crm(http: typing.Any) -> typing.Any:
    """A client for every grant, and another one."""
    return http.mock.client("crm", client_secret="s3cret"), http.mock.client("other", client_secret="0ther")


# -- authorization_code ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "sent", "told"),
    [
        pytest.param(
            "fresh",
            {"code": ""},
            ("invalid_request", "code is missing.", "the grant needs the parameter code (RFC 6749 4.1.3)"),
            id="missing",
        ),
        pytest.param(
            "fresh",
            {"code": "x" * 12},
            bad_code("this issuer never issued the code: it is not of a mock server's making (12 characters)"),
            id="unknown",
        ),
        pytest.param(
            "fresh",
            {"code": "oam_ac_x"},
            bad_code(f"this issuer never issued the code: it is an authorization code {_MINE}"),
            id="of another issuer",
        ),
        pytest.param(
            "another's",
            {},
            bad_code("the code was issued to client 'other', not to 'crm' (RFC 6749 4.1.3)"),
            id="another client's",
        ),
        pytest.param(
            "used",
            {},
            bad_code("the code has been used before; whatever it brought is revoked (RFC 6749 4.1.2)"),
            id="used",
        ),
        pytest.param("revoked", {}, bad_code("the code has been revoked"), id="revoked"),
        pytest.param("expired", {}, bad_code("the code expired 7 s ago (authorization_code_lifetime)"), id="expired"),
        pytest.param(
            "fresh",
            {"redirect_uri": "https://evil.example/"},
            bad_code(
                f"redirect_uri is 'https://evil.example/'; the authorization request had {_BACK!r} and both must be"
                " identical (RFC 6749 4.1.3)"
            ),
            id="another redirect_uri",
        ),
        pytest.param(
            "fresh",
            {"redirect_uri": ""},
            bad_code(
                f"redirect_uri is None; the authorization request had {_BACK!r} and both must be identical"
                " (RFC 6749 4.1.3); to take it without: repeat_redirect_uri=False"
            ),
            id="no redirect_uri",
        ),
    ],
)
def test_a_refused_code(
    http: typing.Any, crm: typing.Any, state: str, sent: dict[str, str], told: tuple[str, str, str]
) -> None:
    """RFC 6749 4.1.3, 5.2: one description for whatever is wrong with a code, and a why for each."""
    owner, other = crm
    code = (other if state == "another's" else owner).issue_code(redirect_uri=_BACK)
    parameters = {"grant_type": "authorization_code", "code": code, "redirect_uri": _BACK, **sent}
    if state == "used":
        assert http.token(parameters, basic=_CRM).status_code == 200
        assert http.mock.context.store.find(Kind.CODE, code).first_use == 1_800_000_000
    if state == "revoked":
        http.mock.context.store.revoke(Kind.CODE, code)
    if state == "expired":
        http.mock.clock.advance(seconds=607)

    assert http.told(http.token(parameters, basic=_CRM)) == (400, *told)


# -- refresh_token -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "state", "sent", "told"),
    [
        pytest.param(
            "rotate",
            "fresh",
            {"refresh_token": ""},
            (
                "invalid_request",
                "refresh_token is missing.",
                "the grant needs the parameter refresh_token (RFC 6749 6)",
            ),
            id="missing",
        ),
        pytest.param(
            "rotate",
            "fresh",
            {"refresh_token": "x" * 12},
            bad_refresh_token(
                "this issuer never issued the refresh token: it is not of a mock server's making (12 characters)"
            ),
            id="unknown",
        ),
        pytest.param(
            "rotate",
            "fresh",
            {"refresh_token": "oam_at_x"},
            bad_refresh_token(f"this issuer never issued the refresh token: it is an access token {_MINE}"),
            id="an access token",
        ),
        pytest.param(
            "rotate",
            "another's",
            {},
            bad_refresh_token("the refresh token was issued to client 'other', not to 'crm' (RFC 6749 6)"),
            id="another client's",
        ),
        pytest.param("static", "revoked", {}, bad_refresh_token("the refresh token has been revoked"), id="revoked"),
        pytest.param(
            "static",
            "expired",
            {},
            bad_refresh_token("the refresh token expired 7 s ago (refresh_token_lifetime)"),
            id="expired",
        ),
        pytest.param(
            "rotate",
            "used",
            {},
            bad_refresh_token(
                "the refresh token has been used before; under refresh_policy 'rotate' each works once:"
                " keep the new one"
            ),
            id="used, rotate",
        ),
        pytest.param(
            "rotate_revoke_family",
            "used",
            {},
            bad_refresh_token("the refresh token has been used before: the whole family is revoked (RFC 9700 4.14.2)"),
            id="used, rotate_revoke_family",
        ),
        pytest.param(
            _GRACE,
            "used late",
            {},
            bad_refresh_token(
                "the refresh token has been used before, 31 s ago; the grace is 30 s and 2 more: the whole family is"
                " revoked (RFC 9700 4.14.2)"
            ),
            id="used late, rotate_grace",
        ),
        pytest.param(
            _GRACE,
            "used often",
            {},
            bad_refresh_token(
                "the refresh token has been used before, 3 times; the grace is 30 s and 2 more: the whole family is"
                " revoked (RFC 9700 4.14.2)"
            ),
            id="used often, rotate_grace",
        ),
        pytest.param(
            "rotate",
            "fresh",
            {"scope": "b orders c"},
            (
                "invalid_scope",
                "The requested scope exceeds what was granted.",
                (
                    "scope 'orders c' was not granted ('a b' was): a refresh can narrow a scope and never widen it"
                    " (RFC 6749 6)"
                ),
            ),
            id="wider",
        ),
    ],
)
def test_a_refused_refresh_token(
    http: typing.Any, policy: typing.Any, state: str, sent: dict[str, str], told: tuple[str, str, str]
) -> None:
    """RFC 6749 5.2, 6: one description for whatever is wrong with a refresh token, and a why for each."""
    crm = http.mock.client("crm", client_secret="s3cret", refresh_policy=policy)
    other = http.mock.client("other", client_secret="0ther")
    token = (other if state == "another's" else crm).grant(scope="a b", refresh_token_lifetime=100)
    parameters = {"grant_type": "refresh_token", "refresh_token": token.refresh_token, **sent}
    for _ in range({"used": 1, "used late": 1, "used often": 3}.get(state, 0)):
        assert http.token(parameters, basic=_CRM).status_code == 200
    if state == "revoked":
        token.revoke()
    http.mock.clock.advance(seconds={"used late": 31, "expired": 107}.get(state, 0))

    assert http.told(http.token(parameters, basic=_CRM)) == (400, *told)


@pytest.mark.parametrize("lost", [True, False], ids=["lost", "revoked"])
def test_a_refresh_token_that_ends_meanwhile(http: typing.Any, lost: bool) -> None:
    """RFC 6749 5.2: between look-up and use, by a store that has lost it, or in which it was revoked in time."""
    crm = http.mock.client("crm", client_secret="s3cret", refresh_policy="rotate")
    parameters = {"grant_type": "refresh_token", "refresh_token": crm.grant().refresh_token}
    store = http.mock.context.store

    class Overtaken:
        find = staticmethod(store.find)

        @staticmethod
        def take(kind: Kind, value: str, *, now: float) -> typing.Any:
            store.revoke(kind, value)
            return None if lost else store.take(kind, value, now=now)

    http.mock.context.store = Overtaken()

    told = bad_refresh_token("the refresh token has been revoked")
    assert http.told(http.token(parameters, basic=_CRM)) == (400, *told)


# -- password ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        pytest.param(
            {"username": ""},
            ("invalid_request", "username is missing.", "the grant needs the parameter username (RFC 6749 4.3.2)"),
            id="no username",
        ),
        pytest.param(
            {"password": ""},
            ("invalid_request", "password is missing.", "the grant needs the parameter password (RFC 6749 4.3.2)"),
            id="no password",
        ),
        pytest.param(
            {"username": "alicia"}, bad_person("no user is called 'alicia'; did you mean 'alice'?"), id="nearly a user"
        ),
        pytest.param(
            {"username": "zz"}, bad_person("no user is called 'zz'; to register: oauthmock.user('zz')"), id="no user"
        ),
        pytest.param(
            {"password": "Wonderland"},
            bad_person("the password of 'alice' is wrong: only upper and lower case differ"),
            id="case",
        ),
        pytest.param(
            {"password": "quite another"},
            bad_person("the password of 'alice' is wrong: 13 characters were sent, the registered one has 10"),
            id="another",
        ),
        pytest.param(
            {"username": "bob"},
            (
                "invalid_grant",
                "The account is locked.",
                (
                    "'bob' has account='locked'; the password was right; to let them in again:"
                    " oauthmock.change_user('bob', account='active') (RFC 6749 5.2)"
                ),
            ),
            id="locked",
        ),
        pytest.param(
            {"username": "carol"},
            (
                "invalid_grant",
                "A second factor is required.",
                (
                    "'carol' has account='second_factor': a password alone is not enough; use the authorization"
                    " code grant (RFC 6749 4.3.2, 5.2)"
                ),
            ),
            id="second factor",
        ),
    ],
)
def test_refused_resource_owner_credentials(
    http: typing.Any, crm: typing.Any, sent: dict[str, str], told: tuple[str, str, str]
) -> None:
    """RFC 6749 4.3.2, 5.2, 10.7: always 400; the client learns no more than it knew."""
    http.mock.user("bob", password="wonderland", account="locked")
    http.mock.user("carol", password="wonderland", account="second_factor")
    parameters = {"grant_type": "password", "username": "alice", "password": "wonderland", **sent}

    assert http.told(http.token(parameters, basic=_CRM)) == (400, *told)


# -- client_credentials ------------------------------------------------------------------------------------------------


def test_refused_client_credentials(http: typing.Any) -> None:
    """RFC 6749 4.4: a public client has none."""
    http.mock.client("public", token_endpoint_auth_method="none")

    assert http.told(http.token({"grant_type": "client_credentials", "client_id": "public"})) == (
        400,
        "unauthorized_client",
        "A public client has no credentials to use.",
        "client 'public' is public (method none); client_credentials needs a confidential one (RFC 6749 4.4)",
    )
