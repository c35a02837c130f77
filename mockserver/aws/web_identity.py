"""A token of an OpenID provider, as STS verifies it (IAM User Guide, "Create an OpenID Connect identity provider")."""

from __future__ import annotations

import collections.abc as cabc
import typing
import urllib.parse

import msgspec

from .. import jws
from ..assertions import Assertion
from ..assertions import BadAssertion
from ..jwk import BadKey
from ..jwk import public_keys
from ..model import Kind
from .fetching import Unreachable
from .fetching import Unusable
from .fetching import fetch_json
from .trust import listed

if typing.TYPE_CHECKING:
    from ..server import OAuthMock

__all__ = ["Identity", "Rejected", "verify"]

# How far the issuer's clock may be ahead, in seconds
_SKEW = 300
# What IAM takes of OpenID providers
_ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
_NO_KEY = (
    "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity"
    " documentation for requirements"
)

Code = typing.Literal["InvalidIdentityToken", "ExpiredTokenException", "IDPRejectedClaim", "IDPCommunicationError"]


class Rejected(Exception):
    """STS's no to a token: its code and message, and why, for the tester."""

    def __init__(self, code: Code, message: str, hint: str) -> None:
        super().__init__(hint)
        self.code: Code = code
        self.message = message
        self.hint = hint


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who a token is of."""

    provider_arn: str
    provider: str
    """The provider's URL without the scheme."""
    subject: str
    audience: str
    claims: cabc.Mapping[str, typing.Any]


def verify(token: str, providers: cabc.Mapping[str, typing.Any], mock: OAuthMock) -> Identity:
    """`providers` are moto's, by ARN. Raises `Rejected`."""
    try:
        parsed = Assertion.parse(token)
    except BadAssertion as error:
        raise _invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
            str(error).replace("assertion", "token"),
        ) from None
    claims = parsed.claims
    issuer = _required(claims, "iss")
    arn, provider = _provider(issuer, providers)
    _check_signature(parsed, issuer, mock)
    _check_times(claims, mock.clock.now())
    subject = _required(claims, "sub")
    audience = _audience(claims, provider.client_id_list)
    _check_is_live(token, issuer, subject, mock)
    return Identity(provider_arn=arn, provider=provider.url, subject=subject, audience=audience, claims=claims)


def _invalid(message: str, hint: str) -> Rejected:
    return Rejected("InvalidIdentityToken", message, hint)


def _required(claims: cabc.Mapping[str, typing.Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise _invalid(f"Missing a required claim: {name}", f"{name} is {value!r}, no text")
    return value


def _provider(issuer: str, providers: cabc.Mapping[str, typing.Any]) -> tuple[str, typing.Any]:
    bare = issuer.partition("://")[2].rstrip("/")
    for arn, provider in providers.items():
        if provider.url.rstrip("/") == bare:
            return arn, provider
    known = ", ".join(provider.url for provider in providers.values()) or "none"
    raise _invalid(
        f"No OpenIDConnect provider found in your account for {issuer}",
        f"no provider is registered for iss {issuer!r} (registered: {known});"
        f" iam.create_open_id_connect_provider(Url={issuer!r}, ...)",
    )


def _check_signature(token: Assertion, issuer: str, mock: OAuthMock) -> None:
    kid, alg = token.header.get("kid"), token.alg
    if alg not in _ALGORITHMS:
        raise _invalid("The ID Token is signed with an algorithm that is not supported", f"alg is {alg!r}")
    try:
        metadata = fetch_json(mock.wsgi, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != issuer:
            raise Unusable(f"the metadata have issuer {metadata.get('issuer')!r}, the token has iss {issuer!r}")
        uri = metadata.get("jwks_uri")
        if not isinstance(uri, str):
            raise Unusable("the metadata have no jwks_uri")
        keys = public_keys(fetch_json(mock.wsgi, uri))
    except Unreachable as error:
        raise Rejected(
            "IDPCommunicationError",
            "The identity provider that was asked to verify the incoming identity token could not be reached.",
            str(error),
        ) from None
    except (Unusable, BadKey) as error:
        raise _invalid(_NO_KEY, str(error)) from None
    named = [key for key in keys if key.kid == kid and alg in key.algorithms]
    if not named:
        published = ", ".join(f"{key.kid!r} for {'/'.join(key.algorithms)}" for key in keys)
        raise _invalid(
            _NO_KEY, f"no key has kid {kid!r} and is for {alg}; published: {published}; was the key rotated?"
        )
    if not any(jws.verify(token.text, key.key, alg=alg) for key in named):
        raise _invalid("The ID Token signature could not be verified", f"the signature is not by the key {kid!r}")


def _check_times(claims: cabc.Mapping[str, typing.Any], now: float) -> None:
    times: dict[str, float] = {}
    for name in ("exp", "iat", "nbf"):
        value: typing.Any = claims.get(name)
        if value is None and name == "nbf":
            continue
        # NaN and infinity are no numbers of JSON, though Python reads them
        if type(value) not in (int, float) or not abs(value) < 2**53:
            raise _invalid(f"Missing a required claim: {name}", f"{name} is {value!r}, no number of seconds")
        times[name] = value
    if now >= times["exp"]:
        raise Rejected(
            "ExpiredTokenException",
            f"Token expired: current date/time {now:.0f} must be before the expiration date/time {times['exp']:.0f}",
            f"the token expired {now - times['exp']:.0f} s ago (server clock)",
        )
    for name in ("iat", "nbf"):
        if times.get(name, now) > now + _SKEW:
            raise _invalid(
                "The ID Token is not valid yet",
                f"{name} is {times[name] - now:.0f} s ahead of the server's clock; {_SKEW} are allowed",
            )


def _audience(claims: cabc.Mapping[str, typing.Any], client_ids: cabc.Sequence[str]) -> str:
    """The one that is registered; where there is an `azp`, that counts."""
    audiences = listed(claims.get("azp")) or listed(claims.get("aud"))
    if not audiences:
        raise _invalid("Missing a required claim: aud", "the token has neither aud nor azp")
    found = next((audience for audience in audiences if audience in client_ids), None)
    if found is None:
        raise _invalid(
            "Incorrect token audience",
            f"the audience is {', '.join(audiences)}; ClientIDList has {', '.join(client_ids) or 'none'}",
        )
    return found


def _check_is_live(token: str, issuer: str, subject: str, mock: OAuthMock) -> None:
    """What the issuer would say no to although it gave it out: a token that was revoked, a person who is locked out."""
    parts = urllib.parse.urlsplit(issuer)
    origin = f"{parts.scheme}://{parts.netloc}"
    why = ""
    for context in mock.state.issuers.values():
        if context.issuer_at(context.url_below(context.fixed_issuer or origin)) != issuer:
            continue
        entry = context.store.find(Kind.ACCESS, token)
        if entry is not None and not entry.alive:
            why = "the token has been revoked"
        for user in context.users.values():
            if user.subject == subject and user.account in ("disabled", "locked"):
                why = f"the account of {subject!r} is {user.account}"
    if why:
        raise Rejected(
            "IDPRejectedClaim",
            "The identity provider (IdP) reported that authentication failed.",
            f"{why} at {issuer}",
        )
