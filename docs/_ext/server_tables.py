"""What the server has: faults, endpoints, methods, grants, refusals."""

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
from mockserver.settings import edges

__all__ = [
    "aim_table",
    "endpoint_table",
    "fault_table",
    "grant_table",
    "method_table",
    "placeholder_table",
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


def placeholder_table() -> str:
    rows = [(f"`{where}`", ", ".join(f"`{{{name}}}`" for name in names)) for where, names in edges.FACTS.items()]
    return table(("in texts of", "placeholders, besides the variables"), rows)


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
    return table(("endpoint", "path below the base URL", "methods", "what it is"), rows)


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
