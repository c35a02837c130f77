"""The token endpoint (RFC 6749 3.2)."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import difflib

import msgspec

from .. import saml
from ..assertions import Assertion
from ..assertions import BadAssertion
from ..authorization_details import parse
from ..clientauth import authenticate
from ..context import Context
from ..errors import InvalidRequest
from ..errors import TooManyRequests
from ..errors import UnauthorizedClient
from ..errors import UnsupportedGrantType
from ..grants import GRANTS
from ..grants import issue_declared
from ..grants import jwt_bearer
from ..grants import saml2_bearer
from ..grants import served
from ..ledger import IssuedToken
from ..messages import Authenticated
from ..messages import Issue
from ..messages import Presented
from ..messages import Reply
from ..messages import TokenRequest
from ..messages import Tokens
from ..model import Client
from ..model import Confirmation
from ..model import Kind
from ..policies import ExpiresInForm
from ..policies import Policies
from ..registration import PLACEHOLDER
from ..registration import allowed_audience
from ..registration import parse_scope
from ..request import Request
from ..tokens import mint
from . import rules
from .binding import bound
from .binding import what_is_shown

__all__ = ["answer", "identify", "parameters_of", "unauthenticated"]

# What a request has whose grant looks at an audience
_WITH_ASSERTION = frozenset({"assertion", "subject_token"})
_SAID = {
    "form": "application/x-www-form-urlencoded",
    "json": "application/json",
    "multipart": "multipart/form-data",
    "query": "parameters in the URL",
}

# RFC 6749 5.1: a number of seconds, recommended; the rest is what servers send instead
_EXPIRES_IN: dict[ExpiresInForm, cabc.Callable[[int], object]] = {
    "number": int,
    "string": str,
    "float": float,
    "milliseconds": lambda seconds: 1000 * seconds,
    "negative": lambda seconds: -max(1, seconds),
    "null": lambda _: None,
}


def answer(request: Request, caller: Authenticated, context: Context) -> Reply:
    """From an authenticated client's request to tokens (RFC 6749 5.1)."""
    _admit(caller.client, context)
    # Before the grant uses up what it takes
    shown = what_is_shown(request, caller.client, context)
    asked = _token_request(request, caller, shown.cnf, context)
    declared = context.profile.grants.get(asked.grant_type)
    issue = issue_declared(asked, declared, context) if declared else GRANTS[asked.grant_type].issue(asked, context)
    tokens, issued = mint(caller.spoilt(msgspec.structs.replace(issue, cnf=asked.cnf)), context)
    scope = f" for scope {str(tokens.scope)!r}" if tokens.scope else ""
    if "scope" in tokens.scope:
        scope += f"; {PLACEHOLDER}"
    scope += bound(asked.cnf)
    why = f"{asked.grant_type} by {caller.method}: client {caller.client.client_id!r} got a token{scope}"
    facts = _facts(issued, issue, context, context.base_url(request))
    members = _members(_told(tokens, caller.client.policies), caller.client.policies)
    return Reply.of_json(members, headers=shown.headers, why=why, facts=facts)


def identify(presented: tuple[Presented, ...], request: Request, context: Context) -> Authenticated:
    """
    Who asks. An assertion as a grant may be all that says it (RFC 7521 4.1): then it is the client who made it.

    Raises `InvalidClient`, also where the assertion is of somebody else; the grant looks whether it is good.
    """
    sent = dict(request.form)
    if not presented and sent.get("grant_type") == jwt_bearer.name and not request.authorizations():
        with contextlib.suppress(BadAssertion):
            client = context.clients.get(Assertion.parse(sent.get("assertion", "")).names("iss") or "")
            if client is not None and not client.disabled:
                return Authenticated(client=client, method="assertion")
    return authenticate(presented, request, context)


def unauthenticated(request: Request, context: Context) -> None:
    """By `burn_code_on_invalid_client` a failed attempt uses up the code that came with it; else it costs nothing."""
    for code in (*request.values("code"), *request.values("code", of="query")):
        found = context.store.find(Kind.CODE, code)
        client = None if found is None else context.clients.get(found.record.client_id)
        if client is not None and client.policies.burn_code_on_invalid_client:
            context.store.take(Kind.CODE, code, now=context.clock.now())


def _admit(client: Client, context: Context) -> None:
    """Count the request, whatever becomes of it, before anything is redeemed. Raises `TooManyRequests`."""
    limit = client.policies.token_rate_limit
    if limit is None:
        return
    wait = context.token_rates.admit(client.client_id, limit, context.clock)
    if wait is not None:
        raise TooManyRequests(
            "The client asked for too many tokens; try again later.",
            hint=f"client {client.client_id!r} made {limit.requests} token requests within {limit.seconds} s, which is"
            f" its token_rate_limit; the next is taken in {wait} s: keep a token until it expires",
            retry_after=wait,
        )


def _token_request(request: Request, caller: Authenticated, cnf: Confirmation, context: Context) -> TokenRequest:
    parameters = parameters_of(request, caller.client)
    grant_type = parameters.get("grant_type")
    if grant_type is None:
        elsewhere = " (it is in the URL, where RFC 6749 4 has no place for it)" if _in_query(request) else ""
        raise InvalidRequest("grant_type is missing.", hint=f"the body has no parameter grant_type{elsewhere}")
    declared = grant_type in context.profile.grants
    there = served(context)
    if grant_type not in there and not declared:
        near = difflib.get_close_matches(grant_type.lower(), there, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        if grant_type == saml2_bearer.name and not saml.installed():
            meant = f"; {saml.MISSING}"
        raise UnsupportedGrantType(
            "The grant type is not supported.",
            hint=f"grant_type {grant_type!r} is none of {', '.join((*there, *context.profile.grants))}{meant}",
        )
    supported = context.settings.grant_types_supported
    if grant_type not in caller.client.grant_types and not declared:
        if supported is not None and grant_type not in supported:
            raise UnsupportedGrantType(
                "The grant type is not supported.",
                hint=f"grant_type {grant_type!r} is none of {', '.join(supported)} (grant_types_supported)",
            )
        registered = sorted(caller.client.grant_types)
        raise UnauthorizedClient(
            "The client may not use this grant type.",
            hint=f"client {caller.client.client_id!r} is registered for {', '.join(registered)}; to allow it:"
            f" oauthmock.client(grant_types={[*registered, grant_type]!r})",
        )
    _check_place(grant_type, request, context)
    rules.check(request, ("token", grant_type), parameters, context, of="body")
    return TokenRequest(
        grant_type=grant_type,
        parameters=parameters,
        client=caller.client,
        client_auth=caller.method,
        audience=allowed_audience(
            (*_in_url(request, caller.client), *request.values("resource")),
            request.values("audience") or parameters.get("audience"),
            caller.client,
        ),
        scope=parse_scope(parameters.get("scope"), caller.client.policies.scope_separator),
        issuer=context.issuer_url(request),
        authorization_details=parse(parameters.get("authorization_details"), caller.client, context.settings),
        cnf=cnf,
        asked_at=context.asked_at(request) if "assertion" in parameters else "",
        assertion_audiences=()
        if _WITH_ASSERTION.isdisjoint(parameters)
        else tuple(context.assertion_audiences(request, caller.client)),
    )


def parameters_of(request: Request, client: Client) -> dict[str, str]:
    """The parameters, from where this client may put them (RFC 6749 4: the form-urlencoded body)."""
    taken = client.request_encodings
    # An empty body is no encoding, whatever its Content-Type
    if request.body and request.encoding not in taken:
        raise InvalidRequest(
            f"The request body must not be encoded as {request.encoding}.",
            hint=f"the body is {_SAID[request.encoding]}; client {client.client_id!r} may send"
            f" {' or '.join(_SAID[encoding] for encoding in taken)} (request_encodings; RFC 6749 4)",
        )
    in_body = request.parameters()
    if "query" not in taken:
        return in_body
    in_query = request.parameters(of="query")
    for name in in_body:
        if name in in_query:
            raise InvalidRequest(
                "A parameter is included more than once.",
                hint=f"parameter {name!r} is in the URL and in the body: send it in one place (RFC 6749 3.2)",
            )
    return {**in_query, **in_body}


def _in_url(request: Request, client: Client) -> tuple[str, ...]:
    """The resources of a client that may have its parameters in the URL."""
    return request.values("resource", of="query") if "query" in client.request_encodings else ()


def _check_place(grant_type: str, request: Request, context: Context) -> None:
    """A provider with a URL for refreshing does that there and nowhere else."""
    refresh_path = context.paths.get("refresh")
    if refresh_path is None:
        return
    to_refresh = request.path in (refresh_path, *context.profile.other_paths.get("refresh", ()))
    if (grant_type == "refresh_token") == to_refresh:
        return
    there = refresh_path if grant_type == "refresh_token" else context.paths["token"]
    raise UnsupportedGrantType(
        "The grant type is not supported at this endpoint.",
        hint=f"grant_type {grant_type!r} came to {request.path!r}; it is served at {there!r} (paths.refresh ="
        f" {refresh_path!r})",
    )


def _in_query(request: Request) -> bool:
    return any(name == "grant_type" for name, _ in request.query)


def _told(tokens: Tokens, policies: Policies) -> Tokens:
    """RFC 8693 2.2.1: whatever was asked for is in `access_token`, and `N_A` says that it is no access token."""
    told = {
        "id_token": (tokens.id_token, policies.id_token_lifetime),
        "refresh_token": (tokens.refresh_token, policies.refresh_token_lifetime),
    }
    token, lifetime = told.get(tokens.issued_token_type.rpartition(":")[2], (None, 0))
    if token is None:
        return tokens
    return msgspec.structs.replace(
        tokens, access_token=token, token_type="N_A", expires_in=lifetime, id_token=None, refresh_token=None
    )


def _members(tokens: Tokens, policies: Policies) -> dict[str, object]:
    members: dict[str, object] = {"access_token": tokens.access_token, "token_type": tokens.token_type}
    if tokens.issued_token_type:
        members["issued_token_type"] = tokens.issued_token_type
    if policies.expires_in_form != "missing":
        members["expires_in"] = _EXPIRES_IN[policies.expires_in_form](tokens.expires_in)
    if tokens.refresh_token is not None:
        members["refresh_token"] = tokens.refresh_token
    if _says_scope(tokens, policies):
        members["scope"] = tokens.scope.joined(policies.scope_separator)
    if tokens.authorization_details:
        # RFC 9396 7
        members["authorization_details"] = list(tokens.authorization_details)
    if tokens.id_token is not None:
        members["id_token"] = tokens.id_token
    return members


def _facts(issued: IssuedToken, issue: Issue, context: Context, base: str) -> dict[str, object]:
    """What a profile may tell besides the RFC's members."""
    facts: dict[str, object] = {
        "base": base,
        "client_id": issued.client_id,
        "client_secret": issue.client.client_secret,
        "expires_at": int(issued.expires_at),
        "expires_in": issued.expires_in,
        "grant_type": issued.grant_type,
        "issuer": issued.issuer,
        "scope": str(issued.scope),
        "username": issued.username,
        "subject": issue.client.subject_of(issue.user) if issue.user else None,
    }
    if issued.refresh_token is not None:
        lifetime = issue.client.policies.refresh_token_lifetime
        facts |= {"refresh_expires_in": lifetime, "refresh_expires_at": int(context.clock.now()) + lifetime}
    return facts


def _says_scope(tokens: Tokens, policies: Policies) -> bool:
    """RFC 6749 5.1: the scope may be left out where it is what was asked; some servers leave it out always."""
    if policies.scope_in_response == "always":
        return bool(tokens.scope) or tokens.altered
    return policies.scope_in_response == "when_different" and tokens.altered
