"""The client credentials grant (RFC 6749 4.4)."""

from __future__ import annotations

import typing

from ..context import Context
from ..errors import UnauthorizedClient
from ..messages import Issue
from ..messages import TokenRequest
from ..registration import allowed_scope
from ..stores import new_family

name: typing.Final = "client_credentials"
parameters: typing.Final[frozenset[str]] = frozenset()


def issue(request: TokenRequest, context: Context) -> Issue:
    """A token for the client itself."""
    if request.client_auth == "none":
        # RFC 6749 4.4: must only be used by confidential clients
        raise UnauthorizedClient(
            "A public client has no credentials to use.",
            hint=f"client {request.client.client_id!r} is public (method none); client_credentials needs a"
            " confidential one (RFC 6749 4.4)",
        )
    scope = allowed_scope(request.scope, request.client, context.settings)
    return request.granted(
        None,
        scope,
        family=new_family(),
        # RFC 6749 4.4.3: a refresh token should not be included
        refresh=False,
    )
