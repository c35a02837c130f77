"""Secrets and tokens where they can be read, or at somebody who must not have them."""

from __future__ import annotations

import re
import typing
import urllib.parse

from ..conduct import is_meant
from ..model import Kind
from ..registration import is_loopback
from ..shapes import CANARIES
from ..shapes import canary
from .case import Case
from .case import Rule
from .history import History

__all__ = ["RULES"]

_SECRETS = ("client_secret", "client_assertion", "password")
_OF_A_TOKEN_REQUEST = ("grant_type", "code", "code_verifier", "refresh_token", "assertion", "username")
_TELLING = re.compile(
    rf"(?:[?&#](?:access_token|refresh_token|id_token|client_secret|password|code)=[^&#])"
    rf"|{'|'.join(map(canary, CANARIES))}"
)
_IN_STATE = re.compile(
    rf"(?i:client_secret|password|access_token|refresh_token)\W|{'|'.join(map(canary, CANARIES))}|eyJ[\w-]+\.eyJ"
)
_TEMPLATE = re.compile(r"\{\{[^{}]*\}\}|\$\{[^{}]*\}|%7B%7B.*?%7D%7D", re.IGNORECASE)
# Names that no public server has (RFC 6761, RFC 6762, RFC 8375)
_PRIVATE = (".local", ".localhost", ".internal", ".test", ".lan", ".home.arpa", ".invalid")


def _secret_in_url(case: Case, history: History) -> str | None:
    for name, value in case.request.query:
        if value and name in _SECRETS and not is_meant(name, value, case.exchange, case.context):
            return f"the URL of {_what(case)} has {name}"
    known = {*case.context.secrets()}
    for name, value in case.request.query:
        if len(value) >= 8 and value in known and not is_meant(name, value, case.exchange, case.context):
            return f"the URL of {_what(case)} has a registered secret in its parameter {name!r}"
    return None


def _token_in_url(case: Case, history: History) -> str | None:
    if case.exchange.endpoint == "callback":
        return None
    for name, value in case.request.query:
        if not value or is_meant(name, value, case.exchange, case.context) or name == "code":
            continue
        if name == "access_token" or (name not in _OF_A_TOKEN_REQUEST and _is_token(value, case)):
            return f"the URL of {_what(case)} has a token in its parameter {name!r}"
    return None


def _token_request_in_url(case: Case, history: History) -> str | None:
    if case.exchange.endpoint not in ("token", "refresh") or not case.request.query:
        return None
    client = case.client
    if client is not None and "query" in client.request_encodings:
        return None
    found = [name for name, value in case.request.query if value and name in _OF_A_TOKEN_REQUEST]
    return f"the URL of the token request has {' and '.join(dict.fromkeys(found))}" if found else None


def _secret_in_referer(case: Case, history: History) -> str | None:
    for value in case.request.header_values("referer"):
        found = _TELLING.search(value)
        if found is not None:
            name = found[0].strip("?&#").partition("=")[0]
            return f"the Referer of {_what(case)} has {'a code or token' if name.startswith('oam_') else name}"
    return None


def _secret_in_state(case: Case, history: History) -> str | None:
    state = case.exchange.parameters.get("state", "")
    scope = case.exchange.parameters.get("scope", "")
    known = [secret for secret in case.context.secrets() if len(secret) >= 8]
    for name, value in (("state", state), ("scope", scope)):
        if _IN_STATE.search(value) or any(secret in value for secret in known):
            return f"{name} carries what looks like a secret or a token, and travels through the browser's history"
    return None


def _unsubstituted_template(case: Case, history: History) -> str | None:
    request = case.exchange.request
    if "{" in request.target or "%7" in request.target:
        found = _TEMPLATE.search(request.target)
        if found is not None:
            name = urllib.parse.unquote(found[0])[:40]
            return f"the URL of {_what(case)} has {name}, a variable that was never given a value"
    for name, value in request.headers:
        if "{" in value and name.lower() in ("authorization", "x-api-key"):
            found = _TEMPLATE.search(value)
            if found is not None:
                return f"the header {name} has {found[0][:40]}, a variable that was never given a value"
    # What is in the body of an API request is the application's own
    if case.exchange.endpoint in ("token", "refresh") and (b"{" in request.body or b"%7" in request.body):
        for name, value in request.form:
            found = None if case.caller is not None and name in _SECRETS else _TEMPLATE.search(value)
            if found is not None:
                return f"the parameter {name!r} has {found[0][:40]}, a variable that was never given a value"
    return None


def _followed_to_another_origin(case: Case, history: History) -> str | None:
    if not history.redirected:
        return None
    sent = history.redirected.get((case.request.origin.lower(), case.exchange.request.target.partition("?")[0]))
    parameters = case.exchange.parameters
    secrets = [name for name in (*_SECRETS, "code", "refresh_token", "access_token") if parameters.get(name)]
    if case.exchange.credentials not in (None, "parameter"):
        secrets.insert(0, "the Authorization header")
    if sent is None or sent >= case.exchange.number or not secrets:
        return None
    return f"#{sent} redirected to {case.request.origin}, and {' and '.join(secrets)} went there too"


def _plain_http(case: Case, history: History) -> str | None:
    request = case.request
    if request.scheme != "http":
        return None
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdecimal() else request.host
    if "." not in host or host.endswith(_PRIVATE) or host.replace(".", "").isdecimal() or is_loopback(host):
        return None
    if case.exchange.credentials is None and case.exchange.endpoint not in ("token", "refresh", "authorize"):
        return None
    return f"{_what(case)} went to http://{request.host}, in the clear"


def _what(case: Case) -> str:
    return f"{case.exchange.request.method} {case.exchange.path[:60]}"


def _is_token(value: str, case: Case) -> bool:
    return value.startswith(("oam_at_", "oam_rt_")) or case.context.store.find(Kind.ACCESS, value) is not None


RULES: typing.Final = (
    Rule(
        "OAM001",
        "secret_in_url",
        "error",
        "RFC 6749 2.3.1",
        "send it in the Authorization header or in the body: URLs end in logs",
        at="url",
        judge=_secret_in_url,
    ),
    Rule(
        "OAM002",
        "token_in_url",
        "error",
        "RFC 9700 4.3.2",
        "send the access token in the Authorization header (RFC 6750 2.1)",
        at="url",
        judge=_token_in_url,
    ),
    Rule(
        "OAM003",
        "token_request_in_url",
        "error",
        "RFC 6749 3.2",
        "send the parameters of a token request in its body, form-urlencoded",
        at="url",
        judge=_token_request_in_url,
    ),
    Rule(
        "OAM004",
        "secret_in_referer",
        "error",
        "RFC 9700 4.2",
        "redirect from the callback to a clean URL before anything is loaded, and send Referrer-Policy: no-referrer",
        at="referer",
        judge=_secret_in_referer,
    ),
    Rule(
        "OAM005",
        "secret_in_state",
        "warning",
        "RFC 6749 10.8",
        "put a random value there and keep what belongs to it on your side",
        at="authorize",
        judge=_secret_in_state,
    ),
    Rule(
        "OAM006",
        "unsubstituted_template",
        "error",
        "RFC 6570 3",
        "give the variable a value, and refuse to send a request while one has none",
        at="template",
        judge=_unsubstituted_template,
    ),
    Rule(
        "OAM007",
        "followed_to_another_origin",
        "error",
        "RFC 9110 15.4",
        "do not follow redirects of a token request, and drop credentials where the origin changes",
        at="redirected",
        judge=_followed_to_another_origin,
    ),
    Rule(
        "OAM008",
        "plain_http",
        "error",
        "RFC 6749 10.8",
        "use https: TLS is required wherever codes, secrets and tokens travel",
        at="plain http",
        judge=_plain_http,
    ),
)
