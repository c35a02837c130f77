"""An ID token that comes back as a hint at who is meant (OpenID Connect Core 3.1.2.1, RP-Initiated Logout 2)."""

from __future__ import annotations

import collections.abc as cabc
import typing

from .. import jws
from ..assertions import Assertion
from ..assertions import BadAssertion
from ..context import Context
from ..errors import InvalidRequest
from ..jwk import MAC_ALGORITHMS
from ..model import Client
from ..model import User
from ..request import Request

__all__ = ["Hinted", "read"]


class Hinted(typing.NamedTuple):
    """Whom the ID token is about and whom it was for; None: somebody who is not registered any more."""

    user: User | None
    client: Client | None


def read(hint: str, request: Request, context: Context) -> Hinted:
    """Raises `InvalidRequest` for what this issuer did not sign. That it has expired does not matter."""
    try:
        token = Assertion.parse(hint)
    except BadAssertion as error:
        raise _refused(str(error).replace("assertion", "hint")) from None
    audience = token.claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    # OpenID Connect Core 2: the party that it was issued to, where there are several
    party = [token.claims.get("azp"), *named]
    clients = (context.clients.get(name) for name in party if isinstance(name, str))
    client = next(filter(None, clients), None)
    if not any(jws.verify(hint, key, alg=alg) for key, alg in _keys(token, client, context)):
        raise _refused(f"no key of this issuer verifies it (alg {token.alg!r}, kid {token.header.get('kid')!r})")
    issuer = context.issuer_url(request)
    if token.claims.get("iss") != issuer:
        raise _refused(f"its iss is {token.claims.get('iss')!r}, and this issuer is {issuer!r}")
    return Hinted(context.person(token.names("sub"), client), client)


def _keys(token: Assertion, client: Client | None, context: Context) -> cabc.Iterator[tuple[typing.Any, str]]:
    """With what it may have been signed. An unsigned one proves nothing."""
    if token.alg in MAC_ALGORITHMS and client is not None:
        for secret in client.secrets:
            yield secret.value.encode("utf-8", "surrogatepass"), token.alg
    for key in context.keys.published(context.signing_algorithms()):
        if key.alg == token.alg and key.kid == token.header.get("kid"):
            yield key.private.public_key(), key.alg


def _refused(hint: str) -> InvalidRequest:
    return InvalidRequest("id_token_hint is no ID token of this issuer.", hint=f"id_token_hint: {hint}")
