"""Authorization requests as a JWT that the client signed (RFC 9101, OpenID Connect Core 6.1)."""

from __future__ import annotations

import json
import reprlib
import typing

from ..assertions import Assertion
from ..assertions import BadAssertion
from ..assertions import check_signature
from ..context import Context
from ..errors import InvalidRequest
from ..errors import OAuthError
from ..jwk import ALGORITHMS
from ..jwk import MAC_ALGORITHMS
from ..jwk import Key
from ..jwk import public_keys
from ..jwk import secret_key
from ..model import Client
from ..request import Pairs
from ..request import Request

__all__ = ["InvalidRequestObject", "check_signed", "parameters_of"]

# RFC 7519 4.1: what is about the JWT and no parameter
_OF_JWT = ("aud", "exp", "iat", "iss", "jti", "nbf", "sub")
# RFC 9101 4
_REFERENCES = ("request", "request_uri")
# RFC 9101 10.8; the others are what clients sent before there was a type of its own
_TYPES = ("oauth-authz-req+jwt", "jwt", "none")
# The largest integer that every JSON parser reads exactly (RFC 8259 6)
_LATEST = 2**53


class InvalidRequestObject(OAuthError):
    """RFC 9101 6.3, 7: the request object is malformed, not signed by the client, or not for this server."""

    error = "invalid_request_object"


def check_signed(client: Client, context: Context) -> None:
    """RFC 9101 10.5: that a request without a request object will do. Raises `InvalidRequest`."""
    if client.policies.require_signed_request_object and context.settings.request_parameter_supported:
        raise InvalidRequest(
            "The authorization request must be a signed request object.",
            hint=f"client {client.client_id!r} has require_signed_request_object, and the request has no parameter"
            " request (RFC 9101 10.5)",
        )


def parameters_of(text: str, client: Client, request: Request, context: Context) -> Pairs:
    """
    The parameters in a request object, and no others: what stands beside it does not count (RFC 9101 6.3).

    Raises `InvalidRequestObject`.
    """
    try:
        parsed = Assertion.parse(text)
        _check_signature(parsed, client, context)
        _check_claims(parsed, client, context.issuer_url(request), now=context.clock.peer())
        # RFC 9101 5: client_id is in both, and the same
        given = {name: value for name, value in parsed.claims.items() if name not in (*_OF_JWT, "client_id")}
        return (
            ("client_id", client.client_id),
            *(pair for name, value in given.items() for pair in _pairs(name, value)),
        )
    except BadAssertion as error:
        wrong = str(error).replace("the assertion", "the request object")
        wrong = wrong.replace("token_endpoint_auth_signing_alg", "request_object_signing_alg")
        raise InvalidRequestObject(
            "The request object is not acceptable.", hint=f"{wrong} (client {client.client_id!r}; RFC 9101 6)"
        ) from None


def _check_signature(parsed: Assertion, client: Client, context: Context) -> None:
    typ = str(parsed.header.get("typ")).lower().removeprefix("application/")
    if typ not in _TYPES:
        raise BadAssertion(f"the header has typ {parsed.header['typ']!r}; write 'oauth-authz-req+jwt' (RFC 9101 10.8)")
    wanted = client.request_object_signing_alg
    if parsed.alg == wanted == "none" and not client.policies.require_signed_request_object:
        if not parsed.text.endswith("."):
            raise BadAssertion("alg is 'none', and there is a signature all the same")
        return
    keys: list[Key] = []
    if wanted in MAC_ALGORITHMS:
        now = context.clock.now()
        keys = [secret_key(secret.value, expired=not secret.is_live(now)) for secret in client.secrets]
    else:
        jwks = context.client_keys(client)
        keys = [] if jwks is None else list(public_keys(jwks))
    if not keys:
        raise BadAssertion("no key is registered that could have signed it (jwks)")
    check_signature(parsed, keys, ALGORITHMS if wanted is None else (wanted,))


def _check_claims(parsed: Assertion, client: Client, issuer: str, *, now: float) -> None:
    claims = parsed.claims
    if claims.get("client_id") != client.client_id:
        said = reprlib.repr(claims.get("client_id"))
        raise BadAssertion(f"client_id in it is {said}, and beside it {client.client_id!r}: both have to be the same")
    if claims.get("iss", client.client_id) != client.client_id:
        raise BadAssertion(f"iss is {reprlib.repr(claims['iss'])}; it is by the client")
    aud = claims.get("aud", issuer)
    if issuer not in (aud if isinstance(aud, list) else [aud]):
        raise BadAssertion(f"aud is {reprlib.repr(aud)}; it is for {issuer}")
    for name in _REFERENCES:
        if name in claims:
            raise BadAssertion(f"it has {name}, which it must not have (RFC 9101 4)")
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name)
        # NaN compares as False
        if value is not None and (type(value) not in (int, float) or not -_LATEST <= value <= _LATEST):
            raise BadAssertion(f"{name} is {reprlib.repr(value)}: write seconds since the epoch as a number")
    if "exp" in claims and (claims["exp"] is None or now >= claims["exp"]):
        raise BadAssertion("it has expired; is the client's clock slow?")
    if claims.get("nbf") is not None and claims["nbf"] > now:
        raise BadAssertion("it is not valid yet; is the client's clock fast?")


def _pairs(name: str, value: typing.Any) -> list[tuple[str, str]]:
    """RFC 9101 4: text as it is, numbers and objects as JSON; what may come several times as a list."""
    if value is None:
        return []
    if isinstance(value, str):
        return [(name, value)]
    if name == "resource" and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return [(name, each) for each in value]
    return [(name, json.dumps(value, separators=(",", ":")))]
