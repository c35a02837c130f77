"""Layers of keys -> `Settings`: later layers win, every error is found before anything is refused."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

from .. import profiles
from ..config import IssuerSettings
from ..config import Settings
from ..errors import ConfigurationError
from ..written import Path
from ..written import sound
from .contradictions import contradictions
from .layers import Layer

__all__ = ["of_profile", "resolve"]

# What an issuer does not take over from the server's top level
_PERSONAL = frozenset({"clients", "users", "faults"})


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
    of_issuers = {name: _over_profile(_inherited(shared, own)) for name, own in issuers.items()}
    settings = msgspec.convert({**_over_profile(merged), "issuers": of_issuers}, Settings)
    for path, message in contradictions(settings):
        origin = origins.get(path[: 2 if path[0] == "issuers" else 1])
        place = origin.where(path) if origin else _in_profile(settings, path)
        problems.append(f"{place}: {message}" if place else message)
    if problems:
        raise ConfigurationError("\n".join(problems))
    return settings


def of_profile(name: str, variables: cabc.Mapping[str, str]) -> IssuerSettings:
    """What an issuer has that says nothing but which profile. Raises `ConfigurationError`."""
    return msgspec.convert(_over_profile({"profile": name, "variables": {**variables}}), IssuerSettings)


def _inherited(shared: cabc.Mapping[str, typing.Any], own: cabc.Mapping[str, typing.Any]) -> dict[str, typing.Any]:
    """An issuer's keys over the server's; the variables of another profile than its own are none of its business."""
    other = "profile" in own and own["profile"] != shared.get("profile")
    return {key: value for key, value in shared.items() if not (other and key == "variables")} | {**own}


def _over_profile(keys: cabc.Mapping[str, typing.Any]) -> dict[str, typing.Any]:
    """What the profile has otherwise, and over it what somebody set."""
    try:
        below = profiles.overrides(keys.get("profile", profiles.DEFAULT), keys.get("variables", {}))
    except ConfigurationError:  # told among the contradictions
        below = {}
    return {**below, **keys}


def _in_profile(settings: Settings, path: Path) -> str:
    """The place in the file of a profile, where it is the profile that has the key; or nothing."""
    issuer: IssuerSettings = settings
    if path[0] == "issuers":
        issuer, path = settings.issuers[str(path[1])], path[2:]
    return profiles.where(issuer.profile, path) if path and issuer.profile != profiles.DEFAULT else ""
