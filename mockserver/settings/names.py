"""Paths and names that a provider has for itself: whether they can be told apart, and name what there is."""

from __future__ import annotations

import collections.abc as cabc
import re

from .. import profiles
from ..config import IssuerSettings
from ..endpoints import known_parameters
from ..grants import GRANTS
from ..written import Path
from ..written import Problem
from ..written import dotted
from ..written import nearest

__all__ = ["names"]

# path-absolute of RFC 3986 3.3 without percent-encoding: what is asked for is compared decoded
_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]+/?)*")
_NAMED = ("authorize", "token", "refresh", "api")
_MEMBERS = (
    *("access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token", "issued_token_type"),
    *("error", "error_description", "error_uri"),
)
_CALLBACK = ("code", "state", "error", "error_description", "error_uri", "iss")


def names(issuer: IssuerSettings, at: Path) -> cabc.Iterator[Problem]:
    """Every key of `paths` and the tables of names that cannot be meant. The profile must exist."""
    profile = profiles.resolved(issuer)
    yield from _paths(issuer, profile, at)
    for endpoint, table in profile.parameter_names.items():
        path = (*at, "parameter_names", endpoint)
        if endpoint not in _NAMED:
            yield path, f"{dotted(path)}: no such table; {nearest(endpoint, _NAMED)}"
            continue
        rfc_names = known_parameters(endpoint)
        for name, rfc in table.items():
            if rfc not in rfc_names:
                yield (*path, name), f"{dotted((*path, name))} = {rfc!r}: no parameter there; {nearest(rfc, rfc_names)}"
    for name, rfc in profile.grant_type_names.items():
        path = (*at, "grant_type_names", name)
        if rfc not in GRANTS:
            yield path, f"{dotted(path)} = {rfc!r}: no such grant; {nearest(rfc, GRANTS)}"
        elif not name:
            yield path, f"{dotted(path)} = {rfc!r}: write a name that is not empty"
    yield from _renamed(profile.response_names, _MEMBERS, (*at, "response_names"), dots=True)
    yield from _renamed(profile.callback_names, _CALLBACK, (*at, "callback_names"))


def _paths(issuer: IssuerSettings, profile: profiles.Profile, at: Path) -> cabc.Iterator[Problem]:
    served = profile.paths
    for endpoint, value in served.items():
        if endpoint not in issuer.paths and profiles.PATHS.get(endpoint) == value:
            continue
        path = (*at, "paths", endpoint)
        where = f"{dotted(path)} = {value!r}"
        # Of two at one path the one is to blame that was set last
        there = (other for other, taken in served.items() if taken == value and other != endpoint)
        others = [other for other in there if endpoint in issuer.paths or other not in issuer.paths]
        if endpoint not in (*profiles.PATHS, "refresh"):
            yield path, f"{where}: no such endpoint; {nearest(endpoint, (*profiles.PATHS, 'refresh'))}"
        elif not _PATH.fullmatch(value):
            yield path, f"{where}: write a path that begins with / and has no query, fragment or %"
        elif value.split("/")[1] in ("api", "callback", "_mock") and endpoint in issuer.paths:
            yield path, f"{where}: the server has /{value.split('/')[1]} for itself; choose another"
        elif others:
            yield path, f"{where}: {others[0]} is served there; choose another"


def _renamed(
    renamed: cabc.Mapping[str, str], there_are: cabc.Sequence[str], path: Path, *, dots: bool = False
) -> cabc.Iterator[Problem]:
    for name, value in renamed.items():
        where = f"{dotted((*path, name))} = {value!r}"
        others = {renamed.get(other, other): other for other in there_are if other != name}
        inside = [other for other in others if dots and f"{value}.".startswith(f"{other}.")]
        if name not in there_are:
            yield (*path, name), f"{where}: no such name in the RFCs; {nearest(name, there_are)}"
        elif not value or (dots and not all(value.split("."))):
            yield (*path, name), f"{where}: write a name that is not empty"
        elif value in others or inside:
            yield (*path, name), f"{where}: {others[value if value in others else inside[0]]} is there; choose another"
