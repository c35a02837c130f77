"""The matrix of grants and client authentication methods."""

from __future__ import annotations

import pytest

from mockserver.clientauth import METHODS
from mockserver.grants import GRANTS
from mockserver.variants import CLIENT_AUTH
from mockserver.variants import DEFAULT_CLIENT_AUTH
from mockserver.variants import DEFAULT_GRANT_TYPES
from mockserver.variants import GRANT_TYPES
from mockserver.variants import Cell
from mockserver.variants import cells


def test_the_matrix_has_every_grant_and_every_method_of_the_server() -> None:
    """The names are written twice, because the matrix imports nothing."""
    assert set(GRANT_TYPES) == set(GRANTS)
    assert set(CLIENT_AUTH) == set(METHODS)


def test_the_default_matrix_is_three_grants_by_two_methods() -> None:
    """Grants in the outer order."""
    assert [cell.id for cell in cells()] == [
        "authorization_code-client_secret_basic",
        "authorization_code-client_secret_post",
        "password-client_secret_basic",
        "password-client_secret_post",
        "client_credentials-client_secret_basic",
        "client_credentials-client_secret_post",
    ]
    assert cells() == cells(DEFAULT_GRANT_TYPES, DEFAULT_CLIENT_AUTH)


def test_the_whole_matrix_leaves_out_what_has_no_meaning() -> None:
    """RFC 6749 4.4: client_credentials is for confidential clients."""
    every = cells(GRANT_TYPES, CLIENT_AUTH)

    assert len(every) == len(set(every)) == 15
    assert Cell("client_credentials", "none") not in every


@pytest.mark.parametrize(
    ("grant_type", "client_auth", "meaningful"),
    [
        ("client_credentials", "none", False),
        ("client_credentials", "client_secret_basic", True),
        ("authorization_code", "none", True),
        ("password", "none", True),
        ("refresh_token", "none", True),
    ],
)
def test_a_cell_says_whether_it_means_anything(grant_type: str, client_auth: str, meaningful: bool) -> None:
    """RFC 6749 4.4: a public client has no credentials to use."""
    assert Cell(grant_type, client_auth).meaningful is meaningful


def test_a_cell_asked_for_twice_comes_once() -> None:
    """Where it was first."""
    assert [cell.id for cell in cells(["password", "password"], ["none", "none"])] == ["password-none"]


def test_methods_may_be_read_only_once() -> None:
    """Both arguments may be generators."""
    made = cells(iter(["password", "refresh_token"]), iter(["none", "client_secret_post"]))

    assert [cell.id for cell in made] == [
        "password-none",
        "password-client_secret_post",
        "refresh_token-none",
        "refresh_token-client_secret_post",
    ]


@pytest.mark.parametrize(
    ("grants", "methods"), [([], CLIENT_AUTH), (GRANT_TYPES, []), (["client_credentials"], ["none"])]
)
def test_a_matrix_without_cells_is_empty(grants: list[str], methods: list[str]) -> None:
    """Nobody is asked to run nothing."""
    assert cells(grants, methods) == ()
