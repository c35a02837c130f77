"""Rows 20 to 23 and 25: scope, parameters of the user's own, and what the token is for."""

from __future__ import annotations

from connectors.world import World


def test_row_20_scope(world: World) -> None:
    """S0:39, S1:84."""
    world.prove(globals())


def space_as_plus_or_as_percent_20(world: World) -> None:
    for space in (b"+", b"%20"):
        world.post(
            b"grant_type=client_credentials&client_id=crm&client_secret=s3cret-of-crm&scope=orders:read"
            + space
            + b"orders:write"
        )
        world.answered(200)
        assert world.issuer.tokens.last.scope == {"orders:read", "orders:write"}


# -- row 21 ------------------------------------------------------------------------------------------------------------


def test_row_21_changed_scope(world: World) -> None:
    """S1:84."""
    world.prove(globals())


def new_login_has_the_wider_scope(world: World) -> None:
    connector = world.boomi(grant_type="authorization_code", scope="orders:read")
    world.fails(connector, "NotAuthorized")
    connector.override(scope="orders:read orders:write")
    connector.generate()
    world.works(connector)
    assert world.issuer.tokens.last.scope == {"orders:read", "orders:write"}


def refresh_never_widens(world: World) -> None:
    """Boomi says no scope when it refreshes, so the wider one in the form changes nothing."""
    connector = world.boomi(grant_type="authorization_code", scope="orders:read")
    world.fails(connector, "NotAuthorized")
    connector.override(scope="orders:read orders:write")
    world.later(hours=1)
    world.fails(connector, "NotAuthorized")
    assert world.oauthmock.journal.grant_types == ["authorization_code", "refresh_token"]
    assert world.issuer.tokens.last.scope == {"orders:read"}


def _refresh(world: World, scope: str) -> None:
    refresh_token = world.client.grant(scope="orders:read orders:list").refresh_token
    world.post(
        f"grant_type=refresh_token&client_id=crm&client_secret=s3cret-of-crm"
        f"&refresh_token={refresh_token}&scope={scope}".encode()
    )


def refresh_that_asks_for_more(world: World) -> None:
    """RFC 6749 6."""
    _refresh(world, "orders:read+orders:write")


def refresh_that_asks_for_less(world: World) -> None:
    """RFC 6749 6."""
    _refresh(world, "orders:read")
    assert world.issuer.tokens.last.scope == {"orders:read"}
    world.answered(200)


def refresh_token_only_when_the_refresh_repeats_its_scope(world: World) -> None:
    """As at Microsoft 365."""
    granted = world.client.grant(scope="orders:read offline_access")
    form = f"grant_type=refresh_token&client_id=crm&client_secret=s3cret-of-crm&refresh_token={granted.refresh_token}"
    assert "refresh_token" not in world.post(f"{form}&scope=orders:read".encode()).json()
    assert "refresh_token" in world.post(f"{form}&scope=orders:read+offline_access".encode()).json()


# -- rows 22 and 23 ----------------------------------------------------------------------------------------------------


def test_row_22_authorization_parameters(world: World) -> None:
    """S0:41, S1:86."""
    world.prove(globals())


def query_in_the_authorization_url(world: World) -> None:
    """RFC 6749 3.1: it is retained."""
    url = f"{world.issuer.authorize_url}?prompt=consent"
    world.works(world.boomi(grant_type="authorization_code", authorization_token_url=url))


def test_row_23_access_token_parameters(world: World) -> None:
    """S0:45, S1:92, S4:48."""
    world.prove(globals())


def _login_then_refresh(world: World, **form: object) -> None:
    connector = world.boomi(grant_type="password", **form)
    world.works(connector)
    world.later(hours=1)
    world.works(connector)


def for_the_refresh_alone(world: World) -> None:
    """The password grant ignores it."""
    _login_then_refresh(world, access_token_parameters=[("company_id", "9")])
    assert world.oauthmock.journal.grant_types == ["password", "refresh_token"]


def missing_at_the_refresh(world: World) -> None:
    connector = world.boomi(grant_type="password")
    world.works(connector)
    world.later(hours=1)
    world.fails(connector, "Refused")


# -- row 25 ------------------------------------------------------------------------------------------------------------


def test_row_25_resource_and_audience(world: World) -> None:
    """S3:162-182."""
    world.prove(globals())


def _audience(world: World, *expected: str) -> None:
    """What the token says in `aud`: one as a string, several as a list (RFC 7519 4.1.3)."""
    world.works(world.sap(**world.case.form))
    claims = world.issuer.tokens.last.claims
    assert claims is not None
    assert claims["aud"] == (expected[0] if len(expected) == 1 else [*expected])
    assert world.issuer.tokens.last.audience == expected


def resource_in_the_token(world: World) -> None:
    _audience(world, "https://orders.example/")


def audience_in_the_token(world: World) -> None:
    _audience(world, "crm-api")


def several_resources(world: World) -> None:
    _audience(world, "https://orders.example/", "https://billing.example/")


def resource_and_audience(world: World) -> None:
    _audience(world, "https://orders.example/", "crm-api")
