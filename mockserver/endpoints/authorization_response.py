"""What an approval brings: a code, an ID token, an access token (OAuth 2.0 Multiple Response Types)."""

from __future__ import annotations

import functools

from ..context import Context
from ..messages import Issue
from ..messages import Reply
from ..model import AuthorizationRecord
from ..registration import has_refresh
from ..request import Pairs
from ..request import Request
from ..stores import new_family
from ..tokens import id_token
from ..tokens import mint
from ..tokens import store_code
from . import callback_fields
from . import session_cookie
from .consent import Asked
from .consent import Decision
from .sending_back import send_back

__all__ = ["answer"]


def answer(request: Request, asked: Asked, decision: Decision, context: Context) -> Reply:
    """The browser on its way back, with what was asked for; logged in, if it was not before."""
    user, scope = decision.user, decision.scope
    first = context.consent(user, asked.client, scope)
    issue = _issue(request, asked, decision, context)
    if asked.response_type != {"code"}:
        issue = request.spoilt(issue)
    pairs = _pairs(asked, issue, context, first=first)
    why = f"{user.username!r} approved client {asked.client.client_id!r} for scope {str(scope)!r}"
    shape = context.profile.callback
    more = callback_fields.fields(shape, request, asked.client, user, context)
    signed = functools.partial(callback_fields.signed, name=shape.signature, client=asked.client)
    reply = (
        send_back(asked.back, (*pairs, *more), why, signed=signed)
        if shape.signature
        else send_back(asked.back, (*pairs, *more), why)
    )
    return session_cookie.remember(reply, decision.session, request, context) if decision.anew else reply


def _issue(request: Request, asked: Asked, decision: Decision, context: Context) -> Issue:
    """What tokens are to be made of, here or at the token endpoint."""
    return Issue(
        client=asked.client,
        user=decision.user,
        scope=decision.scope,
        altered=decision.scope != asked.requested,
        audience=asked.audience,
        # RFC 6749 4.2
        grant_type="implicit",
        client_auth="",
        issuer=context.issuer_url(request),
        family=new_family(),
        # RFC 6749 4.2.2
        refresh=False,
        auth_time=decision.session.auth_time,
        acr=decision.session.acr,
        amr=decision.session.amr,
        claims=asked.login.claims,
        nonce=asked.nonce,
    )


def _pairs(asked: Asked, issue: Issue, context: Context, *, first: bool) -> Pairs:
    code = _code(asked, issue, context, first=first) if "code" in asked.response_type else None
    pairs = [] if code is None else [("code", code)]
    access_token = None
    if "token" in asked.response_type:
        tokens, _ = mint(issue, context)
        access_token = tokens.access_token
        pairs += [
            *(("access_token", access_token), ("token_type", tokens.token_type)),
            *(("expires_in", str(tokens.expires_in)), ("scope", tokens.scope.joined(_separator(asked)))),
        ]
    if "id_token" in asked.response_type:
        pairs.append(("id_token", id_token(issue, context, access_token=access_token, code=code)))
    return tuple(pairs)


def _separator(asked: Asked) -> str:
    return asked.client.policies.scope_separator


def _code(asked: Asked, issue: Issue, context: Context, *, first: bool) -> str:
    now, policies = context.clock.now(), asked.client.policies
    assert issue.user is not None, "a person approved"
    record = AuthorizationRecord(
        family=issue.family,
        client_id=asked.client.client_id,
        user=issue.user,
        asked=asked.requested,
        scope=issue.scope,
        expires_at=now + policies.authorization_code_lifetime,
        redirect_uri=asked.redirect_uri,
        code_challenge=asked.code_challenge,
        code_challenge_method=asked.code_challenge_method,
        nonce=issue.nonce,
        auth_time=now if issue.auth_time is None else issue.auth_time,
        acr=issue.acr,
        amr=issue.amr,
        claims=issue.claims,
        audience=asked.audience,
        authorization_details=asked.authorization_details,
        dpop_jkt=asked.dpop_jkt,
        refresh=has_refresh(
            asked.client,
            issue.scope,
            asked.access_type,
            context.settings.offline_scopes,
            anew=first or "consent" in asked.login.prompt,
        ),
    )
    return store_code(record, context, length=policies.authorization_code_length)
