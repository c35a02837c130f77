"""What goes wrong on purpose: a fault strikes at a stage, and is armed for a place and a number of times."""

from __future__ import annotations

from .barrier import Barrier
from .kinds import FAULTS
from .kinds import Alter
from .kinds import Delay
from .kinds import Drip
from .kinds import Fail
from .kinds import Fault
from .kinds import Hold
from .kinds import LoseAnswer
from .kinds import NeverAnswer
from .kinds import Refuse
from .plan import Armed
from .plan import FaultPlan
from .plan import Place
from .strikes import Strikes

__all__ = [
    "FAULTS",
    "Alter",
    "Armed",
    "Barrier",
    "Delay",
    "Drip",
    "Fail",
    "Fault",
    "FaultPlan",
    "Hold",
    "LoseAnswer",
    "NeverAnswer",
    "Place",
    "Refuse",
    "Strikes",
]
