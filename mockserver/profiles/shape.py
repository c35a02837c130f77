"""Between the provider's words and the RFC's: requests on the way in, answers on the way out."""

from __future__ import annotations

import json

import msgspec

from ..messages import Reply
from ..messages import Request
from .profile import Profile

__all__ = ["endpoint_at", "read", "shape"]


def endpoint_at(path: str, profile: Profile) -> str | None:
    """The endpoint that this provider serves at a path below its issuer."""
    return next((endpoint for endpoint, served in profile.paths.items() if served == path), None)


def read(request: Request, profile: Profile) -> Request:
    """The request with the RFC's parameter names; `target` and `body` keep the provider's."""
    names = profile.parameters
    if not names:
        return request
    return msgspec.structs.replace(
        request,
        query=tuple((names.get(name, name), value) for name, value in request.query),
        form=tuple((names.get(name, name), value) for name, value in request.form),
    )


def shape(reply: Reply, profile: Profile) -> Reply:
    """The token endpoint's answer with the provider's member names."""
    names = profile.members
    if not names:
        return reply
    members = {names.get(name, name): value for name, value in json.loads(reply.body).items()}
    return msgspec.structs.replace(reply, body=json.dumps(members, separators=(",", ":")).encode())
