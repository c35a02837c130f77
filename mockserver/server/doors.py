"""What `protect` makes of its arguments: a door with its guard, and what is behind it."""

from __future__ import annotations

import collections.abc as cabc
import functools
import json as json_
import re
import typing

from .. import wire
from ..admission import Door
from ..admission import Visit
from ..context import Context
from ..endpoints import resource
from ..errors import ConfigurationError
from ..errors import OAuthError
from ..guards import Bearer
from ..guards import Guard
from ..request import Request

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["Fixed", "door", "echo", "fixed"]

# More than any test puts into one request that it wants to see again
_ECHO_LIMIT = 16 * 1024 * 1024
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BREAK = re.compile(r"[\r\n\0]")

Fixed = tuple[int, bytes, tuple[tuple[str, str], ...]]


def fixed(path: str, *, status: int, json: typing.Any, headers: cabc.Mapping[str, str] | None) -> Fixed | None:
    """Status, body and headers of a JSON answer; None where nothing was said. Raises `ConfigurationError`."""
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ConfigurationError(
            f"protect({path!r}, status={status!r}): a status is a number from 200 to 599; choose one"
        )
    try:
        body = json_.dumps(json).encode()
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"protect({path!r}, json=...): {error}; give values that JSON has") from None
    more = tuple((headers or {}).items())
    for name, value in more:
        if not _NAME.fullmatch(name) or _BREAK.search(value):
            raise ConfigurationError(f"protect({path!r}, headers=...): {name!r} or its value is no header; correct it")
    if (status, json, more) == (200, None, ()):
        return None
    return status, body, (*([] if _has(more, "content-type") else [("Content-Type", "application/json")]), *more)


def door(
    path: str,
    guard: Guard,
    context: Context,
    *,
    answer: Fixed | None,
    app: WSGIApplication | None,
    challenge: bool,
) -> Door:
    """Raises `ConfigurationError`."""
    if app is not None and answer is not None:
        raise ConfigurationError(f"protect({path!r}): an app answers for itself; leave out json, status and headers")
    if not callable(getattr(guard, "check", None)) or isinstance(guard, type):
        raise ConfigurationError(
            f"protect({path!r}, guard={guard!r}): that is no guard; write for example guard=Basic()"
        )
    status, body, headers = answer or (200, b"null", (("Content-Type", "application/json"),))
    return Door(
        path=path if app is None else path.rstrip("/"),
        admit=functools.partial(guard.check, context=context),
        challenge=_challenge(path, guard, context) if challenge else None,
        secrets=guard.secrets,
        status=status,
        body=body,
        headers=headers,
        app=app,
        metadata=_metadata(guard, context),
        in_url=tuple(getattr(guard, "in_url", ())),
    )


def _metadata(guard: Guard, context: Context) -> cabc.Callable[[Request], dict[str, typing.Any]] | None:
    """Of a guard that takes access tokens, alone or among others."""
    taking = (each for each in getattr(guard, "guards", (guard,)) if isinstance(each, Bearer))
    found = next(taking, None)
    return None if found is None else functools.partial(found.metadata, context=context)


def _challenge(path: str, guard: Guard, context: Context) -> cabc.Callable[[Visit], OAuthError]:
    if not guard.has_challenge:
        raise ConfigurationError(
            f"protect({path!r}, challenge=True): {type(guard).__name__} has no challenge; leave challenge out"
        )

    def challenge(visit: Visit) -> OAuthError:
        error = guard.challenge(visit, context)
        assert error is not None
        return error

    return challenge


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> cabc.Iterable[bytes]:
    """What arrived, as JSON."""
    head = wire.head(environ, now=0, trust_proxy=False)
    request = wire.with_body(head, environ, limit=_ECHO_LIMIT)
    path = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")
    try:
        reply = resource.echoed(request, path)
    except OAuthError as error:
        start_response(f"{error.status} Refused", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{error.hint}\n".encode()]
    start_response("200 OK", [*reply.headers, ("Content-Length", str(len(reply.body)))])
    return [reply.body]


def _has(headers: cabc.Iterable[tuple[str, str]], name: str) -> bool:
    return any(key.lower() == name for key, _ in headers)
