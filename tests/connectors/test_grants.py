"""Rows 12 to 16: the grants, the person who consents, and who the client is."""

from __future__ import annotations

import json
import urllib.parse

import pytest

from connectors.answers import Came
from connectors.errors import CallbackRejected
from connectors.errors import LoginFailed
from connectors.errors import NeedsConsent
from connectors.errors import TimedOut
from connectors.world import World
from mockserver.policies import Account


def test_row_12_three_grants(world: World) -> None:
    """S0:27-31, S1:65-79."""
    world.prove(globals())


# -- row 13: the person at the authorization URL -----------------------------------------------------------------------


def test_row_13_authorization_token_url_and_consent(world: World) -> None:
    """S0:37, S0:47, S1:99."""
    world.prove(globals())


def deny(world: World) -> None:
    callbacks: list[Came] = []

    def denies(url: str) -> Came:
        callbacks.append(world.issuer.deny(url))
        return callbacks[-1]

    world.person = denies
    error = world.fails(world.boomi(grant_type="authorization_code"), "LoginFailed")

    assert isinstance(error, LoginFailed)
    assert error.error == "access_denied"
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(callbacks[0].url).query))
    assert query["state"] == world.oauthmock.journal.at("authorize")[0].parameters["state"]


def window_closed(world: World) -> None:
    """The page was shown, and no callback ever came."""

    def closes(url: str) -> None:
        assert world.http.get(url).status_code == 200

    world.person = closes
    assert isinstance(world.fails(world.boomi(grant_type="authorization_code"), "TimedOut"), TimedOut)


def approval_comes_late(world: World) -> None:
    """The person has lunch first; the code's life begins with the approval."""

    def lunches(url: str) -> Came | None:
        world.later(hours=1)
        return world.approves(url)

    world.person = lunches
    world.works(world.boomi(grant_type="authorization_code"))


def callback_comes_twice(world: World) -> None:
    """A callback of the last login, sent again: nothing is redeemed."""
    callbacks: list[Came | None] = []

    def clicks_again(url: str) -> Came | None:
        callbacks.append(callbacks[-1] if callbacks else world.approves(url))
        return callbacks[-1]

    world.person = clicks_again
    connector = world.boomi(grant_type="authorization_code")
    world.works(connector)
    with pytest.raises(CallbackRejected, match="state is not that of this login"):
        connector.generate()
    assert len(callbacks) == 2


def consent_for_fewer_scopes(world: World) -> None:
    world.person = lambda url: world.issuer.approve(url, user="alice", scope="orders:read")
    world.fails(world.boomi(grant_type="authorization_code", scope="orders:read orders:write"), "NotAuthorized")

    assert world.issuer.tokens.last.scope == {"orders:read"}
    assert world.orders.exchanges[-1].error == "insufficient_scope"


def double_click(world: World) -> None:
    """Two presses are two codes; the browser follows the second, and one code is redeemed."""
    codes: list[str | None] = []

    def clicks_twice(url: str) -> Came:
        page = world.issuer.open_page(url)
        first, second = page.approve(user="alice"), page.approve(user="alice")
        codes.extend((first.code, second.code))
        return second

    world.person = clicks_twice
    world.works(world.boomi(grant_type="authorization_code"))
    assert codes[0] != codes[1]
    assert world.asked_for_tokens[0].sent("code")["body"] == (codes[1],)


def server_sends_back(world: World) -> None:
    """RFC 6749 4.1.2.1: with the state, which the connector looks at first."""
    world.person = lambda url: world.issuer.refuse(url, error=world.case.case)
    error = world.fails(world.boomi(grant_type="authorization_code"), "LoginFailed")
    assert isinstance(error, LoginFailed)
    assert error.error == world.case.case


# -- row 14 ------------------------------------------------------------------------------------------------------------


def test_row_14_offline_access(world: World) -> None:
    """S1:99."""
    world.prove(globals())


def _grants_of_two_hours(world: World) -> list[str]:
    connector = world.boomi(grant_type="authorization_code", **world.case.form)
    world.works(connector)
    world.later(hours=1)
    world.works(connector)
    return world.oauthmock.journal.grant_types


def refreshes(world: World) -> None:
    assert _grants_of_two_hours(world) == ["authorization_code", "refresh_token"]
    assert world.issuer.tokens[0].refresh_token is not None


def at_the_first_consent_alone(world: World) -> None:
    """As at Google: who has lost the refresh token gets another with `prompt=consent` alone."""
    offline = ("access_type", "offline")
    for more, has_one in (([offline], True), ([offline], False), ([offline, ("prompt", "consent")], True)):
        world.works(world.boomi(grant_type="authorization_code", authorization_parameters=more))
        assert (world.issuer.tokens.last.refresh_token is not None) == has_one


def asks_again(world: World) -> None:
    """Without a refresh token somebody has to log in again."""
    assert _grants_of_two_hours(world) == ["authorization_code", "authorization_code"]
    confirmed = world.case.form.get("confirm_offline_access", True)
    assert (world.issuer.tokens[0].refresh_token is None) == confirmed


# -- rows 15 and 16 ----------------------------------------------------------------------------------------------------


def test_row_15_resource_owner_password(world: World) -> None:
    """S0:29."""
    world.prove(globals())


def token_with_refresh_token(world: World) -> None:
    world.works(world.boomi(grant_type="password"))
    assert world.issuer.tokens.last.refresh_token is not None
    assert world.issuer.tokens.last.username == "alice"


def token_without_refresh_token(world: World) -> None:
    """When it has expired the password is sent again."""
    connector = world.boomi(grant_type="password")
    world.works(connector)
    assert world.issuer.tokens.last.refresh_token is None
    world.later(hours=1)
    world.works(connector)
    assert world.oauthmock.journal.grant_types == ["password", "password"]


def account_cannot_log_in(world: World) -> None:
    """The password is right; the description alone says what is in the way."""
    account: Account = "locked" if world.case.case == "locked account" else "second_factor"
    world.issuer.change_user("alice", account=account)
    world.fails(world.boomi(grant_type="password"), "Refused")
    described = {"locked": "The account is locked.", "second_factor": "A second factor is required."}
    assert json.loads(world.asked_for_tokens[-1].reply.body)["error_description"] == described[account]


def test_row_16_client_id_and_secret(world: World) -> None:
    """S0:33-35, S1:73-77, S2:105, S3:90-118, S4:31-38."""
    world.prove(globals())


def either_of_two_secrets(world: World) -> None:
    for secret in ("first-s3cret", "second-s3cret"):
        world.works(world.sap(name=secret, client_secret=secret))


def secret_rotated_before_the_refresh(world: World) -> None:
    """While both secrets live the old one refreshes; afterwards the new one has to be typed in."""
    connector = world.boomi(grant_type="password")
    world.works(connector)
    new = world.client.rotate_secret(overlap=2 * 3600)
    world.later(hours=1)
    world.works(connector)
    world.later(hours=1)
    error = world.fails(connector, "Refused")
    assert not isinstance(error, NeedsConsent)
    world.answered(401, "invalid_client")
    assert new != "s3cret-of-crm"
