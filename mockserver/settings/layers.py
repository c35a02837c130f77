"""Where settings come from: each source is one layer of keys, and can say where a key stands in it."""

from __future__ import annotations

import collections.abc as cabc
import pathlib
import typing

import msgspec

from ..errors import ConfigurationError
from ..written import Path
from ..written import line

__all__ = ["GIVEN_TO_COMMANDS", "Layer", "environment", "file", "given", "texts"]

_PREFIX = "OAUTHMOCK_"

GIVEN_TO_COMMANDS = frozenset(
    _PREFIX + name
    for name in (
        "API_URL",
        "AUTHORIZE_URL",
        "CA_PATH",
        "CLIENT_ID",
        "CLIENT_SECRET",
        "PROXY_URL",
        "TOKEN_URL",
        "URL",
    )
)
"""Variables that `oauthmock exec` sets for its command, which may well be another mock: they are no settings."""


class Layer(msgspec.Struct, frozen=True):
    """
    Keys and values from one source.

    `where(path)` names the place of a key for a person: `acme.toml:12`, `OAUTHMOCK_PORT`, a test's id.
    """

    values: cabc.Mapping[str, typing.Any]
    where: cabc.Callable[[Path], str]


def given(source: str, values: cabc.Mapping[str, typing.Any]) -> Layer:
    """Keywords of a call, a marker or a fixture; `source` says which."""
    return Layer(values, lambda path: source)


def environment(environ: cabc.Mapping[str, str], *, apart_from: cabc.Container[str] = ()) -> Layer:
    """`OAUTHMOCK_<KEY>` variables; those in `apart_from` belong to somebody else."""
    names = {
        name.removeprefix(_PREFIX).lower(): name
        for name in environ
        if name.startswith(_PREFIX) and name not in apart_from and name not in GIVEN_TO_COMMANDS
    }
    return Layer(
        {key: _value(environ[name]) for key, name in names.items()},
        lambda path: names.get(str(path[0]), f"{_PREFIX}{str(path[0]).upper()}"),
    )


def texts(source: str, assignments: cabc.Iterable[str]) -> Layer:
    """`key=value` texts of a flag or an ini option. Raises `ConfigurationError` for one without `=`."""
    values: dict[str, typing.Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise ConfigurationError(f"{source}: {assignment!r} is no setting; write KEY=VALUE, e.g. consent=auto")
        values[key.strip()] = _value(text.strip())
    return given(source, values)


def file(path: pathlib.Path) -> Layer:
    """A TOML file. Raises `ConfigurationError` when it cannot be read or is no TOML."""
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read ({error}); check the path") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: no TOML: {error}") from None
    return Layer(_beside(path, values), lambda key: f"{path}:{line(text, key)}")


def _beside(path: pathlib.Path, values: dict[str, typing.Any]) -> dict[str, typing.Any]:
    """The same keys, with profiles that are files beside this one by their whole path."""
    profile, issuers = values.get("profile"), values.get("issuers")
    if isinstance(profile, str) and profile.endswith(".toml"):
        values = {**values, "profile": str(path.parent / profile)}
    if isinstance(issuers, dict):
        of_issuers = {name: _beside(path, own) if isinstance(own, dict) else own for name, own in issuers.items()}
        values = {**values, "issuers": of_issuers}
    return values


def _value(text: str) -> typing.Any:
    """A text as TOML would read it (`60`, `true`, `["a"]`), and what TOML would not read as the string it is."""
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
