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
from ..model import User
from ..registration import allowed_scope
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
    _check_account(user)
    scope = allowed_scope(request.scope, request.client, context.settings)
    return request.granted(
        user,
        scope,
        family=new_family(),
        refresh="refresh_token" in request.client.grant_types,
        auth_time=context.clock.now(),
        amr=("pwd",),
        id_token="openid" in scope,
    )


def _check_account(user: User) -> None:
    """Told only to those who know the password, so that nobody learns which accounts there are (RFC 6749 10.7)."""
    if user.account == "second_factor":
        raise InvalidGrant(
            "A second factor is required.",
            hint=f"{user.username!r} has account='second_factor': a password alone is not enough; use the"
            " authorization code grant (RFC 6749 4.3.2, 5.2)",
        )
    if user.account != "active":
        raise InvalidGrant(
            f"The account is {user.account}.",
            hint=f"{user.username!r} has account={user.account!r}; the password was right; to let them in again:"
            f" oauthmock.change_user({user.username!r}, account='active') (RFC 6749 5.2)",
        )


def _refused(hint: str) -> InvalidGrant:
    # RFC 6749 5.2: 400 invalid_grant, not 401; and nobody learns which of the two was wrong
    return InvalidGrant("The resource owner credentials are invalid.", hint=hint)
