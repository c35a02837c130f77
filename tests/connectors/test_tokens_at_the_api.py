"""Rows 4 and 6: tokens of OAuth at the API, and those that a process puts into a header itself."""

from __future__ import annotations

import msgspec
import pytest

from connectors.errors import NotAuthorized
from connectors.world import BODY
from connectors.world import World


def test_row_4_oauth_at_the_api(world: World) -> None:
    """S1:38."""
    world.prove(globals())


def missing(world: World) -> None:
    """RFC 6750 3.1: without a token the challenge has no error code."""
    refused = world.patch()
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (
        401,
        'Bearer realm="api", scope="orders:write"',
    )
    assert refused.json() == {}
    world.fails(world.boomi(authentication_type="none"), "NotAuthorized")


def _token(world: World, scope: str = "") -> str:
    return world.client.grant(scope=scope or None).access_token


def expired(world: World) -> None:
    token = _token(world)
    world.oauthmock.clock.advance(hours=1)
    assert 'error="invalid_token"' in world.patch(f"Bearer {token}").headers["WWW-Authenticate"]


def revoked(world: World) -> None:
    granted = world.client.grant()
    world.issuer.tokens.last.revoke()
    assert world.patch(f"Bearer {granted.access_token}").status_code == 401


def token_of_another_server(world: World) -> None:
    other = world.oauthmock.issuer("fabrikam").client("crm").grant()
    assert world.patch(f"Bearer {other.access_token}").status_code == 401


def no_token_at_all(world: World) -> None:
    for text in ("undefined", "null", "None", "", "a b", '"x"'):
        answer = world.patch(f"Bearer {text}" if text else "Bearer")
        assert (answer.status_code, "invalid_token" in answer.headers["WWW-Authenticate"]) == (401, True)


def two_places_at_once(world: World) -> None:
    """RFC 6750 2: even if it is the same token."""
    token = _token(world)
    answer = world.patch(f"Bearer {token}", params={"access_token": token})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def header_twice(world: World) -> None:
    assert world.patch(*[f"Bearer {_token(world)}"] * 2).status_code == 400


def scheme_in_lower_case(world: World) -> None:
    """RFC 9110 11.1."""
    assert world.patch(f"bearer {_token(world)}").status_code == 200


def trailing_space(world: World) -> None:
    """RFC 9110 5.5: white space around a field is no part of it; httpx would not send it."""
    token = _token(world)
    sent = (
        f"PATCH /acme/orders/7 HTTP/1.1\r\nHost: {world.host}\r\nAuthorization: Bearer {token} \t\r\n"
        f"Content-Length: {len(BODY)}\r\nConnection: close\r\n\r\n"
    )
    assert world.in_octets(sent.encode() + BODY).startswith(b"HTTP/1.1 200 ")


def large_token(world: World) -> None:
    """A JWT of more than 8 KiB, which gateways cut or refuse."""
    scope = " ".join(f"orders:of-department-{number:03d}" for number in range(300))
    token = _token(world, scope)
    assert len(token) > 8 * 1024
    assert world.patch(f"Bearer {token}").status_code == 200


def token_in_the_form(world: World) -> None:
    form = {"access_token": _token(world), "state": "sent"}
    assert world.http.patch(world.orders.url, data=form).status_code == 200


# -- row 6 -------------------------------------------------------------------------------------------------------------


def test_row_6_header_of_the_process(world: World) -> None:
    """S1:24-25."""
    world.prove(globals())


def _by_process(world: World, *headers: tuple[str, str]) -> int:
    connector = world.boomi(authentication_type="none")
    return connector.call("PATCH", world.orders.url, BODY, headers).status_code


def has_its_scheme(world: World) -> None:
    scheme = world.case.guard["api_key"].get("scheme", "")
    assert _by_process(world, ("Authorization", f"{scheme} k3y-of-crm".strip())) == 200


def another_scheme(world: World) -> None:
    with pytest.raises(NotAuthorized):
        _by_process(world, ("Authorization", "Bearer k3y-of-crm"))


def no_scheme(world: World) -> None:
    with pytest.raises(NotAuthorized):
        _by_process(world, ("Authorization", "k3y-of-crm"))


def header_of_the_process_twice(world: World) -> None:
    assert _by_process(world, *[("Authorization", "Token k3y-of-crm")] * 2) == 400


def header_besides_that_of_the_connection(world: World) -> None:
    """The process sets one, and the connection has Basic chosen."""
    connector = world.boomi(authentication_type="basic")
    own = [("Authorization", "Token k3y-of-crm")]
    assert connector.call("PATCH", world.orders.url, BODY, own).status_code == 400


def header_name_in_any_case(world: World) -> None:
    """RFC 9110 5.1; the journal has it as it was sent."""
    for name in ("authorization", "AUTHORIZATION", "aUTHORIZATION"):
        assert _by_process(world, (name, "Token k3y-of-crm")) == 200
        assert name in [key for key, _ in world.orders.exchanges[-1].request.headers]


def another_header(world: World) -> None:
    assert _by_process(world, ("X-Api-Token", "k3y-of-crm")) == 200


def token_of_this_server(world: World) -> None:
    """A process that has a token of OAuth from elsewhere, for an API with a word of its own."""
    token = _token(world)
    assert _by_process(world, ("Authorization", f"Zoho-oauthtoken {token}")) == 200
    shown = msgspec.json.encode(world.oauthmock.journal.last.lines()).decode()
    assert token not in shown
