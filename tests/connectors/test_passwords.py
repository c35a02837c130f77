"""Rows 1 to 3: no authentication, Basic and Digest."""

from __future__ import annotations

import base64

import httpx
import pytest

from connectors.calling import Caller
from connectors.challenges import challenges
from connectors.digest import Digest as Proving
from connectors.errors import NotAuthorized
from connectors.schemes import Call
from connectors.world import BODY
from connectors.world import World
from mockserver import AnyOf
from mockserver import Basic
from mockserver import Digest
from mockserver import OAuthMock
from mockserver import Open


def test_row_1_none(world: World) -> None:
    """S1:35."""
    world.prove(globals())


def cookie_leaks(world: World) -> None:
    """A client that is shared with another connection has its cookies."""
    world.http.cookies.set("sid", "1")
    assert world.call(world.boomi(authentication_type="none")).status_code == 400


def token_leaks_in_the_url(world: World) -> None:
    url = f"{world.orders.url}?access_token=oam_at_1"
    assert world.boomi(authentication_type="none").call("PATCH", url, BODY).status_code == 400


def password_leaks(world: World) -> None:
    assert world.call(world.boomi(authentication_type="basic")).status_code == 400


def leak_fails_the_test(world: World) -> None:
    """By a finding, where the API lets everybody in and says nothing."""
    world.works(world.boomi(authentication_type="basic"))
    with pytest.raises(AssertionError, match="OAM089 credentials_at_open_path"):
        world.issuer.assert_no_findings()


def redirection_to_another_host(world: World) -> None:
    """The body goes there, and neither password nor the process's own key."""
    with OAuthMock() as elsewhere:
        public = elsewhere.protect("/public", guard=Open(strict=True), json={"id": 7})
        world.issuer.protect("/orders/7", guard=Basic(), status=307, headers={"Location": public.url})
        connector = world.boomi(authentication_type="basic")
        answer = connector.call("PATCH", world.orders.url, BODY, [("X-Api-Key", "k3y-of-the-process")])

        assert answer.status_code == 200
        (exchange,) = public.exchanges
        assert exchange.why == "/public is open, and no credentials came"
        assert exchange.request.body == BODY


# -- row 2 -------------------------------------------------------------------------------------------------------------


def test_row_2_basic(world: World) -> None:
    """S1:36."""
    world.prove(globals())


def _encoded(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def malformed_base64(world: World) -> None:
    for value in ("alice:wonderland-of-alice", "YWxpY2U", "YWxp Y2U=", "YWxpY2U6_w==", "*"):
        assert world.patch(f"Basic {value}").status_code == 401
        assert world.oauthmock.journal.last.verdict == "refused"


def no_colon(world: World) -> None:
    assert world.patch(f"Basic {_encoded(b'alice')}").status_code == 401


def latin_1(world: World) -> None:
    """As requests sends it; httpx and Boomi's connector send UTF-8."""
    assert world.patch(f"Basic {_encoded('zoë:grün'.encode('latin-1'))}").status_code == 401


def latin_1_at_a_server_without_a_charset(world: World) -> None:
    world.issuer.protect("/orders/7", guard=Basic({"zoë": "grün"}, charset=None), json={"id": 7})
    assert world.patch(f"Basic {_encoded('zoë:grün'.encode('latin-1'))}").status_code == 200
    assert world.patch(f"Basic {_encoded('zoë:grün'.encode())}").status_code == 200


def scheme_in_any_case(world: World) -> None:
    """RFC 9110 11.1."""
    for scheme in ("Basic", "basic", "BASIC", "bAsIc"):
        assert world.patch(f"{scheme} {_encoded(b'alice:wonderland-of-alice')}").status_code == 200


def two_authorization_headers(world: World) -> None:
    """Even if both are right (RFC 9110 5.3)."""
    assert world.patch(*[f"Basic {_encoded(b'alice:wonderland-of-alice')}"] * 2).status_code == 400


# -- row 3 -------------------------------------------------------------------------------------------------------------


def test_row_3_digest(world: World) -> None:
    """S1:37."""
    world.prove(globals())


def _call(world: World, *, uri: str = "") -> Call:
    return Call(method="PATCH", url=uri or world.orders.url, content=BODY)


def _proof(world: World, *, password: str = "wonderland-of-alice", uri: str = "") -> str:
    """The answer to the challenge of the API."""
    (challenge, *_) = challenges(world.patch())
    proof = Proving("alice", password).asked(_call(world, uri=uri), challenge, 0)
    assert proof is not None
    return proof


def replayed_count(world: World) -> None:
    """RFC 7616 3.4: one count is good for one request."""
    proof = _proof(world)
    assert world.patch(proof).status_code == 200
    refused = world.patch(proof)
    assert refused.status_code == 401
    assert challenges(refused)[0].parameters["stale"] == "true"


def expired_nonce(world: World) -> None:
    """The password is not asked for again."""
    connector = world.boomi(authentication_type="digest")
    world.works(connector)
    world.oauthmock.clock.advance(minutes=10)
    world.works(connector)


def wrong_uri(world: World) -> None:
    """RFC 7616 3.4.6: what was proven for one resource is no proof for another."""
    proof = _proof(world, uri=world.orders.url.replace("/7", "/8"))
    assert world.patch(proof).status_code == 400


def wrong_realm(world: World) -> None:
    assert world.patch(_proof(world).replace('realm="api"', 'realm="other"')).status_code == 401


def altered_body(world: World) -> None:
    """With auth-int the body is part of the proof."""
    proof = _proof(world)
    assert world.http.patch(world.orders.url, content=BODY + b" ", headers={"Authorization": proof}).status_code == 401


def second_call_spares_the_challenge(world: World) -> None:
    connector = world.boomi(authentication_type="digest")
    world.works(connector)
    world.works(connector)


def query_in_the_uri(world: World) -> None:
    url = f"{world.orders.url}?page=2&sort=a%20b"
    assert world.boomi(authentication_type="digest").call("PATCH", url, BODY).json() == {"id": 7}
    assert 'uri="/acme/orders/7?page=2&sort=a%20b"' in world.orders.exchanges[-1].sent("Authorization")["header"][0]


def quotes_that_are_wrong(world: World) -> None:
    """Servers are used to them; the why tells (RFC 7616 3.4)."""
    proof = _proof(world).replace("algorithm=SHA-256", 'algorithm="SHA-256"').replace("qop=auth", 'qop="auth"')
    assert world.patch(proof).status_code == 200


def several_challenges_in_one_field(world: World) -> None:
    guard = AnyOf(Basic(), Digest(), one_field=True)
    world.issuer.protect("/orders/7", guard=guard, json={"id": 7})
    world.works(world.boomi(authentication_type="digest"))


def _told(answer: httpx.Response) -> str:
    told: str = answer.headers["Authentication-Info"]
    return told


def authentication_info(world: World) -> None:
    """RFC 7616 3.5: the server proves that it knows the password too, and gives the next nonce."""
    scheme = Proving("alice", "wonderland-of-alice")
    caller, call = Caller(world.http, scheme, preemptive=True), _call(world)
    for _ in range(2):
        answer = caller.call(call)
        assert scheme.check(answer, call)
        assert {"nextnonce", "rspauth"} <= {part.partition("=")[0] for part in _told(answer).split(", ")}
    assert [exchange.status for exchange in world.orders.exchanges] == [401, 200, 200]


def server_that_does_not_know_the_password(world: World) -> None:
    scheme = Proving("alice", "wonderland-of-alice")
    call = _call(world)
    answer = Caller(world.http, scheme, preemptive=True).call(call)
    told = _told(answer).replace('rspauth="', 'rspauth="0')
    assert not scheme.check(httpx.Response(200, headers={"Authentication-Info": told}, content=answer.content), call)


def no_digest_is_offered(world: World) -> None:
    """Nothing is sent to whoever asks for another scheme."""
    with pytest.raises(NotAuthorized):
        world.call(world.boomi(authentication_type="digest"))
    assert [exchange.credentials for exchange in world.orders.exchanges] == [None]
