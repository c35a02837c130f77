"""When two requests are for the same thing, and how much is left of what the client was given for it."""

from __future__ import annotations

import datetime as dt
import email.utils
import typing
import urllib.parse

from ..model import Kind
from .case import Case

if typing.TYPE_CHECKING:
    from .history import Busy
    from .history import Granted

__all__ = [
    "busy_key",
    "is_early",
    "is_hasty",
    "left_of",
    "presented_key",
    "redirect_target",
    "renewal_key",
    "retry_after",
]

# Everything that a token depends on, besides who asks
_MATTERS = ("grant_type", "username", "scope", "audience", "resource", "refresh_token")
_HASTY_SECONDS = 0.1


def renewal_key(case: Case) -> tuple[object, ...]:
    """Requests for a token with the same key would be served by one answer."""
    parameters = case.exchange.parameters
    return (case.context.name, case.exchange.client_id, *map(parameters.get, _MATTERS))


def presented_key(case: Case) -> tuple[str, ...] | None:
    """A client authentication down to the secret; None where there was none, or several."""
    if len(case.presented) != 1 or case.presented[0].method == "none":
        return None
    one = case.presented[0]
    secret = one.readings[-1][2] if one.readings else one.assertion
    return (case.context.name, one.method, one.client_id, secret)


def busy_key(case: Case) -> tuple[str, ...]:
    """Who is told to wait, and where."""
    exchange = case.exchange
    if exchange.endpoint in ("token", "refresh"):
        # As it was sent: a fault may have struck before anybody asked who it was
        sent = case.request.header_values("authorization") or [exchange.parameters.get("client_id", "")]
        return (case.context.name, exchange.endpoint, sent[0])
    return (case.context.name, exchange.endpoint, exchange.request.method, exchange.path)


def retry_after(case: Case, *, now: float) -> float | None:
    """When the answer says to come again (RFC 9110 10.2.3); None where it says nothing that makes sense."""
    for name, value in case.exchange.reply.headers:
        if name.lower() == "retry-after":
            if value.strip().isdecimal():
                return now + int(value)
            try:
                date = email.utils.parsedate_to_datetime(value)
            except ValueError:
                return None
            # A date is by the clock that Date follows
            return now + (date if date.tzinfo else date.replace(tzinfo=dt.UTC)).timestamp() - case.context.clock.peer()
    return None


def is_hasty(before: Busy, case: Case) -> bool:
    """Whether a request follows a failure on its heels."""
    return not before.asked.overlaps(case.exchange.number) and case.now - before.when < _HASTY_SECONDS


def left_of(case: Case, granted: Granted) -> tuple[float, float]:
    """Seconds that are left of an access token, and seconds that it lives; nothing is left of one that is dead."""
    if granted is not case.prior:
        return _left_of(case, granted)
    if case.left is None:
        case.left = _left_of(case, granted)
    return case.left


def _left_of(case: Case, granted: Granted) -> tuple[float, float]:
    found = case.context.store.find(Kind.ACCESS, granted.access_token)
    if found is None or not found.alive:
        return 0, 0
    return found.record.expires_at - case.now, found.record.expires_at - granted.when


def is_early(case: Case, granted: Granted) -> bool:
    """Whether the client has a good token that is not half over."""
    if granted.refused or not granted.told:
        return False
    left, life = left_of(case, granted)
    return left > life / 2


def redirect_target(case: Case) -> tuple[str, str] | None:
    """Origin and path that a redirect leads to, if the origin is another one."""
    request = case.request
    for name, value in case.exchange.reply.headers:
        if name.lower() == "location":
            here = f"{request.scheme}://{request.host}{request.target}"
            try:
                parts = urllib.parse.urlsplit(urllib.parse.urljoin(here, value))
            except ValueError:
                return None
            origin = f"{parts.scheme}://{parts.netloc}".lower()
            return (origin, parts.path) if origin != request.origin.lower() else None
    return None
