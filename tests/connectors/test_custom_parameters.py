"""Row 24: SAP's table of custom parameters, whose limits are the connector's."""

from __future__ import annotations

import contextlib
import http.client
import urllib.parse

import pytest

from connectors.errors import FormError
from connectors.sap import Custom
from connectors.sap import Place
from connectors.world import World

_MOST = 20


def test_row_24_custom_parameters(world: World) -> None:
    """S3:185-200."""
    world.prove(globals())


def _rows(place: Place, character: str = "v", number: int = _MOST) -> list[Custom]:
    """Rows whose keys and values have 1024 characters."""
    return [
        Custom(key=f"x-{index:02}-".ljust(1024, "k"), value=character * 1024, send_as=place) for index in range(number)
    ]


def _arrives(world: World, place: Place, character: str = "v") -> None:
    rows = _rows(place, character)
    world.works(world.sap(custom_parameters=rows))
    sent = world.asked_for_tokens[-1]
    where = "query" if place == "url" else place
    assert [sent.sent(row.key)[where] for row in rows] == [(row.value,) for row in rows]


def twenty_rows_of_1024_characters_in_the_body(world: World) -> None:
    _arrives(world, "body")


def twenty_rows_of_1024_characters_in_the_header(world: World) -> None:
    _arrives(world, "header")


def twenty_rows_of_1024_characters_in_the_url(world: World) -> None:
    _arrives(world, "url")


def _refused(world: World, message: str, rows: list[Custom]) -> None:
    with pytest.raises(FormError, match=message):
        world.sap(custom_parameters=rows)
    assert list(world.oauthmock.journal) == []


def twenty_one_rows(world: World) -> None:
    _refused(world, "more than 20", _rows("body", number=_MOST + 1))


def too_many_characters(world: World) -> None:
    with pytest.raises(FormError, match="more than 1024"):
        Custom(key="a", value="v" * 1025)
    with pytest.raises(FormError, match="more than 1024"):
        Custom(key="k" * 1025, value="v")
    assert list(world.oauthmock.journal) == []


def characters_of_three_octets(world: World) -> None:
    """Characters are counted; percent-encoded in the URL each is nine octets, 123 KB for the first line alone."""
    for place in ("body", "header"):
        rows = [Custom(key=f"x-{index}", value="鍵" * 1024, send_as=place) for index in range(_MOST)]
        world.works(world.sap(name=place, custom_parameters=rows))
        assert [world.asked_for_tokens[-1].sent(row.key)[place] for row in rows] == [(row.value,) for row in rows]
    # httpx makes no URL of more than 64 KiB
    query = urllib.parse.urlencode({f"x-{index}": "鍵" * 1024 for index in range(_MOST)})
    assert _post_to(world, query)[0] == 200
    assert world.asked_for_tokens[-1].sent("x-19")["query"] == ("鍵" * 1024,)


def more_than_the_server_takes(world: World) -> None:
    """RFC 9110 15.5.15, RFC 6585 5: 414 and 431 are in the journal, and there is no token."""
    assert _post_to(world, "a=" + "b" * 256 * 1024)[0] == 414
    assert _post_to(world, "", {f"x-{index}": "v" for index in range(200)})[0] == 431
    assert [exchange.status for exchange in world.oauthmock.journal] == [414, 431]
    assert len(world.issuer.tokens) == 0


def _post_to(world: World, query: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    url = urllib.parse.urlsplit(world.issuer.token_url)
    connection = http.client.HTTPConnection(url.netloc, timeout=10)
    with contextlib.closing(connection):
        form = "grant_type=client_credentials&client_id=crm&client_secret=s3cret-of-crm"
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", f"{url.path}?{query}", form, {**kind, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.read()
