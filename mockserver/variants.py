"""The matrix: grant x client authentication x whatever else a test names, as cells that a test is run for."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import itertools

__all__ = ["AXES", "CLIENT_AUTH", "DEFAULT_CLIENT_AUTH", "DEFAULT_GRANT_TYPES", "GRANT_TYPES", "Cell", "cells"]

GRANT_TYPES = ("authorization_code", "password", "client_credentials", "refresh_token")
CLIENT_AUTH = (
    "client_secret_basic",
    "client_secret_post",
    "client_secret_json",
    "client_secret_query",
    "client_secret_bearer",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
    "none",
)

DEFAULT_GRANT_TYPES = GRANT_TYPES[:3]
DEFAULT_CLIENT_AUTH = CLIENT_AUTH[:2]

# What may be named besides: the values of each axis; None: any number of seconds
AXES: dict[str, tuple[str, ...] | None] = {
    "basic_encoding": ("raw", "form"),
    "bearer": ("header", "body", "query"),
    "access_token_format": ("jwt", "opaque"),
    "access_token_lifetime": None,
    "expires_in_form": ("number", "string", "float", "milliseconds", "negative", "null", "missing"),
    "refresh_policy": (
        *("static", "omit", "fixed_life"),
        *("rotate", "rotate_grace", "rotate_revoke_family", "rotate_every", "prolong_same"),
    ),
}

# Where an axis has a meaning: what grant or method a cell must have
_NEEDS: dict[str, tuple[str, ...]] = {
    "basic_encoding": ("client_secret_basic",),
    # RFC 6749 4.4.3: client_credentials brings no refresh token
    "refresh_policy": ("authorization_code", "password", "refresh_token"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """One way for a connector to get and use its token."""

    grant_type: str
    client_auth: str
    axes: tuple[tuple[str, str | int], ...] = ()
    """What else is settled, by name: only what has a meaning for the grant and the method."""

    @property
    def id(self) -> str:
        """Grant, method and the values of the further axes: `password-client_secret_basic-raw-60s`."""
        values = (f"{value}s" if isinstance(value, int) else value for _, value in self.axes)
        return "-".join((self.grant_type, self.client_auth, *values))

    @property
    def over_tls(self) -> bool:
        """Whether it needs a server that asks for certificates (RFC 8705 2): `https`, `client_certificates`."""
        return self.client_auth.endswith("tls_client_auth")

    @property
    def meaningful(self) -> bool:
        """RFC 6749 4.4: a public client has no credentials to use for client_credentials."""
        return (self.grant_type, self.client_auth) != ("client_credentials", "none")


def cells(
    grant_types: cabc.Iterable[str] = DEFAULT_GRANT_TYPES,
    client_auth: cabc.Iterable[str] = DEFAULT_CLIENT_AUTH,
    **axes: cabc.Iterable[str | int],
) -> tuple[Cell, ...]:
    """
    Every meaningful cell, each once, grants in the outer order; `axes` are those of `AXES`.

    Raises ValueError for an axis that has no meaning in any cell.
    """
    grants, methods = tuple(grant_types), tuple(client_auth)
    named = {name: tuple(axes[name]) for name in AXES if name in axes}
    for name in named:
        needed = _NEEDS.get(name)
        if needed is not None and not {*needed} & {*grants, *methods}:
            raise ValueError(
                f"{name} means nothing without {' or '.join(needed)}; add one of them, or leave {name} out"
            )
    every = (
        Cell(grant_type, method, _with_meaning(zip(named, values, strict=True), grant_type, method))
        for grant_type in grants
        for method in methods
        for values in itertools.product(*named.values())
    )
    return tuple(dict.fromkeys(cell for cell in every if cell.meaningful))


def _with_meaning(
    axes: cabc.Iterable[tuple[str, str | int]], grant_type: str, method: str
) -> tuple[tuple[str, str | int], ...]:
    return tuple((name, value) for name, value in axes if name not in _NEEDS or {*_NEEDS[name]} & {grant_type, method})
