"""RFC 6585 4: a client that asks for tokens too often, and `token_rate_limit`."""

from __future__ import annotations

import collections.abc as cabc
import typing

import pytest

from mockserver import OAuthMock
from mockserver.errors import ConfigurationError

_TWO = {"requests": 2, "seconds": 60}


@pytest.fixture
def crm(mock: OAuthMock) -> typing.Any:
    """A client that may make two token requests a minute."""
    return mock.client("crm", client_secret="s3cret", token_rate_limit=_TWO)


@pytest.fixture
def ask(http: typing.Any, crm: typing.Any) -> cabc.Callable[..., typing.Any]:
    """A token request of that client, by Basic."""

    def send(grant_type: str = "client_credentials", secret: str = "s3cret", **form: str) -> typing.Any:
        return http.token({"grant_type": grant_type, **form}, basic=(crm.client_id, secret))

    return send


def busy(http: typing.Any, retry_after: int) -> typing.Any:
    """The whole answer."""
    status, body, headers = http.refused(429, "temporarily_unavailable")
    return status, body, {**headers, "Retry-After": str(retry_after)}


def test_one_request_too_many_is_429(http: typing.Any, mock: OAuthMock, ask: typing.Any) -> None:
    """RFC 6585 4: the answer says when to come again (RFC 9110 10.2.3), the why by which setting."""
    assert [http.answer(ask()) for _ in range(2)] == [http.tokens(refresh_token=False)] * 2

    assert http.answer(ask()) == busy(http, 60)
    assert len(mock.tokens) == 2
    last = mock.journal.last
    assert (last.verdict, last.error, last.client_id) == ("refused", "temporarily_unavailable", "crm")
    assert last.why == (
        "client 'crm' made 2 token requests within 60 s, which is its token_rate_limit; the next is taken in 60 s:"
        " keep a token until it expires"
    )


def test_the_window_slides_with_the_servers_clock(http: typing.Any, mock: OAuthMock, ask: typing.Any) -> None:
    """RFC 9110 10.2.3: Retry-After is true, and what was turned away does not put it off."""
    ask()
    mock.clock.advance(seconds=40)
    ask()

    for _ in range(3):
        assert http.answer(ask()) == busy(http, 20)
    mock.clock.advance(seconds=20)
    assert ask().status_code == 200
    assert http.answer(ask()) == busy(http, 40)


def test_a_clock_that_is_set_back_locks_nobody_out(mock: OAuthMock, ask: typing.Any) -> None:
    """RFC 6585 4: a window of 60 s that lies a day ahead is over."""
    mock.clock.advance(days=1)
    assert [ask().status_code for _ in range(3)] == [200, 200, 429]

    mock.clock.advance(days=-1)

    assert ask().status_code == 200


def test_nothing_is_redeemed_by_a_request_that_is_turned_away(
    mock: OAuthMock, crm: typing.Any, ask: typing.Any
) -> None:
    """RFC 6585 4: a code and a refresh token that came with it are good afterwards."""
    code = crm.issue_code()
    refresh_token = ask("password", username="alice", password="wonderland").get_json()["refresh_token"]
    ask()

    assert ask("authorization_code", code=code).status_code == 429
    assert ask("refresh_token", refresh_token=refresh_token).status_code == 429
    mock.clock.advance(seconds=60)

    assert ask("authorization_code", code=code).status_code == 200
    assert ask("refresh_token", refresh_token=refresh_token).status_code == 200


def test_only_an_authenticated_client_is_counted(ask: typing.Any) -> None:
    """RFC 6749 2.3: a stranger with a wrong secret cannot use up another's requests; a bad request counts."""
    assert [ask(secret="wrong").status_code for _ in range(5)] == [401] * 5
    assert ask("nonsense").status_code == 400
    assert [ask().status_code for _ in range(2)] == [200, 429]
    assert ask(secret="wrong").status_code == 401


def test_each_client_and_issuer_counts_for_itself(http: typing.Any, mock: OAuthMock, ask: typing.Any) -> None:
    """RFC 6585 4: per client; a client of the same name at another issuer is another."""
    other = mock.issuer("b", token_rate_limit={"requests": 1, "seconds": 60})
    other.client("crm", client_secret="s3cret")
    mock.client("free", client_secret="s3cret")
    ask(), ask()

    assert ask().status_code == 429
    form = {"grant_type": "client_credentials"}
    headers = {"Authorization": http.basic("crm", "s3cret")}
    assert [http.client.post("/b/token", data=form, headers=headers).status_code for _ in range(2)] == [200, 429]
    assert [http.token(form, basic=("free", "s3cret")).status_code for _ in range(5)] == [200] * 5


def test_a_reset_forgets(http: typing.Any, mock: OAuthMock, ask: typing.Any) -> None:
    """RFC 6585 4: every test begins with all its requests."""
    ask(), ask()
    mock.reset()
    mock.client("crm", client_secret="s3cret", token_rate_limit=_TWO)

    assert [ask().status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.race
@pytest.mark.parametrize("_round", range(10))
def test_of_requests_at_once_exactly_so_many_are_taken(
    mock: OAuthMock, http: typing.Any, ask: typing.Any, _round: int
) -> None:
    """RFC 6585 4: counting is one atomic step."""
    seen = http.at_once([lambda: ask().status_code] * 12)

    assert sorted(seen) == [200] * 2 + [429] * 10
    assert len(mock.tokens) == 2


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param({"requests": 0, "seconds": 1}, ".requests = 0: expected `int` >= 1", id="no request"),
        pytest.param({"requests": 1, "seconds": 10**400}, "expected `int` <= 9007", id="an endless window"),
        pytest.param({"requests": 1}, ": seconds is missing; add it", id="half of it"),
        pytest.param({"requests": 1, "second": 1}, ".second'; did you mean 'seconds'?", id="a slip"),
        pytest.param(5, " = 5: expected `object", id="a number"),
    ],
)
def test_a_wrong_limit_is_named(value: typing.Any, message: str) -> None:
    """Key and value, for the server and for a client."""
    for make in (OAuthMock, OAuthMock().client):
        with pytest.raises(ConfigurationError) as caught:
            make(token_rate_limit=value)
        assert "token_rate_limit" in str(caught.value)
        assert message in str(caught.value)
