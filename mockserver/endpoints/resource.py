"""The protected API: an echo under `/api/`, and the paths that a test gave a fixed answer."""

from __future__ import annotations

import base64
import re

import msgspec

from ..context import Context
from ..errors import Inaccessible
from ..errors import InvalidRequest
from ..errors import MissingToken
from ..guards import bearer
from ..messages import Reply
from ..request import Request
from ..scope import Scope

# As Patchworks and others write a variable in a URL: {{account}}, {account}
_TEMPLATE = re.compile(r"\{+[^{}/]*\}+")

__all__ = ["echo", "nothing", "protected"]


def echo(request: Request, context: Context) -> Reply:
    """Say what arrived: method, path, query, headers and body (`body` is null where it is not UTF-8)."""
    passed = bearer.check(request, context, scope=Scope())
    request.check_body()
    try:
        text: str | None = request.body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    members = {
        "method": request.method,
        "path": request.path,
        "query": [list(pair) for pair in request.query],
        "headers": [list(pair) for pair in request.headers],
        "body": text,
        "body_base64": base64.b64encode(request.body).decode("ascii"),
    }
    why = f"the echo took the token of client {passed.record.client_id!r}"
    return _private(Reply.of_json(members, why=why), passed)


def protected(request: Request, context: Context) -> Reply:
    """The fixed answer of `protect(path, ...)`, for a token that has its scope."""
    stub = context.stubs[request.path]
    # One atomic step: of requests that come at once exactly one is challenged
    if context.unchallenged.pop(request.path, None) is not None:
        raise MissingToken(
            hint=f"{stub.path} is protected with challenge=True: the first request is challenged whatever it brings",
            scope=str(stub.scope) or None,
        )
    passed = bearer.check(request, context, scope=stub.scope)
    request.check_body()
    token = passed.record
    reply = Reply(
        status=stub.status,
        body=stub.body,
        headers=(("Content-Type", stub.content_type),),
        why=f"{stub.path} took the token of client {token.client_id!r} with scope {str(token.scope)!r}",
    )
    return _private(reply, passed)


def _private(reply: Reply, passed: bearer.Passed) -> Reply:
    """RFC 6750 2.3: a success that a token in the URL brought must not get into a shared cache."""
    if passed.method != "query" or not 200 <= reply.status <= 299:
        return reply
    others = tuple(pair for pair in reply.headers if pair[0] not in ("Cache-Control", "Pragma"))
    return msgspec.structs.replace(reply, headers=(*others, ("Cache-Control", "private")))


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
    served = ", ".join([*context.paths.values(), "/api/", *context.stubs])
    issuer = f"; if {first!r} is meant as an issuer, declare it: oauthmock.issuer({first!r})" if first else ""
    raise Inaccessible(
        "Nothing is served at this path.",
        hint=f"nothing is served at {request.path!r}; there are {served}; oauthmock.protect(path) adds one{issuer}",
    )
