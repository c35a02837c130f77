"""What a request shows to proxies, logs and browsers: its URL and its Referer (RFC 6750 5.3, RFC 9700 4.2)."""

from __future__ import annotations

import collections.abc as cabc
import urllib.parse

from .context import Context
from .journal import Exchange
from .model import Kind
from .places import Text

__all__ = ["is_meant", "shown"]


def shown(exchange: Exchange, context: Context) -> cabc.Iterator[Text]:
    """The URL without the parameters that are meant to be in it, and every Referer."""
    request = exchange.request
    path, mark, query = request.target.partition("?")
    left = [pair for pair in query.split("&") if not is_meant(*_name_and_value(pair), exchange, context)]
    where = f"exchange #{exchange.number} ({request.method} {exchange.path})"
    yield Text(f"the URL of {where}", f"{path}{mark}{'&'.join(left)}".encode("utf-8", "surrogatepass"))
    for value in request.header_values("referer"):
        yield Text(f"the Referer of {where}", value.encode("utf-8", "surrogatepass"))


def is_meant(name: str, value: str, exchange: Exchange, context: Context) -> bool:
    """
    The one rule of what may be in a query: what the protocol sends there itself, and what this client may send there
    by its registration.
    """
    # What a provider calls a parameter is one to the rule
    name = context.profile.parameter_names.get(exchange.endpoint, {}).get(name, name)
    # RFC 6749 4.1.2: the code comes to the redirect URI in its query
    if exchange.endpoint == "callback":
        return name == "code"
    # OpenID Connect RP-Initiated Logout 2
    if name == "id_token_hint":
        return True
    door = None if exchange.protected is None else context.doors.get(exchange.protected)
    if door is not None and name in door.in_url:
        return True
    if name == "access_token" and exchange.endpoint in ("api", "protected"):
        return _takes_bearer_in_query(value, context)
    client = context.clients.get(exchange.client_id or "")
    if client is None:
        return False
    if name == "client_secret" and "client_secret_query" in client.auth_methods:
        return True
    return exchange.endpoint in ("token", "refresh") and "query" in (client.policies.request_encodings or ())


def _takes_bearer_in_query(token: str, context: Context) -> bool:
    """RFC 6750 2.3, where the token's client, or the issuer, has that switched on."""
    entry = context.store.find(Kind.ACCESS, token)
    client = context.clients.get(entry.record.client_id) if entry else None
    policies = client.policies if client is not None else context.settings
    return "query" in policies.bearer_methods_supported


def _name_and_value(pair: str) -> tuple[str, str]:
    name, _, value = pair.partition("=")
    return urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(value)
