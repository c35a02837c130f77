"""Every fault there is, by its name: in Python, TOML and JSON the same."""

from __future__ import annotations

from .arrival import Fail
from .arrival import FixedReply
from .arrival import Hold
from .arrival import NeverAnswer
from .arrival import Redirect
from .arrival import Refuse
from .delivery import Cut
from .delivery import Delay
from .delivery import Drip
from .delivery import FrameAs
from .delivery import Garbage
from .delivery import LoseAnswer
from .fault import Fault
from .reply import Alter
from .reply import SendAs
from .reply import SendWith
from .reply import Truncate
from .state import ExpireToken
from .state import RevokeToken
from .state import RotateKeys
from .state import RotateSecret
from .state import WithdrawConsent
from .token import Forge
from .token import Narrow

__all__ = ["FAULTS"]

# In the order of their stages; those of the answer strike in this order, whichever was armed first
_ALL: tuple[type[Fault], ...] = (
    *(Fail, FixedReply, Redirect, NeverAnswer, Hold),
    *(ExpireToken, RevokeToken, WithdrawConsent, RotateSecret, RotateKeys),
    Refuse,
    *(Narrow, Forge),
    *(Alter, SendAs, Truncate, SendWith),
    *(Delay, Drip, LoseAnswer, Cut, Garbage, FrameAs),
)

FAULTS: dict[str, type[Fault]] = {fault.name: fault for fault in _ALL}
