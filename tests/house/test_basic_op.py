"""That the tests of the Basic OP modules are those of the list, one each."""

from __future__ import annotations

import ast
import pathlib
import tomllib

_INTEROP = pathlib.Path(__file__).resolve().parents[1] / "interop"


def _modules() -> list[str]:
    named: list[str] = tomllib.loads((_INTEROP / "basic_op.toml").read_text(encoding="utf-8"))["modules"]
    return named


def _tested(source: str) -> list[str]:
    """The modules that have a test, by its name."""
    functions = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return [name.removeprefix("test_").replace("_", "-") for name in functions if name.startswith("test_oidcc_")]


def test_every_module_has_its_test() -> None:
    assert sorted(_tested((_INTEROP / "test_basic_op.py").read_text(encoding="utf-8"))) == sorted(_modules())
    assert len(_modules()) == len({*_modules()}) == 38


def test_a_module_without_a_test_is_noticed() -> None:
    source = "def test_oidcc_server() -> None: ...\ndef test_other() -> None: ...\n"

    assert _tested(source) == ["oidcc-server"]
