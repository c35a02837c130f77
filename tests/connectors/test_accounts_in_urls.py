"""Row 26: three URLs, each with the account in it."""

from __future__ import annotations

import urllib.parse

import httpx
import pytest

from connectors.errors import NotAuthorized
from connectors.errors import Refused
from connectors.world import BODY
from connectors.world import World


def test_row_26_urls_with_an_account(world: World) -> None:
    """S2:126-128, S3:84."""
    world.prove(globals())


def three_urls_with_an_account(world: World) -> None:
    connector = world.patchworks(flow="authorization_code")
    world.works(connector)
    world.later(hours=1)
    world.works(connector)
    paths = [exchange.path for exchange in world.oauthmock.journal if exchange.endpoint != "protected"]
    assert paths == ["/oauth/authorize", "/oauth/authorize", "/oauth/token", "/oauth/reauthenticate"]
    assert {exchange.issuer for exchange in world.oauthmock.journal} == {"acme"}


def token_of_one_account_elsewhere(world: World) -> None:
    other = world.oauthmock.issuer("other")
    orders = other.protect("/orders/7", json={"id": 7})
    connector = world.patchworks()
    world.works(connector)
    with pytest.raises(NotAuthorized):
        connector.call("PATCH", orders.url, BODY)
    assert {exchange.error for exchange in orders.exchanges} == {"invalid_token"}
    assert len(other.tokens) == 0


def refresh_at_the_token_url(world: World) -> None:
    connector = world.patchworks(flow="authorization_code", reauthenticate_url="")
    world.works(connector)
    world.later(hours=1)
    world.fails(connector, "Refused")


def login_at_the_refresh_url(world: World) -> None:
    world.fails(world.boomi(access_token_url=world.issuer.refresh_url), "Refused")


def unfilled_variable(world: World) -> None:
    """Patchworks sends the braces as they are; the mock says what they are."""
    error = world.fails(world.patchworks(variables={}), "Refused")
    assert isinstance(error, Refused)
    assert (error.status, error.error) == (400, "invalid_request")
    assert "'{{account}}' in " in world.oauthmock.journal.last.why


def unknown_account(world: World) -> None:
    error = world.fails(world.patchworks(variables={"account": "nobody"}), "Refused")
    assert isinstance(error, Refused)
    assert error.status == 404
    assert "oauthmock.issuer('nobody')" in world.oauthmock.journal.last.why


def account_with_dots_slash_space_or_percent(world: World) -> None:
    """Each is another account than `acme` or none: nobody gets a token there, and nothing breaks."""
    for account in ("../acme", "acme/..", "ac me", "acme%2F", "acme.", "%61cme%", "."):
        url = f"{world.oauthmock.url}/{account}/token"
        answer = world.http.send(httpx.Request("POST", url, content=b"grant_type=client_credentials"))
        assert answer.status_code in (400, 401, 404), account
    assert len(world.issuer.tokens) == 0
    dotted = world.oauthmock.issuer("acme.example").client("crm", client_secret="s3cret-of-crm")
    assert dotted.client_id == "crm"
    connector = world.patchworks(variables={"account": urllib.parse.quote("acme.example")})
    connector.authenticate()
    assert world.asked_for_tokens[-1].issuer == "acme.example"


def client_of_another_account(world: World) -> None:
    world.oauthmock.issuer("other").client("erp", client_secret="s3cret-of-erp")
    world.fails(world.patchworks(client_id="erp", client_secret="s3cret-of-erp"), "Refused")
