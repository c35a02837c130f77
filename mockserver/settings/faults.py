"""A fault as a table has it, in TOML, JSON and by a verb: checked, and whether it can ever strike."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

from ..endpoints import ENDPOINTS
from ..endpoints import ClientEndpoint
from ..errors import ConfigurationError
from ..faults import FAULTS
from ..faults import Aim
from ..faults import Fault
from ..faults import Place
from ..grants import GRANTS
from ..written import Path
from ..written import Problem
from ..written import dotted
from ..written import nearest
from ..written import sound

__all__ = ["Order", "fault", "fault_problems"]

Clients = cabc.Mapping[str, cabc.Container[str]]
Paths = cabc.Mapping[str, str]

_AIM = Aim.__struct_fields__
# Whose requests have no client, and whose no grant
_WITH_TOKEN = ("userinfo", "protected", "api")
_AT_CLIENTS = ("token", "refresh")
# `hold` counts for itself
_NOT_OF_HOLD = ("times", "every", "always", "chance")


class Order(msgspec.Struct, frozen=True):
    """A fault that can be armed: what, where and whom it strikes."""

    fault: Fault
    place: Place
    aim: Aim


def fault(
    table: cabc.Mapping[str, typing.Any],
    place: Place,
    clients: Clients,
    paths: Paths,
    *,
    call: str,
) -> Order:
    """
    What a table orders: `fault` is the kind, `endpoint` where, unless `place` says; the others are its parameters.

    `clients` has what grants each client of the issuer may use, `paths` the endpoints that have a path of their own.
    Raises `ConfigurationError` for every key that is wrong, and for a fault that could never strike; it names `call`.
    """
    order, problems = _read(table, place, clients, paths, ())
    if order is None:
        raise ConfigurationError("\n".join(f"{call}: {message}" for _path, message in problems))
    return order


def fault_problems(
    tables: cabc.Iterable[cabc.Mapping[str, typing.Any]], clients: Clients, paths: Paths, at: Path
) -> cabc.Iterator[Problem]:
    """What is wrong with the faults of an issuer's settings."""
    for index, table in enumerate(tables):
        path = (*at, "faults", index)
        _, problems = _read(table, Place("", ""), clients, paths, path)
        for where, message in problems:
            yield where, message if dotted(where) in message else f"{dotted(where)}: {message}"


def _read(
    table: cabc.Mapping[str, typing.Any], place: Place, clients: Clients, paths: Paths, at: Path
) -> tuple[Order | None, list[Problem]]:
    name = table.get("fault")
    if not isinstance(name, str) or name not in FAULTS:
        said = "fault is missing" if name is None else f"fault = {name!r}: no such fault"
        return None, [((*at, *(["fault"] if "fault" in table else [])), f"{said}; {nearest(str(name), FAULTS)}")]
    kind = FAULTS[name]
    rest = {key: value for key, value in table.items() if key not in ("fault", "endpoint", "path")}
    known = {**{field.name: field.type for field in msgspec.structs.fields(kind)}, **dict.fromkeys(_AIM)}
    problems = [
        ((*at, key), f"unknown key {key!r} of the fault {name!r}; {nearest(key, [*known, 'endpoint'])}")
        for key in rest
        if key not in known
    ]
    parameters, wrong = sound({key: rest[key] for key in rest if key in kind.__struct_fields__}, kind, at)
    aimed, missed = sound({key: rest[key] for key in rest if key in _AIM}, Aim, at)
    problems += [*wrong, *missed]
    place, astray = _place(table, place, paths, at)
    problems += astray
    if problems:
        return None, problems
    try:
        made, aim = msgspec.convert(parameters, kind), msgspec.convert(aimed, Aim)
    except msgspec.ValidationError as error:
        return None, [(at, str(error))]
    never = _never(made, place, aim, clients, paths)
    if never is not None:
        return None, [((*at, *never[0]), never[1])]
    return Order(made, place, aim), []


def _place(table: cabc.Mapping[str, typing.Any], place: Place, paths: Paths, at: Path) -> tuple[Place, list[Problem]]:
    """Where, by the table or, for a verb of an endpoint, by the endpoint."""
    if place.endpoint:
        return place, []
    endpoint, path = table.get("endpoint"), table.get("path")
    served = [name for name in ENDPOINTS if name in paths or name == "api"]
    if not isinstance(endpoint, str) or endpoint not in served:
        said = "endpoint is missing" if endpoint is None else f"endpoint = {endpoint!r}: no such endpoint"
        key = ["endpoint"] if "endpoint" in table else []
        return place, [((*at, *key), f"{said}; {nearest(str(endpoint), served)}")]
    if path is not None and (endpoint != "api" or not isinstance(path, str) or not path.startswith("/api")):
        return place, [((*at, "path"), f"path = {path!r}: only the endpoint 'api' has paths, such as '/api/orders'")]
    return Place(place.issuer, endpoint, path), []


def _never(fault: Fault, place: Place, aim: Aim, clients: Clients, paths: Paths) -> tuple[tuple[str, ...], str] | None:
    """Why it could never strike, and the key to change; or None."""
    endpoint = place.endpoint
    if fault.endpoints is not None and endpoint not in fault.endpoints:
        where = [name for name in fault.endpoints if name in ("protected", "api", *paths)]
        return ("endpoint",), f"{fault.name} never strikes at {endpoint}; arm it at {' or '.join(where)}"
    given = [key for key in _NOT_OF_HOLD if getattr(aim, key)]
    if fault.name == "hold" and given:
        return (given[0],), f"hold strikes n requests; leave {given[0]} out"
    known = ENDPOINTS[endpoint]
    if aim.client is not None and not (
        isinstance(known, ClientEndpoint) or endpoint in _WITH_TOKEN or endpoint == "authorize"
    ):
        return ("client",), f"client = {aim.client!r}: requests to {endpoint} are nobody's; leave it out"
    if aim.client is not None and aim.client not in clients:
        return ("client",), f"client = {aim.client!r}: no such client; {_registered(aim.client, clients)}"
    if aim.grant is None:
        return None
    if endpoint not in (*_AT_CLIENTS, *_WITH_TOKEN):
        return ("grant",), f"grant = {aim.grant!r}: requests to {endpoint} are of no grant; leave it out"
    if aim.grant not in GRANTS:
        return ("grant",), f"grant = {aim.grant!r}: no such grant; {nearest(aim.grant, GRANTS)}"
    if endpoint in _AT_CLIENTS and "refresh" in paths and (aim.grant == "refresh_token") != (endpoint == "refresh"):
        there = "refresh" if endpoint == "token" else "token"
        return ("grant",), f"grant = {aim.grant!r} is never served at {endpoint}; arm it at {there}"
    if aim.client is not None and aim.grant not in clients[aim.client]:
        may = [grant for grant in GRANTS if grant in clients[aim.client]]
        return ("grant",), f"grant = {aim.grant!r}: client {aim.client!r} may not use it; it may use {', '.join(may)}"
    return None


def _registered(client_id: str, clients: Clients) -> str:
    if not clients:
        return "none is registered yet; register it first"
    return f"{nearest(client_id, clients)}; a client is registered before a fault is armed for it"
