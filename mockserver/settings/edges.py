"""How a profile says things: whether its placeholders, errors and grants are such that there are."""

from __future__ import annotations

import collections.abc as cabc
import inspect
import typing

from .. import errors
from .. import placeholders
from .. import profiles
from ..config import IssuerSettings
from ..grants import GRANTS
from ..quirks import ErrorShape
from ..written import Path
from ..written import Problem
from ..written import dotted
from ..written import nearest

__all__ = ["FACTS", "edges"]

_ANYWHERE = ("now", "random", "null")
_ABOUT_TOKENS = (
    *("access_token", "refresh_token", "id_token", "token_type", "expires_in", "expires_at", "scope"),
    *("refresh_expires_in", "refresh_expires_at"),
    *("base", "client_id", "client_secret", "grant_type", "issuer", "subject", "username"),
)
FACTS: dict[str, tuple[str, ...]] = {
    "response": (*_ANYWHERE, *_ABOUT_TOKENS),
    "errors": (*_ANYWHERE, "error", "error_description", "status"),
    "callback": ("base", "client_id", "issuer", "now", "subject", "username"),
}
"""What placeholders may stand for, besides the variables of the profile."""

_CODES = {kind.error for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.OAuthError)}
_ERRORS = ("missing_token", *sorted(_CODES))


def edges(issuer: IssuerSettings, at: Path) -> cabc.Iterator[Problem]:
    """Every key that cannot be meant. The profile must exist."""
    profile = profiles.resolved(issuer)
    response = profile.response
    for key, value in (
        ("token_type", response.token_type),
        ("token_types", response.token_types),
        ("fields", response.fields),
        ("fields_of", response.fields_of),
    ):
        yield from _placeholders(value, (*at, "response", key), (*FACTS["response"], *profile.variables))
    for where in ("token", "resource"):
        yield from _error(getattr(profile.errors, where), (*at, "errors", where), profile.variables)
    yield from _placeholders(
        profile.callback.fields, (*at, "callback", "fields"), (*FACTS["callback"], *profile.variables)
    )
    yield from _request(profile, (*at, "request"))
    for name, grant in profile.grants.items():
        path = (*at, "grants", name)
        # An extension grant (RFC 6749 4.5) a provider may read in its own way
        if name in GRANTS and ":" not in name:
            yield path, f"{dotted(path)}: the RFC has this grant; choose another name, or change it by settings"
        if (grant.outcome == "exchange") is not bool(grant.token):
            yield (
                (*path, "token" if grant.token else "outcome"),
                f"{dotted(path)}: token and outcome = 'exchange' belong together; write both, or neither",
            )
    known = (*GRANTS, *profile.grants)
    for key in ("token_types", "fields_of", "lacks"):
        for grant_type in getattr(response, key):
            path = (*at, "response", key, grant_type)
            if grant_type not in known:
                yield path, f"{dotted(path)}: no such grant; {nearest(grant_type, known)}"


def _error(shape: ErrorShape, path: Path, variables: cabc.Iterable[str]) -> cabc.Iterator[Problem]:
    for key in ("statuses", "names", "words"):
        for code in getattr(shape, key):
            if code not in _ERRORS and not (key == "words" and code == "default"):
                yield (*path, key, code), f"{dotted((*path, key, code))}: no such error; {nearest(code, _ERRORS)}"
    words = [word for table in shape.words.values() for word in table]
    yield from _placeholders(shape.members, (*path, "members"), (*FACTS["errors"], *words, *variables))


def _placeholders(value: typing.Any, path: Path, known: cabc.Collection[str]) -> cabc.Iterator[Problem]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _placeholders(inner, (*path, key), known)
        return
    for name, applied in placeholders.names(value):
        if name not in known:
            yield path, f"{dotted(path)} has {{{name}}}: nothing is called so here; {nearest(name, known)}"
        if applied and applied not in placeholders.FILTERS:
            yield path, f"{dotted(path)} has {{{name}|{applied}}}: {nearest(applied, placeholders.FILTERS)}"


def _request(profile: profiles.Profile, path: Path) -> cabc.Iterator[Problem]:
    request = profile.request
    known = (*GRANTS, *profile.grants)
    for key, grant_types in (
        ("grant_type", [request.grant_type]),
        ("client_secret_grants", request.client_secret_grants),
    ):
        for name in filter(None, grant_types):
            if name not in known:
                yield (*path, key), f"{dotted((*path, key))} has {name!r}: no such grant; {nearest(name, known)}"
    if request.offline and "=" not in request.offline:
        yield (*path, "offline"), f"{dotted((*path, 'offline'))} = {request.offline!r}: write name=value"
    if bool(request.signed_header) is not bool(request.signed_text):
        where = (*path, "signed_header" if request.signed_header else "signed_text")
        yield where, f"{dotted(path)}: signed_header and signed_text belong together; write both, or neither"
    for name, _ in placeholders.names(request.signed_text):
        if name not in ("client_id", "client_secret", "body") and not name.startswith("header:"):
            there = dotted((*path, "signed_text"))
            yield (
                (*path, "signed_text"),
                f"{there} has {{{name}}}: known are client_id, client_secret, body, header:NAME",
            )
