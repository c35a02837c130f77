"""Texts with placeholders, `{expires_at|iso}`, and the values that they are filled in with."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import functools
import re
import typing

__all__ = ["FILTERS", "fill", "names", "put"]

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_:-]*)(?:\|([a-z0-9_]+))?\}")


class _Absent:
    """What there is nothing to say for."""


_ABSENT = _Absent()


def _iso(value: typing.Any) -> str:
    return dt.datetime.fromtimestamp(int(value), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _duration(value: typing.Any) -> str:
    hours, rest = divmod(int(value), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


FILTERS: dict[str, cabc.Callable[[typing.Any], typing.Any]] = {
    "text": str,
    "iso": _iso,
    "milliseconds": lambda seconds: int(float(seconds) * 1000),
    "milliseconds_text": lambda seconds: str(int(float(seconds) * 1000)),
    "duration": _duration,
    "list": lambda text: str(text).split(),
}
"""What may follow a bar: a number as text, a time as ISO 8601, seconds as milliseconds or as hours, words as a list."""


def names(value: typing.Any) -> cabc.Iterator[tuple[str, str]]:
    """The placeholders in every text inside a value, each with its filter or nothing."""
    if isinstance(value, str):
        yield from ((match[1], match[2] or "") for match in _PLACEHOLDER.finditer(value))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names(inner)


def fill(value: typing.Any, known: cabc.Mapping[str, typing.Any]) -> typing.Any:
    """
    A value with the placeholders of its texts filled in.

    A text that is one placeholder becomes what that stands for, a number or null too. Raises LookupError where there is
    nothing to say for one.
    """
    if isinstance(value, str):
        return _filled(value, known) if "{" in value else value
    if isinstance(value, dict):
        return {key: fill(inner, known) for key, inner in value.items()}
    return [fill(inner, known) for inner in value] if isinstance(value, list | tuple) else value


def put(members: dict[str, typing.Any], name: str, value: typing.Any) -> None:
    """Add a member; a dot in its name stands for an object inside the object."""
    *outer, last = name.split(".")
    for step in outer:
        members = members.setdefault(step, {})
    members[last] = value


def _filled(text: str, known: cabc.Mapping[str, typing.Any]) -> typing.Any:
    pieces = _pieces(text)
    if len(pieces) == 1 and not isinstance(pieces[0], str):
        return _value(pieces[0], known)
    return "".join(piece if isinstance(piece, str) else str(_value(piece, known)) for piece in pieces)


@functools.lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[str | tuple[str, str], ...]:
    """Literal texts, and placeholders as name and filter."""
    pieces: list[str | tuple[str, str]] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        if match.start() > end:
            pieces.append(text[end : match.start()])
        pieces.append((match[1], match[2] or ""))
        end = match.end()
    if end < len(text):
        pieces.append(text[end:])
    return tuple(pieces)


def _value(placeholder: tuple[str, str], known: cabc.Mapping[str, typing.Any]) -> typing.Any:
    name, applied = placeholder
    if name == "null":
        return None
    value = known.get(name, _ABSENT)
    if value is None or value is _ABSENT:
        raise LookupError(name)
    return FILTERS[applied](value) if applied else value
