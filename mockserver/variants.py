"""The matrix: grant x client authentication, as cells that a test is run for."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses

__all__ = ["CLIENT_AUTH", "DEFAULT_CLIENT_AUTH", "DEFAULT_GRANT_TYPES", "GRANT_TYPES", "Cell", "cells"]

GRANT_TYPES = ("authorization_code", "password", "client_credentials", "refresh_token")
CLIENT_AUTH = (
    "client_secret_basic",
    "client_secret_post",
    "client_secret_json",
    "client_secret_query",
    "client_secret_bearer",
    "client_secret_jwt",
    "private_key_jwt",
    "none",
)

DEFAULT_GRANT_TYPES = GRANT_TYPES[:3]
DEFAULT_CLIENT_AUTH = CLIENT_AUTH[:2]


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """One way for a connector to get its token."""

    grant_type: str
    client_auth: str

    @property
    def id(self) -> str:
        return f"{self.grant_type}-{self.client_auth}"

    @property
    def meaningful(self) -> bool:
        """RFC 6749 4.4: a public client has no credentials to use for client_credentials."""
        return (self.grant_type, self.client_auth) != ("client_credentials", "none")


def cells(
    grant_types: cabc.Iterable[str] = DEFAULT_GRANT_TYPES, client_auth: cabc.Iterable[str] = DEFAULT_CLIENT_AUTH
) -> tuple[Cell, ...]:
    """Every meaningful cell, grants in the outer order."""
    methods = tuple(client_auth)
    every = (Cell(grant_type, method) for grant_type in grant_types for method in methods)
    return tuple(dict.fromkeys(cell for cell in every if cell.meaningful))
