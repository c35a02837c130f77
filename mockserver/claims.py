"""Which claims about a person go where: by scope (OpenID Connect Core 5.4) and by the `claims` parameter (5.5)."""

from __future__ import annotations

import collections.abc as cabc
import json
import typing

import msgspec

from .errors import InvalidRequest
from .policies import ClaimsByScope

__all__ = ["SCOPES", "ClaimsRequest", "Wanted", "by_scope", "parse"]

# OpenID Connect Core 5.4
SCOPES: dict[str, tuple[str, ...]] = {
    "profile": (
        *("name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture"),
        *("website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"),
    ),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}
_SCOPE_OF = {claim: scope for scope, claims in SCOPES.items() for claim in claims}


class Wanted(msgspec.Struct, frozen=True):
    """One claim as it was asked for: whether it is essential, and the values that will do; none: any."""

    essential: bool = False
    values: tuple[typing.Any, ...] | None = None

    def fits(self, value: object) -> bool:
        return self.values is None or value in self.values


class ClaimsRequest(msgspec.Struct, frozen=True):
    """The `claims` parameter: what is asked for, by claim, in userinfo and in the ID token."""

    userinfo: cabc.Mapping[str, Wanted] = {}
    id_token: cabc.Mapping[str, Wanted] = {}

    def wanted(self, claim: str) -> Wanted | None:
        """How a claim about the login is asked for, which goes into the ID token whatever asks for it."""
        return self.id_token.get(claim) or self.userinfo.get(claim)


def parse(text: str) -> ClaimsRequest:
    """Raises `InvalidRequest` for what is no request of claims; members that nobody knows are ignored (5.5)."""
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        raise _malformed("it is no JSON") from None
    if not isinstance(members, dict):
        raise _malformed("it is no JSON object")
    return ClaimsRequest(*(_wanted(name, members.get(name)) for name in ("userinfo", "id_token")))


def _wanted(name: str, claims: object) -> dict[str, Wanted]:
    if claims is None:
        return {}
    if not isinstance(claims, dict):
        raise _malformed(f"its member {name!r} is no JSON object")
    return {claim: _one(f"{name}.{claim}", how) for claim, how in claims.items()}


def _one(name: str, how: object) -> Wanted:
    # OpenID Connect Core 5.5.1: null, or an object
    if how is None:
        return Wanted()
    if not isinstance(how, dict):
        raise _malformed(f"{name} is neither null nor a JSON object")
    essential, values = how.get("essential", False), how.get("values")
    if not isinstance(essential, bool):
        raise _malformed(f"{name}.essential is neither true nor false")
    if "value" in how and "values" in how:
        raise _malformed(f"{name} has both value and values")
    if "values" in how and not isinstance(values, list):
        raise _malformed(f"{name}.values is no list")
    return Wanted(essential, (how["value"],) if "value" in how else None if values is None else tuple(values))


def _malformed(hint: str) -> InvalidRequest:
    return InvalidRequest(
        "The parameter claims is malformed.",
        hint=f"claims: {hint}; write a JSON object with userinfo, id_token or both, e.g."
        ' {"id_token": {"email": {"essential": true}}} (OpenID Connect Core 5.5)',
    )


def by_scope(
    claims: cabc.Mapping[str, typing.Any],
    scope: cabc.Collection[str],
    rule: ClaimsByScope,
    wanted: cabc.Mapping[str, Wanted],
) -> dict[str, typing.Any]:
    """
    Of a person's claims those that are released for a scope, and those that were asked for one by one.

    A claim of another value than was asked for is left out (5.5.1). Claims that no standard scope has are anybody's.
    """
    everything = rule == "never" or (rule == "when_named" and not any(name in scope for name in SCOPES))
    return {
        name: value
        for name, value in claims.items()
        if (wanted[name].fits(value) if name in wanted else everything or _released(name, scope))
    }


def _released(claim: str, scope: cabc.Collection[str]) -> bool:
    # OpenID Connect Core 5.2: a claim in another language has its tag behind a #
    needed = _SCOPE_OF.get(claim.partition("#")[0])
    return needed is None or needed in scope
