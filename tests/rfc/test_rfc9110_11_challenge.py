"""RFC 9110 11: challenge and credentials, in which order they come, and `protect(path, challenge=True)`."""

from __future__ import annotations

import typing

import pytest

from mockserver import OAuthMock


@pytest.fixture
def token(mock: OAuthMock) -> str:
    """A good one."""
    return mock.client("crm", client_secret="s3cret").grant(scope="orders:write").access_token


def seen(mock: OAuthMock) -> list[tuple[int, str | None, bool]]:
    """Status, credentials, preemptive."""
    return [(exchange.status, exchange.credentials, exchange.preemptive) for exchange in mock.journal]


def test_the_first_request_is_challenged_whatever_it_brings(http: typing.Any, mock: OAuthMock, token: str) -> None:
    """RFC 9110 11.6.1, RFC 6750 3: the challenge of a request without a token, once; then the path is as ever."""
    mock.protect("/orders", scope="orders:write", json=[], challenge=True)

    answers = [http.answer(http.api(token, "/orders", method="PATCH", data=b"x")) for _ in range(3)]

    taken = (200, [], {"Content-Type": "application/json"})
    assert answers == [http.challenged(401, None, scope="orders:write"), taken, taken]
    assert mock.journal[0].why == (
        "/orders is protected with challenge=True: the first request is challenged whatever it brings"
    )
    assert seen(mock) == [(401, "bearer", True), (200, "bearer", False), (200, "bearer", False)]


@pytest.mark.parametrize(
    "body", [b"", b'{"state":"sent"}', b"\xff\x00" * 40_000], ids=["none", "JSON", "beyond 64 KiB"]
)
def test_a_repeated_body_is_compared_by_its_digest(http: typing.Any, mock: OAuthMock, token: str, body: bytes) -> None:
    """RFC 9110 11.6.1: PATCH is repeated with the same body, or it is not; `body` of an exchange tells."""
    mock.protect("/orders", challenge=True)
    http.api(None, "/orders", method="PATCH", data=body)
    http.api(token, "/orders", method="PATCH", data=body)
    http.api(token, "/orders", method="PATCH", data=body + b"x")

    first, second, third = mock.journal
    assert [first.status, second.status, third.status] == [401, 200, 200]
    assert first.body == second.body != third.body


def test_a_path_without_challenge_takes_a_token_at_once(http: typing.Any, mock: OAuthMock, token: str) -> None:
    """RFC 9110 11.4: credentials may come before any challenge."""
    mock.protect("/orders", json=[])
    http.api(token, "/orders")

    assert seen(mock) == [(200, "bearer", True)]


def test_a_challenge_is_armed_by_each_protect_and_each_reset_ends_it(
    http: typing.Any, mock: OAuthMock, token: str
) -> None:
    """RFC 9110 11.6.1: once for each call; a later call without it takes it back."""
    for challenge, expected in ((True, [401, 200]), (True, [401, 200]), (False, [200, 200])):
        mock.protect("/orders", challenge=challenge)
        assert [http.api(token, "/orders").status_code for _ in range(2)] == expected
    mock.protect("/orders", challenge=True)
    mock.protect("/orders")
    assert http.api(token, "/orders").status_code == 200

    mock.protect("/orders", challenge=True)
    mock.reset()
    again = mock.client().grant().access_token
    mock.protect("/orders")

    assert http.api(again, "/orders").status_code == 200


def test_each_path_is_challenged_for_itself(http: typing.Any, mock: OAuthMock, token: str) -> None:
    """RFC 9110 11.5: the journal counts by path, of each issuer."""
    other = mock.issuer("b")
    own = other.client().grant().access_token
    for issuer in (mock, other):
        for path in ("/orders", "/invoices"):
            issuer.protect(path, challenge=True)

    paths = ["/orders", "/invoices", "/b/orders", "/b/invoices"]
    for path in paths:
        bearer = own if path.startswith("/b") else token
        assert [http.api(bearer, path).status_code for _ in range(2)] == [401, 200]

    assert [exchange.preemptive for exchange in mock.journal] == [True, False] * 4


@pytest.mark.race
def test_of_requests_at_once_one_is_challenged(http: typing.Any, mock: OAuthMock, token: str) -> None:
    """RFC 9110 11.6.1: taking the challenge is one atomic step."""
    for number in range(10):
        mock.protect(f"/orders/{number}", challenge=True)
        calls = [lambda path=f"/orders/{number}": http.api(token, path).status_code] * 8

        found = http.at_once(calls)

        assert sorted(found) == [200] * 7 + [401]


@pytest.mark.parametrize(
    ("path", "authorization", "form", "credentials"),
    [
        pytest.param("/token", "Basic Y3JtOnMzY3JldA==", {}, "basic", id="Basic"),
        pytest.param("/token", "basic   ???", {}, "basic", id="malformed Basic"),
        pytest.param("/token", None, {"client_id": "crm", "client_secret": "s"}, "parameter", id="secret in the body"),
        pytest.param("/token", None, {"client_id": "crm"}, None, id="a client_id alone"),
        pytest.param("/token", None, {"client_id": "crm", "client_secret": ""}, None, id="an empty secret"),
        pytest.param("/api/x", "BEARER abc", {}, "bearer", id="Bearer"),
        pytest.param("/api/x", "Bearer", {}, "bearer", id="Bearer alone"),
        pytest.param("/api/x", "AWS4-HMAC-SHA256 Credential=x", {}, "aws4-hmac-sha256", id="AWS"),
        pytest.param("/api/x", "sesame", {}, "other", id="no scheme"),
        pytest.param("/api/x?access_token=a", None, {}, "parameter", id="query"),
        pytest.param("/api/x", None, {"access_token": "a"}, "parameter", id="form"),
        pytest.param("/api/x", None, {}, None, id="none"),
        pytest.param("/nothing", "Bearer a", {}, "bearer", id="nowhere"),
    ],
)
def test_credentials_are_told_by_their_scheme(
    http: typing.Any, path: str, authorization: str | None, form: dict[str, str], credentials: str | None
) -> None:
    """RFC 9110 11.4: the scheme, whatever the server thinks of what follows; nothing was challenged before."""
    headers = {} if authorization is None else {"Authorization": authorization}
    http.client.post(path, headers=headers, data=form, content_type="application/x-www-form-urlencoded")

    last = http.mock.journal.last
    assert (last.credentials, last.preemptive) == (credentials, credentials is not None)


def test_only_a_401_with_a_challenge_is_one(http: typing.Any, mock: OAuthMock, token: str) -> None:
    """RFC 9110 15.5.2: an armed 401 without WWW-Authenticate and a 403 with one leave credentials preemptive."""
    orders = mock.protect("/orders", scope="orders:delete")
    orders.fail(401)
    for value in (token, token, None, token):
        http.api(value, "/orders")

    assert seen(mock) == [(401, "bearer", True), (403, "bearer", True), (401, None, False), (403, "bearer", False)]


def test_a_token_endpoint_that_challenges_makes_the_next_no_longer_preemptive(
    http: typing.Any, mock: OAuthMock
) -> None:
    """RFC 6749 5.2: 401 invalid_client with a challenge where the header was tried."""
    mock.client("crm", client_secret="s3cret")
    for secret in ("wrong", "s3cret"):
        http.token({"grant_type": "client_credentials"}, basic=("crm", secret))

    assert seen(mock) == [(401, "basic", True), (200, "basic", False)]


def test_a_request_that_came_before_the_challenge_left_is_preemptive(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 9110 11.4: what counts is the order of arrival, not that of the entries."""
    http.api("a", "/api/x")
    http.api("a", "/api/x")
    challenged, after = mock.journal
    mock.reset()
    journal = mock.journal
    numbers = [journal.arrive() for _ in range(2)]

    def again(exchange: typing.Any, number: int) -> typing.Any:
        fields = {name: getattr(exchange, name) for name in exchange.__struct_fields__}
        return type(exchange)(**{**fields, "number": number, "preemptive": False})

    journal.add(again(challenged, numbers[0]))
    journal.add(again(after, numbers[1]))
    journal.add(again(after, journal.arrive()))

    assert [exchange.preemptive for exchange in journal] == [True, True, False]


def test_the_journal_remembers_as_many_challenges_as_exchanges() -> None:
    """A standalone server's memory is bounded."""
    from werkzeug.test import Client

    mock = OAuthMock(journal_size=2)
    http = Client(mock.wsgi)
    for path in ("a", "b", "c", "a", "c"):
        http.get(f"/api/{path}", headers={"Authorization": "Bearer x"})

    # /api/a was forgotten when /api/c came, and then /api/b
    assert [exchange.preemptive for exchange in mock.journal] == [True, False]
