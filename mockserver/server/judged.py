"""What the client did wrong, as verbs of an issuer and of the whole server."""

from __future__ import annotations

import abc
import collections.abc as cabc

from ..finding import Finding
from ..finding import Severity
from ..journal import Exchange

__all__ = ["Judged"]


class Judged(abc.ABC):
    """Something whose exchanges were looked at."""

    @abc.abstractmethod
    def _judged(self) -> cabc.Iterable[Exchange]:
        """In order of arrival."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """
        What clients did wrong since the last reset, by exchange: of an issuer what was done to it, of a server all.

        Findings fail no test by themselves.
        """
        return tuple(finding for exchange in self._judged() for finding in exchange.findings)

    def assert_no_findings(self, *, ignore: str | cabc.Iterable[str] = (), at_least: Severity = "note") -> None:
        """
        Raises `AssertionError` that says for each finding what was seen, where, and what to do about it.

        `ignore` has ids or names that do not count, `at_least` is the least severity that does. Raises
        `ConfigurationError` for an id that is none.
        """
        __tracebackhide__ = True
        from .. import findings

        found = findings.remaining(self.findings, ignore=ignore, at_least=at_least)
        if found:
            count = f"{len(found)} finding{'' if len(found) == 1 else 's'}"
            raise AssertionError("\n".join([f"{count}:", *findings.told(found)]))
