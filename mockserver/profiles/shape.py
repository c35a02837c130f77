"""Answers on the way out: from the RFC's words to the provider's."""

from __future__ import annotations

import collections.abc as cabc
import html
import json
import secrets
import typing
import urllib.parse

import msgspec

from .. import placeholders
from ..config import Profile
from ..errors import OAuthError
from ..messages import Reply
from ..quirks import ErrorShape
from ..quirks import Format
from ..quirks import ResponseShape
from ..request import Request
from .reading import RESOURCES

__all__ = ["refusal", "shape"]

_PLAIN = ResponseShape()
_PLAIN_ERROR = ErrorShape()
_FORM = "application/x-www-form-urlencoded"
_TYPES: dict[str, str] = {
    "json": "application/json",
    "form": f"{_FORM}; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
# A request that brings no token gets no code (RFC 6750 3.1)
_NO_ACCESS_TOKEN = "N_A"  # RFC 8693 2.2.1
_NO_CODE = "missing_token"


def shape(reply: Reply, profile: Profile, request: Request) -> Reply:
    """A token answer as this provider gives it."""
    response, names = profile.response, profile.response_names
    if reply.members is None or (not names and response == _PLAIN):
        return reply
    grant = str(reply.facts.get("grant_type", ""))
    known = _known(profile, request, reply.facts, reply.members)
    members: dict[str, typing.Any] = {}
    for name, value in _said(reply.members, response, grant, known):
        placeholders.put(members, names.get(name, name), value)
    for fields in (response.fields, response.fields_of.get(grant, {})):
        _add(members, fields, known)
    return _written(reply, members, _format(response.format, request), response.content_type, status=response.status)


def refusal(reply: Reply, error: OAuthError, endpoint: str, profile: Profile, request: Request) -> Reply:
    """An error of the token endpoint or of a resource as this provider puts it."""
    if endpoint not in ("token", "refresh", *RESOURCES):
        return reply
    shaped = profile.errors.resource if endpoint in RESOURCES else profile.errors.token
    names = {} if endpoint in RESOURCES else profile.response_names
    if not isinstance(reply.members, cabc.Mapping) or (shaped == _PLAIN_ERROR and not names):
        return reply
    code = error.body().get("error", _NO_CODE)
    status = shaped.statuses.get(code, shaped.status or reply.status)
    known = _known(profile, request, {}, {})
    known |= shaped.words.get("default", {}) | shaped.words.get(code, {})
    known.setdefault("error", shaped.names.get(code, code))
    known.setdefault("error_description", error.description)
    known["status"] = status
    members: dict[str, typing.Any] = {}
    if shaped.members:
        _add(members, shaped.members, known)
    else:
        for name, value in {**reply.members, **({"error": known["error"]} if "error" in reply.members else {})}.items():
            placeholders.put(members, names.get(name, name), value)
    said = [members] if shaped.in_list else members
    kept = reply if shaped.challenge else _without(reply, "WWW-Authenticate")
    return _written(kept, said, _format(shaped.format, request), shaped.content_type, status=status)


def _said(
    members: cabc.Mapping[str, typing.Any],
    response: ResponseShape,
    grant: str,
    known: cabc.Mapping[str, typing.Any],
) -> cabc.Iterator[tuple[str, typing.Any]]:
    """The RFC's members with this provider's values; those that it leaves out are not among them."""
    lacking = response.lacks.get(grant, ())
    for name, value in members.items():
        said = value
        if name == "token_type" and value != _NO_ACCESS_TOKEN:
            said = placeholders.fill(response.token_types.get(grant, response.token_type), known)
        elif name == "scope":
            said = _scope(value, response, str(known.get("scope", "")))
        if name not in lacking and said != "" and not (name == "scope" and response.scope == "missing"):
            yield name, said
    if response.scope == "null" and "scope" not in members and "scope" not in lacking:
        yield "scope", None


def _scope(written: str, response: ResponseShape, scope: str) -> str | list[str] | None:
    if response.scope == "null":
        return None
    if response.scope == "list":
        return scope.split()
    return scope.replace(" ", response.scope_separator) if response.scope_separator else written


def _known(
    profile: Profile,
    request: Request,
    facts: cabc.Mapping[str, typing.Any],
    members: cabc.Mapping[str, typing.Any],
) -> dict[str, typing.Any]:
    """What placeholders stand for."""
    return {
        **members,
        **profile.variables,
        "now": int(request.arrived),
        "random": secrets.token_hex(16),
        **facts,
    }


def _add(
    members: dict[str, typing.Any], fields: cabc.Mapping[str, typing.Any], known: cabc.Mapping[str, typing.Any]
) -> None:
    """Every field for which there is something to say."""
    for name, template in fields.items():
        try:
            value = placeholders.fill(template, known)
        except LookupError:
            continue
        placeholders.put(members, name, value)


def _format(chosen: Format, request: Request) -> str:
    if chosen != "form_unless_json":
        return chosen
    return "json" if any("application/json" in value for value in request.header_values("accept")) else "form"


def _written(reply: Reply, said: typing.Any, written_as: str, content_type: str, *, status: int) -> Reply:
    media_type = content_type or _TYPES[written_as]
    headers = tuple((name, media_type if name == "Content-Type" else value) for name, value in reply.headers)
    body = {"json": _json, "form": _form, "html": _html}[written_as](said)
    members = said if isinstance(said, dict) else None
    return msgspec.structs.replace(reply, status=status, body=body.encode(), headers=headers, members=members)


def _json(said: typing.Any) -> str:
    return json.dumps(said, separators=(",", ":"))


def _form(said: typing.Any) -> str:
    pairs = [(str(name), _text(value)) for name, value in (said.items() if isinstance(said, dict) else enumerate(said))]
    return urllib.parse.urlencode(pairs)


def _html(said: typing.Any) -> str:
    lines = "".join(f"<p>{html.escape(f'{name}: {_text(value)}')}</p>" for name, value in dict(said).items())
    return f"<!DOCTYPE html><title>Error</title>{lines}"


def _text(value: typing.Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else _json(value)


def _without(reply: Reply, header: str) -> Reply:
    return msgspec.structs.replace(reply, headers=tuple(pair for pair in reply.headers if pair[0] != header))
