"""How the client shows who it is (RFC 6749 2.3), wrongly."""

from __future__ import annotations

import base64
import typing

import msgspec

from .alike import presented_key
from .case import Case
from .case import Rule
from .history import History

__all__ = ["RULES"]

# RFC 7518 3.2: a key of the same size as the hash output or larger
_OCTETS = {"HS256": 32, "HS384": 48, "HS512": 64}
_LONG_SECONDS = 3600
_TIMES = 2


def _two_authentications(case: Case, history: History) -> str | None:
    if len(case.presented) < 2:
        return None
    return f"the request authenticates by {' and '.join(one.method for one in case.presented)} at once"


def _raw_basic(case: Case, history: History) -> str | None:
    client = case.client
    if client is None or len(case.presented) != 1 or client.policies.basic_encoding == "raw":
        return None
    raw = case.caller.encoding == "raw" if case.caller is not None else _fits_raw(case)
    if not raw:
        return None
    return (
        f"id or secret of client {client.client_id!r} have characters that form-urlencoding changes, and were joined as"
        " they are"
    )


def _fits_raw(case: Case) -> bool:
    client, readings = case.client, case.presented[0].readings
    if client is None or case.presented[0].method != "client_secret_basic":
        return False
    live = [secret.value for secret in client.secrets]
    return any(encoding == "raw" and name == client.client_id and sent in live for encoding, name, sent in readings)


def _malformed_authorization(case: Case, history: History) -> str | None:
    headers = [value for name, value in case.request.headers if name.lower() == "authorization"]
    if len(headers) > 1:
        return f"the Authorization header came {len(headers)} times"
    malformed = next((one.malformed for one in case.presented if one.malformed), None)
    if malformed is not None and headers:
        return malformed
    # A key without a scheme is what some guards ask for
    if case.exchange.credentials == "other" and case.exchange.guard in (None, "bearer"):
        return "the Authorization header has no scheme"
    if headers and headers[0].partition(" ")[0].endswith(":"):
        return f"the scheme of the Authorization header is {headers[0].partition(' ')[0][:20]!r}"
    return None


def _no_authentication(case: Case, history: History) -> str | None:
    if case.presented and case.presented[0].method != "none":
        return None
    client = case.client
    if client is None or "none" in client.auth_methods:
        return None
    grant = case.exchange.grant_type or "token"
    return f"client {client.client_id!r} is confidential, and its {grant} request has no credentials"


def _short_hmac_secret(case: Case, history: History) -> str | None:
    caller = case.caller
    if caller is None or caller.method != "client_secret_jwt":
        return None
    wanted = _OCTETS.get(str(_segment(case.presented[0].assertion, 0).get("alg")), 32)
    length = min(len(secret.value.encode()) for secret in caller.client.secrets)
    if length >= wanted:
        return None
    return (
        f"the assertion's key, the secret of {caller.client.client_id!r}, has {length} octets; {wanted} are the least"
    )


def _long_lived_assertion(case: Case, history: History) -> str | None:
    if not case.presented or not case.presented[0].assertion:
        return None
    expires, now = _segment(case.presented[0].assertion, 1).get("exp"), int(case.context.clock.peer())
    if not isinstance(expires, int | float) or not now + _LONG_SECONDS < expires < float("inf"):
        return None
    return f"the assertion is good for another {int(expires) - now} s"


def _assertion_sent_twice(case: Case, history: History) -> str | None:
    assertion = case.presented[0].assertion if case.presented else ""
    before = history.assertions.get(assertion) if assertion else None
    return None if before is None else f"the very assertion of #{before} came again"


def _same_failure_again(case: Case, history: History) -> str | None:
    if not history.failed or case.exchange.error != "invalid_client":
        return None
    key = presented_key(case)
    failures = 0 if key is None else history.failed.get(key, 0)
    if failures < _TIMES:
        return None
    return f"the same credentials by {case.presented[0].method} were refused {failures} times before"


def _segment(assertion: str, index: int) -> dict[str, typing.Any]:
    try:
        part = assertion.split(".")[index]
        found = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, IndexError, msgspec.DecodeError):
        return {}
    return found if isinstance(found, dict) else {}


RULES: typing.Final = (
    Rule(
        "OAM011",
        "two_authentications",
        "error",
        "RFC 6749 2.3",
        "use one method: the header, the body or an assertion",
        at="token",
        judge=_two_authentications,
    ),
    Rule(
        "OAM012",
        "raw_basic",
        "warning",
        "RFC 6749 2.3.1",
        "form-urlencode client_id and client_secret before they are joined by a colon and encoded",
        at="basic",
        judge=_raw_basic,
    ),
    Rule(
        "OAM013",
        "malformed_authorization",
        "error",
        "RFC 9110 11.6.2",
        "send one Authorization header: a scheme, a space, the credentials",
        at="refused",
        judge=_malformed_authorization,
    ),
    Rule(
        "OAM014",
        "no_authentication",
        "error",
        "RFC 6749 3.2.1",
        "authenticate at every token request, the refresh too, as the client is registered",
        at="refused token",
        judge=_no_authentication,
    ),
    Rule(
        "OAM015",
        "short_hmac_secret",
        "warning",
        "RFC 7518 3.2",
        "use a secret at least as long as the hash, or private_key_jwt",
        at="assertion",
        judge=_short_hmac_secret,
    ),
    Rule(
        "OAM016",
        "long_lived_assertion",
        "note",
        "RFC 7523 3",
        "let exp be a few minutes ahead: servers may refuse an assertion that lives unreasonably long",
        at="assertion",
        judge=_long_lived_assertion,
    ),
    Rule(
        "OAM017",
        "assertion_sent_twice",
        "error",
        "RFC 7523 3",
        "make a new assertion with a new jti for every request",
        at="assertion",
        judge=_assertion_sent_twice,
    ),
    Rule(
        "OAM018",
        "same_failure_again",
        "warning",
        "RFC 6749 5.2",
        "stop at invalid_client and say so: the same credentials will not be better next time",
        at="refused token",
        judge=_same_failure_again,
    ),
)
