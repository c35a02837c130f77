"""What the server has: faults, profiles, endpoints, methods, grants, refusals."""

from __future__ import annotations

import ast
import collections.abc as cabc
import inspect
import itertools

import refusals
from tables import table

from mockserver import clientauth
from mockserver import faults
from mockserver import grants
from mockserver import profiles
from mockserver.endpoints import ENDPOINTS

__all__ = [
    "aim_table",
    "endpoint_table",
    "fault_table",
    "grant_table",
    "method_table",
    "profile_table",
    "refusal_table",
]


def fault_table() -> str:
    rows = []
    for name, fault in faults.FAULTS.items():
        known = [f"`{parameter}`" for parameter in fault.__struct_fields__]
        rows.append((f"`{name}`", fault.stage, ", ".join(known), " ".join((inspect.getdoc(fault) or "").split())))
    return table(("fault", "stage", "parameters", "what it does"), rows)


def aim_table() -> str:
    """The keys of every fault, from the strings below the fields."""
    tree = ast.parse(inspect.getsource(faults.Aim).lstrip())
    rows = []
    for field, after in itertools.pairwise(tree.body[0].body):  # type: ignore[attr-defined]
        if isinstance(field, ast.AnnAssign):
            default = "" if ast.unparse(field.value) == "None" else f"`{ast.unparse(field.value).lower()}`"
            meaning = " ".join(after.value.value.split())
            rows.append((f"`{field.target.id}`", default, meaning))
    return table(("key", "default", "meaning"), rows)


def profile_table() -> str:
    names = profiles.available()
    endpoints = list(dict.fromkeys(name for profile in names for name in profiles.load(profile).paths))
    head = ("profile", *(f"`{endpoint}`" for endpoint in endpoints), "renamed parameters", "renamed members")
    rows = []
    for name in names:
        profile = profiles.load(name)
        renamed = (
            ", ".join(f"`{a}` is `{b}`" for a, b in d.items())
            for d in (_flat(profile.parameter_names), profile.response_names)
        )
        paths = (f"`{profile.paths[endpoint]}`" if endpoint in profile.paths else "" for endpoint in endpoints)
        rows.append((f"`{name}`", *paths, *(text or "none" for text in renamed)))
    return _transposed(head, rows)


def _flat(tables: cabc.Mapping[str, cabc.Mapping[str, str]]) -> dict[str, str]:
    return {f"{endpoint}.{name}": rfc for endpoint, names in tables.items() for name, rfc in names.items()}


def _transposed(head: cabc.Sequence[str], rows: cabc.Sequence[cabc.Sequence[str]]) -> str:
    columns = [head, *rows]
    turned = [[column[index] for column in columns] for index in range(len(head))]
    return table(turned[0], turned[1:])


def endpoint_table() -> str:
    paths = profiles.load("rfc6749").paths
    others = {
        "refresh": "that of `paths.refresh`, where it is set",
        "callback": "/callback",
        "protected": "the path of `protect(path)`, and below it where an application answers",
        "api": "/api and /api/...",
    }
    rows = []
    for name, endpoint in ENDPOINTS.items():
        path = paths.get(name, others.get(name, ""))
        meaning = " ".join((inspect.getdoc(inspect.getmodule(endpoint.answer)) or "").split())
        if name in ("protected", "api", "openid_configuration", "authorization_server"):
            meaning = " ".join((inspect.getdoc(endpoint.answer) or "").split())
        shown = path if "`" in path or " " in path else f"`{path}`"
        rows.append((f"`{name}`", shown, " ".join(endpoint.methods) or "any", meaning))
    return table(("endpoint", "path below the issuer", "methods", "what it is"), rows)


def _modules(found: cabc.Mapping[str, object]) -> cabc.Iterable[tuple[str, str]]:
    return ((f"`{name}`", " ".join((inspect.getdoc(module) or "").split())) for name, module in found.items())


def method_table() -> str:
    return table(("`token_endpoint_auth_method`", "what it is"), _modules(clientauth.METHODS))


def grant_table() -> str:
    rows = (
        (name, ", ".join(f"`{parameter}`" for parameter in sorted(grants.GRANTS[name.strip("`")].parameters)), text)
        for name, text in _modules(grants.GRANTS)
    )
    return table(("`grant_type`", "parameters of its own", "what it is"), rows)


def refusal_table(where: str) -> str:
    rows = []
    for case, seen in refusals.observed(where):
        outcome = f"{seen.status} `{seen.error}`" if seen.error else str(seen.status)
        rows.append((case.request, outcome, case.clause, seen.why.replace("<", "&lt;").replace("*", "\\*")))
    return table(("request", "answer", "clause", "why, as the journal has it"), rows)
