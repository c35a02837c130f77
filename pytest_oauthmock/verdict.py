"""What fails a test whose body passed: faults armed and never hit, a server that broke, findings where they may."""

from __future__ import annotations

import traceback
import typing

import pytest

from mockserver import findings

if typing.TYPE_CHECKING:
    from mockserver import OAuthMock
    from mockserver.finding import Finding

    from .options import FindingsPolicy

__all__ = ["Verdict"]


class Verdict:
    """The judgement of one test's server. What broke is told once, wherever it is told first."""

    def __init__(self, mock: OAuthMock, policy: FindingsPolicy) -> None:
        self.mock = mock
        self._policy = policy
        self._told = 0

    def check(self) -> None:
        """After the body. Fails the test, once, with everything that is wrong."""
        __tracebackhide__ = True
        messages = [f"the mock server broke while serving this test:\n{text}" for text in self.tracebacks()]
        messages += [
            f"armed and never hit: {armed}; remove it, let the code under test run into it, or arm it with"
            " optional=True"
            for armed in self.mock.state.faults.unused()
        ]
        if self._policy.at_least is not None:
            found = findings.remaining(self.findings(), at_least=self._policy.at_least)
            if found:
                messages.append("\n".join(["the client did wrong:", *findings.told(found)]))
        if messages:
            pytest.fail("\n".join(messages), pytrace=False)

    def findings(self) -> list[Finding]:
        """What the client did wrong, without what is ignored."""
        return findings.remaining(self.mock.findings, ignore=self._policy.ignored)

    def check_teardown(self) -> None:
        """After the fixtures that use the server were torn down: what broke since the body."""
        __tracebackhide__ = True
        texts = self.tracebacks()
        if texts:
            pytest.fail("the mock server broke while fixtures were torn down:\n" + "\n".join(texts), pytrace=False)

    def tracebacks(self) -> list[str]:
        """What broke in the server and has not been told yet."""
        news = self.mock.exceptions[self._told :]
        self._told += len(news)
        return ["".join(traceback.format_exception(exception)) for exception in news]
