"""Rows 5 and 27 to 33: requests that are signed as AWS wants it."""

from __future__ import annotations

import collections.abc as cabc
import xml.etree.ElementTree as ET

import httpx
import pytest

from connectors.aws import AWS_SECRET
from connectors.aws import AwsSettings
from connectors.aws import AwsSignature
from connectors.errors import NotAuthorized
from connectors.schemes import Call
from connectors.world import BODY
from connectors.world import World
from mockserver import SigV4
from mockserver.server.handles import Protected


def test_row_5_aws_signature(world: World) -> None:
    """S1:39, S1:109-157."""
    world.prove(globals())


def _signed(world: World, *, url: str = "", headers: cabc.Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """The headers of a PATCH that is signed as the connection does it."""
    settings = AwsSettings(**{"secret_key": AWS_SECRET, **world.case.form.get("aws", {})})
    call = Call(method="PATCH", url=url or world.orders.url, content=BODY, headers=headers)
    return {**dict(headers), **AwsSignature(settings).unasked(call)}


def _send(world: World, headers: dict[str, str], *, body: bytes = BODY, url: str = "") -> httpx.Response:
    return world.http.patch(url or world.orders.url, content=body, headers=headers)


def get_and_post(world: World) -> None:
    """And a query, which is signed too."""
    connector = world.boomi(authentication_type="aws")
    for method, content in (("GET", b""), ("POST", BODY), ("PATCH", BODY), ("DELETE", b"")):
        url = f"{world.orders.url}?page=2&sort=a%20b&empty="
        assert connector.call(method, url, content, [("Content-Type", "application/json")]).json() == {"id": 7}


def altered_body(world: World) -> None:
    assert _send(world, _signed(world), body=BODY + b" ").status_code == 403


def altered_header(world: World) -> None:
    headers = _signed(world, headers=[("Content-Type", "application/json")])
    assert _send(world, {**headers, "Content-Type": "text/plain"}).status_code == 403


def expired_date(world: World) -> None:
    """A request that was signed 16 minutes ago."""
    headers = _signed(world)
    world.oauthmock.clock.skew(minutes=16)
    assert _send(world, headers).status_code == 403


def bearer_where_a_signature_is_asked_for(world: World) -> None:
    """In the words of the service; not the challenge of RFC 6750."""
    answer = world.call(world.boomi())
    assert answer.json()["__type"] == "IncompleteSignatureException"


# -- row 27 ------------------------------------------------------------------------------------------------------------


def test_row_27_access_key_and_secret_key(world: World) -> None:
    """S1:128-132."""
    world.prove(globals())


def session(world: World) -> None:
    """A key of a session has a token, which the process puts into its header."""
    token = [("X-Amz-Security-Token", "t0ken-of-the-session")]
    answer = world.boomi(authentication_type="aws").call("PATCH", world.orders.url, BODY, token)
    assert answer.json() == {"id": 7}


def session_without_its_token(world: World) -> None:
    world.fails(world.boomi(authentication_type="aws"), "NotAuthorized")


def session_with_another_token(world: World) -> None:
    token = [("X-Amz-Security-Token", "t0ken-of-another")]
    with pytest.raises(NotAuthorized):
        world.boomi(authentication_type="aws").call("PATCH", world.orders.url, BODY, token)


def secret_key_is_not_filled_in(world: World) -> None:
    """Nothing is sent."""
    world.fails_to_fill_in(authentication_type="aws", aws={"secret_key": ""})


# -- row 28 ------------------------------------------------------------------------------------------------------------


def test_row_28_signature_over_the_request(world: World) -> None:
    """S1:111."""
    world.prove(globals())


def _echo(world: World) -> Protected:
    guard = SigV4({"AKIDEXAMPLE": AWS_SECRET}, **world.case.guard.get("sigv4", {}))
    return world.issuer.protect("/v1", app=world.oauthmock.echo, guard=guard)


def _arrives(world: World, path: str, content: bytes = BODY, headers: cabc.Sequence[tuple[str, str]] = ()) -> str:
    """What the server took for the path, where the signature was right."""
    connector = world.boomi(**{"authentication_type": "aws", **world.case.form})
    answer = connector.call("PATCH", f"{_echo(world).url}{path}", content, headers)
    assert answer.status_code == 200
    assert world.oauthmock.journal.last.body.content == content
    told: str = answer.json()["path"]
    return told


def each_request_has_its_own(world: World) -> None:
    """Two bodies, two signatures; the first does not do for the second."""
    first, second = _signed(world), _signed(world, headers=[("X-Tenant", "acme")])
    assert first["Authorization"] != second["Authorization"]
    assert [_send(world, headers).status_code for headers in (first, second)] == [200, 200]
    assert _send(world, {**second, "Authorization": first["Authorization"]}, body=b"other").status_code == 403


def body_altered_in_one_octet(world: World) -> None:
    """The why has the canonical request to compare with."""
    assert _send(world, _signed(world), body=BODY.replace(b"sent", b"Sent")).status_code == 403
    assert "host:127.0.0.1" in world.oauthmock.journal.last.why


def empty_body(world: World) -> None:
    assert _arrives(world, "/7", b"") == "/acme/v1/7"


def binary_body(world: World) -> None:
    assert _arrives(world, "/7", bytes(range(256))) == "/acme/v1/7"


def path_in_utf_8(world: World) -> None:
    assert _arrives(world, "/ü/鍵") == "/acme/v1/ü/鍵"


def path_that_is_escaped_twice(world: World) -> None:
    assert _arrives(world, "/a%2520b") == "/acme/v1/a%20b"


def path_with_a_space(world: World) -> None:
    assert _arrives(world, "/a%20b%2Bc") == "/acme/v1/a b+c"


def unsigned_payload(world: World) -> None:
    _arrives(world, "/7", headers=[("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")])
    assert "the body is not signed" in world.oauthmock.journal.last.why


def unsigned_payload_where_it_is_not_taken(world: World) -> None:
    with pytest.raises(NotAuthorized):
        _arrives(world, "/7", headers=[("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")])


# -- rows 29 to 31 -----------------------------------------------------------------------------------------------------


def test_row_29_service_list(world: World) -> None:
    """S1:135."""
    world.prove(globals())


def test_row_30_custom_service(world: World) -> None:
    """S1:138, S1:143."""
    world.prove(globals())


def custom_without_a_name(world: World) -> None:
    world.fails_to_fill_in(authentication_type="aws", aws={"aws_service": "Custom"})


def display_name_in_a_list_of_services(world: World) -> None:
    """The manual's own example is no name that a signature has: AWS CodePipeline's is codepipeline."""
    world.fails(world.boomi(**world.case.form), "NotAuthorized")


def test_row_31_region(world: World) -> None:
    """S1:148-151."""
    world.prove(globals())


def custom_region_without_a_name(world: World) -> None:
    world.fails_to_fill_in(authentication_type="aws", aws={"aws_region": "Custom"})


def s3_tells_the_right_region(world: World) -> None:
    """Clients of S3 go on with it."""
    answer = world.call(world.boomi(authentication_type="aws", aws={"aws_service": "S3"}))
    assert answer.status_code == 400
    told = ET.fromstring(answer.text)
    assert (told.findtext("Code"), told.findtext("Region")) == ("AuthorizationHeaderMalformed", "ap-south-2")


def region_of_the_host(world: World) -> None:
    """The name of the host is signed, and says nothing; what counts is the region of the scope."""
    host = [("Host", "orders.ap-south-2.amazonaws.example")]
    assert _arrives(world, "/7", headers=host) == "/acme/v1/7"
    assert "/eu-west-1/execute-api/" in world.oauthmock.journal.last.why


# -- rows 32 and 33 ----------------------------------------------------------------------------------------------------


def test_row_32_base_url(world: World) -> None:
    """S1:135."""
    world.prove(globals())


def host_and_port(world: World) -> None:
    """RFC 9110 7.2: the port is part of the field where it is not the scheme's own."""
    assert _arrives(world, "/7") == "/acme/v1/7"
    sent = world.oauthmock.journal.last.sent("Host")["header"]
    assert sent == (world.host,)


def any_name(world: World) -> None:
    assert _arrives(world, "/7", headers=[("Host", "api.acme.example")]) == "/acme/v1/7"


def host_is_not_signed(world: World) -> None:
    headers = _signed(world)
    headers["Authorization"] = headers["Authorization"].replace("SignedHeaders=host;", "SignedHeaders=")
    assert _send(world, headers).status_code == 403


def host_without_its_port(world: World) -> None:
    headers = _signed(world, headers=[("Host", "127.0.0.1")])
    del headers["Host"]
    assert _send(world, headers).status_code == 403


def another_host(world: World) -> None:
    """A signature for one endpoint is none for another."""
    headers = _signed(world, url=world.orders.url.replace("127.0.0.1", "localhost"))
    assert _send(world, headers).status_code == 403


def test_row_33_overrides(world: World) -> None:
    """S1:143, S1:156."""
    world.prove(globals())


def between_two_requests(world: World) -> None:
    """Key, region and service are others from the next request on, and back again."""
    first = AwsSettings(secret_key=AWS_SECRET)
    second = AwsSettings(access_key="AKID2", secret_key="another-secret", aws_service="S3", aws_region="us-east-1")
    connector = world.boomi(authentication_type="aws")
    for settings in (first, second, first):
        connector.override(aws=settings)
        world.works(connector)
    assert [exchange.caller for exchange in world.orders.exchanges] == ["AKIDEXAMPLE", "AKID2", "AKIDEXAMPLE"]
    assert ["/us-east-1/s3/" in exchange.why for exchange in world.orders.exchanges] == [False, True, False]


def key_of_one_and_secret_of_another(world: World) -> None:
    connector = world.boomi(authentication_type="aws")
    world.works(connector)
    connector.override(aws=AwsSettings(access_key="AKID2", secret_key=AWS_SECRET))
    world.fails(connector, "NotAuthorized")


def service_and_region_at_run_time(world: World) -> None:
    """A custom value replaces what the list says."""
    connector = world.boomi(authentication_type="aws")
    connector.override(
        aws=AwsSettings(secret_key=AWS_SECRET, custom_aws_service="glacier", custom_aws_region="ap-south-2")
    )
    world.works(connector)
