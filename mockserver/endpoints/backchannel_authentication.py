"""The backchannel authentication endpoint (OpenID Connect CIBA 7): a client asks somebody who is not at its screen."""

from __future__ import annotations

import collections.abc as cabc

from .. import assertions
from ..assertions import Assertion
from ..assertions import BadAssertion
from ..context import Context
from ..credentials import new_secret
from ..errors import AccessDenied
from ..errors import ExpiredLoginHintToken
from ..errors import InvalidBindingMessage
from ..errors import InvalidClient
from ..errors import InvalidRequest
from ..errors import InvalidScope
from ..errors import UnauthorizedClient
from ..errors import UnknownUserId
from ..grants import ciba
from ..jwk import ALGORITHMS
from ..messages import Authenticated
from ..messages import Reply
from ..model import Client
from ..model import User
from ..registration import allowed_audience
from ..registration import allowed_scope
from ..registration import parse_scope
from ..request import Request
from ..scope import Scope
from ..stores import new_family
from ..trust import keys_of
from ..waiting import Answer
from ..waiting import Pending
from .token import parameters_of

__all__ = ["answer"]

_HINTS = ("login_hint", "login_hint_token", "id_token_hint")
# "Relatively short" (CIBA 7.1), since it stands on a small screen
_LONGEST_MESSAGE = 64


def answer(request: Request, caller: Authenticated, context: Context) -> Reply:
    """CIBA 7.3: what the client asks with from now on, for how long, and how often."""
    client, parameters = caller.client, parameters_of(request, caller.client)
    _check_client(caller)
    asked = parse_scope(parameters.get("scope"), client.policies.scope_separator)
    if not asked or "openid" not in asked:
        # CIBA 7.1
        raise InvalidScope("scope must have openid.", hint=f"scope is {str(asked or Scope())!r} (CIBA 7.1)")
    user = _person(request, parameters, client, context)
    if user.account in ("locked", "disabled"):
        raise AccessDenied("The person cannot log in.", hint=f"the account of {user.username!r} is {user.account}")
    now, lifetime = context.clock.now(), _lifetime(parameters, client)
    auth_req_id = new_secret("ar")
    pending = Pending(
        family=new_family(),
        client_id=client.client_id,
        asked=asked,
        scope=allowed_scope(asked, client, context.settings),
        audience=allowed_audience(request.values("resource"), parameters.get("audience"), client),
        expires_at=now + lifetime,
        user=user,
        message=_message(parameters),
    )
    context.handed_out.append(
        ("authentication request", f"authentication request of client {client.client_id!r}", auth_req_id)
    )
    context.backchannel.add(auth_req_id, pending, interval=client.policies.backchannel_interval)
    if client.policies.consent == "auto":
        context.backchannel.decide(pending, Answer(user=user, scope=pending.scope, at=now), now=now)
    members = {
        "auth_req_id": auth_req_id,
        "expires_in": lifetime,
        "interval": client.policies.backchannel_interval,
    }
    return Reply.of_json(members, why=f"client {client.client_id!r} asks {user.username!r}, who decides elsewhere")


def _check_client(caller: Authenticated) -> None:
    client = caller.client
    if caller.method == "none":
        raise InvalidClient(
            "Client authentication failed: this endpoint is not for public clients.",
            hint=f"client {client.client_id!r} is public, and the client must authenticate here (CIBA 7.1)",
        )
    if ciba.name not in client.grant_types:
        raise UnauthorizedClient(
            "The client may not use this grant type.",
            hint=f"client {client.client_id!r} is registered for {', '.join(sorted(client.grant_types))}; a request is"
            f" of no use to it without {ciba.name}",
        )


def _person(request: Request, parameters: cabc.Mapping[str, str], client: Client, context: Context) -> User:
    """Whom exactly one of the hints means (CIBA 7.1)."""
    given = [name for name in _HINTS if name in parameters]
    if len(given) != 1:
        raise InvalidRequest(
            "One hint is needed, and no more.",
            hint=f"the request has {' and '.join(given) or 'no hint'}; send one of {', '.join(_HINTS)} (CIBA 7.1)",
        )
    hint = parameters[given[0]]
    if given[0] != "login_hint":
        try:
            hint = _subject(given[0], hint, request, client, context)
        except BadAssertion as error:
            raise InvalidRequest(f"The {given[0]} is not valid.", hint=f"the {given[0]}: {error}") from None
    by_email = (user for user in context.users.values() if hint and user.claims.get("email") == hint)
    own = context.person(hint, client) if given[0] == "id_token_hint" else None
    user = own or context.known_as(hint) or next(by_email, None)
    if user is None:
        raise UnknownUserId(
            "The person is unknown.", hint=f"{given[0]} means {hint!r}; register: oauthmock.user({hint!r}) (CIBA 13)"
        )
    return user


def _subject(name: str, text: str, request: Request, client: Client, context: Context) -> str:
    """Who a token that is a hint is about: an ID token of ours, or a JWT of somebody who is trusted."""
    token = Assertion.parse(text)
    if name == "id_token_hint":
        if token.names("iss") != context.issuer_url(request):
            raise BadAssertion(f"it is no ID token of this issuer: iss is {token.claims.get('iss')!r}")
        # CIBA 7.1: it may have expired meanwhile
        assertions.check_signature(token, context.verifying_keys(), ALGORITHMS)
        aud = token.claims.get("aud")
        if client.client_id not in (aud if isinstance(aud, list) else [aud]):
            raise BadAssertion(f"aud is {aud!r}, and not this client")
    else:
        now, exp = context.clock.peer(), token.claims.get("exp")
        keys = keys_of(token.names("iss") or "", context)
        assertions.check_signature(token, keys, ALGORITHMS)
        if isinstance(exp, int | float) and exp <= now:
            raise ExpiredLoginHintToken(
                "The login_hint_token has expired.", hint="the login_hint_token has expired (CIBA 13)"
            )
        assertions.check_issued(
            token,
            keys,
            audiences=context.assertion_audiences(request, client),
            now=now,
            longest=client.policies.client_assertion_lifetime,
        )
    subject = token.names("sub")
    if subject is None:
        raise BadAssertion("it has no sub, so that it is about nobody")
    return subject


def _message(parameters: cabc.Mapping[str, str]) -> str:
    message = parameters.get("binding_message", "")
    if len(message) > _LONGEST_MESSAGE or not message.isprintable():
        raise InvalidBindingMessage(
            "The binding_message is too long, or has characters that no screen shows.",
            hint=f"binding_message has {len(message)} characters; at most {_LONGEST_MESSAGE} are shown (CIBA 7.1)",
        )
    return message


def _lifetime(parameters: cabc.Mapping[str, str], client: Client) -> int:
    """CIBA 7.1: what is asked for, and never more than the server allows."""
    asked, most = parameters.get("requested_expiry"), client.policies.backchannel_lifetime
    if asked is None:
        return most
    if not asked.isascii() or not asked.isdigit() or len(asked) > 9 or int(asked) == 0:
        raise InvalidRequest(
            "requested_expiry is no positive number.", hint=f"requested_expiry is {asked[:40]!r}: seconds (CIBA 7.1)"
        )
    return min(int(asked), most)
