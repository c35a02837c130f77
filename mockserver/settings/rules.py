"""Rules for parameters: whether they name endpoints, grants and places that there are."""

from __future__ import annotations

import collections.abc as cabc
import re

from ..config import IssuerSettings
from ..endpoints import rules
from ..grants import GRANTS
from ..written import Path
from ..written import Problem
from ..written import dotted
from ..written import nearest

__all__ = ["parameter_rules"]

# field-name, RFC 9110 5.1
_FIELD = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def parameter_rules(issuer: IssuerSettings, at: Path, of_provider: cabc.Iterable[str] = ()) -> cabc.Iterator[Problem]:
    """Every name that cannot be meant, with its path; `of_provider` are the grants that the profile declares."""
    for table, rule in issuer.parameters.items():
        path = (*at, "parameters", table)
        tables = ("authorize", "token", "api", *GRANTS, *of_provider)
        if table not in tables:
            yield path, f"{dotted(path)}: no such endpoint or grant; {nearest(table, tables)}"
            continue
        for key, names in (("required", rule.required), ("allowed", rule.allowed or ()), ("fixed", rule.fixed)):
            for name in names:
                wrong = _wrong(name, key, table)
                if wrong is not None:
                    yield (*path, key), f"{dotted((*path, key))} has {name!r}: {wrong}"


def _wrong(key: str, of: str, table: str) -> str | None:
    place, name = rules.placed(key)
    if place and place not in rules.PLACES:
        return f"no such place; {nearest(place, rules.PLACES)}"
    if not name:
        return "write a name that is not empty"
    if place == "header" and of == "allowed":
        return "headers are never refused; leave it out"
    if place == "header" and not _FIELD.fullmatch(name):
        return "no name of a header (RFC 9110 5.1); write its letters, digits and hyphens"
    if place == "body" and table == "authorize":
        return f"the authorization endpoint has its parameters in the query; write {name!r}"
    return None
