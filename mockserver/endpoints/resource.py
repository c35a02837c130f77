"""The protected API: an echo under `/api/`, and the paths that a test gave a fixed answer."""

from __future__ import annotations

import base64
import collections.abc as cabc
import re

import msgspec

from ..admission import Door
from ..admission import Visit
from ..context import Context
from ..errors import Inaccessible
from ..errors import InvalidRequest
from ..errors import ResourceError
from ..guards import bearer
from ..guards.resource_metadata import metadata_url
from ..messages import Reply
from ..request import Request
from ..scope import Scope
from . import rules

# As Patchworks and others write a variable in a URL: {{account}}, {account}
_TEMPLATE = re.compile(r"\{+[^{}/]*\}+")

__all__ = ["echo", "echoed", "nothing", "protected"]


def echo(request: Request, context: Context) -> Reply:
    """Say what arrived: method, path, query, headers and body (`body` is null where it is not UTF-8)."""
    try:
        passed = bearer.check(request, context, scope=Scope())
    except ResourceError as error:
        error.resource_metadata = metadata_url(request, context, "/api")
        raise
    rules.check(request, ("api",), {}, context, of="query")
    reply = echoed(request, request.path)
    why = f"the echo took the token of client {passed.record.client_id!r}"
    return passed.finish(msgspec.structs.replace(reply, why=why))


def echoed(request: Request, path: str) -> Reply:
    """What arrived, as JSON. Raises `InvalidRequest` for a body that did not."""
    request.check_body()
    try:
        text: str | None = request.body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    members = {
        "method": request.method,
        "path": path,
        "query": [list(pair) for pair in request.query],
        "headers": [list(pair) for pair in request.headers],
        "body": text,
        "body_base64": base64.b64encode(request.body).decode("ascii"),
    }
    return Reply.of_json(members)


def protected(visit: Visit, door: Door, context: Context, app: cabc.Callable[[], Reply] | None = None) -> Reply:
    """The answer of `protect(path, ...)`, or of the application behind it, for whom its guard lets in."""
    visit.door = door.path
    # One atomic step: of requests that come at once exactly one is challenged
    if context.unchallenged.pop(door.path, None) is not None and door.challenge is not None:
        error = door.challenge(visit)
        error.hint = f"{door.path} is protected with challenge=True: the first request is challenged whatever it brings"
        raise error
    admission = door.admit(visit)
    rules.check(visit.request, ("api",), {}, context, of="query")
    if app is not None:
        reply = app()
    else:
        visit.request.check_body()
        reply = Reply(status=door.status, body=door.body, headers=door.headers)
    return admission.finish(msgspec.structs.replace(reply, why=f"{door.path or '/'} {admission.why}"))


def nothing(request: Request, context: Context) -> Reply:
    """Nothing is here: say what is."""
    template = _TEMPLATE.search(request.path)
    if template:
        raise InvalidRequest(
            "The path has a template that was not filled in.",
            hint=f"{template[0]!r} in {request.target.partition('?')[0]!r} is a variable of the client's settings that"
            " was never given a value; an account is an issuer here: oauthmock.issuer(name)",
        )
    # RFC 8414 3.1: the issuer of a well-known path is its last segment
    first = request.path.split("/")[-1 if request.path.startswith("/.well-known/") else 1]
    served = ", ".join([*context.paths.values(), "/api/", *context.doors])
    issuer = f"; if {first!r} is meant as an issuer, declare it: oauthmock.issuer({first!r})" if first else ""
    raise Inaccessible(
        "Nothing is served at this path.",
        hint=f"nothing is served at {request.path!r}; there are {served}; oauthmock.protect(path) adds one{issuer}",
    )
