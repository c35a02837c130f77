"""Layers of keys -> `Settings`: later layers win, every error is found before anything is refused."""

from __future__ import annotations

import collections.abc as cabc
import difflib
import functools
import typing

import msgspec

from .. import profiles
from ..config import ClientSettings
from ..config import IssuerSettings
from ..config import Settings
from ..config import UserSettings
from ..errors import ConfigurationError
from ..registration import is_loopback
from . import registry
from .layers import Layer
from .layers import Path

__all__ = ["resolve"]

# These are names of things that are served at the first path segment.
_RESERVED = frozenset({"authorize", "token", "userinfo", "jwks", "api", "callback", ".well-known", "_mock"})

_Fields = dict[str, msgspec.structs.FieldInfo]


def resolve(layers: cabc.Iterable[Layer]) -> Settings:
    """
    One `Settings` from layers in rising precedence; lists replace lists, issuers are merged by name.

    Raises `ConfigurationError` with a line for every error: place, key, value, nearest right name.
    """
    merged: dict[str, typing.Any] = {}
    problems: list[str] = []
    for layer in layers:
        values = dict(layer.values)
        problems += [f"{layer.where(path)}: {message}" for path, message in _check(values, Settings, ())]
        if isinstance(values.get("issuers"), dict):
            values["issuers"] = {**merged.get("issuers", {}), **values["issuers"]}
        merged |= values
    if not problems:
        shared = {key: merged[key] for key in _fields(IssuerSettings) if key in merged and key not in _PERSONAL}
        merged["issuers"] = {name: {**shared, **own} for name, own in merged.get("issuers", {}).items()}
        settings = msgspec.convert(merged, Settings)
        problems = _contradictions(settings)
        if not problems:
            return settings
    raise ConfigurationError("\n".join(problems))


# What an issuer does not take over from the server's top level
_PERSONAL = frozenset({"clients", "users"})

_NESTED: dict[str, type[msgspec.Struct]] = {"clients": ClientSettings, "users": UserSettings, "issuers": IssuerSettings}


def _check(
    values: cabc.Mapping[str, typing.Any], struct: type[msgspec.Struct], at: Path
) -> cabc.Iterator[tuple[Path, str]]:
    """Every key that is unknown and every value of the wrong type, with its path."""
    fields = _fields(struct)
    for key, value in values.items():
        path = (*at, key)
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            meant = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(fields))}"
            yield path, f"unknown key {_dotted(path)!r}; {meant}"
        elif key in _NESTED and isinstance(value, dict | list | tuple):
            yield from _nested(key, value, path)
        else:
            try:
                msgspec.convert(value, fields[key].type)
            except msgspec.ValidationError as error:
                yield path, f"{_dotted(path)} = {value!r}: {str(error)[0].lower()}{str(error)[1:]}"
    for name, field in fields.items():
        if field.required and name not in values:
            yield at, f"{_dotted(at)}: {name} is missing; add it"


def _nested(key: str, value: typing.Any, path: Path) -> cabc.Iterator[tuple[Path, str]]:
    if (key == "issuers") is not isinstance(value, dict):
        shape = "a table of issuers by name" if key == "issuers" else f"a list of tables ([[{key}]])"
        yield path, f"{_dotted(path)} must be {shape}"
        return
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict):
            yield from _check(inner, _NESTED[key], (*path, step))
        else:
            yield path, f"{_dotted((*path, step))} = {inner!r} must be a table of keys"


def _contradictions(settings: Settings) -> list[str]:
    """What is well-formed but cannot be meant."""
    problems: list[str] = []
    if not settings.allow_remote and not is_loopback(settings.host):
        problems.append(
            f"host = {settings.host!r}: other machines could reach a server that hands out tokens; if that is meant,"
            " allow_remote = true (--allow-remote)"
        )
    if settings.issuer is not None and not settings.issuer.startswith(("http://", "https://")):
        problems.append(f"issuer = {settings.issuer!r}: must be an http or https URL")
    for name, issuer in {"": settings, **settings.issuers}.items():
        where = f"issuers.{name}." if name else ""
        problems += [f"{where}{problem}" for problem in _issuer_problems(issuer)]
        if name in _RESERVED or "/" in name:
            problems.append(
                f"issuers.{name}: the name is a path that the server uses itself, or has a slash; choose another"
            )
    return problems


def _issuer_problems(issuer: IssuerSettings) -> cabc.Iterator[str]:
    if issuer.profile not in profiles.available():
        known = profiles.available()
        near = difflib.get_close_matches(issuer.profile, known, n=1)
        meant = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
        yield f"profile = {issuer.profile!r}: no such profile; {meant}"
    seen: set[str] = set()
    for client in issuer.clients:
        if client.client_id in seen:
            yield f"clients: client_id {client.client_id!r} comes twice; give each its own"
        seen.add(client.client_id)
        try:
            registry.client(client, issuer)
        except ConfigurationError as error:
            yield f"clients: {error}"
    names = [user.username for user in issuer.users]
    yield from (f"users: username {name!r} comes twice" for name in sorted({n for n in names if names.count(n) > 1}))


@functools.cache
def _fields(struct: type[msgspec.Struct]) -> _Fields:
    return {field.name: field for field in msgspec.structs.fields(struct)}


def _dotted(path: Path) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
