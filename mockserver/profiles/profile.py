"""A provider's deviations from the RFCs as data: one TOML file each; `rfc6749` is what none of them changes."""

from __future__ import annotations

import functools
import pathlib

import msgspec

__all__ = ["DEFAULT", "Profile", "available", "load"]

DEFAULT = "rfc6749"

# The RFCs leave the paths to the server, so these are the plainest ones.
_PATHS = {
    "authorize": "/authorize",
    "token": "/token",
    "userinfo": "/userinfo",
    "jwks": "/jwks",
    "openid_configuration": "/.well-known/openid-configuration",
    "authorization_server": "/.well-known/oauth-authorization-server",
}


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Where a provider serves what, and under which names.

    `paths` maps each endpoint to its path below the issuer. `parameters` maps the provider's request parameters to the
    RFC's, `members` the RFC's answer members to the provider's; what is not listed keeps its name.
    """

    name: str
    paths: dict[str, str] = msgspec.field(default_factory=lambda: dict(_PATHS))
    parameters: dict[str, str] = {}
    members: dict[str, str] = {}


def available() -> list[str]:
    """The names of the profiles that come with the package."""
    return sorted([DEFAULT, *(file.stem for file in pathlib.Path(__file__).parent.glob("*.toml"))])


@functools.cache
def load(name: str) -> Profile:
    """A profile that comes with the package. Raises FileNotFoundError."""
    if name == DEFAULT:
        return Profile(name=name)
    import tomllib

    values = tomllib.loads(pathlib.Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))
    return msgspec.convert({**values, "name": name, "paths": {**_PATHS, **values.get("paths", {})}}, Profile)
