"""That the data files of answers are whole: 50 answers, each one line of test code, for each client, each a test."""

from __future__ import annotations

import ast
import functools
import pathlib
import re
import subprocess
import sys
import tomllib
import typing

import pytest

from mockserver.faults import FAULTS

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_INTEROP = _ROOT / "tests" / "interop"
_FILES = ("answers.toml", "failures.toml")
# Rows of sections 3 and 4 of the matrix that no endpoint of the mock spans yet
_WITHOUT = {
    "L14": "revocation",
    "L15": "revocation",
    "L16": "introspection",
    "L21": "DPoP",
    "L22": "tokens bound to certificates",
    "L23": "token exchange",
    "L24": "the device grant",
    "L26": "registration",
    "L27": "logout",
    "L28": "metadata of protected resources",
}
_CLIENTS = ["requests-oauthlib", "authlib-requests", "authlib-httpx", "httpx-oauth", "google-auth"]

Answer = dict[str, typing.Any]


def read(file: str) -> list[Answer]:
    found: list[Answer] = tomllib.loads((_INTEROP / file).read_text(encoding="utf-8"))["answer"]
    return found


@functools.cache
def collected() -> list[str]:
    """The ids of the tests."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    test = _INTEROP / "test_answers.py"
    listed = subprocess.run([*command, test], cwd=_ROOT, capture_output=True, text=True, check=True).stdout
    return [line.partition("[")[2].removesuffix("]") for line in listed.splitlines() if "[" in line]


def is_one_call(line: str) -> bool:
    """A verb with its arguments and nothing else."""
    try:
        call = ast.parse(line, mode="eval").body
    except SyntaxError:
        return False
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in FAULTS


def test_there_are_50_answers() -> None:
    """As many as were measured; the first is the one with which nothing is wrong."""
    found = read("answers.toml")

    assert len(found) == len({answer["id"] for answer in found}) == 50
    assert [answer["id"] for answer in found if not answer["line"]] == ["baseline"]


def test_every_row_is_met_by_a_client() -> None:
    """X1 to X24 and L1 to L31, by a line of `failures.toml` or by a test that is called after it."""
    lines = {answer["id"].partition(" ")[0] for answer in read("failures.toml")}
    tests = "".join(path.read_text(encoding="utf-8") for path in _INTEROP.glob("test_*.py"))
    named = {found.upper() for found in re.findall(r"def test_([xl]\d+)_", tests)}
    rows = {*(f"X{number}" for number in range(1, 25)), *(f"L{number}" for number in range(1, 32))}

    assert rows - lines - named == {*_WITHOUT}
    assert not (lines | named) & {*_WITHOUT}


@pytest.mark.parametrize("file", _FILES)
def test_each_answer_is_one_line_and_a_result_for_each_client(file: str) -> None:
    for answer in read(file):
        assert not answer["line"] or is_one_call(answer["line"]), answer
        assert list(answer["clients"]) == _CLIENTS, answer
        assert all(answer["clients"].values()), answer


def test_each_answer_is_a_test_and_each_test_an_answer() -> None:
    """By id, once."""
    assert sorted(collected()) == sorted(answer["id"] for file in _FILES for answer in read(file))


@pytest.mark.parametrize(
    ("line", "one"),
    [
        ("fail(503, times=2)", True),
        ("alter(rename={'a': 'b.c'})", True),
        ("fial(503)", False),
        ("fail(503); fail(502)", False),
        ("fail(503).disarm()", False),
        ("fail(", False),
        ("503", False),
    ],
)
def test_one_line_is_told_from_more(line: str, one: bool) -> None:
    assert is_one_call(line) is one
