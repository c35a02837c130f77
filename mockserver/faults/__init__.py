"""What goes wrong on purpose: a fault strikes at a stage, and is armed for a place and some of its requests."""

from __future__ import annotations

from .aim import Aim
from .barrier import Barrier
from .fault import Fault
from .fault import Occasion
from .fault import Place
from .kinds import FAULTS
from .plan import Armed
from .plan import FaultPlan
from .representations import Representation
from .state import credential_of
from .strikes import Strikes
from .token import Flaw
from .token import Forge

__all__ = [
    "FAULTS",
    "Aim",
    "Armed",
    "Barrier",
    "Fault",
    "FaultPlan",
    "Flaw",
    "Forge",
    "Occasion",
    "Place",
    "Representation",
    "Strikes",
    "credential_of",
]
