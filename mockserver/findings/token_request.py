"""The form of a token request (RFC 6749 3.2), and what it offers for a token."""

from __future__ import annotations

import collections
import typing

from ..errors import OAuthError
from ..model import AuthorizationRecord
from ..model import Kind
from ..pkce import check_verifier
from ..stores import Entry
from .case import Case
from .case import Rule
from .history import History

__all__ = ["RULES"]

# RFC 6749 4.1.3, 6: what carries a grant
_GRANTS = {"authorization_code": (Kind.CODE, "code"), "refresh_token": (Kind.REFRESH, "refresh_token")}


def _wrong_content_type(case: Case, history: History) -> str | None:
    request, client = case.request, case.client
    if not request.body:
        return None
    if request.encoding in ("json", "multipart") and (
        client is None or request.encoding not in client.request_encodings
    ):
        return f"the token request is {request.media_type}"
    if not request.encoding or (request.problems and not request.form):
        return f"the body is not what its Content-Type says: {request.media_type or 'nothing'}"
    return None


def _not_by_post(case: Case, history: History) -> str | None:
    method = case.request.method
    return None if method == "POST" else f"the token request was a {method}"


def _repeated_parameter(case: Case, history: History) -> str | None:
    for place, pairs in (("body", case.request.form), ("URL", case.request.query)):
        for name, times in collections.Counter(name for name, _ in pairs).items():
            if times > 1 and name not in ("resource", "audience"):
                return f"the parameter {name!r} came {times} times in the {place}"
    return None


def _comma_in_scope(case: Case, history: History) -> str | None:
    scope, client = case.exchange.parameters.get("scope", ""), case.client
    if "," not in scope or " " in scope or (client is not None and client.policies.scope_separator != " "):
        return None
    return f"scope is {scope[:80]!r}, which is one scope with a comma in its name"


def _placeholder_scope(case: Case, history: History) -> str | None:
    words = case.exchange.parameters.get("scope", "").split()
    return "the scope has the word 'scope', which a form or an example left there" if "scope" in words else None


def _code_sent_twice(case: Case, history: History) -> str | None:
    found = _offered(case, "authorization_code")
    if found is None or found.uses < 2 or case.caller is None:
        return None
    return f"the code was sent again after it had been used; this is attempt {found.uses}"


def _redirect_uri_changed(case: Case, history: History) -> str | None:
    found = _offered(case, "authorization_code")
    if found is None or not isinstance(found.record, AuthorizationRecord) or case.caller is None:
        return None
    sent, there = case.exchange.parameters.get("redirect_uri"), found.record.redirect_uri
    if there is None or sent == there:
        return None
    return f"redirect_uri is {sent!r}; the authorization request had {there!r}"


def _verifier_does_not_fit(case: Case, history: History) -> str | None:
    found = _offered(case, "authorization_code")
    if found is None or not isinstance(found.record, AuthorizationRecord) or case.caller is None or found.uses > 1:
        return None
    try:
        check_verifier(
            case.exchange.parameters.get("code_verifier"),
            challenge=found.record.code_challenge,
            method=found.record.code_challenge_method,
        )
    except OAuthError as error:
        return error.hint
    return None


def _mixed_up_issuer(case: Case, history: History) -> str | None:
    kind, value = _value(case)
    if kind is None or not value or case.context.store.find(kind, value) is not None:
        return None
    for name, other in case.issuers.items():
        if other is not case.context and other.store.find(kind, value) is not None:
            here = f"issuer {case.context.name!r}" if case.context.name else "the default issuer"
            there = f"issuer {name!r}" if name else "the default issuer"
            return f"the {kind.value} of {there} was sent to {here}"
    return None


def _grant_of_another_client(case: Case, history: History) -> str | None:
    kind, value = _value(case)
    found = case.context.store.find(kind, value) if kind and value and case.caller else None
    if found is None or case.caller is None or found.record.client_id == case.caller.client.client_id:
        return None
    return (
        f"client {case.caller.client.client_id!r} sent the {kind.value if kind else 'grant'} of client"
        f" {found.record.client_id!r}"
    )


def _value(case: Case) -> tuple[Kind | None, str]:
    kind, name = _GRANTS.get(case.exchange.grant_type or "", (None, ""))
    return kind, case.exchange.parameters.get(name, "")


def _offered(case: Case, grant_type: str) -> Entry | None:
    """What the store knows of a code, once this request is over."""
    if case.exchange.grant_type != grant_type:
        return None
    kind, value = _value(case)
    found = case.context.store.find(kind, value) if kind and value else None
    mine = found is not None and (case.caller is None or found.record.client_id == case.caller.client.client_id)
    return found if mine else None


RULES: typing.Final = (
    Rule(
        "OAM041",
        "wrong_content_type",
        "error",
        "RFC 6749 3.2",
        "encode the parameters as application/x-www-form-urlencoded in UTF-8, and say so (appendix B)",
        at="refused token",
        judge=_wrong_content_type,
    ),
    Rule(
        "OAM042",
        "not_by_post",
        "error",
        "RFC 6749 3.2",
        "use POST for token requests",
        at="refused token",
        judge=_not_by_post,
    ),
    Rule(
        "OAM043",
        "repeated_parameter",
        "error",
        "RFC 6749 3.2",
        "send each parameter once",
        at="refused token",
        judge=_repeated_parameter,
    ),
    Rule(
        "OAM044",
        "comma_in_scope",
        "warning",
        "RFC 6749 3.3",
        "separate scopes by one space",
        at="scope",
        judge=_comma_in_scope,
    ),
    Rule(
        "OAM045",
        "placeholder_scope",
        "warning",
        "RFC 6749 3.3",
        "name the scopes that are needed, or leave the parameter out",
        at="scope",
        judge=_placeholder_scope,
    ),
    Rule(
        "OAM046",
        "code_sent_twice",
        "error",
        "RFC 6749 4.1.2",
        "send a code once, also after a time-out: what it brought is revoked at the second time; begin a new login",
        at="refused token",
        judge=_code_sent_twice,
    ),
    Rule(
        "OAM047",
        "redirect_uri_changed",
        "error",
        "RFC 6749 4.1.3",
        "repeat the redirect_uri of the authorization request, octet by octet",
        at="refused token",
        judge=_redirect_uri_changed,
    ),
    Rule(
        "OAM048",
        "verifier_does_not_fit",
        "error",
        "RFC 7636 4.5",
        "keep each verifier by the state of its login, and send it with the code of that login",
        at="refused token",
        judge=_verifier_does_not_fit,
    ),
    Rule(
        "OAM049",
        "mixed_up_issuer",
        "error",
        "RFC 9207 2.4",
        "keep by the state which issuer a login is with, and its codes and tokens apart from those of others",
        at="refused token",
        judge=_mixed_up_issuer,
    ),
    Rule(
        "OAM050",
        "grant_of_another_client",
        "error",
        "RFC 6749 10.4",
        "keep codes and tokens by client_id too, and drop them when the client is changed",
        at="refused token",
        judge=_grant_of_another_client,
    ),
)
