"""Rows 12 to 16: the grants, the person who consents, and who the client is."""

from __future__ import annotations

import urllib.parse

import pytest
from connectors.answers import Came
from connectors.world import World
from connectors.errors import CallbackRejected
from connectors.errors import LoginFailed
from connectors.errors import NeedsConsent
from connectors.errors import TimedOut


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
