"""Logging out at a client's wish (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

import urllib.parse

import msgspec

from ..context import Context
from ..errors import InvalidRequest
from ..errors import Redirection
from ..messages import Reply
from ..model import Client
from ..pages import PAGE_HEADERS
from ..pages import render
from ..redirects import check_post_logout_redirect_uri
from ..request import Pairs
from ..request import Request
from . import id_token_hint
from . import session_cookie
from .sending_back import send_back

__all__ = ["answer"]


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A logout request that passed every check."""

    parameters: Pairs
    """As they came, for the page's form."""
    client: Client | None
    username: str | None
    """Whom the ID token names; None: there was none."""
    back: Redirection | None
    """Where the browser goes afterwards; None: nowhere."""


def answer(request: Request, context: Context) -> Reply:
    """
    The person is asked, unless the ID token shows that the client means them; then logged out and sent back (2, 3).

    Raises `InvalidRequest`, which is shown and never redirected (4).
    """
    for problem in request.problems:
        raise problem
    pressed = {name for name, _ in request.form if name in ("log_out", "stay")} if request.method == "POST" else set()
    asked = _asked(request, context, by_form=bool(request.form) and not pressed)
    session = session_cookie.current(request, context)
    if "stay" in pressed:
        return _page(request, "stay", asked, "the person chose to stay logged in")
    sure = asked.username is not None or (asked.client is not None and asked.client.policies.consent == "auto")
    meant = session is None or asked.username in (None, session.username)
    if "log_out" in pressed or session is None or (sure and meant):
        return _logged_out(request, asked, context, None if session is None else session.username)
    return _page(request, "ask", asked, f"{session.username!r} was asked whether to log out", session.username)


def _asked(request: Request, context: Context, *, by_form: bool) -> _Asked:
    parameters = request.parameters(of="body" if by_form else "query")
    hint, client_id = parameters.get("id_token_hint"), parameters.get("client_id")
    hinted = None if hint is None else id_token_hint.read(hint, request, context)
    client = hinted.client if hinted is not None else None
    if client_id is not None:
        if hinted is not None and (client is None or client.client_id != client_id):
            raise InvalidRequest(
                "client_id is not that of the ID token.",
                hint=f"client_id is {client_id!r}, and id_token_hint was issued to"
                f" {None if client is None else client.client_id!r} (OpenID Connect RP-Initiated Logout 2)",
            )
        client = context.clients.get(client_id)
        if client is None:
            raise InvalidRequest("The client is unknown.", hint=f"no client is called {client_id!r}")
    uri = parameters.get("post_logout_redirect_uri")
    back = None
    if uri is not None:
        if client is None:
            raise InvalidRequest(
                "post_logout_redirect_uri needs a client.",
                hint="the request has neither an id_token_hint nor a client_id, so nobody knows whose"
                " post_logout_redirect_uris there are (OpenID Connect RP-Initiated Logout 3)",
            )
        back = Redirection(check_post_logout_redirect_uri(uri, client), parameters.get("state"))
    username = None
    if hinted is not None:
        # Somebody who is not registered any more is nobody who is logged in
        username = hinted.user.username if hinted.user else ""
    return _Asked(parameters=request.form if by_form else (), client=client, username=username, back=back)


def _logged_out(request: Request, asked: _Asked, context: Context, username: str | None) -> Reply:
    why = "nobody was logged in" if username is None else f"{username!r} is logged out"
    reply = _page(request, "done", asked, why) if asked.back is None else send_back(asked.back, (), why)
    return session_cookie.forget(reply, request, context)


def _page(request: Request, step: str, asked: _Asked, why: str, username: str | None = None) -> Reply:
    page = render(
        "logout.html",
        action=f"?{urllib.parse.urlencode(asked.parameters)}" if asked.parameters else None,
        client=None if asked.client is None else asked.client.client_name,
        step=step,
        user=username,
    )
    return Reply(status=200, body=page.encode(), headers=PAGE_HEADERS, why=why)
