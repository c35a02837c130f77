"""The tokens that were issued, in order, as a test asks for them."""

from __future__ import annotations

import collections
import collections.abc as cabc
import threading
import typing

import jwt
import msgspec

from .clock import Clock
from .errors import NothingRecorded
from .model import Kind
from .redaction import without
from .scope import Scope
from .stores import Store

__all__ = ["IssuedToken", "Ledger", "claims_of"]


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """
    One token answer. Times are the server clock's, in seconds, UTC.

    `client_auth` is the method by which the client showed who it is, or `""` for a token that the test minted itself.
    """

    access_token: str
    refresh_token: str | None
    id_token: str | None
    token_type: str
    grant_type: str
    client_id: str
    client_auth: str
    username: str | None
    scope: Scope
    issuer: str
    issued_at: float
    expires_in: int
    audience: tuple[str, ...] = ()
    """What the access token is for, its `aud` where it is a JWT."""
    family: str
    """What one authorization brings forth has one family, and lives and dies together."""
    authorization_details: tuple[cabc.Mapping[str, typing.Any], ...] = ()
    """What the access token is good for in detail (RFC 9396)."""
    cnf: cabc.Mapping[str, str] = {}
    """What the access token is bound to (RFC 7800 3.1): `x5t#S256`, a certificate; `jkt`, a DPoP key."""
    refreshed_from: str | None
    """The refresh token that was used for it; None for the first of a family."""
    store: Store
    clock: Clock

    def __repr__(self) -> str:
        return without(self, "access_token", "refresh_token", "id_token", "refreshed_from", "store", "clock")

    @property
    def alive(self) -> bool:
        """Whether the access token has not been revoked; it may have expired."""
        entry = self.store.find(Kind.ACCESS, self.access_token)
        return entry is not None and entry.alive

    def revoke(self) -> None:
        """Revoke it with everything of its family, as when a person withdraws consent."""
        self.store.kill(self.family)

    def expire(self) -> None:
        """Let the access token expire now: at the API, not for those who read a JWT themselves."""
        self.store.expire(Kind.ACCESS, self.access_token, now=self.clock.now())

    def expire_refresh_token(self) -> None:
        """Let the refresh token expire now."""
        if self.refresh_token is not None:
            self.store.expire(Kind.REFRESH, self.refresh_token, now=self.clock.now())

    @property
    def expires_at(self) -> float:
        return self.issued_at + self.expires_in

    @property
    def claims(self) -> dict[str, typing.Any] | None:
        """The claims of a JWT access token, unverified; None for an opaque one."""
        return claims_of(self.access_token)


def claims_of(token: str) -> dict[str, typing.Any] | None:
    """The claims of a JWT that this server made, unverified; None for an opaque token."""
    if token.count(".") != 2:
        return None
    claims: dict[str, typing.Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


class Ledger(cabc.Sequence[IssuedToken]):
    """The tokens issued since the last reset; the newest `size` are kept."""

    def __init__(self, size: int) -> None:
        self.issuing = threading.Lock()
        """Held by whoever looks at what was issued and then adds to it."""
        self.current: dict[tuple[object, ...], IssuedToken] = {}
        """The newest by holder, for `access_token_policy`; not bounded like the others, or older ones would live on."""
        self.issuing_refresh = threading.Lock()
        """Likewise, of whoever counts refresh tokens."""
        self.refresh_tokens: dict[tuple[str, str | None], list[str]] = {}
        """Those that a client has for a person, the oldest first, for `refresh_token_limit`."""
        self._tokens: collections.deque[IssuedToken] = collections.deque(maxlen=size)
        self._lock = threading.Lock()

    def add(self, token: IssuedToken) -> None:
        with self._lock:
            self._tokens.append(token)

    @property
    def last(self) -> IssuedToken:
        """The newest. Raises `NothingRecorded`."""
        with self._lock:
            if not self._tokens:
                raise NothingRecorded(
                    "no token has been issued yet; look at oauthmock.journal for requests that were refused,"
                    " or mint one with client.grant()"
                )
            return self._tokens[-1]

    def family_of(self, token: IssuedToken) -> list[IssuedToken]:
        """The tokens that came of the same authorization, this one among them, in order."""
        return [other for other in self if other.family == token.family]

    def __iter__(self) -> cabc.Iterator[IssuedToken]:
        with self._lock:
            return iter(list(self._tokens))

    def __len__(self) -> int:
        return len(self._tokens)

    @typing.overload
    def __getitem__(self, index: int) -> IssuedToken: ...
    @typing.overload
    def __getitem__(self, index: slice) -> list[IssuedToken]: ...
    def __getitem__(self, index: int | slice) -> IssuedToken | list[IssuedToken]:
        return list(self)[index]

    def __repr__(self) -> str:
        return f"<Ledger of {len(self)} tokens>"
