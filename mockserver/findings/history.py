"""What the rules remember of earlier exchanges: little, by key, and no more than the journal keeps."""

from __future__ import annotations

import threading
import typing

import msgspec

from .alike import busy_key
from .alike import is_early
from .alike import is_hasty
from .alike import presented_key
from .alike import redirect_target
from .alike import renewal_key
from .alike import retry_after
from .case import Case
from .case import Minted

__all__ = ["RENEWALS", "Asked", "Busy", "Granted", "History", "Kept", "Refused", "Spent"]

K = typing.TypeVar("K")
V = typing.TypeVar("V")

_KEPT = 2000

RENEWALS = frozenset({"client_credentials", "password", "refresh_token"})
"""Grants that a client may repeat without a person."""

_API = frozenset({"api", "protected", "userinfo"})
_BUSY = frozenset({429, 500, 502, 503, 504})


class Kept(dict[K, V]):
    """A mapping that forgets what was put in first, many at a time."""

    def keep(self, key: K, value: V) -> None:
        self[key] = value
        if len(self) > 2 * _KEPT:
            for old in [*self][:_KEPT]:
                del self[old]

    def keep_first(self, key: K, value: V) -> None:
        """Unless there is a value already."""
        if key not in self:
            self.keep(key, value)


class Asked(msgspec.Struct, frozen=True):
    """A request: its number, and how many requests had arrived when it was answered."""

    number: int
    answered: int

    def overlaps(self, number: int) -> bool:
        """Whether a later request came before this one was answered."""
        return number <= self.answered


class Granted(msgspec.Struct, kw_only=True):
    """A token answer, and what has become of it since."""

    number: int
    answered: int
    when: float
    client_id: str | None
    access_token: str
    scope: str
    told: bool
    used: bool = False
    """The client has shown the access token, or used the refresh token that came with it."""
    refused: bool = False
    """An API said 401 to it."""
    forbidden: bool = False
    """An API said 403 `insufficient_scope` to it."""
    early: int = 0
    """How many answers in a row were asked for before half of the life of the one before was over."""


class Spent(msgspec.Struct, frozen=True):
    """A refresh token that was used up for another one."""

    asked: Asked
    granted: Granted


class Busy(msgspec.Struct, frozen=True):
    """An answer that says: not now. `until` is when to come again, if that was said; `quick` counts hasty retries."""

    asked: Asked
    when: float
    status: int
    until: float | None
    quick: int


class Refused(msgspec.Struct, frozen=True):
    """An API refused a request, or failed at it."""

    asked: Asked
    status: int
    length: int
    sha256: str


class History:
    """The memory of one server between two resets. Whoever reads or writes it holds `lock`."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.granted: Kept[tuple[object, ...], Granted] = Kept()
        """The newest answer, by everything that a token depends on."""
        self.by_access: Kept[tuple[str, str], Granted] = Kept()
        self.by_refresh: Kept[tuple[str, str], Granted] = Kept()
        """The newest answer after which the client holds a refresh token."""
        self.asked: Kept[tuple[object, ...], Asked] = Kept()
        self.spent: Kept[tuple[str, str], Spent] = Kept()
        self.dead: Kept[tuple[str, str], Asked] = Kept()
        """Refresh tokens that were refused as such."""
        self.busy: Kept[tuple[str, ...], Busy] = Kept()
        self.refused_tokens: Kept[tuple[str, str], Asked] = Kept()
        """Access tokens that an API refused as such."""
        self.refused: Kept[tuple[str, ...], Refused] = Kept()
        self.unauthorized: Kept[tuple[str, str, str | None], int] = Kept()
        """401s in a row, by client and path."""
        self.challenged: Kept[tuple[str, str], int] = Kept()
        self.failed: Kept[tuple[str, ...], int] = Kept()
        """How often the very same client authentication was refused."""
        self.assertions: Kept[str, int] = Kept()
        self.states: Kept[tuple[str, str, str], int] = Kept()
        """`state`, `nonce` and `code_challenge` of authorization requests that came to an end."""
        self.redirected: Kept[tuple[str, str], int] = Kept()
        """Other origins and paths that an answer sent the client to."""

    # -- before the rules are asked ------------------------------------------------------------------------------------

    def look_up(self, case: Case) -> bool:
        """What there was before a renewal, and whether there was anything."""
        case.key = renewal_key(case)
        case.asked = self.asked.get(case.key)
        if case.exchange.grant_type != "refresh_token":
            case.prior = self.granted.get(case.key)
            return case.prior is not None or case.asked is not None
        token = (case.context.name, case.exchange.parameters.get("refresh_token", ""))
        # What has been replaced is no longer what the client should have
        case.prior = None if token in self.spent else self.by_refresh.get(token)
        return True

    # -- after ---------------------------------------------------------------------------------------------------------

    def note(self, case: Case) -> None:
        """Remember what later exchanges are judged by."""
        exchange = case.exchange
        if exchange.status in _BUSY or self.busy:
            self._note_busy(case)
        if 301 <= exchange.status <= 308 and exchange.endpoint not in ("authorize", "callback"):
            self._note_redirect(case)
        if exchange.endpoint in ("token", "refresh"):
            self._note_token(case)
        elif exchange.endpoint in _API:
            self._note_api(case)
        elif exchange.endpoint == "authorize" and exchange.status in (302, 303):
            for name in ("state", "nonce", "code_challenge"):
                value = exchange.parameters.get(name)
                if value:
                    self.states.keep((case.context.name, name, value), exchange.number)

    def _note_token(self, case: Case) -> None:
        exchange = case.exchange
        asked = Asked(exchange.number, case.answered)
        if case.caller is None:
            key = presented_key(case)
            if exchange.error == "invalid_client" and key is not None:
                self.failed.keep(key, self.failed.get(key, 0) + 1)
            return
        if exchange.grant_type in RENEWALS:
            self.asked.keep(case.key, asked)
        assertion = case.presented[0].assertion if case.presented else ""
        if assertion:
            self.assertions.keep_first(assertion, exchange.number)
        name, sent = case.context.name, exchange.parameters.get("refresh_token", "")
        minted = case.minted()
        if minted is not None:
            self._note_minted(case, asked, minted, sent)
        elif exchange.grant_type == "refresh_token" and exchange.error == "invalid_grant":
            self.dead.keep((name, sent), asked)

    def _note_minted(self, case: Case, asked: Asked, minted: Minted, sent: str) -> None:
        exchange, name = case.exchange, case.context.name
        granted = Granted(
            number=exchange.number,
            answered=case.answered,
            when=case.now,
            client_id=exchange.client_id,
            access_token=minted.access_token,
            scope=exchange.parameters.get("scope", ""),
            told=case.told,
            early=case.prior.early + 1 if case.prior is not None and is_early(case, case.prior) else 0,
        )
        self.by_access.keep((name, minted.access_token), granted)
        if exchange.grant_type in RENEWALS:
            self.granted.keep(case.key, granted)
        if minted.refresh_token is not None:
            self.by_refresh.keep((name, minted.refresh_token), granted)
        if exchange.grant_type != "refresh_token":
            return
        if case.prior is not None:
            case.prior.used = True
        if minted.refresh_token in (None, sent):
            self.by_refresh.keep((name, sent), granted)
        elif (name, sent) not in self.spent:
            self.spent.keep((name, sent), Spent(asked, granted))

    def _note_api(self, case: Case) -> None:
        exchange, name = case.exchange, case.context.name
        asked = Asked(exchange.number, case.answered)
        token = case.bearer
        granted = None if token is None else self.by_access.get((name, token))
        if granted is not None:
            granted.used = True
            granted.refused = granted.refused or exchange.status == 401
            granted.forbidden = granted.forbidden or exchange.error == "insufficient_scope"
        place = (name, exchange.request.method, exchange.path)
        if exchange.status >= 400 or exchange.status == 0 or not case.told:
            status = exchange.status if case.told else 0
            self.refused.keep(place, Refused(asked, status, exchange.body.length, exchange.body.sha256))
            if token and exchange.error == "invalid_token":
                self.refused_tokens.keep_first((name, token), asked)
        elif self.refused:
            self.refused.pop(place, None)
        if exchange.status == 401:
            self.challenged.keep_first((name, exchange.path), exchange.number)
            if granted is not None:
                key = (name, exchange.path, granted.client_id)
                self.unauthorized.keep(key, self.unauthorized.get(key, 0) + 1)
        elif self.unauthorized and granted is not None:
            self.unauthorized.pop((name, exchange.path, granted.client_id), None)

    def _note_busy(self, case: Case) -> None:
        exchange, key = case.exchange, busy_key(case)
        if exchange.status not in _BUSY:
            self.busy.pop(key, None)
            return
        before, now = self.busy.get(key), case.context.clock.now()
        hasty = before is not None and is_hasty(before, case)
        self.busy.keep(
            key,
            Busy(
                asked=Asked(exchange.number, case.answered),
                when=now,
                status=exchange.status,
                until=retry_after(case, now=now),
                quick=before.quick + 1 if before is not None and hasty else 0,
            ),
        )

    def _note_redirect(self, case: Case) -> None:
        target = redirect_target(case)
        if target is not None:
            self.redirected.keep(target, case.exchange.number)
