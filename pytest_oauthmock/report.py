"""
The sections of a failing test: "OAuth exchanges" has what was sent, what came back and why, "OAuth findings" what the
client did wrong; secrets redacted.
"""

from __future__ import annotations

import pathlib
import typing

import mockserver
from mockserver import findings
from mockserver.errors import MockServerError

if typing.TYPE_CHECKING:
    import pytest

    from .verdict import Verdict

__all__ = ["end_at_the_testers_line", "sections", "tally"]

_OURS = pathlib.Path(mockserver.__file__).parent

_SHOWN = 40


def end_at_the_testers_line(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """What is used wrongly is wrong in the test: the frames below its line, which are ours, say nothing about it."""
    for entry in excinfo.traceback if isinstance(excinfo.value, MockServerError) else ():
        if _OURS in pathlib.Path(entry.path).parents:
            # pytest asks each frame whether it is to be shown, and looks among the globals of its module too.
            entry.frame.f_globals["__tracebackhide__"] = _is_the_testers


def _is_the_testers(excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    return isinstance(excinfo.value, MockServerError)


def sections(verdict: Verdict) -> list[tuple[str, str]]:
    """Title and text of each."""
    found = verdict.findings()
    told = (f"OAuth findings ({len(found)})", "\n".join(findings.told(found)))
    return [_exchanges(verdict), told] if found else [_exchanges(verdict)]


def tally(verdict: Verdict) -> list[list[str]]:
    """Id and name of every rule that found something, as pytest-xdist can carry them."""
    return [[key, findings.BY_ID[key].name] for key in sorted({finding.id for finding in verdict.findings()})]


def _exchanges(verdict: Verdict) -> tuple[str, str]:
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
    lines += [f"a TLS handshake failed: {reason}" for reason in mock.handshakes]
    lines += [f"armed: {armed}" for armed in mock.state.faults]
    lines += [f"the mock server broke:\n{text}" for text in verdict.tracebacks()]
    return f"OAuth exchanges ({len(exchanges) + mock.journal.dropped})", "\n".join(lines)
