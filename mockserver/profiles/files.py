"""Profiles as they are written: one TOML file each, and the files that it extends."""

from __future__ import annotations

import collections.abc as cabc
import functools
import pathlib
import typing

import msgspec

from ..config import Rules
from ..errors import ConfigurationError
from ..quirks import ProfileFile
from ..written import Path
from ..written import Problem
from ..written import line
from ..written import nearest
from ..written import sound

__all__ = ["DEFAULT", "Written", "available", "merged", "own", "read"]

DEFAULT = "rfc6749"

_PRESETS = pathlib.Path(__file__).parent / "presets"


class Written(msgspec.Struct, frozen=True):
    """A profile's file, with what it has of the files that it extends."""

    name: str
    file: str
    """Where it is, for a person; empty for the default, which has none."""
    text: str
    values: dict[str, typing.Any]

    def where(self, path: Path) -> str:
        """The place of a key: `acme.toml:12`."""
        return f"{self.file}:{line(self.text, path)}"


def available() -> list[str]:
    """The names of the profiles that come with the package."""
    return sorted([DEFAULT, *(file.stem for file in _PRESETS.glob("*.toml"))])


def read(name: str) -> Written:
    """
    A profile that comes with the package, by name, or anybody's, by the path of its file.

    Raises `ConfigurationError` that names the nearest profile, or file, line and the nearest key.
    """
    if not name.endswith(".toml"):
        if name not in available():
            raise ConfigurationError(f"no such profile; {nearest(name, available())}")
        return _preset(name)
    path = pathlib.Path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read ({error}); check the path") from None
    return _whole(path.stem, name, text, ())


def own(name: str) -> dict[str, typing.Any]:
    """What the file of a preset says itself, without what it extends."""
    import tomllib

    if name == DEFAULT:
        return {}
    return tomllib.loads((_PRESETS / f"{name}.toml").read_text(encoding="utf-8"))


@functools.cache
def _preset(name: str) -> Written:
    if name == DEFAULT:
        return Written(name, "", "", {})
    file = _PRESETS / f"{name}.toml"
    return _whole(name, str(file), file.read_text(encoding="utf-8"), ())


def _whole(name: str, file: str, text: str, extended_by: tuple[str, ...]) -> Written:
    import tomllib

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file}: no TOML: {error}") from None
    written = Written(name, file, text, values)
    problems = list(_problems(values))
    if problems:
        raise ConfigurationError("\n".join(f"{written.where(path)}: {message}" for path, message in problems))
    base = values.get("extends", DEFAULT)
    if base in (name, *extended_by):
        raise ConfigurationError(f"{written.where(('extends',))}: extends = {base!r} leads back here; name another")
    below = _extended(written, base, (name, *extended_by))
    return msgspec.structs.replace(written, values=merged(below, values))


def _extended(written: Written, base: str, extended_by: tuple[str, ...]) -> dict[str, typing.Any]:
    if base == DEFAULT:
        return {}
    if base not in available():
        place = written.where(("extends",))
        raise ConfigurationError(f"{place}: extends = {base!r}: no such profile; {nearest(base, available())}")
    file = _PRESETS / f"{base}.toml"
    return _whole(base, str(file), file.read_text(encoding="utf-8"), extended_by).values


def _problems(values: cabc.Mapping[str, typing.Any]) -> cabc.Iterator[Problem]:
    kept, problems = sound(values, ProfileFile)
    yield from problems
    yield from sound(kept.get("settings", {}), Rules, ("settings",))[1]
    for name, version in kept.get("versions", {}).items():
        yield from sound(version.get("settings", {}), Rules, ("versions", name, "settings"))[1]
    chosen = kept.get("version")
    if chosen is not None and chosen not in kept.get("versions", {}):
        yield ("version",), f"version = {chosen!r}: no such version; {nearest(chosen, kept.get('versions', {}))}"


def merged(below: cabc.Mapping[str, typing.Any], above: cabc.Mapping[str, typing.Any]) -> dict[str, typing.Any]:
    """Tables key by key, everything else as it is above."""
    both = {
        key: merged(below[key], above[key])
        for key in below
        if key in above and isinstance(below[key], dict) and isinstance(above[key], dict)
    }
    return {**below, **above, **both}
