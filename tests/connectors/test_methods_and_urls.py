"""Rows 7 and 8: http or https, URLs with more than a host, and what becomes of a PATCH."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import ssl
import typing

import httpx
import pytest

from connectors.boomi import Boomi
from connectors.boomi import Connection
from connectors.errors import Downgraded
from connectors.world import BODY
from connectors.world import World
from mockserver import Basic
from mockserver import OAuthMock
from mockserver import Open
from mockserver.server import Issuer

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIEnvironment


def test_row_7_http_or_https(world: World) -> None:
    """S1:30."""
    world.prove(globals())


@contextlib.contextmanager
def _over_https() -> cabc.Iterator[tuple[OAuthMock, httpx.Client]]:
    with OAuthMock(https=True) as server:
        trusting = ssl.create_default_context(cafile=server.ca_path)
        with httpx.Client(verify=trusting, trust_env=False) as http:
            yield server, http


def _crm(server: Issuer, http: httpx.Client, **form: typing.Any) -> Boomi:
    """A connection that has its token from this server."""
    client = server.client("crm")
    form = {"client_id": client.client_id, "client_secret": client.client_secret, **form}
    return Boomi(Connection(access_token_url=server.token_url, **form), http=http, person=lambda _: None)


def https(world: World) -> None:
    """The token and the API over TLS."""
    with _over_https() as (server, http):
        orders = server.protect("/orders/7", json={"id": 7})
        assert orders.url.startswith("https://")
        assert _crm(server, http).call("PATCH", orders.url, BODY).json() == {"id": 7}
        assert [exchange.request.scheme for exchange in server.journal] == ["https", "https"]


def metadata_have_the_scheme_and_the_port(world: World) -> None:
    """RFC 8414 2: URLs that the client can use as they are."""
    plain = world.http.get(world.oauthmock.openid_configuration_url).json()
    assert plain["token_endpoint"] == f"{world.oauthmock.url}/token"
    with _over_https() as (server, http):
        told = http.get(server.openid_configuration_url).json()
        assert (told["issuer"], told["token_endpoint"]) == (server.url, f"{server.url}/token")
        assert _crm(server, http, scope="a").call("GET", server.api_url).status_code == 200


def behind_a_proxy_that_does_the_tls(world: World) -> None:
    """The URLs are those that the client uses, where the proxy may say so."""
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "auth.acme.example"}
    told = world.http.get(world.oauthmock.openid_configuration_url, headers=forwarded).json()
    assert told["token_endpoint"] == f"{world.oauthmock.url}/token"
    with OAuthMock(trust_proxy=True, allow_hosts=["auth.acme.example"]) as server:
        told = world.http.get(server.openid_configuration_url, headers=forwarded).json()
        assert told["token_endpoint"] == "https://auth.acme.example/token"


def redirection_to_plain_http(world: World) -> None:
    """Nothing is sent: neither the token nor the body."""
    world.issuer.protect("/orders/7", guard=Open(strict=True), json={"id": 7})
    with _over_https() as (server, http):
        orders = server.protect("/orders/7", status=307, headers={"Location": world.orders.url})
        with pytest.raises(Downgraded):
            _crm(server, http).call("PATCH", orders.url, BODY)
        assert [exchange.status for exchange in orders.exchanges] == [307]
    assert world.orders.exchanges == []


def redirection_to_https(world: World) -> None:
    """Another origin, which has to ask for a token of its own."""
    with _over_https() as (server, http):
        orders = server.protect("/orders/7", guard=Open(strict=True), json={"id": 7})
        world.issuer.protect("/orders/7", guard=Basic(), status=308, headers={"Location": orders.url})
        connection = Connection(authentication_type="basic", user_name="alice", password="wonderland-of-alice")
        connector = Boomi(connection, http=http, person=lambda _: None)
        assert connector.call("PATCH", world.orders.url, BODY).json() == {"id": 7}
        assert orders.exchanges[0].request.body == BODY


def _echoed(world: World, base: str, path: str) -> dict[str, typing.Any]:
    echo = world.issuer.protect(base, guard=Basic(), app=world.oauthmock.echo)
    answer = world.boomi(authentication_type="basic").call("PATCH", f"{echo.url}{path}", BODY)
    told: dict[str, typing.Any] = answer.json()
    return told


def path_before_everything(world: World) -> None:
    assert _echoed(world, "/gateway/v1", "/orders/7")["path"] == "/acme/gateway/v1/orders/7"


def slash_at_the_end(world: World) -> None:
    """It is not taken away, nor doubled."""
    assert _echoed(world, "/v1", "/")["path"] == "/acme/v1/"
    assert _echoed(world, "/v1", "//orders/")["path"] == "/acme/v1//orders/"


def query_in_the_base_url(world: World) -> None:
    told = _echoed(world, "/v1", "/orders?tenant=a%26b&dry")
    assert told["query"] == [["tenant", "a&b"], ["dry", ""]]


# -- row 8 -------------------------------------------------------------------------------------------------------------


def test_row_8_patch_and_other_methods(world: World) -> None:
    """S0, S1."""
    world.prove(globals())


def every_method(world: World) -> None:
    """What arrives is what was sent: method, header, octets; HEAD has no body in its answer."""
    octets = bytes(range(256))
    echo = world.issuer.protect("/v1", app=world.oauthmock.echo, guard=Basic())
    connector = world.boomi(authentication_type="basic")
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = connector.call(method, f"{echo.url}/7", octets, [("X-Tenant", "acme")])
        exchange = echo.exchanges[-1]
        assert (answer.status_code, exchange.request.method, exchange.body.content) == (200, method, octets)
        assert exchange.sent("X-Tenant")["header"] == ("acme",)
        assert (answer.content == b"") is (method == "HEAD")


def method_that_the_api_does_not_have(world: World) -> None:
    """RFC 9110 15.5.6: no reason to ask for another token."""

    def read_only(environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
        status = "200 OK" if environ["REQUEST_METHOD"] == "GET" else "405 Method Not Allowed"
        start_response(status, [("Allow", "GET"), ("Content-Length", "0")])
        return []

    orders = world.issuer.protect("/reports", app=read_only)
    connector = world.boomi()
    refused = connector.call("PATCH", orders.url, BODY)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET")
    assert connector.call("GET", orders.url).status_code == 200


def same_body_after_a_401(world: World) -> None:
    connector = world.boomi()
    world.works(connector)
    world.oauthmock.clock.advance(hours=1)
    world.works(connector)
    _, refused, repeated = world.orders.exchanges
    assert refused.body == repeated.body


def same_body_after_a_refresh(world: World) -> None:
    connector = world.boomi(grant_type="authorization_code")
    world.works(connector)
    world.issuer.rotate_keys()
    world.oauthmock.clock.advance(hours=1)
    world.works(connector)
    assert world.oauthmock.journal.grant_types == ["authorization_code", "refresh_token"]


def _redirected(world: World, status: int) -> tuple[str, bytes]:
    """Method and body at the new URL of the same API, where the credentials come too."""
    new = world.issuer.protect("/v2/orders/7", guard=Basic(), json={"id": 7})
    world.issuer.protect("/orders/7", guard=Basic(), status=status, headers={"Location": new.url})
    answer = world.call(world.boomi(authentication_type="basic"))
    assert answer.json() == {"id": 7}
    return new.exchanges[-1].request.method, new.exchanges[-1].request.body


def redirection_307(world: World) -> None:
    assert _redirected(world, 307) == ("PATCH", BODY)


def redirection_308(world: World) -> None:
    assert _redirected(world, 308) == ("PATCH", BODY)


def redirection_303(world: World) -> None:
    assert _redirected(world, 303) == ("GET", b"")


def redirections_without_end(world: World) -> None:
    """The connector gives up and says what it was told."""
    world.issuer.protect("/orders/7", guard=Basic(), status=307, headers={"Location": "/acme/orders/7"})
    assert world.call(world.boomi(authentication_type="basic")).status_code == 307
    assert len(world.orders.exchanges) == 6
