"""What somebody wrote in TOML or Python: keys and types that are wrong, with path and line, and what is sound."""

from __future__ import annotations

import collections.abc as cabc
import difflib
import functools
import types
import typing

import msgspec

__all__ = ["Path", "Problem", "dotted", "line", "nearest", "sound"]

Path = tuple[str | int, ...]
Problem = tuple[Path, str]

# What tables of tables hold, and by what
_BY_NAME = {
    "issuers": "a table of issuers by name",
    "parameters": "a table of rules by endpoint or grant",
}


def sound(
    values: cabc.Mapping[str, typing.Any], struct: type[msgspec.Struct], at: Path = ()
) -> tuple[dict[str, typing.Any], list[Problem]]:
    """The keys that `struct` has, with values of its types; and a problem for each that is not among them."""
    kept: dict[str, typing.Any] = {}
    problems: list[Problem] = []
    fields = _fields(struct)
    for key, value in values.items():
        path = (*at, key)
        if key not in fields:
            problems.append((path, f"unknown key {dotted(path)!r}; {nearest(key, fields)}"))
        elif (inner := _nested_in(fields[key].type)) is not None:
            kept[key], found = _nested(key, value, path, *inner)
            problems += found
        elif isinstance(value, dict) and (table := _table(fields[key].type)) is not None:
            kept[key], found = sound(value, table, path)
            problems += found
            if found:
                del kept[key]
        elif (message := _mismatch(value, fields[key].type)) is not None:
            problems.append((path, f"{dotted(path)} = {value!r}: {message}"))
        else:
            kept[key] = value
    problems += [
        (at, f"{dotted(at)}: {name} is missing; add it")
        for name, field in fields.items()
        if field.required and name not in values
    ]
    return kept, problems


def nearest(value: str, known: cabc.Iterable[str]) -> str:
    """What was probably meant, or else everything that could have been."""
    names = list(known)
    near = difflib.get_close_matches(value, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(names))}"


def dotted(path: Path) -> str:
    """A path as TOML would write it, with list positions in brackets: `clients[0].scope`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def line(text: str, path: Path) -> int:
    """
    The line of a TOML text on which a key is completed.

    tomllib keeps no positions, so growing pieces of the file are read until one has the key; only ever done on the
    way to an error message.
    """
    import tomllib

    lines = text.splitlines()
    for count in range(1, len(lines) + 1):
        try:
            value: typing.Any = tomllib.loads("\n".join(lines[:count]))
            for step in path:
                value = value[step]
        except (tomllib.TOMLDecodeError, LookupError, TypeError):
            continue
        return count
    return len(lines)


def _nested(
    key: str, value: typing.Any, path: Path, struct: type[msgspec.Struct], by_name: bool
) -> tuple[typing.Any, list[Problem]]:
    """A list of tables, or a table of tables; those that lack a required key are left out."""
    if not isinstance(value, dict if by_name else list | tuple):
        shape = _BY_NAME.get(key, "a table of tables by name") if by_name else f"a list of tables ([[{key}]])"
        return ({} if by_name else []), [(path, f"{dotted(path)} = {value!r}: must be {shape}")]
    problems: list[Problem] = []
    kept: dict[typing.Any, dict[str, typing.Any]] = {}
    required = [name for name, field in _fields(struct).items() if field.required]
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if not isinstance(inner, dict):
            problems.append(((*path, step), f"{dotted((*path, step))} = {inner!r}: must be a table of keys"))
            continue
        table, found = sound(inner, struct, (*path, step))
        problems += found
        if all(name in table for name in required):
            kept[step] = table
    return (kept if by_name else list(kept.values())), problems


@functools.cache
def _nested_in(kind: typing.Any) -> tuple[type[msgspec.Struct], bool] | None:
    """The struct of a list of tables, or of a table of tables (True)."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    inner = args[0] if origin is tuple and args else args[1] if origin is dict and args else None
    return (inner, origin is dict) if isinstance(inner, type) and issubclass(inner, msgspec.Struct) else None


def _mismatch(value: typing.Any, kind: typing.Any) -> str | None:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        if isinstance(value, str) and _mismatch([value], kind) is None:
            return f"write a list, [{value!r}]"
        words = _words(kind)
        written = value if isinstance(value, list | tuple) else [value]
        strange = [word for word in written if isinstance(word, str) and word not in words]
        if words and strange:
            return nearest(strange[0], words)
        message = str(error)
        return f"{message[0].lower()}{message[1:]}"
    return None


def _table(kind: typing.Any) -> type[msgspec.Struct] | None:
    """The keys of what may be a table, or one of several things of which one is a table."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return next((table for part in typing.get_args(kind) if (table := _table(part)) is not None), None)
    return None


def _words(kind: typing.Any) -> list[str]:
    """The words that a Literal allows, also inside a union or a list."""
    if typing.get_origin(kind) is typing.Literal:
        return [word for word in typing.get_args(kind) if isinstance(word, str)]
    if typing.get_origin(kind) in (typing.Union, types.UnionType, typing.Annotated, tuple):
        return [word for part in typing.get_args(kind) for word in _words(part)]
    return []


@functools.cache
def _fields(struct: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.name: field for field in msgspec.structs.fields(struct)}
