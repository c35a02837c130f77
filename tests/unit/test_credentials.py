"""Client credentials: how Basic is read, how a body is read, how a wrong secret differs."""

from __future__ import annotations

import base64
import re

import pytest

from mockserver.client_settings import ClientSettings
from mockserver.config import IssuerSettings
from mockserver.credentials import MalformedBasic
from mockserver.credentials import check_secret
from mockserver.credentials import difference
from mockserver.credentials import new_secret
from mockserver.credentials import read_basic
from mockserver.credentials import read_pairs
from mockserver.errors import InvalidClient
from mockserver.messages import Presented
from mockserver.model import Client
from mockserver.registry import client


def _basic(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def _refusal(presented: Presented, *clients: Client) -> InvalidClient:
    """What the first of the clients is told."""
    with pytest.raises(InvalidClient) as caught:
        check_secret(presented, clients[0], clients, now=0)
    return caught.value


def _client(client_id: str, secret: str) -> Client:
    return client(ClientSettings(client_id=client_id, client_secret=secret), IssuerSettings())


@pytest.mark.parametrize("kind", ["at", "rt", "ac", "cs"])
def test_a_new_secret_has_256_bits_behind_its_prefix(kind: str) -> None:
    """RFC 6749 10.10: it cannot be guessed; a leak is recognised by the prefix."""
    made = {new_secret(kind) for _ in range(20)}

    assert len(made) == 20
    assert all(re.fullmatch(rf"oam_{kind}_[A-Za-z0-9_-]{{43}}", secret) for secret in made)


@pytest.mark.parametrize(
    ("octets", "readings"),
    [
        pytest.param(b"crm:s3cret", (("", "crm", "s3cret"),), id="plain"),
        pytest.param(b"crm:", (("", "crm", ""),), id="empty secret"),
        pytest.param(b":s3cret", (("", "", "s3cret"),), id="empty client_id"),
        pytest.param(b":", (("", "", ""),), id="both empty"),
        pytest.param(b"crm:a:b", (("", "crm", "a:b"),), id="colon in the secret"),
        pytest.param(b"crm:a%3Ab", (("form", "crm", "a:b"), ("raw", "crm", "a%3Ab")), id="percent-encoded secret"),
        pytest.param(
            b"my%20crm:s",
            (("form", "my crm", "s"), ("raw", "my%20crm", "s")),
            id="percent-encoded client_id",
        ),
        pytest.param(b"crm:a+b", (("form", "crm", "a b"), ("raw", "crm", "a+b")), id="plus"),
        pytest.param(b"crm:100%", (("", "crm", "100%"),), id="percent that encodes nothing"),
        pytest.param("crm:grün".encode(), (("", "crm", "grün"), ("", "crm", "grÃ¼n")), id="UTF-8 first, then latin-1"),
        pytest.param("crm:grün".encode("latin-1"), (("", "crm", "grün"),), id="latin-1 alone"),
        pytest.param(b"crm:gr%C3%BCn", (("form", "crm", "grün"), ("raw", "crm", "gr%C3%BCn")), id="UTF-8, urlencoded"),
        pytest.param(
            "crm:ü+".encode(),
            (
                ("form", "crm", "ü "),
                ("raw", "crm", "ü+"),
                ("form", "crm", "Ã¼ "),
                ("raw", "crm", "Ã¼+"),
            ),
            id="all four readings",
        ),
    ],
)
def test_basic_is_offered_in_every_reading(octets: bytes, readings: tuple[tuple[str, str, str], ...]) -> None:
    """RFC 6749 2.3.1: both halves should be form-urlencoded, many clients do not; the likeliest comes first."""
    assert read_basic(_basic(octets)) == readings


def test_white_space_around_the_credentials_is_not_theirs() -> None:
    """RFC 9110 11.4: one or more spaces may follow the scheme."""
    assert read_basic(f"  {_basic(b'crm:s3cret')} ") == (("", "crm", "s3cret"),)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("crm:s3cret", "what follows Basic is not base64", id="not encoded at all"),
        pytest.param("Y3JtOnMzY3JldA", "what follows Basic is not base64", id="padding missing"),
        pytest.param("Y3Jt OnMz", "what follows Basic is not base64", id="space in it"),
        pytest.param("Y3Jt\nOnMz", "what follows Basic is not base64", id="line break in it"),
        pytest.param("--__", "what follows Basic is not base64", id="base64url"),
        pytest.param("grün", "what follows Basic is not base64", id="not ASCII"),
        pytest.param("", "there is no colon between client_id and client_secret", id="nothing"),
        pytest.param(_basic(b"s3cret"), "there is no colon between client_id and client_secret", id="no colon"),
    ],
)
def test_malformed_basic_says_what_it_is_instead(value: str, message: str) -> None:
    """RFC 7617 2: base64 of user-id, colon, password."""
    with pytest.raises(MalformedBasic) as caught:
        read_basic(value)

    assert str(caught.value) == message


_LONG = "s3cret-of-the-CRM+1"


@pytest.mark.parametrize(
    ("sent", "how"),
    [
        (f"{_LONG}\n", "it is the registered one with a trailing newline: strip what you read from the file"),
        (f"{_LONG}\r\n", "it is the registered one with a trailing newline: strip what you read from the file"),
        (f" {_LONG}", "it is the registered one with white space around it"),
        (f"{_LONG}\t", "it is the registered one with white space around it"),
        (f"{_LONG} \n", "it is the registered one with white space around it"),
        ("0thers", "it is the secret of client 'erp'"),
        ("s3cret-of-the-CRM%2B1", "it is the registered one percent-encoded once too often"),
        ("s3cret-of-the-CRM%252B1", "it is the registered one percent-encoded once too often"),
        (_basic(_LONG.encode()), "it is the registered one in base64: it was encoded twice"),
        (_LONG.upper(), "only upper and lower case differ"),
        ("", "it is empty"),
        (_LONG[:5], "it is the registered one cut after 5 of 19 characters"),
        ("x" * 19, None),
        (f"{_LONG}x", None),
        ("bm90IGl0", None),
        ("//79", None),
    ],
)
def test_a_wrong_secret_is_explained_without_being_shown(sent: str, how: str | None) -> None:
    """Every way in which one is usually wrong."""
    told = difference(sent, _LONG, {"erp": "0thers", "wiki": "s"})

    assert told == how
    assert _LONG not in str(told)


@pytest.mark.parametrize(
    ("form", "presented"),
    [
        pytest.param((), None, id="nothing"),
        pytest.param((("client_id", "crm"),), None, id="client_id alone"),
        pytest.param((("client_id", "crm"), ("client_secret", "")), None, id="empty secret"),
        pytest.param(
            (("client_id", "crm"), ("client_secret", "s")),
            Presented(method="m", client_id="crm", readings=(("", "crm", "s"),)),
            id="both",
        ),
        pytest.param(
            (("client_secret", "s"),),
            Presented(
                method="m",
                client_id="",
                readings=(("", "", "s"),),
                malformed="client_secret came without client_id (RFC 6749 2.3.1)",
            ),
            id="secret alone",
        ),
        pytest.param(
            (("client_id", "crm"), ("client_id", "erp"), ("client_secret", "s"), ("client_secret", "t")),
            Presented(method="m", client_id="crm", readings=(("", "crm", "s"),)),
            id="twice: the first counts here, the request is refused elsewhere",
        ),
    ],
)
def test_credentials_in_a_body(form: tuple[tuple[str, str], ...], presented: Presented | None) -> None:
    """RFC 6749 2.3.1: client_id and client_secret; 3.2: without a value a parameter is left out."""
    assert read_pairs(form, method="m") == presented


def test_the_refusal_of_a_wrong_secret_tells_the_tester_how_it_differs() -> None:
    """RFC 6749 5.2: invalid_client; the wire learns nothing of it."""
    crm, erp = _client("crm", "s3cret"), _client("erp", "0thers")
    presented = Presented(method="client_secret_basic", client_id="crm", readings=(("", "crm", "0thers"),))

    error = _refusal(presented, crm, erp)

    assert (error.status, error.body()) == (
        401,
        {"error": "invalid_client", "error_description": "Client authentication failed."},
    )
    assert error.hint == "the secret of client 'crm' is wrong: it is the secret of client 'erp' (client_secret_basic)"


def test_the_reading_that_names_the_client_is_the_one_that_is_compared() -> None:
    """The first one may name nobody."""
    crm = _client("a+b", "s3cret")
    presented = Presented(
        method="client_secret_basic",
        client_id="a b",
        readings=(("form", "a b", "s3cre t"), ("raw", "a+b", "s3cre+t")),
    )

    hint = _refusal(presented, crm).hint

    assert hint == (
        "the secret of client 'a+b' is wrong: 7 characters were sent, the registered one has 6 (client_secret_basic)"
    )


def test_the_clients_own_secret_and_public_clients_are_no_others() -> None:
    """A public client has none to be compared with."""
    crm = _client("crm", "s3cret")
    public = client(ClientSettings(client_id="spa", token_endpoint_auth_method="none"), IssuerSettings())
    presented = Presented(method="client_secret_post", client_id="crm", readings=(("", "crm", "wrong!"),))

    hint = _refusal(presented, crm, public).hint

    assert hint == (
        "the secret of client 'crm' is wrong: 6 characters were sent, the registered one has 6 (client_secret_post)"
    )
