"""The public API, as a text that a reviewer reads: `public_api.txt` changes only when a user is meant to notice."""

from __future__ import annotations

import enum
import inspect
import pathlib
import typing

import mockserver
import pytest_oauthmock

_SNAPSHOT = pathlib.Path(__file__).with_name("public_api.txt")


def _describe() -> str:
    lines: list[str] = []
    for name in mockserver.__all__:
        lines += _lines(name, getattr(mockserver, name))
    return "\n".join(lines) + "\n"


def _lines(name: str, value: typing.Any) -> list[str]:
    if not inspect.isclass(value):
        return [f"{name}{inspect.signature(value)}"]
    if issubclass(value, BaseException | enum.Enum):
        return [f"class {name}({', '.join(base.__name__ for base in value.__bases__)})"]
    lines = [f"class {name}{_signature(value)}"]
    for member in sorted(dir(value)):
        if member.startswith("_") or not _ours(value, member):
            continue
        static = inspect.getattr_static(value, member)
        if callable(getattr(value, member)) and not isinstance(static, property):
            lines.append(f"    {member}{_signature(getattr(value, member))}")
        else:
            lines.append(f"    {member}")
    return lines


def _ours(owner: type, member: str) -> bool:
    """Not inherited from the standard library, whose signatures are Python's affair."""
    home = next(cls for cls in owner.__mro__ if member in vars(cls))
    return home.__module__.partition(".")[0] == "mockserver"


def _signature(value: typing.Any) -> str:
    try:
        return str(inspect.signature(value))
    except ValueError:
        return "(...)"


def test_the_public_api_is_the_one_that_was_reviewed() -> None:
    """To accept a change: python tests/house/test_public_api.py, and a line in the changelog."""
    assert _describe() == _SNAPSHOT.read_text(encoding="utf-8")


def test_the_plugin_package_hands_on_every_public_name() -> None:
    """`from pytest_oauthmock import OAuthMock` is `from mockserver import OAuthMock`, for every name."""
    assert pytest_oauthmock.__all__ == mockserver.__all__
    assert all(getattr(pytest_oauthmock, name) is getattr(mockserver, name) for name in mockserver.__all__)


if __name__ == "__main__":
    _SNAPSHOT.write_text(_describe(), encoding="utf-8")
