"""The person at the login page: who they are, what they allow, and whether their account lets them."""

from __future__ import annotations

import collections.abc as cabc
import urllib.parse

import msgspec

from ..authorization_details import Details
from ..context import Context
from ..errors import AccessDenied
from ..errors import ConsentRequired
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
from ..sessions import Session
from . import session_cookie
from .login_request import LoginRequest

__all__ = ["Asked", "Decision", "decide"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An authorization request that passed every check."""

    client: Client
    back: Redirection
    response_type: frozenset[str]
    """What is to be sent back: `code`, `id_token`, `token`."""
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
    access_type: str | None
    login: LoginRequest
    """What is asked of the login."""
    authorization_details: Details = ()
    """What is asked for in detail (RFC 9396)."""
    dpop_jkt: str | None = None
    """The key that the tokens are to be bound to (RFC 9449 10)."""


class Decision(msgspec.Struct, frozen=True):
    """Who approved, and what."""

    user: User
    scope: Scope
    session: Session
    """The login by which they did."""
    anew: bool
    """Whether they logged in for it."""


class _Login(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser brings along, and when its page was opened."""

    session: Session | None
    """A login that is good enough for what is asked."""
    why: str
    """If there is none, why."""
    opened: float
    confirmed: bool = False


def decide(request: Request, asked: Asked, context: Context) -> Decision | Reply:
    """
    What was approved, by the page's form, by `consent = "auto"` or by an earlier login; else the page to be shown.

    Raises `AccessDenied` when the person said no or must not, `LoginRequired` and `ConsentRequired` where `prompt=none`
    forbids the page.
    """
    login = _login(request, asked, context)
    if request.method == "POST":
        for problem in request.problems:
            raise problem
        form = {name: value for name, value in request.form if name in ("user", "deny", "opened", "second_factor")}
        if "deny" in form:
            raise AccessDenied("The resource owner denied the request.", hint="the person chose Deny on the page")
        if "user" in form:
            return _pressed(form, request, asked, context, login)
    if asked.client.policies.consent == "auto":
        return _admitted((_meant(asked, login, context), asked.scope), request, asked, context, login)
    found = _silently(asked, context, login)
    if found is not None:
        return found
    return _login_page(
        request, asked, context, login, f"the login and consent page for client {asked.client.client_id!r} was shown"
    )


def _login(request: Request, asked: Asked, context: Context) -> _Login:
    session, now, wanted = session_cookie.current(request, context), context.clock.now(), asked.login
    why = ""
    if session is None:
        why = "nobody is logged in at this browser"
    elif _person(session.username, context) is None:
        why = f"{session.username!r}, who was logged in, is not registered"
    elif wanted.person not in (None, session.username):
        why = f"{session.username!r} is logged in, and {wanted.person!r} is asked for"
    elif wanted.too_old(session, now):
        why = f"{session.username!r} logged in {now - session.auth_time:.0f} s ago, and max_age is {wanted.max_age}"
    elif wanted.too_weak(session, context.settings.acr_values_supported):
        why = f"the login of {session.username!r} was of class {session.acr!r}, and {wanted.acr[0]!r} is asked for"
    return _Login(session=None if why or "login" in wanted.prompt else session, why=why, opened=now)


def _silently(asked: Asked, context: Context, login: _Login) -> Decision | None:
    """Without a page where that is asked for (OpenID Connect Core 3.1.2.1), or where `single_sign_on` is set."""
    none = "none" in asked.login.prompt
    if not none and (asked.login.prompt or not context.settings.single_sign_on):
        return None
    if login.session is None:
        if none:
            raise LoginRequired("A page would have to be shown.", hint=f"prompt=none, but {login.why}")
        return None
    user = _person(login.session.username, context)
    assert user is not None, "somebody who is not registered has no login"
    _check_account(user)
    if context.has_consent(user, asked.client, asked.scope):
        return Decision(user, asked.scope, login.session, anew=False)
    if none:
        raise ConsentRequired(
            "A page would have to be shown.",
            hint=f"prompt=none, but {user.username!r} has not consented to client {asked.client.client_id!r} having"
            f" scope {str(asked.scope)!r}",
        )
    return None


def _meant(asked: Asked, login: _Login, context: Context) -> User:
    """Who it is where nobody is asked: whom the request names, hints at, who is logged in, who came first."""
    names = (asked.login.person, asked.login.hint, None if login.session is None else login.session.username)
    return next(filter(None, (_person(name, context) for name in names)), context.default_user())


def _pressed(
    form: cabc.Mapping[str, str], request: Request, asked: Asked, context: Context, login: _Login
) -> Decision | Reply:
    ticked = {value for name, value in request.form if name == "scope"}
    lifetime, opened = asked.client.policies.login_page_lifetime, _time(form.get("opened"))
    # Not "more than": what is no number is too old as well
    if lifetime is not None and not context.clock.now() - opened < lifetime:
        return _login_page(
            request,
            asked,
            context,
            login,
            f"the login page was opened {context.clock.now() - opened:.0f} s ago (login_page_lifetime = {lifetime}), so"
            " it was shown again",
        )
    user = _person(form["user"], context)
    if user is None:
        raise InvalidRequest(
            "The user is unknown.",
            hint=f"no user is called {form['user']!r}; register: oauthmock.user({form['user']!r})",
        )
    pressed = msgspec.structs.replace(login, opened=opened, confirmed="second_factor" in form)
    return _admitted((user, asked.scope.narrowed_to(ticked)), request, asked, context, pressed)


def _admitted(
    chosen: tuple[User, Scope], request: Request, asked: Asked, context: Context, login: _Login
) -> Decision | Reply:
    user, scope = chosen
    _check_account(user)
    if asked.login.person not in (None, user.username):
        raise LoginRequired(
            "Another person is logged in.",
            hint=f"{user.username!r} was chosen, and id_token_hint or the claim sub asks for {asked.login.person!r}"
            " (OpenID Connect Core 3.1.2.2)",
        )
    if login.session is not None and login.session.username == user.username:
        return Decision(user, scope, login.session, anew=False)
    factor = user.account == "second_factor"
    if not factor or login.confirmed:
        known = context.settings.acr_values_supported
        session = Session(
            username=user.username,
            auth_time=context.clock.now(),
            amr=("pwd", "mfa") if factor else ("pwd",),
            acr=asked.login.acr[0] if asked.login.acr else known[0] if known else None,
        )
        return Decision(user, scope, session, anew=True)
    if "none" in asked.login.prompt:
        raise LoginRequired("A page would have to be shown.", hint="prompt=none, but the user has a second factor")
    page = render(
        "second_factor.html",
        action=_action(request),
        user=user.username,
        scopes=str(scope).split(),
        opened=_stamp(asked.client, login.opened),
    )
    return _shown(page, f"{user.username!r} was asked for the second factor")


def _check_account(user: User) -> None:
    if user.account in ("locked", "disabled"):
        raise AccessDenied(
            "The resource owner cannot log in.",
            hint=f"{user.username!r} has account={user.account!r}; to let them in again:"
            f" oauthmock.change_user({user.username!r}, account='active')",
        )


def _time(text: str | None) -> float:
    try:
        return float(text or "-inf")
    except ValueError:
        return float("-inf")


def _stamp(client: Client, now: float) -> str | None:
    """When a page was opened, for the page to say so when its button is pressed."""
    return None if client.policies.login_page_lifetime is None else repr(now)


def _person(username: str | None, context: Context) -> User | None:
    default = context.default_user()
    return default if username == default.username else context.users.get(username or "")


def _login_page(request: Request, asked: Asked, context: Context, login: _Login, why: str) -> Reply:
    users = [user.username for user in list(context.users.values()) or [context.default_user()]]
    # Whoever is likely to be meant comes first
    likely = [asked.login.person, asked.login.hint, None if login.session is None else login.session.username]
    first = next((name for name in likely if name in users), None)
    page = render(
        "consent.html",
        action=_action(request),
        client=asked.client.client_name,
        scopes=str(asked.scope).split(),
        users=users if first is None else [first, *(name for name in users if name != first)],
        logged_in=None if login.session is None else login.session.username,
        back=asked.back.uri,
        opened=_stamp(asked.client, context.clock.now()),
    )
    return _shown(page, why)


def _action(request: Request) -> str | None:
    """Where the page's form goes: to its own URL, to which the parameters are added that came in a form."""
    return f"?{urllib.parse.urlencode(request.by_form)}" if request.by_form else None


def _shown(page: str, why: str) -> Reply:
    return Reply(status=200, body=page.encode(), headers=PAGE_HEADERS, why=why)
