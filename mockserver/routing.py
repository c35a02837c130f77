"""Where a request is going: the host, the issuer, the endpoint and its methods."""

from __future__ import annotations

import collections.abc as cabc
import re

import msgspec

from . import profiles
from .admission import Door
from .config import Settings
from .context import Context
from .endpoints import ENDPOINTS
from .endpoints import UNKNOWN
from .endpoints import ClientEndpoint
from .endpoints import Endpoint
from .errors import Inaccessible
from .origin import Origin
from .origin import origin_of
from .registration import is_loopback
from .request import Request

__all__ = ["check_host", "check_method", "door", "issuer", "mounted", "route"]

# uri-host [ ":" port ], RFC 9110 7.2, of names and addresses as they are written on loopback and in `allow_hosts`
_HOST = re.compile(r"(?P<name>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]+))?")
_AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"
_PROTECTED_RESOURCE = "/.well-known/oauth-protected-resource"

# What is served below the path of an endpoint (RFC 7592 2, RFC 9728 3.1)
_BELOW = {"register": "client_configuration", "protected_resource": "protected_resource"}

Mounts = cabc.Mapping[str, cabc.Sequence[Context]]
"""By origin; the first of several comes before the others."""


def check_host(request: Request, settings: Settings, port: int | None) -> None:
    """
    Only names that are ours are answered, so that no foreign name gets into an issuer (RFC 9110 7.4).

    `port` is the one that loopback names are asked at; None: any. Raises `Inaccessible`.
    """
    found = _HOST.fullmatch(request.host)
    name, asked = (found["name"], found["port"]) if found else ("", "")
    if name and is_loopback(name) and (port is None or asked == str(port)):
        return
    allowed = {host.lower() for host in settings.allow_hosts}
    if settings.issuer is not None:
        allowed.add(settings.issuer.partition("://")[2].partition("/")[0].lower())
    if not name or (request.host not in allowed and name not in allowed):
        raise Inaccessible(
            "This server does not answer for the host that was asked.",
            hint=f"the Host header is {request.host!r}; to answer for it: --allow-host {name or 'NAME'},"
            f" or OAuthMock(allow_hosts=[{name or 'NAME'!r}])",
            status=421,
        )


def mounted(scheme: str, netloc: str, path: str, mounts: Mounts) -> tuple[Origin, Context] | None:
    """Who answers at an origin, if anybody is mounted there; of several, the first that serves the path."""
    origin = origin_of(scheme, netloc) if mounts else None
    there = mounts.get(str(origin), ())
    if origin is None or not there:
        return None
    return origin, there[0] if len(there) == 1 else next((each for each in there if _serves(path, each)), there[0])


def issuer(request: Request, issuers: cabc.Mapping[str, Context], mounts: Mounts) -> tuple[Request, Context]:
    """The issuer that is mounted at the origin or that the first path segment names, and the path below it."""
    path = request.path
    found = mounted(request.scheme, request.host, path, mounts)
    if found is not None:
        origin, context = found
        return msgspec.structs.replace(request, host=origin.netloc, issuer=context.name), context
    if path.startswith(_AUTHORIZATION_SERVER + "/"):
        # RFC 8414 3.1: for an issuer with a path the well-known part comes first
        path = path.removeprefix(_AUTHORIZATION_SERVER) + _AUTHORIZATION_SERVER
    if path.startswith(_PROTECTED_RESOURCE + "/"):
        # RFC 9728 3.1: likewise, for a resource with a path, below an issuer or not
        first, slash, rest = path.removeprefix(_PROTECTED_RESOURCE + "/").partition("/")
        if first in issuers:
            path = _PROTECTED_RESOURCE + slash + rest
            return msgspec.structs.replace(request, path=path, issuer=first), issuers[first]
        return request, issuers[""]
    first, _, rest = path[1:].partition("/")
    if first and first in issuers:
        return msgspec.structs.replace(request, path="/" + rest, issuer=first), issuers[first]
    if path != request.path and profiles.endpoint_at(path, issuers[""].profile) is not None:
        request = msgspec.structs.replace(request, path=path)
    return request, issuers[""]


def _door_at(path: str, context: Context) -> Door | None:
    """
    What protects a path.

    A fixed answer does at its path; an application at its path and below, where the protocol is not served and no
    nearer application is.
    """
    door = context.doors.get(path)
    if door is not None and door.app is None:
        return door
    around = [door for door in context.doors.values() if door.app is not None and door.leads_to(path)]
    if not around or _of_the_protocol(path, context):
        return None
    return max(around, key=lambda door: len(door.path))


def _serves(path: str, context: Context) -> bool:
    return _door_at(path, context) is not None or route(path, context) is not UNKNOWN


def door(request: Request, issuers: cabc.Mapping[str, Context], mounts: Mounts) -> Door | None:
    """What protects the path of a request whose issuer is not known yet."""
    below, context = issuer(request, issuers, mounts)
    return _door_at(below.path, context) if context.doors else None


def _of_the_protocol(path: str, context: Context) -> bool:
    return profiles.endpoint_at(path, context.profile) is not None or path == "/callback" or path in context.published


def route(path: str, context: Context) -> Endpoint | ClientEndpoint:
    """What answers at a path that nothing protects."""
    name = profiles.endpoint_at(path, context.profile)
    for above, below in _BELOW.items():
        if name is None and above in context.paths and path.startswith(context.paths[above] + "/"):
            name = below
    if name is not None:
        return ENDPOINTS[name]
    if path == "/callback":
        return ENDPOINTS["callback"]
    if path in context.published:
        return ENDPOINTS["client_jwks"]
    return ENDPOINTS["api"] if path == "/api" or path.startswith("/api/") else UNKNOWN


def check_method(request: Request, endpoint: Endpoint | ClientEndpoint, context: Context) -> None:
    allowed = endpoint.methods
    if endpoint.name in ("token", "refresh"):
        allowed = context.settings.token_endpoint_methods
    if not allowed or request.method in allowed or (request.method == "HEAD" and "GET" in allowed):
        return
    raise Inaccessible(
        "The method is not allowed here.",
        # RFC 6749 3.2: the client must use POST at the token endpoint
        hint=f"{request.method} was used; the {endpoint.name} endpoint takes {' and '.join(allowed)}",
        status=405,
        allow=", ".join(allowed),
    )
