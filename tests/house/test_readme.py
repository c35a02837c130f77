"""The README is what a stranger tries first: its blocks pass, its commands are those that CI runs."""

from __future__ import annotations

import pathlib
import re

import pytest

_ROOT = pathlib.Path(__file__).parents[2]
_README = (_ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}[^\n]*\n(.*?)^```$", _README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(_blocks("python"))))
def test_a_python_block_pastes_and_passes(pytester: pytest.Pytester, number: int) -> None:
    """Each block is a test file as it stands, warnings being errors."""
    pytester.makepyfile(_blocks("python")[number])

    result = pytester.runpytest_subprocess("-q", "-W", "error", "-p", "no:asyncio", "-p", "no:randomly")

    assert result.ret == 0


def test_it_is_short() -> None:
    """150 lines are the promise."""
    assert len(_README.splitlines()) <= 150


def test_it_opens_with_an_install_line_and_a_test() -> None:
    """What a user does comes first: the first two blocks are the install line and a test."""
    first, second = re.findall(r"^```(\w+)\n(.*?)^```$", _README, re.MULTILINE | re.DOTALL)[:2]

    assert first[0] == "console"
    assert first[1].startswith("$ pip install ")
    assert second[0] == "python"
    assert "def test_" in second[1]


def test_its_commands_for_a_checkout_are_two_lines_and_ci_runs_them() -> None:
    """One installs and runs the demo, the other installs and passes the tests; .ci/run takes both from here."""
    checkout = [
        line.removeprefix("$ ") for block in _blocks("console") for line in block.splitlines() if "venv" in line
    ]
    ci = (_ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert len(checkout) == 2
    assert all(command in ci for command in checkout)
    assert checkout[0].endswith("oauthmock demo")
    assert "pytest" in checkout[1]
