"""Who is logged in: what a browser's cookie stands for (OpenID Connect Core 3.1.2.3)."""

from __future__ import annotations

import threading

import msgspec

from .credentials import new_secret

__all__ = ["Session", "Sessions"]

# The oldest is forgotten, as if the person had logged out
_REMEMBERED = 2000


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One login, which goes on until somebody logs out."""

    username: str
    auth_time: float
    amr: tuple[str, ...] = ("pwd",)
    """How the person showed who they are (RFC 8176)."""
    acr: str | None = None
    """The authentication context class that was met; None: none was asked for."""


class Sessions:
    """The logins of one issuer, by what their cookies have."""

    def __init__(self) -> None:
        self._live: dict[str, Session] = {}
        self._lock = threading.Lock()

    def begin(self, session: Session) -> str:
        """Keep a login; what the cookie is to have."""
        key = new_secret("se")
        with self._lock:
            self._live[key] = session
            if len(self._live) > _REMEMBERED:
                del self._live[next(iter(self._live))]
        return key

    def find(self, key: str) -> Session | None:
        return self._live.get(key)

    def end(self, key: str) -> None:
        """Log out; what is over already stays so."""
        with self._lock:
            self._live.pop(key, None)
