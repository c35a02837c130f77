"""The authorization endpoint (RFC 6749 3.1, 4.1.1): check, ask the person, send the browser back with a code."""

from __future__ import annotations

import collections.abc as cabc
import contextlib

import msgspec

from ..context import Context
from ..errors import AccessDenied
from ..errors import InvalidRequest
from ..errors import LoginRequired
from ..errors import OAuthError
from ..errors import Redirection
from ..errors import UnauthorizedClient
from ..errors import UnsupportedResponseType
from ..messages import Reply
from ..messages import Request
from ..model import AuthorizationRecord
from ..model import Client
from ..model import User
from ..pages import render
from ..pkce import check_challenge
from ..registration import allowed_audience
from ..registration import allowed_scope
from ..registration import check_redirect_uri
from ..registration import parse_scope
from ..scope import Scope
from ..stores import new_family
from ..tokens import store_code
from . import rules
from .refusal import PAGE_HEADERS
from .refusal import redirect

__all__ = ["answer"]


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
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


class _Decision(msgspec.Struct, frozen=True):
    """What the person chose on the page."""

    user: User | None
    """None: denied."""
    scope: Scope


def answer(request: Request, context: Context) -> Reply:
    """
    A page to decide on, or the redirect with code and state (RFC 6749 4.1.2).

    Errors about client and redirect URI are shown; all later ones go back to the client (4.1.2.1).
    """
    client, back = _returning_to(request, context)
    with _redirecting(back):
        asked = _check(request, client, back, context)
        decision = _decision(request, asked, context)
        if decision is None:
            return _page(asked, context)
        if decision.user is None:
            raise AccessDenied("The resource owner denied the request.", hint="the person chose Deny on the page")
        return _approved(asked, decision.user, decision.scope, context)


@contextlib.contextmanager
def _redirecting(back: Redirection) -> cabc.Iterator[None]:
    """From here on client and redirect URI are trusted: errors travel to the client."""
    try:
        yield
    except OAuthError as error:
        error.redirection = back
        raise


def _returning_to(request: Request, context: Context) -> tuple[Client, Redirection]:
    if request.method != "POST":  # there they are about the decision, and travel to the client
        for problem in request.problems:
            raise problem
    client_id = request.parameter("client_id", of="query")
    if client_id is None:
        raise InvalidRequest("client_id is missing.", hint="the request has no client_id (RFC 6749 4.1.1)")
    client = context.clients.get(client_id)
    if client is None:
        raise InvalidRequest(
            "The client is unknown.",
            hint=f"no client is called {client_id!r} (registered: {', '.join(map(repr, context.clients)) or 'none'})",
        )
    redirect_uri = check_redirect_uri(request.parameter("redirect_uri", of="query"), client)
    states = [value for name, value in request.query if name == "state" and value]
    return client, Redirection(redirect_uri, states[0] if len(states) == 1 else None, context.profile.callback_names)


def _check(request: Request, client: Client, back: Redirection, context: Context) -> _Asked:
    parameters = request.parameters(of="query")
    separator = client.policies.scope_separator
    for_openid = "openid" in parameters.get("scope", "").split(separator)
    context.keys.prepare(client.policies.id_token_signed_response_alg if for_openid else "ES256")
    response_type = parameters.get("response_type")
    if response_type is None:
        raise InvalidRequest("response_type is missing.", hint="the request has no response_type (RFC 6749 3.1.1)")
    if response_type != "code":
        raise UnsupportedResponseType(
            "The response type is not supported.", hint=f"response_type is {response_type!r}; this server has 'code'"
        )
    if "authorization_code" not in client.grant_types:
        raise UnauthorizedClient(
            "The client may not use this response type.",
            hint=f"client {client.client_id!r} is registered for {', '.join(sorted(client.grant_types))}; a code is of"
            " no use to it without authorization_code",
        )
    if parameters.get("response_mode", "query") != "query":
        raise InvalidRequest(
            "The response mode is not supported.",
            hint=f"response_mode is {parameters['response_mode']!r}; this server has 'query'",
        )
    rules.check(request, ("authorize",), parameters, context, of="query")
    challenge = parameters.get("code_challenge")
    requested = parse_scope(parameters.get("scope"), separator)
    return _Asked(
        client=client,
        back=back,
        redirect_uri=parameters.get("redirect_uri"),
        requested=requested or Scope(),
        scope=allowed_scope(requested, client, context.settings),
        audience=allowed_audience(request.values("resource", of="query"), parameters.get("audience"), client),
        code_challenge=challenge,
        code_challenge_method=check_challenge(
            challenge, parameters.get("code_challenge_method"), required=context.settings.require_pkce
        ),
        nonce=parameters.get("nonce"),
        prompt=parameters.get("prompt"),
        login_hint=parameters.get("login_hint"),
    )


def _decision(request: Request, asked: _Asked, context: Context) -> _Decision | None:
    """What was decided, by the page's form or by `consent = "auto"`; None while the page is still to be shown."""
    if request.method == "POST":
        for problem in request.problems:
            raise problem
        chosen = {name: value for name, value in request.form if name in ("user", "deny")}
        if "deny" in chosen:
            return _Decision(None, Scope())
        if "user" in chosen:
            ticked = {value for name, value in request.form if name == "scope"}
            return _Decision(_user(chosen["user"], context), asked.scope.narrowed_to(ticked))
    if asked.client.policies.consent == "auto":
        hinted = context.users.get(asked.login_hint or "")
        return _Decision(hinted or context.default_user(), asked.scope)
    if asked.prompt == "none":
        raise LoginRequired("A page would have to be shown.", hint="prompt=none, but consent is 'page'")
    return None


def _user(username: str, context: Context) -> User:
    default = context.default_user()
    user = default if username == default.username else context.users.get(username)
    if user is None:
        raise InvalidRequest(
            "The user is unknown.",
            hint=f"no user is called {username!r}; register: oauthmock.user({username!r})",
        )
    return user


def _page(asked: _Asked, context: Context) -> Reply:
    users = list(context.users.values()) or [context.default_user()]
    page = render(
        "consent.html",
        client=asked.client.client_name,
        scopes=str(asked.scope).split(),
        users=[user.username for user in users],
        back=asked.back.uri,
    )
    return Reply(
        status=200,
        body=page.encode(),
        headers=PAGE_HEADERS,
        why=f"the login and consent page for client {asked.client.client_id!r} was shown",
    )


def _approved(asked: _Asked, user: User, scope: Scope, context: Context) -> Reply:
    now = context.clock.now()
    code = store_code(
        AuthorizationRecord(
            family=new_family(),
            client_id=asked.client.client_id,
            user=user,
            asked=asked.requested,
            scope=scope,
            expires_at=now + asked.client.policies.authorization_code_lifetime,
            redirect_uri=asked.redirect_uri,
            code_challenge=asked.code_challenge,
            code_challenge_method=asked.code_challenge_method,
            nonce=asked.nonce,
            auth_time=now,
            audience=asked.audience,
        ),
        context,
    )
    why = f"{user.username!r} approved client {asked.client.client_id!r} for scope {str(scope)!r}"
    state = () if asked.back.state is None else (("state", asked.back.state),)
    return redirect(asked.back.uri, asked.back.named((("code", code), *state)), why)
