"""Section 2 of the matrix: the authorization endpoint, the callback, and what a connector makes of it."""

from __future__ import annotations

import httpx
import pytest

from matrix.connector import Denied
from matrix.connector import NeedsScope
from matrix.connector import Rejected
from matrix.rows import Case
from matrix.rows import of
from matrix.world import World
from matrix.world import callback
from mockserver.errors import UnexpectedPage

REDIRECT_URI = "http://127.0.0.1:9/callback"


# -- F1 to F6 ----------------------------------------------------------------------------------------------------------


@of("F1", "login")
def test_login(world: World, case: Case) -> None:
    connector = world.connector(case.connector)
    url = connector.start()
    came = world.mock.approve(url)

    if case.connector == "right":
        connector.finish(came)
    else:
        with pytest.raises(Denied, match=r"^invalid_grant$"):
            connector.finish(came)

    assert world.seen() == case.seen
    assert came.state == world.mock.states[0].value == httpx.URL(url).params["state"]


@of("F1", "state of odd characters", "state of 4096 characters")
def test_state_is_echoed(world: World, case: Case) -> None:
    state = case.given.get("state") or "s" * case.given["length"]
    query = {"response_type": "code", "client_id": world.mock.client().client_id, "redirect_uri": REDIRECT_URI}

    answer = world.authorize({**query, "state": state})

    assert answer.status_code == case.status
    assert {**callback(answer).params, "code": ""} == {"code": "", "state": state}


@of("F2", "missing", "altered", "duplicated")
def test_callback_with_another_state(world: World, case: Case) -> None:
    connector = world.connector(case.connector)
    came = world.mock.approve(connector.start())
    state = str(came.state)
    forged = {
        "missing": came.without("state"),
        "altered": came.with_params(state=state[:-1] + "~"),
        "duplicated": came.with_params(state=[state, "another"]),
    }[case.title]

    if case.connector == "right":
        with pytest.raises(Rejected):
            connector.finish(forged)
    else:
        connector.finish(forged)

    assert world.seen() == case.seen


@of("F2", "reused")
def test_callback_that_comes_again(world: World, case: Case) -> None:
    connector = world.connector(case.connector)
    came = world.mock.approve(connector.start())
    connector.finish(came)

    with pytest.raises(Rejected if case.connector == "right" else Denied):
        connector.finish(came)

    assert world.seen() == case.seen
    assert world.mock.tokens.last.alive == (case.connector == "right")


@of("F2", "two logins")
def test_two_logins(world: World, case: Case) -> None:
    connector = world.connector(case.connector)

    callbacks = [world.mock.approve(connector.start()) for _ in range(2)]

    assert world.seen() == case.seen
    assert [state.reused for state in world.mock.states] == case.given["reused"]
    assert [state.value for state in world.mock.states] == [came.state for came in callbacks]


@of(
    "F3",
    *("access_denied", "invalid_scope", "unauthorized_client", "unsupported_response_type", "server_error"),
    *("temporarily_unavailable", "invalid_request", "login_required", "interaction_required", "consent_required"),
)
def test_error_redirect(world: World, case: Case) -> None:
    connector = world.connector(case.connector)

    with pytest.raises(Denied, match=f"^{case.error}$"):
        connector.login(lambda url: world.mock.refuse(url, error=str(case.error)))

    assert world.seen() == case.seen


@of("F4", "error without state", "error with state")
def test_error_that_anybody_may_have_sent(world: World, case: Case) -> None:
    connector = world.connector(case.connector)
    came = world.mock.approve(connector.start())
    error = came.without("code").with_params(error="access_denied")
    ours = case.title == "error with state"

    with pytest.raises(Denied if ours or case.connector != "right" else Rejected):
        connector.finish(error if ours else error.without("state"))
    if ours or case.connector != "right":
        with pytest.raises(Rejected):
            connector.finish(came)
    else:
        connector.finish(came)

    assert world.seen() == case.seen


@of("F5", "code and error")
def test_callback_with_code_and_error(world: World, case: Case) -> None:
    connector = world.connector(case.connector)
    came = world.mock.approve(connector.start()).with_params(error="access_denied")

    if case.connector == "right":
        with pytest.raises(Rejected):
            connector.finish(came)
    else:
        connector.finish(came)

    assert world.seen() == case.seen


@of(
    "F6",
    *("both good", "unknown client", "no client", "unregistered redirect URI", "redirect URI with a fragment"),
    "no redirect URI of two",
)
def test_client_and_redirect_uri(world: World, case: Case) -> None:
    world.mock.client("crm", redirect_uris=[REDIRECT_URI, "https://crm.example/callback"])

    answer = world.authorize({"response_type": "code", "state": "s", **case.given})

    assert answer.status_code == case.status
    if case.error is None:
        assert callback(answer).url.startswith(f"{REDIRECT_URI}?code=")
        assert callback(answer).state == "s"
    else:
        assert "Location" not in answer.headers
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert world.mock.journal.last.error == case.error
        assert "href" not in answer.text
        assert "<form" not in answer.text


@of("F6", "connector at the page")
def test_connector_at_the_error_page(world: World, case: Case) -> None:
    connector = world.connector(case.connector, client=world.mock.client(redirect_uris=["https://crm.example/cb"]))

    with pytest.raises(UnexpectedPage, match="is none of"):
        connector.login(world.mock.approve)

    assert world.seen() == case.seen


# -- F11 to F13, F23 ---------------------------------------------------------------------------------------------------


@of("F11", "50 characters", "64 characters", "256 characters", "2048 characters", "16384 characters")
def test_long_code(world: World, case: Case) -> None:
    client = world.mock.client(authorization_code_length=case.given.get("length"))
    connector = world.connector(case.connector, client=client)
    came = world.mock.approve(connector.start())

    if case.connector == "right":
        connector.finish(came)
    else:
        with pytest.raises(Denied, match=r"^invalid_grant$"):
            connector.finish(came)

    assert world.seen() == case.seen
    assert len(str(came.code)) == case.given.get("length", 50)
    assert not case.given or {*"+/=%"} <= {*str(came.code)}


@of("F12", "realmId", "session_state", "scope", "user", "shop and hmac")
def test_unknown_parameters_of_the_callback(world: World, case: Case) -> None:
    connector = world.connector(case.connector)
    came = world.mock.approve(connector.start()).with_params(**case.given["extra"])

    if case.connector == "right":
        connector.finish(came)
        assert connector.token().scope == {*connector.settings["scope"].split()}
    else:
        with pytest.raises(Rejected):
            connector.finish(came)

    assert world.seen() == case.seen


@of("F13", "narrower", "all of it")
def test_granted_scope(world: World, case: Case) -> None:
    drafts = world.mock.protect("/drafts", scope="orders:write", json=[])
    connector = world.connector(case.connector, client=world.mock.client(consent="page"))
    granted = "orders:read" if case.title == "narrower" else "orders:read orders:write"

    connector.finish(world.mock.approve(connector.start(), scope=granted))
    if case.title == "narrower":
        with pytest.raises(NeedsScope, match=r"^orders:write$"):
            connector.call(drafts.url, scope="orders:write")
    else:
        assert connector.call(drafts.url, scope="orders:write").json() == []

    assert world.seen() == case.seen
    assert world.mock.tokens.last.scope == {*granted.split()}


@of("F23", "query", "query of three", "fragment")
def test_authorization_url_with_more(world: World, case: Case) -> None:
    acme = world.mock.issuer("acme", parameters={"authorize": {"required": ["tenant"]}})
    acme.user("alice")
    url = acme.authorize_url + case.given["added"]
    connector = world.connector(case.connector, issuer=acme, authorize_url=url)

    if case.connector == "right" and case.title == "fragment":
        with pytest.raises(ValueError, match="has a fragment"):
            connector.login(acme.approve)
    elif case.connector == "right":
        connector.login(acme.approve)
        assert world.mock.journal[0].request.target.startswith(f"/acme/authorize{case.given['added']}&")
    else:
        with pytest.raises((Denied, UnexpectedPage), match=r"^invalid_request$| answered 400 "):
            connector.login(acme.approve)

    assert world.seen() == case.seen
