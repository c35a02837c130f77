"""A provider's deviations from the RFCs as data: one TOML file each; `rfc6749` is what none of them changes."""

from __future__ import annotations

import collections.abc as cabc
import functools
import pathlib

import msgspec

from ..config import IssuerSettings
from ..config import Profile

__all__ = ["DEFAULT", "PATHS", "Profile", "available", "load", "resolved"]

DEFAULT = "rfc6749"

# The RFCs leave the paths to the server, so these are the plainest ones.
PATHS = {
    "authorize": "/authorize",
    "token": "/token",
    "userinfo": "/userinfo",
    "jwks": "/jwks",
    "openid_configuration": "/.well-known/openid-configuration",
    "authorization_server": "/.well-known/oauth-authorization-server",
}


def available() -> list[str]:
    """The names of the profiles that come with the package."""
    return sorted([DEFAULT, *(file.stem for file in pathlib.Path(__file__).parent.glob("*.toml"))])


@functools.cache
def load(name: str) -> Profile:
    """A profile that comes with the package. Raises FileNotFoundError."""
    if name == DEFAULT:
        return Profile(name=name, paths=PATHS)
    import tomllib

    values = tomllib.loads(pathlib.Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))
    return msgspec.convert({**values, "name": name, "paths": {**PATHS, **values.get("paths", {})}}, Profile)


def resolved(settings: IssuerSettings) -> Profile:
    """The profile that an issuer names, and over it what the issuer's own settings say. Raises FileNotFoundError."""
    profile = load(settings.profile)
    return Profile(
        name=profile.name,
        paths={**profile.paths, **settings.paths},
        parameter_names={
            endpoint: {**profile.parameter_names.get(endpoint, {}), **settings.parameter_names.get(endpoint, {})}
            for endpoint in _keys(profile.parameter_names, settings.parameter_names)
        },
        grant_type_names={**profile.grant_type_names, **settings.grant_type_names},
        response_names={**profile.response_names, **settings.response_names},
        callback_names={**profile.callback_names, **settings.callback_names},
        case_insensitive_parameters=profile.case_insensitive_parameters or settings.case_insensitive_parameters,
    )


def _keys(*mappings: cabc.Mapping[str, object]) -> list[str]:
    return list(dict.fromkeys(key for mapping in mappings for key in mapping))
