"""RFC 6749 1.4, 5.1: who asks again is given a new access token, the same one, or one that ends the others."""

from __future__ import annotations

import typing

import msgspec
import pytest
import time_machine

_CRM = ("crm", "s3cret")
_CLIENT = {"grant_type": "client_credentials"}


def login(username: str = "alice", **more: str) -> dict[str, str]:
    """A password request, which brings a refresh token."""
    return {"grant_type": "password", "username": username, "password": "wonderland", **more}


@pytest.fixture
def crm(http: typing.Any, request: pytest.FixtureRequest) -> typing.Any:
    """A client with the policy that the test asks for, one like it, and two people."""
    policy = getattr(request, "param", "same")
    http.mock.user("bob", password="wonderland")
    http.mock.client("other", client_secret="0ther", access_token_policy=policy)
    return http.mock.client("crm", client_secret="s3cret", access_token_policy=policy, refresh_policy="rotate")


def ask(http: typing.Any, parameters: typing.Any, *, basic: tuple[str, str] = _CRM) -> dict[str, typing.Any]:
    """The members of a good answer."""
    answer = http.token(parameters, basic=basic)
    assert answer.status_code == 200, answer.get_json()
    return dict(answer.get_json())


@pytest.mark.parametrize("crm", ["new"], indirect=True)
def test_new_gives_one_for_each_request(http: typing.Any, crm: typing.Any) -> None:
    """All of them live."""
    values = [ask(http, _CLIENT)["access_token"] for _ in range(3)]

    assert len(set(values)) == 3
    assert [http.api(value).status_code for value in values] == [200] * 3


@pytest.mark.parametrize("access_token_format", ["jwt", "opaque"])
def test_same_gives_what_is_left_of_the_same_one(http: typing.Any, access_token_format: str) -> None:
    """RFC 6749 5.1: expires_in is from the time of the answer; once it has expired there is another."""
    http.mock.client(
        "crm",
        client_secret="s3cret",
        access_token_policy="same",
        access_token_lifetime=60,
        access_token_format=access_token_format,
    )
    form = http.some.jwt if access_token_format == "jwt" else http.some.opaque
    with time_machine.travel(1_800_000_000.5, tick=False):
        first = http.token(login(scope="a"), basic=_CRM)
        http.mock.clock.advance(seconds=59)
        second = http.token(login(scope="a"), basic=_CRM)
        http.mock.clock.advance(seconds=1)
        third = http.token(login(scope="a"), basic=_CRM)

    assert http.answer(first) == http.tokens(scope="a", expires_in=60, access_token=form)
    assert second.get_json() == {**first.get_json(), "expires_in": 1}
    assert http.answer(third) == http.tokens(scope="a", expires_in=60, access_token=form)
    assert third.get_json()["access_token"] != first.get_json()["access_token"]
    assert len(http.mock.tokens) == 3


def test_same_is_by_client_person_scope_and_audience(http: typing.Any, crm: typing.Any) -> None:
    """What opens other things is another token; what opens the same is the same, in whatever order it is asked."""
    asked: list[tuple[typing.Any, tuple[str, str]]] = [
        (_CLIENT, _CRM),
        (_CLIENT, ("other", "0ther")),
        ({**_CLIENT, "scope": "a"}, _CRM),
        ({**_CLIENT, "resource": "https://a.example"}, _CRM),
        (login(), _CRM),
        (login("bob"), _CRM),
        (login(scope="a b"), _CRM),
    ]
    first = [ask(http, parameters, basic=basic)["access_token"] for parameters, basic in asked]
    again = [ask(http, parameters, basic=basic)["access_token"] for parameters, basic in reversed(asked)]

    assert len(set(first)) == len(asked)
    assert again == first[::-1]
    assert ask(http, login(scope="b a"))["access_token"] == first[-1]


@pytest.mark.parametrize("end", ["revoke", "expire", "expire_refresh_token", "refresh"])
def test_same_never_gives_what_is_of_no_use(http: typing.Any, crm: typing.Any, end: str) -> None:
    """RFC 6749 5.1: neither an ended access token nor a refresh token that is ended or used."""
    first = ask(http, login(scope="a"))
    if end == "refresh":
        ask(http, {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]})
    else:
        getattr(http.mock.tokens.last, end)()
    second = ask(http, login(scope="a"))

    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert http.api(second["access_token"]).status_code == 200
    assert ask(http, login(scope="a")) == {**second, "expires_in": 3600}
    ask(http, {"grant_type": "refresh_token", "refresh_token": second["refresh_token"]})


def test_same_tells_of_the_person_each_time(http: typing.Any, crm: typing.Any) -> None:
    """OpenID Connect Core 3.1.3.3: the ID token belongs to the answer, and the ledger has what was answered."""
    first, second = ask(http, login(scope="openid")), ask(http, login(scope="openid"))

    assert {**second, "id_token": ""} == {**first, "id_token": ""}
    assert second["id_token"] == http.some.jwt
    other = ask(http, _CLIENT, basic=("other", "0ther"))
    ask(http, login(scope="openid"))
    assert http.mock.tokens.last.access_token == first["access_token"] != other["access_token"]


def test_same_is_entered_in_the_ledger_as_it_was_answered(http: typing.Any, crm: typing.Any) -> None:
    """The second answer's ID token, and the way in which the client showed who it is this time."""
    ask(http, login(scope="openid"))
    in_body = {"client_id": _CRM[0], "client_secret": _CRM[1]}
    second = http.token({**login(scope="openid"), **in_body}).get_json()

    first, last = http.mock.tokens
    assert first.id_token != second["id_token"]
    assert last == msgspec.structs.replace(first, client_auth="client_secret_post", id_token=second["id_token"])


def test_same_is_not_for_what_a_code_brings(http: typing.Any, crm: typing.Any) -> None:
    """RFC 6749 4.1.2: a replayed code ends what it brought and nothing else; a refresh brings a new one as well."""
    kept = ask(http, login())["access_token"]
    granted = crm.grant(user="alice")
    codes = [crm.issue_code(user="alice") for _ in range(2)]
    answers = [ask(http, {"grant_type": "authorization_code", "code": code}) for code in codes]
    refreshed = ask(http, {"grant_type": "refresh_token", "refresh_token": answers[1]["refresh_token"]})
    values = [kept, granted.access_token, *(answer["access_token"] for answer in [*answers, refreshed])]
    assert len(set(values)) == 5

    http.token({"grant_type": "authorization_code", "code": codes[1]}, basic=_CRM)

    assert [http.api(value).status_code for value in values] == [200, 200, 200, 401, 401]
    assert ask(http, login())["access_token"] == kept


@pytest.mark.parametrize("crm", ["one_live"], indirect=True)
def test_one_live_ends_the_one_before(http: typing.Any, crm: typing.Any) -> None:
    """By client and person, whatever the grant and the scope; refresh tokens go on."""
    alice, bob = ask(http, login()), ask(http, login("bob"))
    client, other = ask(http, _CLIENT), ask(http, _CLIENT, basic=("other", "0ther"))
    granted = crm.grant(user="alice", scope="a")
    refreshed = ask(http, {"grant_type": "refresh_token", "refresh_token": alice["refresh_token"]})

    answers = [http.api(token["access_token"]) for token in (alice, bob, client, other, refreshed)]
    assert [answer.status_code for answer in answers] == [401, 200, 200, 200, 200]
    assert not granted.alive
    ask(http, {"grant_type": "refresh_token", "refresh_token": granted.refresh_token})
    assert http.api(refreshed["access_token"]).status_code == 401


@pytest.mark.parametrize("crm", ["one_live"], indirect=True)
def test_one_live_remembers_what_the_ledger_has_dropped(http: typing.Any, crm: typing.Any) -> None:
    """The ledger is bounded, the policy is not."""
    first = ask(http, _CLIENT)["access_token"]
    for _ in range(2001):
        http.mock.tokens.add(http.mock.tokens.last)
    second = ask(http, _CLIENT)["access_token"]

    assert [http.api(value).status_code for value in (first, second)] == [401, 200]


@pytest.mark.race
def test_twenty_requests_at_once_get_the_same(http: typing.Any, crm: typing.Any) -> None:
    """Looking and minting are one step: ten rounds out of ten, each for a scope of its own."""
    for number in range(10):
        parameters = login(scope=f"s{number}")
        answers = http.at_once([lambda parameters=parameters: ask(http, parameters)] * 20)

        assert len({(answer["access_token"], answer["refresh_token"]) for answer in answers}) == 1


@pytest.mark.race
@pytest.mark.parametrize("crm", ["one_live"], indirect=True)
def test_of_twenty_requests_at_once_one_lives(http: typing.Any, crm: typing.Any) -> None:
    """Ten rounds out of ten; refreshing at the same time makes no difference."""
    for _ in range(10):
        held = [crm.grant(user="alice").refresh_token for _ in range(10)]
        refreshes = [{"grant_type": "refresh_token", "refresh_token": value} for value in held]
        calls = [lambda asked=asked: ask(http, asked) for asked in [*refreshes, *[login()] * 10]]
        answers = http.at_once(calls)

        assert [http.api(answer["access_token"]).status_code for answer in answers].count(200) == 1


def test_a_grant_is_its_own_caller_s(http: typing.Any) -> None:
    """Twenty threads that mint tokens of their own each get theirs, not the newest."""
    clients = [http.mock.client(f"c{number}") for number in range(20)]
    tokens = http.at_once([client.grant for client in clients])

    assert [token.client_id for token in tokens] == [client.client_id for client in clients]
