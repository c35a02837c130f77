"""The resource owner password credentials grant (RFC 6749 4.3)."""

from __future__ import annotations

import difflib
import typing

from ..context import Context
from ..credentials import difference
from ..credentials import lengths
from ..errors import InvalidGrant
from ..errors import InvalidRequest
from ..messages import Issue
from ..messages import TokenRequest
from ..registration import allowed_scope
from ..scope import Scope
from ..stores import new_family

name: typing.Final = "password"
parameters: typing.Final = frozenset({"username", "password"})


def issue(request: TokenRequest, context: Context) -> Issue:
    """A token for the person whose password the client has."""
    for parameter in ("username", "password"):
        if parameter not in request.parameters:
            raise InvalidRequest(
                f"{parameter} is missing.", hint=f"the grant needs the parameter {parameter} (RFC 6749 4.3.2)"
            )
    username, password = request.parameters["username"], request.parameters["password"]
    user = context.users.get(username)
    if user is None:
        near = difflib.get_close_matches(username, context.users, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else f"; to register: oauthmock.user({username!r})"
        raise _refused(f"no user is called {username!r}{meant}")
    if password != user.password:
        how = difference(password, user.password, {}) or lengths(password, user.password)
        raise _refused(f"the password of {username!r} is wrong: {how}")
    scope = allowed_scope(request.scope, request.client, context.settings)
    return Issue(
        client=request.client,
        user=user,
        scope=scope,
        audience=request.audience,
        altered=scope != (request.scope or Scope()),
        grant_type=name,
        client_auth=request.client_auth,
        issuer=request.issuer,
        family=new_family(),
        refresh="refresh_token" in request.client.grant_types,
        auth_time=context.clock.now(),
        id_token="openid" in scope,
    )


def _refused(hint: str) -> InvalidGrant:
    # RFC 6749 5.2: 400 invalid_grant, not 401; and nobody learns which of the two was wrong
    return InvalidGrant("The resource owner credentials are invalid.", hint=hint)
