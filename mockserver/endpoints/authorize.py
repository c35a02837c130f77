"""The authorization endpoint (RFC 6749 3.1, 4.1.1): check, ask the person, send the browser back with a code."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import functools

from ..context import Context
from ..errors import InvalidRequest
from ..errors import OAuthError
from ..errors import Redirection
from ..errors import UnauthorizedClient
from ..errors import UnsupportedResponseType
from ..messages import Reply
from ..model import AuthorizationRecord
from ..model import Client
from ..pkce import check_challenge
from ..redirects import check_redirect_uri
from ..registration import allowed_audience
from ..registration import allowed_scope
from ..registration import has_refresh
from ..registration import parse_scope
from ..request import Request
from ..scope import Scope
from ..stores import new_family
from ..tokens import store_code
from . import callback_fields
from . import rules
from .consent import Asked
from .consent import Decision
from .consent import decide
from .sending_back import MODES
from .sending_back import send_back

__all__ = ["answer"]


def answer(request: Request, context: Context) -> Reply:
    """
    A page to decide on, or the redirect with code and state (RFC 6749 4.1.2).

    Errors about client and redirect URI are shown; all later ones go back to the client (4.1.2.1).
    """
    client, back = _returning_to(request, context)
    with _redirecting(back):
        refusal = request.refusal()
        if refusal is not None:
            raise refusal
        asked = _check(request, client, back, context)
        decision = decide(request, asked, context)
        return _approved(request, asked, decision, context) if isinstance(decision, Decision) else decision


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
    if client.disabled:
        raise InvalidRequest(
            "The client is disabled.",
            hint=f"client {client.client_id!r} is disabled; to switch it on again: client.enable()",
        )
    redirect_uri = check_redirect_uri(request.parameter("redirect_uri", of="query"), client)
    states = [value for name, value in request.query if name == "state" and value]
    modes = [value for name, value in request.query if name == "response_mode" and value]
    modes = modes or [context.profile.callback.mode]
    return client, Redirection(
        redirect_uri,
        states[0] if len(states) == 1 else None,
        context.profile.callback_names,
        # A form cannot be posted to the custom scheme of an app
        "form_post" if modes == ["form_post"] and redirect_uri.lower().startswith(("http://", "https://")) else "query",
    )


def _check(request: Request, client: Client, back: Redirection, context: Context) -> Asked:
    parameters = request.parameters(of="query")
    _check_state(parameters.get("state"), client)
    separator = client.policies.scope_separator
    for_openid = "openid" in parameters.get("scope", "").split(separator)
    if for_openid:
        context.keys.prepare(client.policies.id_token_signed_response_alg)
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
    _check_response_mode(parameters.get("response_mode", context.profile.callback.mode), back)
    rules.check(request, ("authorize",), parameters, context, of="query")
    supported = context.settings.code_challenge_methods_supported
    challenge = parameters.get("code_challenge") if supported else None
    requested = parse_scope(parameters.get("scope"), separator)
    return Asked(
        client=client,
        back=back,
        redirect_uri=parameters.get("redirect_uri"),
        requested=requested or Scope(),
        scope=allowed_scope(requested, client, context.settings),
        audience=allowed_audience(request.values("resource", of="query"), parameters.get("audience"), client),
        code_challenge=challenge,
        code_challenge_method=check_challenge(
            challenge,
            parameters.get("code_challenge_method") if supported else None,
            required=context.settings.require_pkce,
            supported=supported,
        ),
        nonce=parameters.get("nonce"),
        prompt=parameters.get("prompt"),
        login_hint=parameters.get("login_hint"),
        access_type=parameters.get("access_type"),
    )


def _check_state(state: str | None, client: Client) -> None:
    policies = client.policies
    if state is None:
        if policies.require_state:
            raise InvalidRequest(
                "state is missing.", hint="the request has no state, and require_state is set (RFC 6749 10.12)"
            )
        return
    least, most = policies.state_min_length or 0, policies.state_max_length or len(state)
    if len(state) < least:
        raise InvalidRequest(
            "The state is too short.", hint=f"state has {len(state)} characters; state_min_length is {least}"
        )
    if len(state) > most:
        raise InvalidRequest(
            "The state is too long.", hint=f"state has {len(state)} characters; state_max_length is {most}"
        )


def _check_response_mode(mode: str, back: Redirection) -> None:
    """OAuth 2.0 Multiple Response Type Encoding Practices 2.1."""
    if mode not in MODES:
        raise InvalidRequest(
            "The response mode is not supported.",
            hint=f"response_mode is {mode!r}; this server has {' and '.join(map(repr, MODES))}",
        )
    if mode != back.mode:
        raise InvalidRequest(
            "The response mode does not suit the redirect URI.",
            hint=f"response_mode is 'form_post', and a form cannot be posted to {back.uri!r}; use http or https",
        )


def _approved(request: Request, asked: Asked, decision: Decision, context: Context) -> Reply:
    now, policies = context.clock.now(), asked.client.policies
    user, scope = decision.user, decision.scope
    first = context.consent(user, asked.client)
    code = store_code(
        AuthorizationRecord(
            family=new_family(),
            client_id=asked.client.client_id,
            user=user,
            asked=asked.requested,
            scope=scope,
            expires_at=now + policies.authorization_code_lifetime,
            redirect_uri=asked.redirect_uri,
            code_challenge=asked.code_challenge,
            code_challenge_method=asked.code_challenge_method,
            nonce=asked.nonce,
            auth_time=now,
            amr=decision.amr,
            audience=asked.audience,
            refresh=has_refresh(
                asked.client,
                scope,
                asked.access_type,
                context.settings.offline_scopes,
                anew=first or "consent" in (asked.prompt or "").split(),
            ),
        ),
        context,
        length=policies.authorization_code_length,
    )
    why = f"{user.username!r} approved client {asked.client.client_id!r} for scope {str(scope)!r}"
    shape = context.profile.callback
    more = callback_fields.fields(shape, request, asked.client, user, context)
    if not shape.signature:
        return send_back(asked.back, (("code", code), *more), why)
    signed = functools.partial(callback_fields.signed, name=shape.signature, client=asked.client)
    return send_back(asked.back, (("code", code), *more), why, signed=signed)
