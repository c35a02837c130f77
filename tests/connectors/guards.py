"""Guards as a case of `rows.toml` names them."""

from __future__ import annotations

import typing

from connectors.aws import AWS_KEY
from connectors.aws import AWS_SECRET
from mockserver.guards import GUARDS
from mockserver.guards import AccessKey
from mockserver.guards import AnyOf
from mockserver.guards import Guard

__all__ = ["guard_of"]


def guard_of(table: dict[str, typing.Any]) -> Guard | None:
    """
    By the guard's name its arguments, `{ basic = { users = { crm = "s3cret" } } }`; of several any.

    A key of AWS may have members: `{ secret = "...", active = false }`; without keys there is the one of the examples.
    """
    made = [
        GUARDS[name](**(_with_keys(arguments) if name == "sigv4" else arguments)) for name, arguments in table.items()
    ]
    if len(made) > 1:
        return AnyOf(*made)
    return made[0] if made else None


def _with_keys(arguments: dict[str, typing.Any]) -> dict[str, typing.Any]:
    given = arguments.get("keys", {AWS_KEY: AWS_SECRET})
    keys = {name: AccessKey(**key) if isinstance(key, dict) else key for name, key in given.items()}
    return {**arguments, "keys": keys}
