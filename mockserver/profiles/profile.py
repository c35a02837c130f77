"""A provider's deviations from the RFCs as data: one TOML file each."""

from __future__ import annotations

import functools
import importlib.resources
import tomllib

import msgspec

__all__ = ["Profile", "available", "load"]

_FOLDER = importlib.resources.files(__package__)


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Where a provider serves what, and under which names.

    `paths` maps each endpoint to its path below the issuer. `parameters` maps the provider's request parameters to the
    RFC's, `members` the RFC's answer members to the provider's; what is not listed keeps its name.
    """

    name: str
    paths: dict[str, str]
    parameters: dict[str, str] = {}
    members: dict[str, str] = {}


def available() -> list[str]:
    """The names of the profiles that come with the package."""
    return sorted(file.name.removesuffix(".toml") for file in _FOLDER.iterdir() if file.name.endswith(".toml"))


@functools.cache
def load(name: str) -> Profile:
    """Read a profile that comes with the package. Raises FileNotFoundError."""
    text = (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    return msgspec.convert({"name": name, **tomllib.loads(text)}, Profile)
