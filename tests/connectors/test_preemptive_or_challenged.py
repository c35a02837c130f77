"""Rows 9 to 11: credentials at once, or when they are asked for."""

from __future__ import annotations

import collections.abc as cabc
import typing

import httpx
import pytest

from connectors.answers import token_in
from connectors.errors import NotAuthorized
from connectors.errors import Refused
from connectors.world import BODY
from connectors.world import World
from mockserver import ApiKey
from mockserver import Basic
from mockserver import OAuthMock
from mockserver import Open

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIEnvironment


def test_row_9_preemptive(world: World) -> None:
    """S1:48."""
    world.prove(globals())


def after_a_redirection_to_another_host(world: World) -> None:
    with OAuthMock() as elsewhere:
        public = elsewhere.protect("/public", guard=Open(strict=True), json={"id": 7})
        world.issuer.protect("/orders/7", status=307, headers={"Location": public.url})
        assert world.call(world.boomi()).status_code == 200
        (exchange,) = public.exchanges
        assert (exchange.credentials, exchange.request.body) == (None, BODY)


def another_host_that_asks(world: World) -> None:
    """Its challenge is not answered either."""
    with OAuthMock() as elsewhere:
        other = elsewhere.protect("/orders", guard=Basic({"alice": "wonderland-of-alice"}), json={"id": 7})
        world.issuer.protect("/orders/7", guard=Basic(), status=307, headers={"Location": other.url})
        world.fails(world.boomi(authentication_type="basic"), "NotAuthorized")
        assert [exchange.credentials for exchange in other.exchanges] == [None]


# -- row 10 ------------------------------------------------------------------------------------------------------------


def test_row_10_challenged(world: World) -> None:
    """S1:48."""
    world.prove(globals())


def _same_body_each_time(world: World) -> None:
    first, second = world.orders.exchanges
    assert (first.credentials, first.body) == (None, second.body)
    assert bytes(second.request.body) == BODY


def bare_then_basic(world: World) -> None:
    world.works(world.boomi(authentication_type="basic", preemptive=False))
    _same_body_each_time(world)


def scheme_that_nobody_knows(world: World) -> None:
    """An API that asks for a key: no password is sent, and the error comes up."""
    world.fails(world.boomi(authentication_type="basic", preemptive=False), "NotAuthorized")
    assert [exchange.credentials for exchange in world.orders.exchanges] == [None]


def credentials_before_a_challenge_are_flagged(world: World) -> None:
    """The password came though nobody had asked; the server challenges all the same, and says so of the client."""
    world.fails(world.boomi(authentication_type="basic"), "NotAuthorized")
    assert [finding.id for finding in world.issuer.findings] == ["OAM088"]


def expect_100_continue(world: World) -> None:
    """RFC 9110 10.1.1: a client that waits is told to go on, or that it need not send the body."""
    head = (
        f"PATCH /acme/orders/7 HTTP/1.1\r\nHost: {world.host}\r\nExpect: 100-continue\r\nConnection: close\r\n"
        f"Content-Length: {len(BODY)}\r\n"
    )
    told = world.in_octets(f"{head}\r\n".encode(), BODY)
    assert told.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 ")
    told = world.in_octets(f"{head}Authorization: Basic YWxpY2U6d29uZGVybGFuZC1vZi1hbGljZQ==\r\n\r\n".encode(), BODY)
    assert told.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")
    _same_body_each_time(world)


def body_that_can_be_read_once(world: World) -> None:
    """Read before it is sent."""
    connector = world.boomi(authentication_type="basic", preemptive=False)
    pieces = (BODY[start : start + 4] for start in range(0, len(BODY), 4))
    assert connector.call("PATCH", world.orders.url, pieces).json() == {"id": 7}
    _same_body_each_time(world)


def _answers(world: World, status: int, headers: dict[str, str]) -> None:
    world.issuer.protect("/orders/7", guard=Open(), status=status, json={"id": 7}, headers=headers)


def challenge_is_missing(world: World) -> None:
    """RFC 9110 15.5.2 forbids it, and APIs do it: the connector cannot know what is wanted."""
    _answers(world, 401, {})
    world.fails(world.boomi(authentication_type="basic", preemptive=False), "NotAuthorized")


def challenge_with_a_200(world: World) -> None:
    """RFC 9110 11.6.1 allows it; there is nothing to repeat."""
    _answers(world, 200, {"WWW-Authenticate": "Basic realm=api"})
    world.works(world.boomi(authentication_type="basic", preemptive=False))


def challenge_with_a_403(world: World) -> None:
    _answers(world, 403, {"WWW-Authenticate": "Basic realm=api"})
    world.fails(world.boomi(authentication_type="basic", preemptive=False), "NotAuthorized")


def _asking(challenge: str, wanted: str) -> cabc.Callable[..., cabc.Iterable[bytes]]:
    """An API with a challenge of its own."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        good = environ.get("HTTP_AUTHORIZATION", "").startswith(wanted)
        headers = [("Content-Type", "application/json")]
        if good:
            start_response("200 OK", headers)
            return [b'{"id": 7}']
        start_response("401 Unauthorized", [*headers, ("WWW-Authenticate", challenge)])
        return [b"{}"]

    return app


def challenge_with_all_its_parameters(world: World) -> None:
    """RFC 6750 3, RFC 9728 5.1; what the connector has no use for does not disturb it."""
    where = "https://orders.example/.well-known/oauth-protected-resource"
    challenge = f'Bearer realm="a, \\"b\\"", scope="orders:read orders:write", resource_metadata="{where}"'
    world.issuer.protect("/orders/7", guard=Open(), app=_asking(challenge, "Bearer oam_at_"))
    answer = world.call(world.boomi(preemptive=False))
    assert (answer.status_code, answer.json()) == (200, {"id": 7})


def several_challenges_in_one_field(world: World) -> None:
    """Negotiate alone, with a token68, and with parameters, before what the connector can."""
    challenge = 'Negotiate, NTLM TlRMTVNTUA==, Digest realm="x", nonce="n", Basic realm="api", charset="UTF-8"'
    world.issuer.protect("/orders/7", guard=Open(), app=_asking(challenge, "Basic "))
    assert world.call(world.boomi(authentication_type="basic", preemptive=False)).status_code == 200


def password_refused_after_a_challenge(world: World) -> None:
    """Once, and not without end."""
    world.fails(world.boomi(authentication_type="basic", preemptive=False, password="wrong-one"), "NotAuthorized")


# -- row 11 ------------------------------------------------------------------------------------------------------------


def test_row_11_basic_and_oauth(world: World) -> None:
    """S1:48."""
    world.prove(globals())


def token_that_expired_meanwhile(world: World) -> None:
    """Bare, refused, refreshed: three requests, one body."""
    connector = world.boomi(preemptive=False)
    world.works(connector)
    world.oauthmock.clock.advance(hours=1)
    world.works(connector)
    assert len({exchange.body for exchange in world.orders.exchanges}) == 1


def api_that_asks_for_basic(world: World) -> None:
    """A connection with OAuth 2.0 has no password for it."""
    world.issuer.protect("/orders/7", guard=ApiKey("k", scheme="Basic"), json={"id": 7})
    with pytest.raises(NotAuthorized):
        world.call(world.boomi(preemptive=False))
    assert [exchange.credentials for exchange in world.orders.exchanges] == [None]


def _probes(world: World) -> httpx.Response:
    """As golang/oauth2 does: credentials in the header, and if that is refused in the body, with one code."""
    code = world.client.issue_code(redirect_uri="http://127.0.0.1/callback")
    form = f"grant_type=authorization_code&code={code}&redirect_uri=http://127.0.0.1/callback"
    basic = world.post(form.encode(), Authorization="Basic Y3JtOnMzY3JldC1vZi1jcm0=")
    assert (basic.status_code, basic.json()["error"]) == (401, "invalid_client")
    assert basic.headers["WWW-Authenticate"].startswith("Basic ")
    return world.post(f"{form}&client_id=crm&client_secret=s3cret-of-crm".encode())


def client_that_probes(world: World) -> None:
    """An authorization code is not burnt by an answer of invalid_client (RFC 6749 5.2)."""
    token = token_in(_probes(world), now=0)
    assert world.patch(f"Bearer {token.access_token}").json() == {"id": 7}


def client_that_probes_where_that_burns_the_code(world: World) -> None:
    with pytest.raises(Refused) as caught:
        token_in(_probes(world), now=0)
    assert caught.value.error == "invalid_grant"


def token_endpoint_challenges(world: World) -> None:
    """RFC 6749 5.2: 401 with the scheme that the client used."""
    refused = world.post(b"grant_type=client_credentials", Authorization="Basic Y3JtOndyb25n")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="token endpoint"'
