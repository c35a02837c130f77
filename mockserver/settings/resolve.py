"""Layers of keys -> `Settings`: later layers win, every error is found before anything is refused."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

from ..config import IssuerSettings
from ..config import Settings
from ..errors import ConfigurationError
from .contradictions import contradictions
from .layers import Layer
from .layers import Path
from .shape import sound

__all__ = ["resolve"]

# What an issuer does not take over from the server's top level
_PERSONAL = frozenset({"clients", "users"})


def resolve(layers: cabc.Iterable[Layer]) -> Settings:
    """
    One `Settings` from layers in rising precedence; lists replace lists, issuers are merged by name.

    Raises `ConfigurationError` with a line for every error: place, key, value, nearest right name.
    """
    merged: dict[str, typing.Any] = {}
    issuers: dict[str, dict[str, typing.Any]] = {}
    origins: dict[Path, Layer] = {}
    problems: list[str] = []
    for layer in layers:
        values, wrong = sound(layer.values, Settings)
        problems += [f"{layer.where(path)}: {message}" for path, message in wrong]
        named = values.pop("issuers", {})
        merged |= values
        issuers |= named
        origins |= dict.fromkeys([*((key,) for key in values), *(("issuers", name) for name in named)], layer)
    shared = {key: merged[key] for key in IssuerSettings.__struct_fields__ if key in merged and key not in _PERSONAL}
    everything = {**merged, "issuers": {name: {**shared, **own} for name, own in issuers.items()}}
    settings = msgspec.convert(everything, Settings)
    for path, message in contradictions(settings):
        origin = origins.get(path[: 2 if path[0] == "issuers" else 1])
        problems.append(f"{origin.where(path)}: {message}" if origin else message)
    if problems:
        raise ConfigurationError("\n".join(problems))
    return settings
