"""The "OAuth exchanges" section of a failing test: what was sent, what came back and why, secrets redacted."""

from __future__ import annotations

import typing

if typing.TYPE_CHECKING:
    from .verdict import Verdict

__all__ = ["section"]

_SHOWN = 40


def section(verdict: Verdict) -> tuple[str, str]:
    """Title and text."""
    mock = verdict.mock
    exchanges = list(mock.journal)
    lines: list[str] = []
    if not exchanges:
        lines.append(
            f"no request reached the mock server; is the code under test given its URLs? token_url is"
            f" {mock.token_url if mock.running else '(the server is not running)'}"
        )
    hidden = len(exchanges) - _SHOWN
    if hidden > 0:
        lines.append(f"... {hidden + mock.journal.dropped} earlier exchanges, see oauthmock.journal")
    for exchange in exchanges[-_SHOWN:]:
        lines += exchange.lines()
    lines += [f"armed: {armed}" for armed in mock.state.faults]
    lines += [f"the mock server broke:\n{text}" for text in verdict.tracebacks()]
    return f"OAuth exchanges ({len(exchanges) + mock.journal.dropped})", "\n".join(lines)
