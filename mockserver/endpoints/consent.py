"""The person at the login page: who they are, what they allow, and whether their account lets them."""

from __future__ import annotations

import collections.abc as cabc

import msgspec

from ..context import Context
from ..errors import AccessDenied
from ..errors import InvalidRequest
from ..errors import LoginRequired
from ..errors import Redirection
from ..messages import Reply
from ..model import Client
from ..model import User
from ..pages import PAGE_HEADERS
from ..pages import render
from ..request import Request
from ..scope import Scope

__all__ = ["Asked", "Decision", "decide"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization request that passed every check."""

    client: Client
    back: Redirection
    redirect_uri: str | None
    """As it was sent; the token request must repeat it (RFC 6749 4.1.3)."""
    requested: Scope
    """What was asked for; empty when nothing was."""
    scope: Scope
    """What of it may be granted."""
    audience: tuple[str, ...]
    code_challenge: str | None
    code_challenge_method: str
    nonce: str | None
    prompt: str | None
    login_hint: str | None
    access_type: str | None


class Decision(msgspec.Struct, frozen=True):
    """Who approved, and what."""

    user: User
    scope: Scope
    amr: tuple[str, ...] = ("pwd",)
    """How they showed who they are (RFC 8176)."""


def decide(request: Request, asked: Asked, context: Context) -> Decision | Reply:
    """
    What was approved, by the page's form or by `consent = "auto"`; else the page that is to be shown.

    Raises `AccessDenied` when the person said no or must not, `LoginRequired` where `prompt=none` forbids the page.
    """
    if request.method == "POST":
        for problem in request.problems:
            raise problem
        form = {name: value for name, value in request.form if name in ("user", "deny", "opened", "second_factor")}
        if "deny" in form:
            raise AccessDenied("The resource owner denied the request.", hint="the person chose Deny on the page")
        if "user" in form:
            return _pressed(form, {value for name, value in request.form if name == "scope"}, asked, context)
    if asked.client.policies.consent == "auto":
        hinted = context.users.get(asked.login_hint or "")
        return _admitted(hinted or context.default_user(), asked.scope, asked, context, opened=context.clock.now())
    if asked.prompt == "none":
        raise LoginRequired("A page would have to be shown.", hint="prompt=none, but consent is 'page'")
    return _login_page(asked, context, f"the login and consent page for client {asked.client.client_id!r} was shown")


def _pressed(form: cabc.Mapping[str, str], ticked: set[str], asked: Asked, context: Context) -> Decision | Reply:
    lifetime = asked.client.policies.login_page_lifetime
    opened = _time(form.get("opened"))
    # Not "more than": what is no number is too old as well
    if lifetime is not None and not context.clock.now() - opened < lifetime:
        return _login_page(
            asked,
            context,
            f"the login page was opened {context.clock.now() - opened:.0f} s ago (login_page_lifetime = {lifetime}), so"
            " it was shown again",
        )
    scope = asked.scope.narrowed_to(ticked)
    user = _user(form["user"], context)
    return _admitted(user, scope, asked, context, opened=opened, confirmed="second_factor" in form)


def _admitted(
    user: User, scope: Scope, asked: Asked, context: Context, *, opened: float, confirmed: bool = False
) -> Decision | Reply:
    if user.account in ("locked", "disabled"):
        raise AccessDenied(
            "The resource owner cannot log in.",
            hint=f"{user.username!r} has account={user.account!r}; to let them in again:"
            f" oauthmock.change_user({user.username!r}, account='active')",
        )
    if user.account == "active" or confirmed:
        return Decision(user, scope, ("pwd", "mfa") if confirmed else ("pwd",))
    if asked.prompt == "none":
        raise LoginRequired("A page would have to be shown.", hint="prompt=none, but the user has a second factor")
    page = render(
        "second_factor.html", user=user.username, scopes=str(scope).split(), opened=_stamp(asked.client, opened)
    )
    return _shown(page, f"{user.username!r} was asked for the second factor")


def _time(text: str | None) -> float:
    try:
        return float(text or "-inf")
    except ValueError:
        return float("-inf")


def _stamp(client: Client, now: float) -> str | None:
    """When a page was opened, for the page to say so when its button is pressed."""
    return None if client.policies.login_page_lifetime is None else repr(now)


def _user(username: str, context: Context) -> User:
    default = context.default_user()
    user = default if username == default.username else context.users.get(username)
    if user is None:
        raise InvalidRequest(
            "The user is unknown.",
            hint=f"no user is called {username!r}; register: oauthmock.user({username!r})",
        )
    return user


def _login_page(asked: Asked, context: Context, why: str) -> Reply:
    users = list(context.users.values()) or [context.default_user()]
    page = render(
        "consent.html",
        client=asked.client.client_name,
        scopes=str(asked.scope).split(),
        users=[user.username for user in users],
        back=asked.back.uri,
        opened=_stamp(asked.client, context.clock.now()),
    )
    return _shown(page, why)


def _shown(page: str, why: str) -> Reply:
    return Reply(status=200, body=page.encode(), headers=PAGE_HEADERS, why=why)
