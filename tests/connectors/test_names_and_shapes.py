"""Rows 46 to 48 and 52 to 54: the provider's names, places and URLs."""

from __future__ import annotations

from connectors.patchworks import Patchworks
from connectors.world import BODY
from connectors.world import World


def test_row_46_response_token_keys(world: World) -> None:
    """S2:106, S2:112, S4:39-42."""
    world.prove(globals())


def _two_calls(world: World, **form: str) -> None:
    connector = world.patchworks(flow="authorization_code", **form)
    world.works(connector)
    world.later(hours=1)
    world.works(connector)


def renamed_refresh_token(world: World) -> None:
    _two_calls(world, response_refresh_token_key="refreshToken")
    assert world.oauthmock.journal.grant_types == ["authorization_code", "refresh_token"]


def refresh_token_missing(world: World) -> None:
    """Not found where the form says, so the person is asked again; `None` is never sent."""
    _two_calls(world)
    assert world.oauthmock.journal.grant_types == ["authorization_code", "authorization_code"]


def null_empty_or_a_number(world: World) -> None:
    """Nothing goes to the API; the next answer is good."""
    for value in (None, "", 7, True, [], {}):
        world.issuer.token_endpoint.alter({"access_token": value})
        connector = world.patchworks()
        world.fails(connector, "NoToken")
        assert world.orders.exchanges == []
    world.works(connector)


def refresh_token_that_is_null(world: World) -> None:
    """As good as none: the connector keeps the one that it has."""
    connector = world.patchworks(flow="authorization_code")
    world.works(connector)
    world.later(hours=1)
    world.issuer.token_endpoint.alter({"refresh_token": None})
    world.works(connector)
    world.later(hours=1)
    world.works(connector)
    assert world.issuer.tokens[1].refreshed_from == world.issuer.tokens[2].refreshed_from


# -- row 47 ------------------------------------------------------------------------------------------------------------


def test_row_47_grant_type_names(world: World) -> None:
    """S2:107, S2:111."""
    world.prove(globals())


def renamed_at_the_refresh(world: World) -> None:
    _two_calls(world, refresh_grant_type_key="refresh_grant_type")
    assert world.asked_for_tokens[-1].sent("refresh_grant_type")["body"] == ("refresh_token",)
    world.answered(200)


def old_name_at_the_refresh(world: World) -> None:
    connector = world.patchworks(flow="authorization_code")
    world.works(connector)
    world.later(hours=1)
    world.fails(connector, "Refused")
    world.answered(400, "invalid_request")


# -- row 48 ------------------------------------------------------------------------------------------------------------


def test_row_48_response_type_key(world: World) -> None:
    """S2:108."""
    world.prove(globals())


# -- rows 52 to 54 -----------------------------------------------------------------------------------------------------


def test_row_52_case_of_variable_names(world: World) -> None:
    """S2:115, S4:46."""
    world.prove(globals())


def another_case(world: World) -> None:
    world.fails(world.patchworks(**world.case.form), "Refused")
    assert "the body has 'Client_Id'; names are case-sensitive" in world.asked_for_tokens[-1].why


def test_row_53_header_body_and_url_tab(world: World) -> None:
    """S2 (steps), S4:48-60."""
    world.prove(globals())


def test_row_54_one_url_for_authentication_and_endpoints(world: World) -> None:
    """S4:62."""
    world.prove(globals())


def _shop(world: World, host: str) -> Patchworks:
    return world.patchworks(access_token_url="{{url}}/token", variables={"url": host})


def one_variable(world: World) -> None:
    answer = _shop(world, world.issuer.url).call("PATCH", "{{url}}/orders/7", BODY)
    assert answer.json() == {"id": 7}
    urls = (world.issuer.token_url, world.issuer.authorize_url, world.issuer.api_url, world.orders.url)
    assert [url.removeprefix(world.issuer.url) for url in urls] == ["/token", "/authorize", "/api", "/orders/7"]


def two_shops(world: World) -> None:
    """The same connector definition for another shop has that shop's token and orders."""
    other = world.oauthmock.issuer("other")
    other.client("crm", client_secret="s3cret-of-crm")
    other.protect("/orders/7", json={"id": 7, "shop": "other"})
    shops = {name: _shop(world, issuer.url) for name, issuer in (("acme", world.issuer), ("other", other))}
    answers = {name: shop.call("PATCH", "{{url}}/orders/7", BODY).json() for name, shop in shops.items()}
    assert answers == {"acme": {"id": 7}, "other": {"id": 7, "shop": "other"}}
    assert (len(world.issuer.tokens), len(other.tokens)) == (1, 1)
