"""What a client does after an answer that it did not want."""

from __future__ import annotations

import http
import typing

from .alike import busy_key
from .alike import is_hasty
from .case import Case
from .case import Rule
from .history import History

__all__ = ["RULES"]

_TOLERANCE = 0.05
_HASTY_IN_A_ROW = 2
_UNKNOWN_OUTCOME = frozenset({0, 500, 502, 504})
_UNSAFE = frozenset({"POST", "PATCH"})


def _retry_after_ignored(case: Case, history: History) -> str | None:
    before = history.busy.get(busy_key(case)) if history.busy else None
    if before is None or before.until is None or before.asked.overlaps(case.exchange.number):
        return None
    early = before.until - case.now
    if early <= _TOLERANCE:
        return None
    return (
        f"#{before.asked.number} said {before.status} and to wait {before.until - before.when:.0f} s; the next request"
        f" came {early:.1f} s too early"
    )


def _no_back_off(case: Case, history: History) -> str | None:
    before = history.busy.get(busy_key(case)) if history.busy else None
    if before is None or before.until is not None or before.quick + 1 < _HASTY_IN_A_ROW or not is_hasty(before, case):
        return None
    phrase = http.HTTPStatus(before.status).phrase
    return f"retry {before.quick + 1} after {before.status} {phrase} came at once, like the one before it"


def _unsafe_request_repeated(case: Case, history: History) -> str | None:
    exchange = case.exchange
    if exchange.request.method not in _UNSAFE:
        return None
    before = history.refused.get((case.context.name, exchange.request.method, exchange.path))
    if before is None or before.status not in _UNKNOWN_OUTCOME or before.asked.overlaps(exchange.number):
        return None
    if before.sha256 != exchange.body.sha256 or case.request.header_values("idempotency-key"):
        return None
    said = f"answered {before.status}" if before.status else "never answered"
    what = f"{exchange.request.method} {exchange.path[:60]}"
    return f"{what} came again after #{before.asked.number}, which {said}: it may have been done already"


def _body_lost(case: Case, history: History) -> str | None:
    exchange = case.exchange
    if exchange.body.length or exchange.request.method in ("GET", "HEAD"):
        return None
    before = history.refused.get((case.context.name, exchange.request.method, exchange.path))
    if before is None or before.status != 401 or not before.length or before.asked.overlaps(exchange.number):
        return None
    return (
        f"{exchange.request.method} {exchange.path[:60]} had {before.length} octets in #{before.asked.number}, which"
        " was refused, and none now"
    )


RULES: typing.Final = (
    Rule(
        "OAM091",
        "retry_after_ignored",
        "error",
        "RFC 9110 10.2.3",
        "wait as long as Retry-After says, in seconds or until a date, or give up",
        at="busy",
        judge=_retry_after_ignored,
    ),
    Rule(
        "OAM092",
        "no_back_off",
        "warning",
        "RFC 9110 15.6.4",
        "wait before a retry, longer each time and by chance, and stop after a few",
        at="busy",
        judge=_no_back_off,
    ),
    Rule(
        "OAM093",
        "unsafe_request_repeated",
        "warning",
        "RFC 9110 9.2.2",
        "repeat what is not idempotent only with a key by which the API can tell, or ask first what became of it",
        at="api",
        judge=_unsafe_request_repeated,
    ),
    Rule(
        "OAM094",
        "body_lost",
        "error",
        "RFC 9110 15.5.2",
        "repeat the request with the same body: keep it, or rewind the stream",
        at="api",
        judge=_body_lost,
    ),
)
