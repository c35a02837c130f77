"""What all three connectors make of an answer of the token endpoint, and of a callback."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import math
import typing
import urllib.parse

import httpx

from connectors.errors import Busy
from connectors.errors import CallbackRejected
from connectors.errors import LoginFailed
from connectors.errors import NeedsConsent
from connectors.errors import NoToken
from connectors.errors import Refused
from connectors.errors import TimedOut

__all__ = ["Came", "Person", "Token", "code_in", "token_in"]


class Came(typing.Protocol):
    """A request at the redirect URI: query in the URL, or a posted form."""

    @property
    def url(self) -> str: ...
    @property
    def form(self) -> cabc.Mapping[str, typing.Any]: ...


Person = cabc.Callable[[str], Came | None]
"""Whoever is shown an authorization URL: comes back with a callback, or not at all."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Token:
    """Times are seconds since the epoch, UTC; `expires_at` None: nobody said."""

    access_token: str = dataclasses.field(repr=False)
    refresh_token: str | None = dataclasses.field(repr=False)
    issued_at: float
    expires_at: float | None

    def expired(self, now: float, early: float = 0) -> bool:
        return self.expires_at is not None and now >= self.expires_at - early


def token_in(
    answer: httpx.Response, *, now: float, token_key: str = "access_token", refresh_key: str = "refresh_token"
) -> Token:
    """
    The tokens of an answer, by keys in which a dot stands for an object inside the object.

    Raises `Refused` and its kin for what is no success, `NoToken` for a success without a token.
    """
    try:
        members = answer.json()
    except ValueError:
        members = None
    if not answer.is_success:
        raise _refusal(answer, members)
    access_token = _at(members, token_key)
    if not isinstance(access_token, str) or not access_token:
        raise NoToken(f"the answer has no {token_key!r}")
    refresh_token = _at(members, refresh_key)
    lifetime = _seconds(_at(members, "expires_in"))
    return Token(
        access_token=access_token,
        refresh_token=refresh_token if isinstance(refresh_token, str) and refresh_token else None,
        issued_at=now,
        expires_at=None if lifetime is None else now + lifetime,
    )


def code_in(came: Came | None, *, state: str | None, code_key: str = "code") -> str:
    """
    The code of the callback that belongs to `state` (RFC 6749 4.1.2, 10.12).

    Raises `TimedOut` when nobody came, `CallbackRejected`, `LoginFailed`.
    """
    if came is None:
        raise TimedOut("nobody came back from the authorization server")
    pairs = urllib.parse.parse_qsl(urllib.parse.urlsplit(came.url).query, keep_blank_values=True)
    for name, value in came.form.items():
        pairs += [(name, one) for one in ([value] if isinstance(value, str) else value)]
    for name in ("state", "error", code_key):
        if sum(name == other for other, _ in pairs) > 1:
            raise CallbackRejected(f"the callback has {name} more than once")
    found = dict(pairs)
    if found.get("state") != state:
        raise CallbackRejected("the callback's state is not that of this login")
    if "error" in found:
        raise LoginFailed(found["error"])
    if not found.get(code_key):
        raise CallbackRejected(f"the callback has no {code_key!r}")
    return found[code_key]


def _refusal(answer: httpx.Response, members: typing.Any) -> Refused:
    error = str(members.get("error", "")) if isinstance(members, dict) else ""
    if answer.status_code in (429, 503):
        after = answer.headers.get("Retry-After", "")
        return Busy(answer.status_code, error, float(after) if after.isdigit() else 1)
    sent = bytes(answer.request.read())
    if error == "invalid_grant" and b"refresh_token" in sent:
        return NeedsConsent(answer.status_code, error)
    return Refused(answer.status_code, error)


def _at(members: typing.Any, key: str) -> typing.Any:
    for step in key.split("."):
        members = members.get(step) if isinstance(members, dict) else None
    return members


def _seconds(value: object) -> float | None:
    """A lifetime as servers write it: a number or its digits; None for what says nothing, 0 for what is over."""
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
