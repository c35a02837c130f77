"""Which findings count, and how they are told."""

from __future__ import annotations

import collections.abc as cabc
import difflib

from ..errors import ConfigurationError
from ..finding import SEVERITIES
from ..finding import Finding
from ..finding import Severity
from .judgement import RULES

__all__ = ["check_ignored", "remaining", "told"]


def check_ignored(ignore: str | cabc.Iterable[str], *, where: str = "ignore") -> frozenset[str]:
    """The ids that are meant, by id or by name. Raises `ConfigurationError` for what is no rule."""
    names = {rule.name: rule.id for rule in RULES}
    known = [*names.values(), *names]
    chosen = set()
    for word in [ignore] if isinstance(ignore, str) else ignore:
        if word not in known:
            near = difflib.get_close_matches(str(word).upper(), names.values(), n=1)
            near = difflib.get_close_matches(str(word), names, n=1) or near
            meant = f"did you mean {_named(near[0])}?" if near else f"they are {RULES[0].id} to {RULES[-1].id}"
            raise ConfigurationError(f"{where}: no finding is called {word!r}; {meant}")
        chosen.add(names.get(word, word))
    return frozenset(chosen)


def remaining(
    findings: cabc.Iterable[Finding],
    *,
    ignore: str | cabc.Iterable[str] = (),
    at_least: Severity = "note",
    where: str = "",
) -> list[Finding]:
    """The findings that count: not ignored, and as severe as that. Raises `ConfigurationError`."""
    before = f"{where}: " if where else ""
    if at_least not in SEVERITIES:
        raise ConfigurationError(f"{before}at_least={at_least!r} is no severity; write one of {', '.join(SEVERITIES)}")
    ignored = check_ignored(ignore, where=f"{before}ignore")
    least = SEVERITIES.index(at_least)
    return [
        finding for finding in findings if finding.id not in ignored and SEVERITIES.index(finding.severity) >= least
    ]


def told(findings: cabc.Iterable[Finding]) -> list[str]:
    """Every finding in words, those of one rule together: what was seen and where, then what to do about it."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.id, []).append(finding)
    lines = []
    for _, found in sorted(by_rule.items()):
        first = found[0]
        lines.append(f"{first.id} {first.name} ({first.severity}, {first.clause})")
        seen: dict[str, list[int]] = {}
        for finding in found:
            seen.setdefault(finding.seen, []).append(finding.exchange)
        lines += [f"    {', '.join(f'#{number}' for number in numbers)}: {text}" for text, numbers in seen.items()]
        lines.append(f"    remedy: {first.remedy}")
    return lines


def _named(word: str) -> str:
    rule = next(rule for rule in RULES if word in (rule.id, rule.name))
    return f"{rule.id!r} ({rule.name})"
