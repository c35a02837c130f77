"""What the faults do to one request."""

from __future__ import annotations

import msgspec

from ..errors import Refused
from ..messages import Reply
from .kinds import Alter
from .kinds import Delay
from .kinds import Drip
from .kinds import Fail
from .kinds import Hold
from .kinds import LoseAnswer
from .kinds import NeverAnswer
from .kinds import Refuse
from .plan import FaultPlan
from .plan import Place

__all__ = ["Strikes"]


class Strikes(msgspec.Struct):
    """The faults that have struck one request, and how its answer is to be delivered."""

    names: list[str] = msgspec.field(default_factory=list)
    """As the journal has them."""
    replaced: bool = False
    """A fault took the place of the endpoint."""
    silent: NeverAnswer | None = None
    lost: LoseAnswer | None = None
    drip: Drip | None = None

    def arrive(self, plan: FaultPlan, place: Place) -> Reply | None:
        """Before the work: waits where others are waited for; the answer, when there is to be no work."""
        for armed in plan.strike(Fail.stage, place):
            fault = armed.fault
            if isinstance(fault, Hold) and armed.barrier is not None:
                with plan.until_end(armed.barrier.open):
                    armed.barrier.stay(fault.timeout)
                self.names.append(f"{fault}: {armed.barrier.together} together")
                continue
            self.names.append(str(fault))
            if isinstance(fault, Fail | NeverAnswer):
                self.replaced = True
                self.silent = fault if isinstance(fault, NeverAnswer) else None
                return fault.reply()
        return None

    def refuse(self, plan: FaultPlan, place: Place) -> Refused | None:
        """At the authorization endpoint, where an error could be redirected: the error that is to be."""
        for armed in plan.strike(Refuse.stage, place):
            if isinstance(armed.fault, Refuse):
                self.names.append(str(armed.fault))
                self.replaced = True
                return armed.fault.refusal()
        return None

    def deliver(self, plan: FaultPlan, place: Place, reply: Reply, *, can_cut: bool) -> Reply:
        """
        After the work: waits, alters, and decides how the answer goes out.

        `can_cut`: whether the HTTP server can end a connection without an answer; else another answer says it.
        """
        if self.silent is not None:
            return reply if can_cut else self.silent.instead(reply)
        for armed in plan.strike(Delay.stage, place):
            fault = armed.fault
            self.names.append(str(fault))
            if isinstance(fault, Delay):
                plan.pause(fault.seconds)
            elif isinstance(fault, Alter):
                reply = fault.altered(reply)
            elif isinstance(fault, Drip):
                self.drip = fault
            elif isinstance(fault, LoseAnswer):
                self.lost = fault
        return reply if can_cut or self.lost is None else self.lost.instead(reply)
