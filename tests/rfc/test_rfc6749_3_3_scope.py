"""RFC 6749 3.3: what becomes of the scope that is asked for, how it is written, and when the answer says it."""

from __future__ import annotations

import typing

import pytest
import time_machine

from mockserver import OAuthMock

_CRM = ("crm", "s3cret")


def ask(http: typing.Any, scope: str | None, *, grant_type: str = "client_credentials") -> typing.Any:
    """A token request of client `crm`."""
    person = {"username": "alice", "password": "wonderland"} if grant_type == "password" else {}
    asked = {} if scope is None else {"scope": scope}
    return http.token({"grant_type": grant_type, **person, **asked}, basic=_CRM)


@pytest.mark.parametrize(
    ("policies", "asked", "granted"),
    [
        pytest.param({}, "b a", "b a", id="all allowed"),
        pytest.param({}, "a  b a", "a b", id="doubled spaces and tokens"),
        pytest.param({}, None, "a b", id="left out: what is registered"),
        pytest.param({"default_scope": "b"}, None, "b", id="left out: the default"),
        pytest.param({"default_scope": "b z"}, None, "b", id="a default is no wider than the registration"),
        pytest.param({"scope_policy": "drop"}, "z b", "b", id="drop"),
        pytest.param({"scope_policy": "default"}, "z b", "a b", id="default: what is registered"),
        pytest.param({"scope_policy": "default", "default_scope": "a"}, "z", "a", id="default: the default"),
        pytest.param({"require_scope": True}, "a", "a", id="required and there"),
        pytest.param({"scope_separator": ","}, "a,b", "a,b", id="comma"),
        pytest.param({"scope_separator": "|"}, "b||a", "b|a", id="bar"),
    ],
)
def test_a_scope_is_granted_by_the_policy(
    http: typing.Any, policies: dict[str, typing.Any], asked: str | None, granted: str
) -> None:
    """RFC 6749 3.3: the server may ignore the scope in part or wholly, and then says which scope was granted."""
    http.mock.client("crm", client_secret="s3cret", scope="a b", **policies)

    assert http.answer(ask(http, asked)) == http.tokens(scope=granted, refresh_token=False)
    separator = policies.get("scope_separator", " ")
    assert http.mock.tokens.last.scope == set(granted.split(separator))
    assert http.mock.tokens.last.claims["scope"] == granted.replace(separator, " ")


@pytest.mark.parametrize(
    ("policies", "asked", "why"),
    [
        pytest.param({}, "a z", "scope 'z' is not registered for client 'crm'", id="not allowed"),
        pytest.param({}, "A", "only case sets it apart from 'a', and scopes are case-sensitive", id="case"),
        pytest.param({}, "scope", "'scope' is the parameter's own name", id="the word scope"),
        pytest.param({}, "a,b", "',' does not separate scopes here, ' ' does (scope_separator", id="comma for space"),
        pytest.param({"scope_separator": ";"}, "a|b", "'|' does not separate scopes here, ';' does", id="bar for ;"),
        pytest.param({"scope_separator": ","}, "a b", "scopes are separated by ',' here", id="space for comma"),
        pytest.param({"scope_policy": "drop"}, "y z", "scope 'y z' is not registered", id="drop, nothing left"),
        pytest.param({"require_scope": True}, None, "has no scope, and require_scope is set", id="required"),
        pytest.param({"require_scope": True}, " ", "has no scope, and require_scope is set", id="required, blank"),
        pytest.param({"require_scope": True, "default_scope": "a"}, None, "require_scope is set", id="before defaults"),
    ],
)
@pytest.mark.parametrize("grant_type", ["client_credentials", "password"])
def test_a_scope_is_refused_by_the_policy(
    http: typing.Any, grant_type: str, policies: dict[str, typing.Any], asked: str | None, why: str
) -> None:
    """RFC 6749 3.3, 5.2: invalid_scope, and the tester learns what was probably meant."""
    http.mock.client("crm", client_secret="s3cret", scope="a b", **policies)

    assert http.answer(ask(http, asked, grant_type=grant_type)) == http.refused(400, "invalid_scope")
    assert why in http.mock.journal.last.why


@pytest.mark.parametrize(
    ("asked", "error"), [("z a", None), ("y z", "invalid_scope"), ("a", None), (None, "invalid_scope")]
)
def test_the_policy_holds_at_the_authorization_endpoint(http: typing.Any, asked: str | None, error: str | None) -> None:
    """RFC 6749 3.3, 4.1.2.1: the same decision; a refusal goes back to the client."""
    mock = http.mock
    mock.client(
        "crm", client_secret="s3cret", scope="a b", scope_policy="drop", require_scope=True, scope_separator=","
    )
    query = {"response_type": "code", "client_id": "crm", "redirect_uri": "http://127.0.0.1/cb"}
    response = http.authorize(
        {**query, **({} if asked is None else {"scope": asked.replace(" ", ",")})}, {"user": "alice", "scope": "a"}
    )

    status, where, parameters, _ = http.callback(response)
    assert (status, where) == (302, "http://127.0.0.1/cb")
    if error is not None:
        assert parameters == [("error", error), ("error_description", http.some.description)]
        return
    redeemed = http.token(
        {"grant_type": "authorization_code", "code": parameters[0][1], "redirect_uri": "http://127.0.0.1/cb"},
        basic=_CRM,
    )
    assert http.answer(redeemed) == http.tokens(scope="a")


@pytest.mark.parametrize("grant", ["client_credentials", "password"])
@pytest.mark.parametrize(
    ("says", "asked", "scope"),
    [
        pytest.param("always", "a", "a", id="always"),
        pytest.param("when_different", "b a", None, id="as asked, in another order"),
        pytest.param("when_different", "a z", "a", id="less than asked"),
        pytest.param("when_different", None, "a b", id="nothing was asked"),
        pytest.param("never", "a z", None, id="never, against RFC 6749 5.1"),
    ],
)
def test_the_answer_says_the_scope_by_policy(
    http: typing.Any, says: typing.Any, asked: str | None, scope: str | None, grant: str
) -> None:
    """RFC 6749 5.1: optional where it is identical to what was asked, otherwise required; also for the same token."""
    policies = {"scope_policy": "drop", "scope_in_response": says}
    http.mock.client("crm", client_secret="s3cret", scope="a b", **policies)
    http.mock.client("same", client_secret="s3cret", scope="a b", **policies, access_token_policy="same")
    form = {"grant_type": grant, "username": "alice", "password": "wonderland"}
    form |= {} if asked is None else {"scope": asked}

    expected = http.tokens(scope=scope, refresh_token=grant == "password")
    with time_machine.travel(1_800_000_000, tick=False):
        for client_id in ("crm", "same", "same"):
            assert http.answer(http.token(form, basic=(client_id, "s3cret"))) == expected


@pytest.mark.parametrize(("asked", "said"), [("a b", None), ("a z", "a"), (None, "a b")])
def test_a_code_remembers_what_was_asked(http: typing.Any, asked: str | None, said: str | None) -> None:
    """RFC 6749 5.1: what was asked at the authorization endpoint counts; a refresh changes nothing of it."""
    http.mock.client(
        "crm",
        client_secret="s3cret",
        scope="a b",
        scope_policy="drop",
        scope_in_response="when_different",
        consent="auto",
    )
    query = {"response_type": "code", "client_id": "crm", "redirect_uri": "http://127.0.0.1/cb"}
    _, _, parameters, _ = http.callback(http.authorize({**query, **({} if asked is None else {"scope": asked})}))
    form = {"grant_type": "authorization_code", "code": parameters[0][1], "redirect_uri": "http://127.0.0.1/cb"}
    redeemed = http.token(form, basic=_CRM)

    assert http.answer(redeemed) == http.tokens(scope=said)
    refresh = {"grant_type": "refresh_token", "refresh_token": redeemed.get_json()["refresh_token"]}
    assert http.answer(http.token(refresh, basic=_CRM)) == http.tokens()


def test_an_issuer_decides_for_clients_that_do_not(http: typing.Any) -> None:
    """RFC 6749 3.3: by `scopes_supported`, where a client may have any."""
    mock = OAuthMock(issuer="http://localhost", scopes_supported=["a"], scope_policy="drop", default_scope="a")
    http = type(http)(mock)
    mock.client("crm", client_secret="s3cret")
    mock.client("strict", client_secret="s3cret", scope_policy="reject")

    assert http.answer(ask(http, "a z")) == http.tokens(scope="a", refresh_token=False)
    strict = http.token({"grant_type": "client_credentials", "scope": "a z"}, basic=("strict", "s3cret"))
    assert http.answer(strict) == http.refused(400, "invalid_scope")
    assert "scope 'z' is not in scopes_supported 'a'" in mock.journal.last.why


def test_a_test_mints_without_the_rules_for_requests(mock: OAuthMock) -> None:
    """`require_scope` and `scope_separator` are about requests."""
    client = mock.client(scope="a b", require_scope=True, scope_separator=",")

    assert client.grant().scope == {"a", "b"}
    assert client.grant(scope="b a").scope == {"a", "b"}


def test_the_word_scope_is_remarked_on_where_it_is_granted(http: typing.Any) -> None:
    """RFC 6749 3.3: it is a scope like any other to a client that may have any, and rarely meant."""
    http.mock.client("crm", client_secret="s3cret")

    assert http.answer(ask(http, "scope")) == http.tokens(scope="scope", refresh_token=False)
    assert http.mock.journal.last.why.endswith(
        "for scope 'scope'; 'scope' is the parameter's own name, as forms have it before somebody writes a scope there"
    )
