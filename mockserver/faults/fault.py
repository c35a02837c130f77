"""What all faults are: a name, a stage, parameters that say in a table and in Python the same."""

from __future__ import annotations

import collections.abc as cabc
import re
import typing

import msgspec

from ..context import Context
from ..model import Kind

__all__ = ["Fault", "Headers", "Occasion", "Place", "check_headers", "check_real_time", "header_pairs"]

Headers = dict[str, str | tuple[str, ...]]

_SHOWN = 60
# The longest that a lock can wait on any system
_LONGEST = 4_000_000
# field-name, RFC 9110 5.1
_FIELD = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# Headers that are not the answer's own but the server's, and who has a say in them
_OF_THE_SERVER = {
    "content-length": "cut and frame_as send another",
    "transfer-encoding": "frame_as sends one",
    "connection": "frame_as closes the connection",
    "date": "oauthmock.clock.skew(...) moves it",
}


class Place(msgspec.Struct, frozen=True):
    """Where a fault strikes: an endpoint of an issuer; for a protected path also the path."""

    issuer: str
    endpoint: str
    path: str | None = None

    def covers(self, other: Place) -> bool:
        return (self.issuer, self.endpoint) == (other.issuer, other.endpoint) and self.path in (None, other.path)

    def __str__(self) -> str:
        where = f"{self.endpoint} {self.path}" if self.path else self.endpoint
        return f"{where} of issuer {self.issuer!r}" if self.issuer else where


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """One request as faults see it: where it came, from whom, with what. Nothing of it has been believed."""

    place: Place
    url: str = ""
    """The URL that was asked."""
    now: float = 0
    """The server's wall clock: seconds since the epoch, UTC."""
    client_id: str | None = None
    """Who asks; with an access token, whose token it is."""
    grant_type: str | None = None
    """The grant that is asked for, or that an access token came of."""
    credential: tuple[Kind, str] | None = None
    """The access token, refresh token or code that came with it."""
    home: Context | None = None
    """The issuer that issued the access token; None: that of the place."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    One thing that can go wrong, with its parameters.

    Raises ValueError, with the remedy, for parameters that cannot be meant.
    """

    name: typing.ClassVar[str]
    stage: typing.ClassVar[str]
    endpoints: typing.ClassVar[tuple[str, ...] | None] = None
    """Where it can strike; None: everywhere."""

    def __str__(self) -> str:
        """As the journal has it: the first parameter by its value, the others by their names where they are given."""
        shown = []
        for index, field in enumerate(msgspec.structs.fields(self)):
            value = getattr(self, field.name)
            default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
            if value != default:
                text = f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) else repr(value)
                text = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
                shown.append(text if index == 0 else f"{field.name}={text}")
        return f"{self.name}({', '.join(shown)})"


def check_headers(headers: cabc.Mapping[str, str | tuple[str, ...]], names: cabc.Iterable[str] = ()) -> None:
    """Raises ValueError for what is no header (RFC 9110 5), and for those that belong to the server."""
    for name in (*headers, *names):
        if not _FIELD.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header (RFC 9110 5.1); write its letters, digits and hyphens")
        if name.lower() in _OF_THE_SERVER:
            raise ValueError(f"{name} belongs to the server; leave it out: {_OF_THE_SERVER[name.lower()]}")
    for name, value in header_pairs(headers):
        if not value.isascii() or not value.isprintable():
            raise ValueError(f"the header {name} has {value!r}; write printable ASCII (RFC 9110 5.5)")


def header_pairs(headers: cabc.Mapping[str, str | tuple[str, ...]]) -> tuple[tuple[str, str], ...]:
    """One pair for each value: a list sends a header several times."""
    several = {name: (value,) if isinstance(value, str) else value for name, value in headers.items()}
    return tuple((name, value) for name, values in several.items() for value in values)


def check_real_time(name: str, seconds: float) -> None:
    """Raises ValueError for what nobody can wait; not-a-number is refused as well."""
    if not 0 < seconds <= _LONGEST:
        raise ValueError(f"{name} must be more than 0, and an end must be in sight; write e.g. 0.5")
