"""The authorization endpoint (RFC 6749 3.1, 4.1.1): check, ask the person, send the browser back with what it wants."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import functools

from ..authorization_details import parse
from ..context import Context
from ..dpop import is_thumbprint
from ..errors import InvalidRequest
from ..errors import OAuthError
from ..errors import Redirection
from ..messages import Reply
from ..model import Client
from ..pkce import check_challenge
from ..redirects import check_redirect_uri
from ..registration import allowed_audience
from ..registration import allowed_scope
from ..registration import parse_scope
from ..request import Request
from ..scope import Scope
from . import authorization_response
from . import login_request
from . import response_types
from . import rules
from .consent import Asked
from .consent import Decision
from .consent import decide
from .secured_response import secured

__all__ = ["answer", "back_to", "checked"]


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
        decided = decide(request, asked, context)
        if isinstance(decided, Decision):
            return authorization_response.answer(request, asked, decided, context)
        return decided


def back_to(request: Request, context: Context) -> Redirection:
    """Where the browser goes back to. Raises what must be shown and never redirected (RFC 6749 3.1.2.4)."""
    return _returning_to(request, context)[1]


def checked(request: Request, context: Context) -> Asked:
    """A request that nobody has decided on yet. Raises whatever is wrong with it (RFC 9126 2.1)."""
    client, back = _returning_to(request, context)
    return _check(request, client, back, context)


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
    types = {word for name, value in request.query if name == "response_type" for word in value.split()}
    modes = [value for name, value in request.query if name == "response_mode" and value]
    mode, in_jwt = _mode(modes, types, redirect_uri, context)
    return client, Redirection(
        redirect_uri,
        states[0] if len(states) == 1 else None,
        context.profile.callback_names,
        mode,
        functools.partial(secured, request=request, client=client, context=context) if in_jwt else None,
        _issuer(request, context),
    )


def _mode(modes: cabc.Sequence[str], types: cabc.Set[str], redirect_uri: str, context: Context) -> tuple[str, bool]:
    """
    How the browser is sent back, also with an error, and whether in a JWT: as is asked for and can be, else as fits.
    """
    # OAuth 2.0 Multiple Response Types 3, 5: a token must not be in a query
    has_token = not types.isdisjoint(("token", "id_token"))
    fitting = "fragment" if has_token else context.profile.callback.mode
    asked = modes[0] if len(modes) == 1 and modes[0] in context.settings.response_modes_supported else fitting
    mode = fitting if asked == "jwt" else asked.removesuffix(".jwt")
    if mode == "form_post" and not redirect_uri.lower().startswith(("http://", "https://")):
        mode = "query"  # a form cannot be posted to the custom scheme of an app
    return "fragment" if mode == "query" and has_token else mode, asked.endswith("jwt")


def _issuer(request: Request, context: Context) -> str | None:
    """RFC 9207 2."""
    return context.issuer_url(request) if context.settings.authorization_response_iss_parameter_supported else None


def _check(request: Request, client: Client, back: Redirection, context: Context) -> Asked:
    parameters = request.parameters(of="query")
    _check_state(parameters.get("state"), client)
    separator = client.policies.scope_separator
    for_openid = "openid" in parameters.get("scope", "").split(separator)
    if for_openid:
        context.keys.prepare(client.policies.id_token_signed_response_alg)
    response_type = response_types.check(parameters, client, context, openid=for_openid)
    _check_response_mode(parameters.get("response_mode"), response_type, back, context)
    rules.check(request, ("authorize",), parameters, context, of="query")
    supported = context.settings.code_challenge_methods_supported
    challenge = parameters.get("code_challenge") if supported else None
    requested = parse_scope(parameters.get("scope"), separator)
    return Asked(
        client=client,
        back=back,
        response_type=response_type,
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
        access_type=parameters.get("access_type"),
        login=login_request.read(parameters, request, client, context, openid=for_openid),
        authorization_details=parse(parameters.get("authorization_details"), client, context.settings) or (),
        dpop_jkt=_key(parameters.get("dpop_jkt"), context),
    )


def _key(dpop_jkt: str | None, context: Context) -> str | None:
    if dpop_jkt is None or not context.settings.dpop_signing_alg_values_supported:
        return None
    if not is_thumbprint(dpop_jkt):
        raise InvalidRequest(
            "dpop_jkt is no thumbprint.",
            hint=f"dpop_jkt is {dpop_jkt!r}; it is the SHA-256 of the key, base64url (RFC 7638, RFC 9449 10)",
        )
    return dpop_jkt


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


def _check_response_mode(mode: str | None, types: frozenset[str], back: Redirection, context: Context) -> None:
    """OAuth 2.0 Multiple Response Type Encoding Practices 2.1."""
    supported = context.settings.response_modes_supported
    if mode is None and back.mode in supported:
        return
    if mode is None or mode not in supported:
        raise InvalidRequest(
            "The response mode is not supported.",
            hint=f"response_mode is {mode!r}; this server has {' and '.join(map(repr, supported))}",
        )
    if mode.startswith("form_post") and back.mode != "form_post":
        raise InvalidRequest(
            "The response mode does not suit the redirect URI.",
            hint=f"response_mode is {mode!r}, and a form cannot be posted to {back.uri!r}; use http or https",
        )
    if mode in ("query", "query.jwt") and types != {"code"}:
        raise InvalidRequest(
            "The response mode does not suit the response type.",
            hint=f"response_mode is {mode!r}, and tokens must not be in a URL that servers see and log; use fragment or"
            " form_post (OAuth 2.0 Multiple Response Types 3.0, 5)",
        )
