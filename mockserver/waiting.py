"""Requests that wait for a person who decides elsewhere, while the client asks again and again (RFC 8628, CIBA)."""

from __future__ import annotations

import secrets
import threading
import typing

import msgspec

from .model import User
from .redaction import without
from .scope import Scope

__all__ = ["SLOWER", "Answer", "Pending", "Polled", "Waiting", "new_user_code", "plain"]

# RFC 8628 6.1: no vowels, so that no words come about, and nothing that is mistaken for something else
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
SLOWER: typing.Final = 5
"""Seconds by which `slow_down` raises the interval, for this request and all that follow (RFC 8628 3.5)."""

State = typing.Literal["pending", "slow_down", "denied", "expired", "used", "approved"]


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asked for, and until when somebody may decide. Times are seconds, UTC, by the server's clock."""

    family: str
    client_id: str
    asked: Scope
    """What the client asked for; empty when it left the scope out."""
    scope: Scope
    """What of it may be granted."""
    audience: tuple[str, ...]
    expires_at: float
    user_code: str = ""
    """What the person types in (RFC 8628 6.1); empty where they are asked without."""
    user: User | None = None
    """Who is asked, where that is known; nobody else can approve."""
    message: str = ""
    """What is shown to them, so that they know what it is about (CIBA 7.1, `binding_message`)."""

    def __repr__(self) -> str:
        return without(self, "user_code")


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the person said: who approved what, and when; or nobody."""

    user: User | None
    scope: Scope = Scope()
    at: float = 0


class Polled(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand when a client asks."""

    state: State
    pending: Pending
    interval: float
    """Seconds that the client has to wait between two requests, from now on."""
    answer: Answer | None = None


class _Entry(msgspec.Struct):
    pending: Pending
    interval: float
    asked_at: float | None = None
    answer: Answer | None = None
    used: bool = False


class Waiting:
    """The requests of one issuer that wait. One lock guards every verb, each of which is one step."""

    __slots__ = ("_by_code", "_lock")

    def __init__(self) -> None:
        self._by_code: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def add(self, code: str, pending: Pending, *, interval: float) -> None:
        """Let a request wait; `code` is what the client asks with, `interval` the seconds between two askings."""
        with self._lock:
            self._by_code[code] = _Entry(pending, interval)

    def find(self, code: str) -> Pending | None:
        """Look without touching."""
        with self._lock:
            entry = self._by_code.get(code)
            return entry.pending if entry else None

    def of_user_code(self, user_code: str) -> tuple[Pending, Answer | None] | None:
        """The request that a person means, in whatever case and with whatever between the letters (RFC 8628 6.1)."""
        wanted = plain(user_code)
        with self._lock:
            entries = (entry for entry in self._by_code.values() if wanted and plain(entry.pending.user_code) == wanted)
            entry = next(entries, None)
            return (entry.pending, entry.answer) if entry else None

    def undecided(self, now: float) -> list[Pending]:
        """Those that somebody may still decide, in order."""
        with self._lock:
            entries = self._by_code.values()
            return [entry.pending for entry in entries if entry.answer is None and now < entry.pending.expires_at]

    def decide(self, pending: Pending, answer: Answer, *, now: float) -> bool:
        """The person says yes or no, the first time alone; False for what was decided or has expired."""
        with self._lock:
            for entry in self._by_code.values():
                if entry.pending.family == pending.family and entry.answer is None and now < pending.expires_at:
                    entry.answer = answer
                    return True
            return False

    def poll(self, code: str, *, now: float) -> Polled | None:
        """The client asks: exactly one is told that it was approved. None: there is no such request."""
        with self._lock:
            entry = self._by_code.get(code)
            if entry is None:
                return None
            state = _state(entry, now)
            entry.asked_at = now
            if state == "slow_down":
                entry.interval += SLOWER
            if state == "approved":
                entry.used = True
            return Polled(state=state, pending=entry.pending, interval=entry.interval, answer=entry.answer)

    def __len__(self) -> int:
        return len(self._by_code)

    def __repr__(self) -> str:
        return f"<Waiting: {len(self)}>"


def _state(entry: _Entry, now: float) -> State:
    if entry.used:
        return "used"
    if now >= entry.pending.expires_at:
        return "expired"
    if entry.answer is not None:
        return "approved" if entry.answer.user is not None else "denied"
    # RFC 8628 3.5: slow_down is a kind of authorization_pending. A clock that was set back hurries nobody.
    too_soon = entry.asked_at is not None and 0 <= now - entry.asked_at < entry.interval
    return "slow_down" if too_soon else "pending"


def new_user_code() -> str:
    """Eight letters with a hyphen between, 34 bits (RFC 8628 6.1): `WDJB-MJHT`."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def plain(user_code: str) -> str:
    """What of it counts when somebody types it in."""
    return "".join(character for character in user_code.upper() if character.isalnum())
