"""What a reset goes back to: the state of a server as its settings have it, and the part of it that is one issuer's."""

from __future__ import annotations

import collections.abc as cabc
import typing

from .. import profiles
from .. import registry
from ..app import State
from ..clock import Clock
from ..config import IssuerSettings
from ..config import Settings
from ..context import Context
from ..faults import FaultPlan
from ..faults import Place
from ..journal import Journal
from ..keys import KeySet
from ..ledger import Ledger
from ..stores import Store
from .arming import arm

if typing.TYPE_CHECKING:
    from ..journal import Exchange

__all__ = ["Baseline"]


class Baseline:
    """
    Makes the states of one server, one for each reset.

    What outlives a reset is here: the keys, because applications cache the JWK Set, and who listens to exchanges.
    """

    def __init__(
        self, make_store: cabc.Callable[[], Store], listeners: cabc.Sequence[cabc.Callable[[Exchange], None]]
    ) -> None:
        self._make_store = make_store
        self._listeners = listeners
        self._keys: dict[str, KeySet] = {}

    def state(self, settings: Settings) -> State:
        """As the settings have it, with nothing that happened."""
        for keys in self._keys.values():
            keys.unrotate()
        state = State(
            settings=settings,
            clock=Clock(),
            journal=Journal(settings.journal_size, self._listeners),
            faults=FaultPlan(),
            issuers={},
        )
        for name, issuer in {"": settings, **settings.issuers}.items():
            state.issuers[name] = self.context(name, issuer, state)
        return state

    def context(self, name: str, settings: IssuerSettings, state: State, *, fixed_issuer: str | None = None) -> Context:
        """One issuer with the clients and users of its settings; `fixed_issuer` is the origin that it is mounted at."""
        context = Context(
            name=name,
            settings=settings,
            fixed_issuer=fixed_issuer or state.settings.issuer,
            clock=state.clock,
            store=self._make_store(),
            keys=self._keys.setdefault(name, KeySet()),
            ledger=Ledger(state.settings.journal_size),
            profile=profiles.resolved(settings),
            # Mounts are plain HTTP below
            asks_certificates=not fixed_issuer and state.settings.client_certificates != "off",
        )
        for client in settings.clients:
            context.register(registry.client(client, settings))
        for user in settings.users:
            context.enrol(registry.user(user))
        for table in settings.faults:
            arm(table, Place(name, ""), context, state.faults, call=f"fault {table.get('fault')!r}")
        return context
