"""Rows 41 to 43: refreshing, overrides, and edits of the secret."""

from __future__ import annotations

import httpx
import pytest

from connectors.errors import NeedsConsent
from connectors.errors import Refused
from connectors.world import World


def test_row_41_refresh_by_itself(world: World) -> None:
    """S1:99, S1:107."""
    world.prove(globals())


def before_a_401(world: World) -> None:
    """Both clocks move: the connector knows that its token has expired."""
    connector = world.boomi(grant_type="authorization_code")
    world.works(connector)
    world.later(hours=1)
    world.works(connector)
    assert world.oauthmock.journal.grant_types == ["authorization_code", "refresh_token"]
    assert [exchange.status for exchange in world.orders.exchanges] == [200, 200]


def after_a_401(world: World) -> None:
    """The server's clock alone moves: the same body is sent again with a new token."""
    connector = world.boomi(grant_type="authorization_code")
    world.works(connector)
    world.oauthmock.clock.advance(hours=1)
    world.works(connector)
    _, refused, repeated = world.orders.exchanges
    assert (refused.status, refused.error, repeated.status) == (401, "invalid_token", 200)
    assert refused.body == repeated.body


def _needs_consent(world: World, **passed: float) -> None:
    connector = world.boomi(grant_type="authorization_code")
    world.works(connector)
    if passed:
        world.later(**passed)
    else:
        world.issuer.tokens.last.revoke()
    assert isinstance(world.fails(connector, "NeedsConsent"), NeedsConsent)
    world.answered(400, "invalid_grant")


def revoked(world: World) -> None:
    """Once somebody has consented again it works again."""
    _needs_consent(world)
    connector = world.boomi(grant_type="authorization_code")
    world.works(connector)
    world.issuer.tokens.last.revoke()
    world.fails(connector, "NeedsConsent")


def expired_refresh_token(world: World) -> None:
    _needs_consent(world, hours=2)


def refreshes_three_times(world: World) -> None:
    """Each time with the refresh token that is the right one by the server's policy."""
    connector = world.boomi(grant_type="authorization_code")
    for _ in range(4):
        world.works(connector)
        world.later(hours=1)
    used = [token.refreshed_from for token in world.issuer.tokens]
    rotates = world.case.client["refresh_policy"] == "rotate_revoke_family"
    assert len({*used[1:]}) == (3 if rotates else 1)
    assert used[1] == world.issuer.tokens[0].refresh_token


def _loses_the_answer(world: World) -> None:
    connector = world.boomi(grant_type="authorization_code")
    world.works(connector)
    world.later(hours=1)
    world.issuer.token_endpoint.lose_answer()
    with pytest.raises(httpx.RemoteProtocolError):
        world.call(connector)
    if world.case.client:
        world.works(connector)
    else:
        world.fails(connector, "NeedsConsent")


def lost_answer(world: World) -> None:
    """The server has rotated, and the connector never learned to what."""
    _loses_the_answer(world)


def lost_answer_and_a_time_of_grace(world: World) -> None:
    _loses_the_answer(world)


# -- row 42 ------------------------------------------------------------------------------------------------------------


def test_row_42_override_after_expiry(world: World) -> None:
    """S1:103."""
    world.prove(globals())


def old_token_still_works(world: World) -> None:
    connector = world.boomi()
    world.works(connector)
    connector.override(client_secret="nonsense", scope="orders:write")
    world.works(connector)
    assert len({exchange.request.header_values("authorization")[0] for exchange in world.orders.exchanges}) == 1


def new_values_after_expiry(world: World) -> None:
    connector = world.boomi(scope="orders:read")
    world.works(connector)
    connector.override(scope="orders:write")
    world.later(hours=1)
    world.works(connector)
    assert [token.scope for token in world.issuer.tokens] == [{"orders:read"}, {"orders:write"}]


def wrong_secret_after_expiry(world: World) -> None:
    connector = world.boomi()
    world.works(connector)
    connector.override(client_secret="nonsense")
    world.works(connector)
    world.later(hours=1)
    world.fails(connector, "Refused")


def another_client_has_not_the_refresh_token(world: World) -> None:
    """RFC 6749 6: it is bound to the client to which it was issued; the right client's is not used up."""
    other = world.issuer.client("erp", client_secret="s3cret-of-erp")
    connector = world.boomi(grant_type="authorization_code")
    world.works(connector)
    connector.override(client_id=other.client_id, client_secret=other.client_secret)
    world.works(connector)
    world.later(hours=1)
    world.fails(connector, "NeedsConsent")
    world.answered(400, "invalid_grant")
    connector.override(client_id="crm", client_secret="s3cret-of-crm")
    world.works(connector)
    assert world.oauthmock.journal.grant_types == ["authorization_code", "refresh_token", "refresh_token"]
    world.later(hours=1)
    connector.override(client_id=other.client_id, client_secret=other.client_secret)
    world.fails(connector, "NeedsConsent")


# -- row 43 ------------------------------------------------------------------------------------------------------------


def test_row_43_secret_again_at_every_edit(world: World) -> None:
    """S3:16."""
    world.prove(globals())


def old_secret_while_both_live(world: World) -> None:
    connector = world.sap()
    world.works(connector)
    world.client.rotate_secret(overlap=2 * 3600)
    world.later(hours=1)
    world.works(connector)


def new_secret_after_the_edit(world: World) -> None:
    new = world.client.rotate_secret()
    world.works(world.sap(client_secret=new))


def old_secret_after_the_rotation(world: World) -> None:
    connector = world.sap()
    world.client.rotate_secret()
    error = world.fails(connector, "Refused")
    assert isinstance(error, Refused)
    assert "expired" in world.asked_for_tokens[-1].why


def expired_secret_and_a_token_that_lives_on(world: World) -> None:
    """A token that was given before is as good as ever."""
    connector = world.sap()
    world.works(connector)
    world.client.expire_secret()
    world.works(connector)
