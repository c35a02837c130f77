"""Every rule in one tuple, and the asking of those that an exchange is about."""

from __future__ import annotations

import typing

from ..finding import Finding
from ..redaction import conceal
from . import authentication
from . import exposure
from . import front_channel
from . import lifecycle
from . import resource
from . import retries
from . import token_request
from .case import Case
from .case import Moment
from .case import Rule
from .history import RENEWALS
from .history import History

__all__ = ["BY_ID", "RULES", "judge"]

RULES: tuple[Rule, ...] = (
    *exposure.RULES,
    *authentication.RULES,
    *front_channel.RULES,
    *token_request.RULES,
    *lifecycle.RULES,
    *resource.RULES,
    *retries.RULES,
)

BY_ID: dict[str, Rule] = {rule.id: rule for rule in RULES}

_AT: dict[Moment, tuple[Rule, ...]] = {
    moment: tuple(rule for rule in RULES if rule.at == moment) for moment in typing.get_args(Moment)
}


def judge(case: Case, history: History) -> tuple[tuple[Finding, ...], list[Exception]]:
    """
    What the client did wrong in an exchange, by id, and the rules' own exceptions. The exchange is remembered.

    Whoever comes while another exchange is judged waits: what one rule sees another has not half written.
    """
    found: list[Finding] = []
    broken: list[Exception] = []
    with history.lock:
        try:
            for moment in _moments(case, history):
                for rule in _AT[moment]:
                    try:
                        seen = rule.judge(case, history)
                    except Exception as error:  # a rule that breaks must not break the pass
                        broken.append(error)
                    else:
                        if seen is not None:
                            found.append(_finding(rule, seen, case))
            history.note(case)
        except Exception as error:  # nor must the memory
            broken.append(error)
    found.sort(key=lambda finding: finding.id)
    return tuple(found), broken


def _moments(case: Case, history: History) -> list[Moment]:
    endpoint = case.exchange.endpoint
    if endpoint in ("token", "refresh"):
        moments = _at_token(case, history)
    elif endpoint in ("api", "protected", "userinfo"):
        moments = ["api", "refused api"] if case.exchange.status >= 400 else ["api"]
        if case.exchange.guard == "open":
            moments.append("open")
    elif endpoint == "authorize":
        if case.request.method != "GET":
            return []  # the buttons of our own page, which repeat its URL
        moments = ["authorize"]
    else:
        moments = []
    if case.error is not None:
        moments.append("refused")
    if history.busy:
        moments.append("busy")
    if history.redirected:
        moments.append("redirected")
    return moments + _in_its_text(case)


def _at_token(case: Case, history: History) -> list[Moment]:
    moments: list[Moment] = ["token"]
    if case.presented:
        if case.presented[0].assertion:
            moments.append("assertion")
        elif case.presented[0].method == "client_secret_basic":
            moments.append("basic")
    if case.caller is not None and case.exchange.grant_type in RENEWALS and history.look_up(case):
        moments.append("renewal")
    if case.error is not None:
        moments.append("refused token")
    return moments


def _in_its_text(case: Case) -> list[Moment]:
    request, target, moments = case.request, case.exchange.request.target, list[Moment]()
    if request.query:
        moments.append("url")
    if request.scheme == "http" and not request.host.startswith(("127.0.0.1", "localhost", "[::1]")):
        moments.append("plain http")
    scope = case.exchange.parameters.get("scope")
    if scope and ("," in scope or "scope" in scope):
        moments.append("scope")
    template = "{" in target or "%7" in target or b"{" in request.body or b"%7" in request.body
    for name, value in request.headers:
        length = len(name)  # before anything that costs more
        if length == 7 and name.lower() == "referer":
            moments.append("referer")
        elif length in (9, 13) and "{" in value:
            template = True
    if template:
        moments.append("template")
    return moments


def _finding(rule: Rule, seen: str, case: Case) -> Finding:
    return Finding(
        id=rule.id,
        name=rule.name,
        severity=rule.severity,
        clause=rule.clause,
        seen=conceal(seen, case.exchange.secrets()),
        remedy=rule.remedy,
        exchange=case.exchange.number,
    )
