"""The access token at an API (RFC 6750 2)."""

from __future__ import annotations

import typing

from ..carried import carried
from ..model import Kind
from .case import Case
from .case import Rule
from .history import History

__all__ = ["RULES"]

_WORDS = frozenset({"", "none", "null", "undefined", "nan", "nil", "false", "true", "token", "access_token", "[object"})
_IN_A_ROW = 2


def _placeholder_token(case: Case, history: History) -> str | None:
    token = case.bearer
    if token is None:
        return None
    first = token.partition(" ")[0].lower()
    if first in _WORDS or (token.startswith("<") and token.endswith(">")):
        return f"the access token in the Authorization header is {token[:20]!r}: a variable that was never set"
    if first == "bearer":
        return "the Authorization header has the word Bearer twice"
    return None


def _refresh_token_at_api(case: Case, history: History) -> str | None:
    token = case.bearer
    if not token:
        return None
    if not token.startswith("oam_rt_") and case.context.store.find(Kind.REFRESH, token) is None:
        return None
    return f"a refresh token was sent to the API at {case.exchange.path[:60]}"


def _id_token_at_api(case: Case, history: History) -> str | None:
    token = case.bearer
    if not token or not any(token == issued.id_token for issued in case.context.ledger):
        return None
    return f"an ID token was sent to the API at {case.exchange.path[:60]} as if it were an access token"


def _two_tokens_at_once(case: Case, history: History) -> str | None:
    request = case.request
    places = [
        "the header" if case.bearer else "",
        "the URL" if any(name == "access_token" and value for name, value in request.query) else "",
        "the body" if any(name == "access_token" and value for name, value in request.form) else "",
    ]
    found = [place for place in places if place]
    return f"the request has an access token in {' and '.join(found)}" if len(found) > 1 else None


def _token_of_another_issuer(case: Case, history: History) -> str | None:
    token = case.bearer
    if not token or case.context.store.find(Kind.ACCESS, token) is not None:
        return None
    for name, other in case.issuers.items():
        if other is not case.context and other.store.find(Kind.ACCESS, token) is not None:
            here = f"issuer {case.context.name!r}" if case.context.name else "the default issuer"
            return f"the API of {here} got a token of {f'issuer {name!r}' if name else 'the default issuer'}"
    return None


def _refused_token_again(case: Case, history: History) -> str | None:
    token = case.bearer
    before = history.refused_tokens.get((case.context.name, token)) if token else None
    if before is None or before.overlaps(case.exchange.number):
        return None
    return f"the access token that #{before.number} refused with invalid_token was sent again"


def _loop_at_401(case: Case, history: History) -> str | None:
    token = case.bearer
    granted = history.by_access.get((case.context.name, token)) if token else None
    if granted is None or case.exchange.status != 401:
        return None
    before = history.unauthorized.get((case.context.name, case.exchange.path, granted.client_id), 0)
    if before < _IN_A_ROW:
        return None
    where = case.exchange.path[:60]
    return f"client {granted.client_id!r} was refused at {where} for the {before + 1}. time in a row"


def _credentials_before_challenge(case: Case, history: History) -> str | None:
    exchange = case.exchange
    if not case.challenges or exchange.credentials is None or exchange.status != 401:
        return None
    if (case.context.name, exchange.path) in history.challenged:
        return None
    return f"{exchange.path[:60]} challenges first, and the very first request brought credentials"


def _credentials_at_open_path(case: Case, history: History) -> str | None:
    # A certificate is shown to whoever asks in the handshake, for all paths
    places = dict.fromkeys(place for place, _ in carried(case.request, case.request.form))
    if not places:
        return None
    return f"{case.exchange.path[:60]} asks for nothing, and the request brought {', '.join(places)[:120]}"


RULES: typing.Final = (
    Rule(
        "OAM081",
        "placeholder_token",
        "error",
        "RFC 6750 2.1",
        "check that the token answer had an access_token before anything is sent with it",
        at="api",
        judge=_placeholder_token,
    ),
    Rule(
        "OAM082",
        "refresh_token_at_api",
        "error",
        "RFC 6749 1.5",
        "send the access token; the refresh token is for the token endpoint alone",
        at="refused api",
        judge=_refresh_token_at_api,
    ),
    Rule(
        "OAM083",
        "id_token_at_api",
        "error",
        "RFC 9068 2.1",
        "send access_token of the answer, not id_token: that one tells the client who logged in",
        at="refused api",
        judge=_id_token_at_api,
    ),
    Rule(
        "OAM084",
        "two_tokens_at_once",
        "error",
        "RFC 6750 2",
        "send the access token in the Authorization header, and nowhere else",
        at="api",
        judge=_two_tokens_at_once,
    ),
    Rule(
        "OAM085",
        "token_of_another_issuer",
        "error",
        "RFC 9700 4.9.1",
        "keep tokens by issuer and by API, and send each to its own alone",
        at="refused api",
        judge=_token_of_another_issuer,
    ),
    Rule(
        "OAM086",
        "refused_token_again",
        "warning",
        "RFC 9110 15.5.2",
        "drop an access token at invalid_token, get another one, and repeat the request once",
        at="api",
        judge=_refused_token_again,
    ),
    Rule(
        "OAM087",
        "loop_at_401",
        "error",
        "RFC 9110 15.5.2",
        "give up when a token that was just issued is refused too",
        at="refused api",
        judge=_loop_at_401,
    ),
    Rule(
        "OAM088",
        "credentials_before_challenge",
        "warning",
        "RFC 9110 11.1",
        "send the first request bare, and the credentials that the challenge asks for with the second",
        at="refused api",
        judge=_credentials_before_challenge,
    ),
    Rule(
        "OAM089",
        "credentials_at_open_path",
        "warning",
        "RFC 9110 11.5",
        "send credentials to the paths that ask for them, and a client without authentication no cookies either",
        at="open",
        judge=_credentials_at_open_path,
    ),
)
