"""How long a client keeps what it was given, and how it asks for more."""

from __future__ import annotations

import typing

from ..model import Kind
from .alike import is_early
from .alike import left_of
from .case import Case
from .case import Rule
from .history import Granted
from .history import History

__all__ = ["RULES"]

# Clients renew up to five minutes before the end, so that tokens under ten minutes can keep them busy (S3)
_WINDOW = 300
_SHORT_LIFE = 2 * _WINDOW
_EARLY_IN_A_ROW = 2


def _fresh_token_there(case: Case, history: History) -> str | None:
    prior = _good(case)
    if prior is None or prior.forbidden:
        return None
    left, life = left_of(case, prior)
    if life <= _SHORT_LIFE or left <= max(_WINDOW, life / 2):
        return None
    return f"{_who(case)} asked again, though the token of #{prior.number} is good for another {left:.0f} s"


def _refresh_loop(case: Case, history: History) -> str | None:
    prior = _good(case)
    if prior is None or prior.early + 1 < _EARLY_IN_A_ROW or not is_early(case, prior):
        return None
    left, life = left_of(case, prior)
    if life > _SHORT_LIFE:
        return None
    return (
        f"{_who(case)} asked {prior.early + 2} times in a row for a token of {life:.0f} s before half of it was over;"
        f" {left:.0f} s are left of the last"
    )


def _renewed_at_403(case: Case, history: History) -> str | None:
    prior = _good(case)
    if prior is None or not prior.forbidden or case.exchange.parameters.get("scope", "") not in ("", prior.scope):
        return None
    return f"the API said insufficient_scope to the token of #{prior.number}, and the same scope was asked for again"


def _stampede(case: Case, history: History) -> str | None:
    before = case.asked
    if before is None or not before.overlaps(case.exchange.number):
        return None
    what = "the same refresh token" if case.exchange.grant_type == "refresh_token" else "the same token"
    return f"{_who(case)} asked for {what} while #{before.number} was still under way"


def _refresh_token_used_twice(case: Case, history: History) -> str | None:
    sent = case.exchange.parameters.get("refresh_token")
    if not sent:
        return None
    spent = history.spent.get((case.context.name, sent))
    if spent is None:
        # Of two at once the one that was refused may be done first
        found = case.context.store.find(Kind.REFRESH, sent) if case.asked is not None else None
        if case.asked is None or not case.asked.overlaps(case.exchange.number) or found is None or found.uses < 2:
            return None
        return f"the refresh token that is replaced here was sent in #{case.asked.number} at the same time"
    if spent.asked.overlaps(case.exchange.number):
        return f"the refresh token that was replaced in #{spent.asked.number} was sent once more at the same time"
    if spent.granted.used or not spent.granted.told:
        return None
    return f"the refresh token that was replaced in #{spent.asked.number} was sent again"


def _rotated_token_not_kept(case: Case, history: History) -> str | None:
    spent = history.spent.get((case.context.name, case.exchange.parameters.get("refresh_token", "")))
    if spent is None or spent.asked.overlaps(case.exchange.number):
        return None
    if not spent.granted.used or not spent.granted.told:
        return None
    return (
        f"the refresh token that was replaced in #{spent.asked.number} came back, after what it brought had been used"
    )


def _dead_refresh_token_again(case: Case, history: History) -> str | None:
    before = history.dead.get((case.context.name, case.exchange.parameters.get("refresh_token", "")))
    if before is None or before.overlaps(case.exchange.number):
        return None
    return f"the refresh token that #{before.number} refused with invalid_grant was sent again"


def _scope_widened(case: Case, history: History) -> str | None:
    if case.exchange.grant_type != "refresh_token" or case.exchange.error != "invalid_scope":
        return None
    return f"the refresh asks for scope {case.exchange.parameters.get('scope', '')[:80]!r}, which was not all granted"


def _good(case: Case) -> Granted | None:
    """What the client got before, if it is fair to say that the client has it and might use it."""
    prior = case.prior
    if prior is None or not prior.told or prior.refused or prior.answered >= case.exchange.number:
        return None
    return prior if prior.client_id == case.exchange.client_id else None


def _who(case: Case) -> str:
    scope = case.exchange.parameters.get("scope")
    return f"client {case.exchange.client_id!r}" + (f" (scope {scope[:80]!r})" if scope else "")


RULES: typing.Final = (
    Rule(
        "OAM061",
        "fresh_token_there",
        "warning",
        "RFC 6749 5.1",
        "keep the token by credential, and use it until shortly before expires_in is over",
        at="renewal",
        judge=_fresh_token_there,
    ),
    Rule(
        "OAM062",
        "refresh_loop",
        "error",
        "RFC 6749 5.1",
        "renew at most half of the life ahead, however short it is: a fixed window of minutes never ends here",
        at="renewal",
        judge=_refresh_loop,
    ),
    Rule(
        "OAM063",
        "renewed_at_403",
        "warning",
        "RFC 6750 3.1",
        "take insufficient_scope for what it is: ask the person for more scope, a new token has no more",
        at="renewal",
        judge=_renewed_at_403,
    ),
    Rule(
        "OAM064",
        "stampede",
        "error",
        "RFC 9700 4.14.2",
        "let one request at a time renew a credential, and the others wait for its answer",
        at="renewal",
        judge=_stampede,
    ),
    Rule(
        "OAM065",
        "refresh_token_used_twice",
        "error",
        "RFC 9700 4.14.2",
        "use a refresh token once, and the one in the answer from then on",
        at="renewal",
        judge=_refresh_token_used_twice,
    ),
    Rule(
        "OAM066",
        "rotated_token_not_kept",
        "error",
        "RFC 6749 6",
        "write the new refresh token to where it survives a restart, before the new access token is used",
        at="renewal",
        judge=_rotated_token_not_kept,
    ),
    Rule(
        "OAM067",
        "dead_refresh_token_again",
        "error",
        "RFC 6749 5.2",
        "forget a refresh token at invalid_grant, and ask for a new login",
        at="renewal",
        judge=_dead_refresh_token_again,
    ),
    Rule(
        "OAM068",
        "scope_widened",
        "error",
        "RFC 6749 6",
        "leave scope out of a refresh, or narrow it; for more, begin a new login",
        at="refused token",
        judge=_scope_widened,
    ),
)
