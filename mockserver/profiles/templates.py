"""Variables in the texts of a profile: `{shop}` and what it stands for."""

from __future__ import annotations

import collections.abc as cabc
import re
import typing

from ..errors import ConfigurationError
from ..written import nearest

__all__ = ["filled", "names_in", "read_off", "values_for"]

_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
# What may stand in a host or in a segment of a path as it is (RFC 3986 2.3)
_VALUE = re.compile(r"(?!\.+$)[A-Za-z0-9._~-]+")

VERSION = "version"


def names_in(texts: cabc.Iterable[str]) -> list[str]:
    """The variables of some texts, each once."""
    return list(dict.fromkeys(name for text in texts for name in _VARIABLE.findall(text)))


def filled(value: typing.Any, variables: cabc.Mapping[str, str]) -> typing.Any:
    """The same value with variables filled in, in every text inside it; what is no variable stays."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: variables.get(match[1], match[0]), value) if "{" in value else value
    if isinstance(value, dict):
        return {filled(key, variables): filled(inner, variables) for key, inner in value.items()}
    return [filled(inner, variables) for inner in value] if isinstance(value, list) else value


def values_for(
    needed: cabc.Collection[str], defaults: cabc.Mapping[str, str], given: cabc.Mapping[str, str]
) -> dict[str, str]:
    """A value for each variable. Raises `ConfigurationError` for one that is missing, unknown or cannot be in a URL."""
    known = list(dict.fromkeys([*needed, *defaults]))
    for name, value in given.items():
        if name not in known:
            remedy = nearest(name, known) if known else "the profile has none; leave it out"
            raise ConfigurationError(f"no such variable {name!r}; {remedy}", key="variables")
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise ConfigurationError(f"variable {name!r} is {value!r}; write letters, digits and -._~", key="variables")
    missing = [name for name in needed if name not in given and name not in defaults]
    if missing:
        example = ", ".join(f'{name} = "..."' for name in missing)
        raise ConfigurationError(
            f"variable {', '.join(map(repr, missing))} is missing; write variables = {{ {example} }}", key="profile"
        )
    return {**defaults, **given}


def read_off(template: str, text: str) -> dict[str, str] | None:
    """What the variables of a template stand for in a text; None where it does not fit."""
    pieces = _VARIABLE.split(template)
    pattern, seen = "", set()
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            pattern += re.escape(piece)
        else:
            pattern += f"(?P={piece})" if piece in seen else f"(?P<{piece}>[A-Za-z0-9._~-]+)"
            seen.add(piece)
    found = re.fullmatch(pattern, text, re.IGNORECASE)
    return None if found is None else found.groupdict()
