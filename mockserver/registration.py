"""What a client's registration allows it to ask for: scope and redirect URI (RFC 7591 2)."""

from __future__ import annotations

import collections.abc as cabc
import functools
import ipaddress
import re
import urllib.parse

from .config import IssuerSettings
from .errors import InvalidScope
from .errors import InvalidTarget
from .model import Client
from .scope import Scope

__all__ = [
    "PLACEHOLDER",
    "allowed_audience",
    "narrowed_audience",
    "allowed_scope",
    "default_scope",
    "has_refresh",
    "is_loopback",
    "malformed_uri",
    "parse_scope",
]

# Browsers take a backslash for a slash, and cut white space out; the rest they encode.
_NO_URI = re.compile(r"[\x00-\x20\x7f\\]")
_NAME = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*")

# For the tester, where the scope is the word scope
PLACEHOLDER = "'scope' is the parameter's own name, as forms have it before somebody writes a scope there"


def parse_scope(text: str | None, separator: str = " ") -> Scope | None:
    """A scope parameter; None when it was left out. Raises `InvalidScope` (RFC 6749 3.3)."""
    if text is None:
        return None
    try:
        return Scope.parse(text, separator)
    except ValueError as error:
        raise InvalidScope("The scope is malformed.", hint=str(error)) from None


def default_scope(client: Client, settings: IssuerSettings) -> Scope:
    """What is granted when no scope is asked for: `default_scope`, else everything that is registered or known."""
    default = client.policies.default_scope
    if default is not None:
        scope = Scope.parse(default)
        return scope if client.scope is None else scope.narrowed_to(client.scope)
    return client.scope if client.scope is not None else Scope(settings.scopes_supported or ())


def allowed_scope(asked: Scope | None, client: Client, settings: IssuerSettings) -> Scope:
    """
    The scope to grant: what was asked for, or the default when nothing was (RFC 6749 3.3).

    Raises `InvalidScope` for what this issuer does not know or this client may not have, unless `scope_policy` says to
    leave that out or to grant the default instead; and for no scope at all where `require_scope` is set.
    """
    policies = client.policies
    if not asked and policies.require_scope:
        raise InvalidScope(
            "scope is missing.", hint="the request has no scope, and require_scope is set (RFC 6749 3.3)"
        )
    if asked is None:
        return default_scope(client, settings)
    refusal = _refusal(asked, client, settings)
    if refusal is None:
        return asked
    if policies.scope_policy == "default":
        return default_scope(client, settings)
    known = settings.scopes_supported
    kept = Scope(
        token
        for token in str(asked).split()
        if (known is None or token in known) and (client.scope is None or token in client.scope)
    )
    if policies.scope_policy == "drop" and kept:
        return kept
    raise refusal


def has_refresh(
    client: Client, scope: Scope, access_type: str | None, offline_scopes: cabc.Iterable[str], *, anew: bool = True
) -> bool:
    """
    Whether the code of an authorization request brings a refresh token; `access_type` is as it was asked.

    `offline_scopes` are the scopes that ask for one.

    `anew`: the person had not consented to this client before, or was asked to consent again.
    """
    when = client.policies.refresh_token_when
    if when in ("offline_access", "offline_access_each_time"):
        # OpenID Connect Core 11
        return not scope.isdisjoint(offline_scopes)
    if when == "first_access_type":
        return access_type == "offline" and anew
    return when == "always" or (when == "access_type" and access_type == "offline")


def _refusal(asked: Scope, client: Client, settings: IssuerSettings) -> InvalidScope | None:
    """Why this issuer does not know, or this client may not have, all that was asked; None when it may."""
    known = settings.scopes_supported
    unknown = [token for token in str(asked).split() if known is not None and token not in known]
    if unknown:
        wider = [*(known or ()), *unknown]
        return InvalidScope(
            "The requested scope is unknown.",
            hint=f"scope {' '.join(unknown)!r} is not in scopes_supported {' '.join(known or ())!r}"
            f"{_meant(unknown, known or (), client)}; to have it: scopes_supported={wider!r}",
        )
    if client.scope is not None and not asked <= client.scope:
        extra = [token for token in str(asked).split() if token not in client.scope]
        wider_scope = " ".join([*str(client.scope).split(), *extra])
        return InvalidScope(
            "The requested scope exceeds what the client may have.",
            hint=f"scope {' '.join(extra)!r} is not registered for client {client.client_id!r}"
            f"{_meant(extra, client.scope, client)}; to register it: oauthmock.client(scope={wider_scope!r})",
        )
    return None


def _meant(refused: list[str], allowed: cabc.Collection[str], client: Client) -> str:
    """What probably went wrong with the first of the refused tokens."""
    token, separator = refused[0], client.policies.scope_separator
    same = next((one for one in allowed if one.lower() == token.lower()), None)
    if same is not None:
        return f": only case sets it apart from {same!r}, and scopes are case-sensitive (RFC 6749 3.3)"
    if token == "scope":
        return f": {PLACEHOLDER}"
    for other in set(",;|") - {separator}:
        if other in token and set(filter(None, token.split(other))) <= {*allowed}:
            return f": {other!r} does not separate scopes here, {separator!r} does (scope_separator, RFC 6749 3.3)"
    return " (scopes are case-sensitive, RFC 6749 3.3)"


def allowed_audience(
    resources: cabc.Iterable[str], audience: str | cabc.Iterable[str] | None, client: Client
) -> tuple[str, ...]:
    """
    For what a token is asked: every `resource` (RFC 8707 2) and the `audience` that some providers have instead, of
    which there may be several in a token exchange (RFC 8693 2.1).

    Raises `InvalidTarget` for a resource that is no absolute URI or has a fragment, and for what `audiences` has not.
    """
    resources = tuple(resources)
    for resource in resources:
        wrong = malformed_uri(resource)
        if wrong is not None:
            raise InvalidTarget(
                f"The resource {wrong}.",
                hint=f"resource {resource!r} {wrong}; it is an absolute URI without fragment (RFC 8707 2)",
            )
    audiences = [audience] if isinstance(audience, str) else audience or []
    asked = tuple(dict.fromkeys([*resources, *filter(None, audiences)]))
    allowed = client.policies.audiences
    strange = [target for target in asked if allowed is not None and target not in allowed]
    if strange:
        raise InvalidTarget(
            "The requested resource or audience is unknown.",
            hint=f"{strange[0]!r} is not in audiences {list(allowed or ())!r}; to have it:"
            f" audiences={[*(allowed or ()), strange[0]]!r}",
        )
    return asked


def narrowed_audience(asked: tuple[str, ...], authorized: tuple[str, ...]) -> tuple[str, ...]:
    """
    Of what was authorized, what a token request asks for; all of it when it asks for nothing (RFC 8707 2.2).

    An authorization that named no audience is good for any. Raises `InvalidTarget` for more than was authorized.
    """
    extra = [target for target in asked if authorized and target not in authorized]
    if extra:
        raise InvalidTarget(
            "The requested resource or audience was not authorized.",
            hint=f"{extra[0]!r} is not among what was authorized, {', '.join(map(repr, authorized))}: a token request"
            " can narrow that and never widen it (RFC 8707 2.2)",
        )
    return asked or authorized


def malformed_uri(uri: str) -> str | None:
    """Why a redirect URI cannot be one: not absolute, with a fragment, with a character that no URI has; or None."""
    if _NO_URI.search(uri):
        return "has a character that a URI cannot have"
    try:
        parts = urllib.parse.urlsplit(uri)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        return "is not an absolute URI"
    if not parts.scheme or not (parts.netloc or parts.path):
        return "is not an absolute URI"
    return "has a fragment" if "#" in uri else None


@functools.lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a host name or address stays on this machine: localhost, *.localhost, 127.0.0.0/8, ::1."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or (name.endswith(".localhost") and _NAME.fullmatch(name)):
        return True
    try:
        return ipaddress.ip_address(name.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False
