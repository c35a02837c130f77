"""What the faults do to one request."""

from __future__ import annotations

import collections.abc as cabc

import msgspec

from ..context import Context
from ..errors import Refused
from ..messages import Issue
from ..messages import Reply
from ..messages import Wire
from .arrival import Hold
from .arrival import InPlace
from .arrival import NeverAnswer
from .arrival import Refuse
from .delivery import Delay
from .delivery import Drip
from .delivery import InOctets
from .fault import Fault
from .fault import Occasion
from .kinds import FAULTS
from .plan import FaultPlan
from .reply import OfReply
from .state import OfState
from .token import OfToken

__all__ = ["Strikes"]

_ORDER = list(FAULTS)


class Strikes(msgspec.Struct):
    """The faults that have struck one request, and how its answer is to be delivered."""

    names: list[str] = msgspec.field(default_factory=list)
    """As the journal has them."""
    replaced: bool = False
    """A fault took the place of the endpoint."""
    silent: NeverAnswer | None = None
    octets: InOctets | None = None
    seed: int = 0
    """Of the noise in `octets`."""
    pauses: tuple[float, ...] = ()
    """Seconds before each piece of the body, which is cut into as many; none: it goes with the head."""
    numbers: dict[int, int] = msgspec.field(default_factory=dict)
    """Which number the request has for each fault."""

    def arrive(self, plan: FaultPlan, look: cabc.Callable[[], Occasion], context: Context) -> Reply | None:
        """
        Before the work: waits where others are waited for, changes what is known; the answer, when there is to be no
        work.

        `look` says what the request is, for which it has to be looked at.
        """
        if not plan:
            return None
        occasion = look()
        self.numbers = plan.count(occasion)
        for armed in plan.strike(InPlace.stage, occasion, self.numbers):
            fault = armed.fault
            if isinstance(fault, Hold) and armed.barrier is not None:
                with plan.until_end(armed.barrier.open):
                    armed.barrier.stay(fault.timeout)
                self.names.append(f"{fault}: {armed.barrier.together} together")
                continue
            self.names.append(str(fault))
            if isinstance(fault, InPlace):
                self.replaced = True
                self.silent = fault if isinstance(fault, NeverAnswer) else None
                return fault.reply(occasion)
        for fault in self._struck(plan, OfState.stage, occasion):
            if isinstance(fault, OfState):
                fault.act(occasion, occasion.home or context)
        return None

    def refuse(self, plan: FaultPlan, look: cabc.Callable[[], Occasion]) -> Refused | None:
        """At the authorization endpoint, where an error could be redirected: the error that is to be."""
        for fault in self._struck(plan, Refuse.stage, look()) if plan else []:
            if isinstance(fault, Refuse):
                self.replaced = True
                return fault.refusal()
        return None

    def spoilt(self, plan: FaultPlan, look: cabc.Callable[[], Occasion], issue: Issue) -> Issue:
        """At the token endpoint, where a grant has decided: what is to be made of it."""
        for fault in self._struck(plan, OfToken.stage, look()) if plan else []:
            if isinstance(fault, OfToken):
                issue = fault.spoilt(issue)
        return issue

    def deliver(self, plan: FaultPlan, look: cabc.Callable[[], Occasion], reply: Reply, *, can_cut: bool) -> Reply:
        """
        After the work: alters, waits, and decides how the answer goes out.

        `can_cut`: whether the HTTP server lets octets be sent as they are, and a connection be ended; else another
        answer says it.
        """
        if self.silent is not None:
            return reply if can_cut else self.silent.instead(reply)
        if not plan:
            return reply
        occasion = look()
        struck = [armed.fault for armed in plan.strike(OfReply.stage, occasion, self.numbers)]
        for fault in sorted(struck, key=lambda fault: _ORDER.index(fault.name)):
            self.names.append(str(fault))
            if isinstance(fault, OfReply):
                reply = fault.altered(reply)
        for armed in plan.strike(Delay.stage, occasion, self.numbers):
            fault = armed.fault
            self.names.append(str(fault))
            if isinstance(fault, Delay) and fault.before == "head":
                plan.pause(fault.seconds)
            elif isinstance(fault, Delay):
                self.pauses = (fault.seconds + sum(self.pauses[:1]), *self.pauses[1:])
            elif isinstance(fault, Drip):
                each = fault.seconds / fault.pieces
                self.pauses = (each + sum(self.pauses), *[each] * (fault.pieces - 1))
            elif isinstance(fault, InOctets) and self.octets is None:
                self.octets, self.seed = fault, armed.aim.seed
        return reply if can_cut or self.octets is None else self.octets.instead(reply)

    @property
    def arrives(self) -> bool:
        """Whether the client gets the whole answer."""
        return self.silent is None and (self.octets is None or self.octets.arrives)

    def wire(self, reply: Reply, *, head_only: bool, now: float) -> Wire | None:
        """What goes out in place of the answer; None: the answer."""
        return None if self.octets is None else self.octets.sent(reply, head_only=head_only, now=now, seed=self.seed)

    def _struck(self, plan: FaultPlan, stage: str, occasion: Occasion) -> list[Fault]:
        faults = [armed.fault for armed in plan.strike(stage, occasion, self.numbers)]
        self.names += [str(fault) for fault in faults]
        return faults
