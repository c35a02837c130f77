"""What a profile says, for people: each key with its dimension and its source, and what is in its place in the RFCs."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

from ..config import Rules
from ..quirks import Edge
from ..quirks import ProfileFile
from ..quirks import Source
from . import files
from . import templates
from .dimensions import dimension
from .dimensions import leaves
from .profile import PATHS

__all__ = ["Description", "Fact", "describe"]


class Fact(msgspec.Struct, frozen=True):
    """One key: what the profile says, and what it would be otherwise."""

    path: tuple[str, ...]
    value: typing.Any
    otherwise: typing.Any
    """What `rfc6749` has there; None: nothing."""
    source: Source | None
    """Where it is from; None: nobody says."""

    @property
    def key(self) -> str:
        """As TOML would write it."""
        return ".".join(step if step.replace("_", "").replace("-", "").isalnum() else f'"{step}"' for step in self.path)

    @property
    def dimension(self) -> str:
        path = self.path[2:] if self.path[0] == "versions" else self.path
        return dimension(".".join(path))


class Description(msgspec.Struct, frozen=True):
    """One profile, with what it has of those that it extends."""

    name: str
    title: str
    file: ProfileFile
    variables: tuple[str, ...]
    """Those that need a value."""
    facts: tuple[Fact, ...]

    @property
    def dimensions(self) -> list[str]:
        """The dimensions in which it differs, by what somebody verified."""
        verified = (fact for fact in self.facts if fact.source is None or not fact.source.unverified)
        return sorted({fact.dimension for fact in verified} - {"D0"}, key=lambda number: int(number[1:]))

    @property
    def unverified(self) -> list[Fact]:
        return [fact for fact in self.facts if fact.source is not None and fact.source.unverified]


def describe(name: str) -> Description:
    """A profile by name or by the path of its file. Raises `ConfigurationError`."""
    written = files.read(name)
    file = msgspec.convert(written.values, ProfileFile)
    sources = [(tuple(key.split(".")), source) for source in file.sources for key in source.keys]
    facts = []
    for path in leaves(written.values):
        fitting = [(len(key), source) for key, source in sources if path[: len(key)] == key]
        source = max(fitting, key=lambda pair: pair[0])[1] if fitting else None
        facts.append(Fact(path, _at(written.values, path), _otherwise(path), source))
    needed = templates.names_in(_urls(file, *file.versions.values()))
    return Description(
        name=written.name,
        title=file.title or written.name,
        file=file,
        variables=tuple(variable for variable in needed if variable not in file.variables),
        facts=tuple(facts),
    )


def _urls(*edges: Edge) -> cabc.Iterator[str]:
    for edge in edges:
        yield from (edge.origin, edge.issuer_path, *edge.paths.values())
        yield from (url for urls in edge.other_paths.values() for url in urls)


def _at(values: typing.Any, path: tuple[str, ...]) -> typing.Any:
    for step in path:
        values = values[step]
    return values


def _otherwise(path: tuple[str, ...]) -> typing.Any:
    """The default of a key."""
    if path[0] == "versions":
        return None
    if path[0] == "paths":
        return PATHS.get(path[1])
    value: typing.Any = Rules() if path[0] == "settings" else Edge()
    for step in path[1:] if path[0] == "settings" else path:
        value = value.get(step) if isinstance(value, dict) else getattr(value, step, None)
    return msgspec.to_builtins(value) or None
