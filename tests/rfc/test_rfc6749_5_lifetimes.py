"""RFC 6749 5.1, 4.1.2: lifetimes from nothing to the largest, as the answer tells them and as the server keeps them."""

from __future__ import annotations

import collections.abc as cabc
import typing

import pytest
import time_machine

from mockserver import ConfigurationError

_CRM = ("crm", "s3cret")
_CLIENT = {"grant_type": "client_credentials"}
_NOON = 1_800_000_000


@pytest.fixture(autouse=True)
def noon() -> cabc.Iterator[None]:
    """Time stands still, but for what a test adds."""
    with time_machine.travel(_NOON, tick=False):
        yield


@pytest.mark.parametrize("form", ["jwt", "opaque"])
@pytest.mark.parametrize("lifetime", [0, 1, 299, 300, 301, 599, 600, 2**31, 2**53])
def test_an_access_token_lives_as_long_as_the_answer_says(http: typing.Any, form: str, lifetime: int) -> None:
    """RFC 6749 5.1, RFC 9068 2.2: good a second before its end and not at its end; exp is the same second."""
    http.mock.client("crm", client_secret="s3cret", access_token_lifetime=lifetime, access_token_format=form)
    answer = http.token(_CLIENT, basic=_CRM)
    kind = http.some.jwt if form == "jwt" else http.some.opaque
    assert http.answer(answer) == http.tokens(expires_in=lifetime, refresh_token=False, access_token=kind)
    token = http.mock.tokens.last
    assert (token.expires_in, token.expires_at) == (lifetime, _NOON + lifetime)
    if form == "jwt":
        assert token.claims["exp"] - token.claims["iat"] == lifetime

    # From 2**53 on, a float does not tell one second from the next.
    step = 1 if lifetime < 2**53 else 4
    verdicts = []
    for seconds in (max(lifetime - step, 0), step if lifetime else 0, step):
        http.mock.clock.advance(seconds=seconds)
        verdicts.append(http.api(token.access_token).status_code)
    assert verdicts == [200 if lifetime else 401, 401, 401]


@pytest.mark.parametrize("lifetime", [0, 1, 300, 2**31])
def test_a_code_lives_so_long(http: typing.Any, lifetime: int) -> None:
    """RFC 6749 4.1.2: ten minutes at most are recommended; here it is what the setting says, or the call."""
    crm = http.mock.client("crm", client_secret="s3cret", authorization_code_lifetime=lifetime)
    plain = http.mock.client("plain", client_secret="plain")
    for seconds, status in ((lifetime - 1, 200), (lifetime, 400), (lifetime + 1, 400)):
        codes = [(crm.issue_code(), _CRM), (plain.issue_code(lifetime=lifetime), ("plain", "plain"))]
        http.mock.clock.advance(seconds=seconds)
        for code, basic in codes:
            answer = http.token({"grant_type": "authorization_code", "code": code}, basic=basic)
            assert answer.status_code == (status if seconds >= 0 else 200)
            if status == 400:
                assert http.answer(answer) == http.refused(400, "invalid_grant")
                assert f"the code expired {seconds - lifetime} s ago" in http.mock.journal.last.why


@pytest.mark.parametrize("lifetime", [1, 2**31, 2**53])
def test_a_refresh_token_lives_so_long(http: typing.Any, lifetime: int) -> None:
    """By setting or by call."""
    http.mock.client("crm", client_secret="s3cret", refresh_token_lifetime=lifetime).grant()
    by_setting = http.mock.tokens.last
    by_call = http.mock.client("plain", client_secret="plain").grant(refresh_token_lifetime=lifetime)
    http.mock.clock.advance(seconds=lifetime)
    for token, basic in ((by_setting, _CRM), (by_call, ("plain", "plain"))):
        answer = http.token({"grant_type": "refresh_token", "refresh_token": token.refresh_token}, basic=basic)
        assert http.answer(answer) == http.refused(400, "invalid_grant")


@pytest.mark.parametrize("value", [-1, 2**53 + 1, 10**400, 1.5, float("nan"), "60", True, [60]], ids=repr)
@pytest.mark.parametrize(
    ("call", "key"),
    [
        ("grant", "access_token_lifetime"),
        ("grant", "refresh_token_lifetime"),
        ("issue_code", "lifetime"),
    ],
)
def test_an_impossible_lifetime_is_refused(http: typing.Any, call: str, key: str, value: typing.Any) -> None:
    """With key, value and remedy, and nothing is minted."""
    crm = http.mock.client("crm")
    with pytest.raises(ConfigurationError) as caught:
        getattr(crm, call)(**{key: value})

    assert str(caught.value).startswith(f"{key} = {value!r}: write whole seconds from 0")
    assert len(http.mock.tokens) == 0


@pytest.mark.parametrize("value", [-1, 2**53 + 1, 1.5, "60", True])
@pytest.mark.parametrize(
    "key", ["access_token_lifetime", "refresh_token_lifetime", "authorization_code_lifetime", "id_token_lifetime"]
)
def test_an_impossible_setting_is_refused(http: typing.Any, key: str, value: typing.Any) -> None:
    """The settings of the same names are held to the same."""
    with pytest.raises(ConfigurationError, match=rf"client 'crm': {key} = .*: expected `int"):
        http.mock.client("crm", **{key: value})


def test_lifetimes_of_nought_and_of_ages_are_possible(http: typing.Any) -> None:
    """The ends of the range."""
    crm = http.mock.client("crm", client_secret="s3cret")

    assert crm.grant(access_token_lifetime=0, refresh_token_lifetime=2**53).expires_in == 0
    assert crm.grant(access_token_lifetime=2**53).expires_in == 2**53
    assert http.token({"grant_type": "authorization_code", "code": crm.issue_code(lifetime=2**53)}, basic=_CRM)
