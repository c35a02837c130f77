"""One exchange as the rules judge it, and what a rule is."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

from ..context import Context
from ..errors import OAuthError
from ..finding import Severity
from ..journal import Exchange
from ..messages import Authenticated
from ..messages import Presented
from ..messages import Reply
from ..model import Client
from ..request import Request

if typing.TYPE_CHECKING:
    from .history import Asked
    from .history import Granted
    from .history import History

__all__ = ["Case", "Minted", "Moment", "Rule"]

Moment = typing.Literal[
    "url",
    "template",
    "referer",
    "plain http",
    "redirected",
    "refused",
    "authorize",
    "scope",
    "token",
    "basic",
    "assertion",
    "refused token",
    "renewal",
    "api",
    "refused api",
    "open",
    "busy",
]
"""What an exchange has about it, so that a rule is asked: most exchanges have little, and are asked little."""


class Minted(msgspec.Struct, frozen=True):
    """The tokens of an answer (RFC 6749 5.1), before a profile or a fault had it."""

    access_token: str
    refresh_token: str | None = None


class Case(msgspec.Struct, kw_only=True):
    """What the pass knows of an exchange when all but the writing is done."""

    exchange: Exchange
    """Without its findings."""
    request: Request
    """By the RFC's names, its path below the issuer."""
    context: Context
    presented: tuple[Presented, ...] = ()
    caller: Authenticated | None = None
    error: OAuthError | None = None
    answer: Reply | None = None
    """What the token endpoint said; None when it refused."""
    told: bool = True
    """Whether the client is given that answer: no fault took it away or changed it."""
    challenges: bool = False
    """Whether the API there wants to challenge first."""
    answered: int
    """How many requests had arrived by now."""
    issuers: cabc.Mapping[str, Context]
    key: tuple[object, ...] = ()
    """What a renewal has in common with others that one answer would serve."""
    asked: Asked | None = None
    """The request before this one for the same, at a renewal."""
    prior: Granted | None = None
    """What the client got before and holds, at a renewal."""
    left: tuple[float, float] | None = None
    """What `alike.left_of` found out about `prior`: several rules ask, and a look-up hashes the token."""

    @property
    def client(self) -> Client | None:
        """Who asks, or says that it does."""
        if self.caller is not None:
            return self.caller.client
        return self.context.clients.get(self.exchange.client_id or "")

    @property
    def now(self) -> float:
        return self.exchange.request.arrived

    @property
    def bearer(self) -> str | None:
        """What is behind `Bearer` in the Authorization header; None without one."""
        for name, value in self.request.headers:
            if name.lower() == "authorization":
                scheme, _, token = value.strip(" \t").partition(" ")
                return token.strip(" \t") if scheme.lower() == "bearer" else None
        return None

    def minted(self) -> Minted | None:
        """The tokens that were made, if any were."""
        if self.answer is None or self.exchange.status == 0:
            return None
        try:
            return msgspec.json.decode(self.answer.body, type=Minted)
        except msgspec.DecodeError:
            return None


class Rule(msgspec.Struct, frozen=True):
    """What a client must not do, and how it is seen. `judge` says what was seen, or None."""

    id: str
    name: str
    severity: Severity
    clause: str
    remedy: str
    at: Moment
    judge: cabc.Callable[[Case, History], str | None]
