"""From a profile's file to the profile: version chosen, variables filled in, whole URLs taken apart."""

from __future__ import annotations

import collections.abc as cabc
import functools
import typing

import msgspec

from ..config import IssuerSettings
from ..errors import ConfigurationError
from ..quirks import Edge
from ..quirks import Profile
from ..written import Path
from ..written import nearest
from . import files
from . import templates

__all__ = ["PATHS", "Profile", "load", "overrides", "resolved", "variables_in", "where"]

# The RFCs leave the paths to the server, so these are the plainest ones.
PATHS = {
    "authorize": "/authorize",
    "token": "/token",
    "userinfo": "/userinfo",
    "par": "/par",
    "end_session": "/end_session",
    "register": "/register",
    "protected_resource": "/.well-known/oauth-protected-resource",
    "jwks": "/jwks",
    "introspect": "/introspect",
    "revoke": "/revoke",
    "device_authorization": "/device_authorization",
    "device": "/device",
    "backchannel_authentication": "/bc-authorize",
    "openid_configuration": "/.well-known/openid-configuration",
    "authorization_server": "/.well-known/oauth-authorization-server",
}
# What settings switch off: the endpoint is then nowhere, neither served nor in the metadata
_OFF: dict[str, cabc.Callable[[IssuerSettings], bool]] = {
    "backchannel_authentication": lambda settings: not settings.backchannel_authentication,
    "device": lambda settings: not settings.device_authorization,
    "device_authorization": lambda settings: not settings.device_authorization,
    "end_session": lambda settings: not settings.end_session,
    "introspect": lambda settings: settings.introspection == "off",
    "par": lambda settings: not settings.pushed_authorization_requests,
    "protected_resource": lambda settings: not settings.protected_resource_metadata,
    "register": lambda settings: settings.registration == "off",
    "revoke": lambda settings: settings.revocation == "off",
}
# Those that are below the issuer identifier (OpenID Connect Discovery 4, RFC 8414 3)
_BELOW_ISSUER = ("openid_configuration", "authorization_server")

# What a provider does not have unless its file says so
_NOT_OF_PROVIDERS = {
    "backchannel_authentication": False,
    "authorization_details_types_supported": (),
    "device_authorization": False,
    "dpop_signing_alg_values_supported": (),
    "introspection": "off",
    "pushed_authorization_requests": False,
    "claims_parameter_supported": False,
    "registration": "off",
    "request_parameter_supported": False,
    "revocation": "off",
    "end_session": False,
}


def load(name: str, variables: cabc.Mapping[str, str] | None = None) -> Profile:
    """
    A profile by name or by the path of its file; without `variables` its templates stay as they are written.

    Raises `ConfigurationError`, whose `key` is `profile` or `variables`.
    """
    try:
        written = files.read(name)
    except ConfigurationError as error:
        raise ConfigurationError(str(error), key="profile") from None
    given = None if variables is None else tuple(sorted(variables.items()))
    # A preset is read once; a file of one's own may have changed
    return _preset(name, given) if not name.endswith(".toml") else _made(written, given)


def overrides(name: str, variables: cabc.Mapping[str, str]) -> dict[str, typing.Any]:
    """The settings that a profile has otherwise. Raises like `load`."""
    profile = load(name, variables)
    return {**_NOT_OF_PROVIDERS, **profile.settings} if profile.origin else profile.settings


def where(name: str, path: Path) -> str:
    """The place of a key in a profile's file, for a person. The profile must exist."""
    written = files.read(name)
    return written.where(("settings", *path) if path[0] in written.values.get("settings", {}) else path)


def variables_in(name: str, origin: str) -> dict[str, str]:
    """
    What a real origin says of a profile's variables: `https://acme.myshopify.com` -> `{"shop": "acme"}`.

    Empty for an origin that is not the provider's. Raises like `load`.
    """
    profile = load(name)
    for template in dict.fromkeys([profile.origin, *profile.origins.values(), *profile.other_origins]):
        found = templates.read_off(template, origin)
        if found is not None:
            return found
    return {}


def resolved(settings: IssuerSettings) -> Profile:
    """The profile that an issuer names, and over it what the issuer's own settings say. Raises `ConfigurationError`."""
    profile = load(settings.profile, settings.variables)
    own = settings.parameter_names
    off = {name for name, is_off in _OFF.items() if is_off(settings)}
    paths = {**profile.paths, **settings.paths}
    return msgspec.structs.replace(
        profile,
        paths={name: path for name, path in paths.items() if name not in off},
        origins={name: origin for name, origin in profile.origins.items() if name not in settings.paths},
        other_paths={name: paths for name, paths in profile.other_paths.items() if name not in settings.paths},
        parameter_names={
            endpoint: {**profile.parameter_names.get(endpoint, {}), **own.get(endpoint, {})}
            for endpoint in dict.fromkeys([*profile.parameter_names, *own])
        },
        grant_type_names={**profile.grant_type_names, **settings.grant_type_names},
        response_names={**profile.response_names, **settings.response_names},
        callback_names={**profile.callback_names, **settings.callback_names},
        case_insensitive_parameters=profile.case_insensitive_parameters or settings.case_insensitive_parameters,
    )


@functools.lru_cache(maxsize=256)
def _preset(name: str, given: tuple[tuple[str, str], ...] | None) -> Profile:
    return _made(files.read(name), given)


def _made(written: files.Written, given: tuple[tuple[str, str], ...] | None) -> Profile:
    wanted = dict(given or ())
    values = _of_version(written, wanted.pop(templates.VERSION, None))
    variables = {}
    if given is not None:
        variables = templates.values_for(_needed(values), written.values.get("variables", {}), wanted)
        values = templates.filled(values, variables)
    return _split(msgspec.convert({**values, "name": written.name, "variables": variables}, Profile))


def _of_version(written: files.Written, chosen: str | None) -> dict[str, typing.Any]:
    """The keys that hold for a version: the one that is asked for, or else the file's own choice."""
    values = written.values
    versions = values.get("versions", {})
    if chosen is not None and chosen not in versions:
        remedy = nearest(chosen, versions) if versions else "the profile has one alone; leave it out"
        raise ConfigurationError(f"no such version {chosen!r}; {remedy}", key="variables")
    keys = {key: value for key, value in values.items() if key in Edge.__struct_fields__ and key != "variables"}
    return files.merged(keys, versions.get(chosen or values.get("version"), {}))


def _needed(values: cabc.Mapping[str, typing.Any]) -> list[str]:
    """The variables without which nobody knows where the provider is."""
    others = (text for texts in values.get("other_paths", {}).values() for text in texts)
    paths = values.get("paths", {}).values()
    return templates.names_in([values.get("origin", ""), values.get("issuer_path", ""), *paths, *others])


def _split(profile: Profile) -> Profile:
    """Whole URLs as origin and path; discovery below the issuer identifier."""
    urls = {"issuer": profile.issuer_path, **profile.paths}
    parts = {name: _parts(url) for name, url in urls.items()}
    others = {name: [_parts(url) for url in urls] for name, urls in profile.other_paths.items()}
    issuer_path = parts["issuer"][1]
    discovery = {name: issuer_path.rstrip("/") + PATHS[name] for name in _BELOW_ISSUER}
    return msgspec.structs.replace(
        profile,
        issuer_path=issuer_path,
        paths={**PATHS, **discovery, **{name: path for name, (_, path) in parts.items() if name != "issuer"}},
        origins={name: origin for name, (origin, _) in parts.items() if origin not in ("", profile.origin)},
        other_paths={name: tuple(path for _, path in found) for name, found in others.items()},
        other_origins=tuple(dict.fromkeys(origin for found in others.values() for origin, _ in found if origin)),
    )


def _parts(url: str) -> tuple[str, str]:
    if "://" not in url:
        return "", url
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", slash + path
