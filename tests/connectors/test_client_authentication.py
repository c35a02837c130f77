"""Rows 17 to 19: where the client's credentials go, and how they are encoded."""

from __future__ import annotations

import base64
import json
import urllib.parse

from connectors.world import World


def test_row_17_client_authentication_choice(world: World) -> None:
    """S3:122-131."""
    world.prove(globals())


def header_where_the_body_is_demanded(world: World) -> None:
    """RFC 6749 5.2: whoever used the header is challenged."""
    world.fails(world.sap(**world.case.form), "Refused")
    headers = dict(world.asked_for_tokens[-1].reply.headers)
    assert headers["WWW-Authenticate"] == 'Basic realm="token endpoint"'
    assert world.asked_for_tokens[-1].client_auth == "client_secret_basic"


def body_where_the_header_is_demanded(world: World) -> None:
    """RFC 6749 5.2: whoever did not is not."""
    world.fails(world.sap(), "Refused")
    assert "WWW-Authenticate" not in dict(world.asked_for_tokens[-1].reply.headers)
    assert world.asked_for_tokens[-1].client_auth == "client_secret_post"


# -- row 18 ------------------------------------------------------------------------------------------------------------


def test_row_18_body_encoding(world: World) -> None:
    """S3:129, S3:150, S4:54-56."""
    world.prove(globals())


_FORM = b"grant_type=client_credentials&client_id=crm&client_secret=s3cret-of-crm"


def no_content_type(world: World) -> None:
    """Octets that nobody says what they are are no form."""
    assert world.post(_FORM).status_code == 200
    assert world.post(_FORM, None).json()["error"] == "invalid_request"


def empty_body(world: World) -> None:
    assert world.post(b"").json()["error"] == "invalid_client"


def json_values_that_are_no_strings(world: World) -> None:
    who = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": "s3cret-of-crm"}
    for value in (["orders:read"], 7, True, None):
        answer = world.post(json.dumps({**who, "scope": value}).encode(), "application/json")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert "'scope' is no string" in world.asked_for_tokens[-1].why


def json_member_twice(world: World) -> None:
    content = (
        b'{"grant_type": "client_credentials", "client_id": "crm", "client_secret": "s3cret-of-crm",'
        b' "scope": "a", "scope": "b"}'
    )
    assert world.post(content, "application/json").json()["error"] == "invalid_request"


# -- row 19 ------------------------------------------------------------------------------------------------------------


def test_row_19_encoding_of_basic_credentials(world: World) -> None:
    """S3:131."""
    world.prove(globals())


def _by_basic(world: World, client_id: str, secret: str) -> None:
    encoded = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    world.post(b"grant_type=client_credentials", Authorization=f"Basic {encoded}")


def encoded_secret_at_a_strict_server(world: World) -> None:
    """RFC 6749 2.3.1."""
    _by_basic(world, "crm", urllib.parse.quote_plus(world.client.client_secret))
    assert world.answered(200).basic_encoding == "form"


def raw_secret_is_told_from_an_encoded_one(world: World) -> None:
    """By default the mock takes either and says which it was."""
    _by_basic(world, "crm", urllib.parse.quote_plus(world.client.client_secret))
    assert world.answered(200).basic_encoding == "form"
    world.works(world.boomi())
    assert world.answered(200).basic_encoding == "raw"


def encoded_secret_at_a_raw_server(world: World) -> None:
    _by_basic(world, "crm", urllib.parse.quote_plus(world.client.client_secret))
