"""The matrix at full width: what may be named besides grant and method, and that each value is really in force."""

from __future__ import annotations

import collections.abc as cabc
import itertools
import typing

import httpx
import pytest

from mockserver import Cell
from mockserver import OAuthMock
from mockserver import demo
from mockserver import policies
from mockserver import variants

_EVERYTHING = {
    "grant_types": variants.GRANT_TYPES,
    "client_auth": variants.CLIENT_AUTH,
    **{name: values or (0, 1, 3600) for name, values in variants.AXES.items()},
}


def test_the_whole_width_has_unique_ids() -> None:
    """Every grant by every method by every value of every axis, three lifetimes; what means nothing is left out."""
    cells = variants.cells(**_EVERYTHING)

    # 2 grants and refresh x (Basic in 2 encodings, 9 other methods) x 8 policies, client_credentials x (2 and 6)
    others = 3 * 2 * 3 * 7
    assert len(cells) == (3 * (2 + 9) * 8 + (2 + 8)) * others
    assert len({cell.id for cell in cells}) == len(cells)


def test_axes_have_the_values_of_the_settings() -> None:
    """The same words, but for those that lead to others."""
    literals = {
        "basic_encoding": policies.BasicEncoding,
        "bearer": policies.BearerMethod,
        "access_token_format": policies.AccessTokenFormat,
        "expires_in_form": policies.ExpiresInForm,
        "refresh_policy": policies.RefreshPolicyName,
    }
    words = {name: {*typing.get_args(literal)} - {"either", "by_client_type"} for name, literal in literals.items()}

    assert {name: {*values} for name, values in variants.AXES.items() if values is not None} == words
    assert [name for name, values in variants.AXES.items() if values is None] == ["access_token_lifetime"]


@pytest.mark.parametrize(
    ("axes", "ids"),
    [
        pytest.param({"bearer": ["query"]}, ["password-client_secret_basic-query", "password-none-query"], id="bearer"),
        pytest.param(
            {"basic_encoding": ["raw", "form"]},
            ["password-client_secret_basic-raw", "password-client_secret_basic-form", "password-none"],
            id="an axis of one method",
        ),
        pytest.param(
            {"access_token_lifetime": [0, 60], "bearer": ["body"]},
            [
                *("password-client_secret_basic-body-0s", "password-client_secret_basic-body-60s"),
                *("password-none-body-0s", "password-none-body-60s"),
            ],
            id="two axes, in their own order",
        ),
        pytest.param({"bearer": []}, [], id="an axis without values"),
    ],
)
def test_ids_say_what_a_cell_is(axes: dict[str, typing.Any], ids: list[str]) -> None:
    """A value that means nothing for a cell is left out of it."""
    assert [cell.id for cell in variants.cells(["password"], ["client_secret_basic", "none"], **axes)] == ids


@pytest.mark.parametrize(
    ("grant", "method", "axis", "message"),
    [
        ("password", "none", "basic_encoding", "basic_encoding means nothing without client_secret_basic; add one"),
        ("client_credentials", "none", "refresh_policy", "refresh_policy means nothing without authorization_code or "),
    ],
)
def test_an_axis_without_any_meaning_is_refused(grant: str, method: str, axis: str, message: str) -> None:
    """It says what to add."""
    with pytest.raises(ValueError, match=message):
        variants.cells([grant], [method], **{axis: ["x"]})


@pytest.fixture(scope="module")
def server() -> cabc.Iterator[OAuthMock]:
    with OAuthMock(access_token_format="opaque") as mock:
        yield mock


def pairwise() -> cabc.Iterator[Cell]:
    """Each value of each axis with each grant by Basic, and with each method for one grant."""
    for name, values in variants.AXES.items():
        axis = {name: values or (60, 3600)}
        yield from variants.cells(variants.GRANT_TYPES, ["client_secret_basic"], **axis)
        yield from variants.cells(["refresh_token"], variants.CLIENT_AUTH, **axis)


@pytest.fixture(scope="module")
def secure() -> cabc.Iterator[OAuthMock]:
    with OAuthMock(access_token_format="opaque", https=True, client_certificates="optional") as mock:
        yield mock


@pytest.mark.parametrize("cell", [pytest.param(cell, id=cell.id) for cell in dict.fromkeys(pairwise())])
def test_a_connector_that_does_what_the_settings_say_passes(server: OAuthMock, secure: OAuthMock, cell: Cell) -> None:
    """The demo's connector, over a socket."""
    assert demo.outcome(secure if cell.over_tls else server, cell).why == ""


def test_the_axes_are_in_force(server: OAuthMock) -> None:
    """Of one cell with every axis: what the client is registered with, and what the connector is told."""
    axes = {
        "basic_encoding": ["raw"],
        "bearer": ["body"],
        "access_token_format": ["jwt"],
        "access_token_lifetime": [7],
        "expires_in_form": ["string"],
        "refresh_policy": ["omit"],
    }
    server.reset()
    variant = server.variant(*variants.cells(["password"], ["client_secret_basic"], **axes))
    registered = server.context.clients[variant.client.client_id].policies
    demo.orders(variant.settings)

    assert variant.settings.bearer == "body"
    assert variant.settings.basic_encoding == "raw"
    assert registered.bearer_methods_supported == ("body",)
    assert (registered.basic_encoding, registered.access_token_format) == ("raw", "jwt")
    assert (registered.access_token_lifetime, registered.expires_in_form) == (7, "string")
    assert registered.refresh.policy == "omit"
    assert server.journal.at("token")[0].basic_encoding == "raw"
    answer = server.journal.at("token")[0].reply.body
    assert b'"expires_in":"7"' in answer


@pytest.mark.parametrize(
    ("right", "wrong"),
    [*itertools.permutations(("header", "body", "query"), 2)],
)
def test_a_connector_that_puts_the_token_elsewhere_fails(server: OAuthMock, right: str, wrong: str) -> None:
    """The cell takes its own place alone."""
    [cell] = variants.cells(["password"], ["client_secret_post"], bearer=[right])

    def connector(settings: cabc.Mapping[str, str]) -> object:
        return demo.orders({**settings, "bearer": wrong})

    why = demo.outcome(server, cell, connector).why

    assert why.startswith(f"the access token is in the {wrong} (RFC 6750 2.")
    assert f"it is taken in the {right}; to allow it: bearer_methods_supported=[{right!r}, {wrong!r}]" in why


@pytest.mark.parametrize(("right", "wrong"), [("raw", "form"), ("form", "raw")])
def test_a_connector_that_encodes_otherwise_fails(server: OAuthMock, right: str, wrong: str) -> None:
    """The secret of such a cell reads differently both ways."""
    [cell] = variants.cells(["password"], ["client_secret_basic"], basic_encoding=[right])

    def connector(settings: cabc.Mapping[str, str]) -> object:
        return demo.orders({**settings, "basic_encoding": wrong})

    assert f"has basic_encoding {right!r}" in demo.outcome(server, cell, connector).why


def test_a_token_that_is_dead_at_once_is_no_success(server: OAuthMock) -> None:
    """A lifetime of 0 s: the token endpoint answers, the API refuses."""
    [cell] = variants.cells(["password"], ["client_secret_post"], access_token_lifetime=[0])
    server.reset()
    settings = server.variant(cell).settings

    with pytest.raises(httpx.HTTPStatusError, match="401 Unauthorized"):
        demo.orders(settings)
    assert [exchange.status for exchange in server.journal] == [200, 401]
