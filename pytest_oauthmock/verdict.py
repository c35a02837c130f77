"""What fails a test whose body passed: faults armed and never hit, a server that broke."""

from __future__ import annotations

import traceback
import typing

import pytest

if typing.TYPE_CHECKING:
    from mockserver import OAuthMock

__all__ = ["check", "tracebacks"]


def check(mock: OAuthMock) -> None:
    """Fails the test, once, with everything that is wrong."""
    __tracebackhide__ = True
    messages = [f"the mock server broke while serving this test:\n{text}" for text in tracebacks(mock)]
    messages += [
        f"armed and never hit: {armed}; remove it, let the code under test run into it, or arm it with optional=True"
        for armed in mock.state.faults.unused()
    ]
    if messages:
        pytest.fail("\n".join(messages), pytrace=False)


def tracebacks(mock: OAuthMock) -> list[str]:
    """What broke in the server since the last reset."""
    return ["".join(traceback.format_exception(exception)) for exception in mock.exceptions]
