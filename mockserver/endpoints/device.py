"""The page at which a person enters the code that a device shows, and decides (RFC 8628 3.3)."""

from __future__ import annotations

import collections.abc as cabc

from ..context import Context
from ..messages import Reply
from ..model import User
from ..pages import PAGE_HEADERS
from ..pages import render
from ..request import Request
from ..waiting import Answer
from ..waiting import Pending

__all__ = ["answer"]


def answer(request: Request, context: Context) -> Reply:
    """A page to enter the code on, one to decide on (RFC 8628 3.3.1: which shows the code), one that it is done."""
    for problem in request.problems:
        raise problem
    form = {name: value for name, value in request.form if request.method == "POST"}
    typed = form.get("user_code") or request.parameter("user_code", of="query") or ""
    if not typed.strip():
        return _entry("", "", "the page was shown, and no code has been entered", status=200)
    found = context.devices.of_user_code(typed)
    if found is None:
        return _entry(typed, "This code is not known.", f"no device shows the code {typed!r}")
    pending, decided = found
    late = context.clock.now() - pending.expires_at
    if late >= 0:
        return _entry(typed, "This code has expired.", f"the code expired {late:.0f} s ago (device_code_lifetime)")
    if decided is not None:
        return _entry(typed, "This code has been used.", "somebody has decided already")
    if "deny" in form:
        return _decided(pending, Answer(user=None), context)
    if "user" not in form:
        return _decision(pending, context)
    user = _person(form["user"], context)
    if user is None or user.account in ("locked", "disabled"):
        why = f"{form['user']!r} is not registered" if user is None else f"{user.username!r} is {user.account}"
        return _entry(pending.user_code, "This person cannot log in.", f"{why}; nothing has been decided", status=403)
    ticked = {value for name, value in request.form if name == "scope"}
    if user.account == "second_factor" and "second_factor" not in form:
        return _second_factor(user, pending, ticked)
    approved = Answer(user=user, scope=pending.scope.narrowed_to(ticked), at=context.clock.now())
    return _decided(pending, approved, context)


def _person(username: str, context: Context) -> User | None:
    default = context.default_user()
    return default if username == default.username else context.users.get(username)


def _decided(pending: Pending, said: Answer, context: Context) -> Reply:
    if not context.devices.decide(pending, said, now=context.clock.now()):
        return _entry(pending.user_code, "This code has been used.", "somebody else was quicker")
    if said.user is None:
        return _done("You denied the request.", f"the person denied client {pending.client_id!r}", pending, context)
    client = context.clients[pending.client_id]
    context.consent(said.user, client, said.scope)
    why = f"{said.user.username!r} approved client {pending.client_id!r} for scope {str(said.scope)!r}"
    return _done("The device is connected.", why, pending, context)


def _entry(typed: str, message: str, why: str, *, status: int = 400) -> Reply:
    return _page("device.html", why, status=status, typed=typed, message=message)


def _decision(pending: Pending, context: Context) -> Reply:
    return _page(
        "device_decision.html",
        f"{pending.user_code!r} was entered, and the page to decide on was shown",
        client=_name(pending, context),
        user_code=pending.user_code,
        scopes=str(pending.scope).split(),
        users=[user.username for user in context.users.values()] or [context.default_user().username],
        person="",
    )


def _second_factor(user: User, pending: Pending, ticked: cabc.Set[str]) -> Reply:
    return _page(
        "device_decision.html",
        f"{user.username!r} was asked for the second factor",
        client="",
        user_code=pending.user_code,
        scopes=[scope for scope in str(pending.scope).split() if scope in ticked],
        users=[],
        person=user.username,
    )


def _done(title: str, why: str, pending: Pending, context: Context) -> Reply:
    return _page("device_done.html", why, title=title, client=_name(pending, context))


def _name(pending: Pending, context: Context) -> str:
    return context.clients[pending.client_id].client_name


def _page(template: str, why: str, *, status: int = 200, **values: object) -> Reply:
    page = render(template, **values)
    return Reply(status=status, body=page.encode(), headers=PAGE_HEADERS, why=why, accepted=status < 400)
