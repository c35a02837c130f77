"""From what was written, or said by a verb, to an armed fault."""

from __future__ import annotations

import collections.abc as cabc
import typing

from .. import settings as from_settings
from ..faults import Armed
from ..faults import FaultPlan
from ..faults import Place

if typing.TYPE_CHECKING:
    from ..context import Context

__all__ = ["Aiming", "Identified", "arm"]


class Identified(typing.Protocol):
    """A client that was registered."""

    @property
    def client_id(self) -> str: ...


class Aiming(typing.TypedDict, total=False):
    """Which requests a fault strikes, and how often: the keywords that every verb takes besides its own."""

    client: str | Identified
    grant: str
    nth: int
    times: int
    every: int
    always: bool
    chance: float
    seed: int
    optional: bool


def arm(table: cabc.Mapping[str, typing.Any], place: Place, context: Context, plan: FaultPlan, *, call: str) -> Armed:
    """
    Arm what a table orders, at `place` if that has an endpoint, else where the table says.

    Raises `ConfigurationError`, which names `call`, for a key that is wrong and for a fault that could never strike.
    """
    # At an API also those whose tokens it takes
    issuers = (*context.token_issuers(), context)
    clients = {client_id: client.grant_types for issuer in issuers for client_id, client in issuer.clients.items()}
    order = from_settings.fault(table, place, clients, context.paths, call=call)
    return plan.arm(order.fault, order.place, order.aim)
