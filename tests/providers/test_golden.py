"""Every golden exchange of every preset; and of every key that a preset has, one that breaks without it."""

from __future__ import annotations

import copy
import functools
import typing

import msgspec
import pytest

from mockserver import profiles
from mockserver.errors import ConfigurationError
from mockserver.golden import Golden
from mockserver.profiles import files
from mockserver.profiles.dimensions import DIMENSIONS
from mockserver.quirks import ProfileFile
from mockserver.written import nearest
from providers.exchange import different

_PRESETS = [name for name in profiles.available() if name != profiles.DEFAULT]


@functools.cache
def _file(name: str) -> ProfileFile:
    return msgspec.convert(files.own(name), ProfileFile)


def _exchanges() -> list[typing.Any]:
    return [
        pytest.param(name, golden, id=f"{name}-{golden.title}") for name in _PRESETS for golden in _file(name).golden
    ]


@pytest.mark.parametrize(("name", "golden"), _exchanges())
def test_the_answer_is_the_providers(name: str, golden: Golden) -> None:
    """Whole bodies, headers and callbacks."""
    assert different(name, _file(name).example, golden) == []


@pytest.mark.parametrize("name", _PRESETS)
def test_every_key_shows_in_an_exchange(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it one is another; keys that nobody verified need none."""
    shown = {path: False for path in profiles.leaves(files.own(name)) if not _is_unverified(name, path)}
    for path in shown:
        values = copy.deepcopy(files.own(name))
        _remove(values, path)
        mutant = msgspec.structs.replace(files.read(name), values=_whole(values))
        with monkeypatch.context() as patch:
            patch.setattr(files, "read", lambda _, mutant=mutant: mutant)
            shown[path] = any(_breaks(golden, _file(name)) for golden in _file(name).golden)

    assert [".".join(path) for path, does in shown.items() if not does] == []


@pytest.mark.parametrize("name", _PRESETS)
def test_a_preset_differs_in_four_ways_that_somebody_verified(name: str) -> None:
    """Or it is not worth a file."""
    assert len(profiles.describe(name).dimensions) >= 4


def test_every_dimension_is_one_in_which_somebody_differs() -> None:
    """By keys that were verified, and so shown by an exchange."""
    used = {number for name in _PRESETS for number in profiles.describe(name).dimensions}

    assert [number for number in DIMENSIONS if number not in used] == []


@pytest.mark.parametrize("name", _PRESETS)
def test_every_key_has_a_source(name: str) -> None:
    """With the month in which somebody looked, or it is marked as unverified."""
    file = _file(name)
    covered = [tuple(key.split(".")) for source in file.sources for key in source.keys]
    paths = list(profiles.leaves(files.own(name)))
    for source in file.sources:
        assert source.unverified is not bool(source.source)
        assert source.unverified or source.checked[:3] == "202"
    assert [".".join(path) for path in paths if not any(path[: len(key)] == key for key in covered)] == []
    strange = [key for key in covered if not any(path[: len(key)] == key for path in paths)]
    assert strange == [], nearest(".".join(strange[0]), [".".join(path) for path in paths])


def _is_unverified(name: str, path: tuple[str, ...]) -> bool:
    unverified = [key.split(".") for source in _file(name).sources if source.unverified for key in source.keys]
    return any(list(path[: len(key)]) == key for key in unverified)


def _breaks(golden: Golden, file: ProfileFile) -> bool:
    try:
        return different("mutant.toml", file.example, golden) != []
    except (ConfigurationError, KeyError, AssertionError, msgspec.ValidationError):
        return True


def _remove(values: dict[str, typing.Any], path: tuple[str, ...]) -> None:
    *outer, last = path
    for step in outer:
        values = values[step]
    del values[last]


def _whole(values: dict[str, typing.Any]) -> dict[str, typing.Any]:
    base = values.get("extends", profiles.DEFAULT)
    return files.merged(files.read(base).values, values)
