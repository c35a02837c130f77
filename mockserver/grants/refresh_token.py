"""The refresh token grant (RFC 6749 6)."""

from __future__ import annotations

import typing

import msgspec

from ..authorization_details import narrowed
from ..context import Context
from ..credentials import origin
from ..credentials import successor
from ..errors import InvalidGrant
from ..errors import InvalidRequest
from ..errors import InvalidScope
from ..messages import Issue
from ..messages import TokenRequest
from ..model import Client
from ..model import Kind
from ..model import TokenRecord
from ..policies import RefreshPolicySettings
from ..registration import narrowed_audience
from ..scope import Scope
from ..stores import Entry

name: typing.Final = "refresh_token"
parameters: typing.Final = frozenset({"refresh_token"})


class _Successor(msgspec.Struct, frozen=True):
    """The refresh token that goes with the answer: the same, a certain one, or (None) one that is made up."""

    value: str | None
    taken: bool
    told: bool = True
    expires_at: float | None = None


def issue(request: TokenRequest, context: Context) -> Issue:
    """A new access token, and by `refresh_policy` another refresh token in place of the one that was used."""
    value = request.parameters.get("refresh_token")
    client = request.client
    if value is None:
        raise InvalidRequest(
            "refresh_token is missing.", hint="the grant needs the parameter refresh_token (RFC 6749 6)"
        )
    found, record = _good(value, client, context)
    _check_binding(request, record)
    # Before the token is taken: a scope that is refused costs nothing.
    scope = _narrowed(request.scope, record.scope)
    audience = narrowed_audience(request.audience, record.audience)
    details = narrowed(request.authorization_details, record.authorization_details)
    rule = client.policies.refresh_of(public=request.client_auth == "none")
    if _keeps(request, found, context):
        successor = _Successor(value, taken=False, told=False)
    else:
        successor = _successor(value, found, record, rule, context)
    return Issue(
        client=client,
        user=record.user,
        scope=scope,
        grant_type=name,
        client_auth=request.client_auth,
        issuer=request.issuer,
        family=record.family,
        taken=successor.taken,
        refresh_token=successor.value,
        tell_refresh_token=successor.told,
        refreshed_from=value,
        prolongs=rule.policy == "prolong_same",
        refresh_scope=record.scope,
        audience=audience,
        refresh_audience=record.audience,
        authorization_details=details,
        refresh_details=record.authorization_details,
        refresh_expires_at=successor.expires_at,
        auth_time=record.auth_time,
        acr=record.acr,
        amr=record.amr,
        claims=record.claims,
        # OpenID Connect Core 12.2: the same person, without a nonce
        id_token="openid" in scope and record.user is not None,
    )


def _keeps(request: TokenRequest, found: Entry, context: Context) -> bool:
    """By `offline_access_each_time` whoever does not ask for another refresh token keeps the one that he has."""
    when = request.client.policies.refresh_token_when
    asked = not context.settings.offline_scopes or not (request.scope or Scope()).isdisjoint(
        context.settings.offline_scopes
    )
    return when == "offline_access_each_time" and not found.uses and not asked


def _good(value: str, client: Client, context: Context) -> tuple[Entry, TokenRecord]:
    """What the refresh token stands for, if it is this client's and may still be used, or has been used before."""
    found = context.store.find(Kind.REFRESH, value)
    if found is None or not isinstance(found.record, TokenRecord):
        raise _refused(f"this issuer never issued the refresh token: {origin(value)}")
    record = found.record
    # RFC 6749 6: bound to the client to which it was issued
    if record.client_id != client.client_id:
        raise _refused(
            f"the refresh token was issued to client {record.client_id!r}, not to {client.client_id!r} (RFC 6749 6)"
        )
    if not found.alive:
        raise _refused("the refresh token has been revoked")
    # That a used one comes again is worse than that it has expired: RFC 9700 4.14.2 does not ask how late.
    if not found.uses:
        _check_age(record, now=context.clock.now())
    return found, record


def _check_binding(request: TokenRequest, record: TokenRecord) -> None:
    """RFC 8705 4, RFC 9449 5: a public client shows that it has what its refresh token is bound to."""
    shown = dict(request.cnf)
    for way, digest in record.cnf:
        if shown.get(way) != digest:
            with_what = "another" if way in shown else "no"
            what = "client certificate (RFC 8705 4)" if way == "x5t#S256" else "DPoP key (RFC 9449 5)"
            raise _refused(f"the refresh token is bound to what was not shown: the request has {with_what} {what}")


def _check_age(record: TokenRecord, *, now: float) -> None:
    if now >= record.expires_at:
        raise _refused(f"the refresh token expired {now - record.expires_at:.0f} s ago (refresh_token_lifetime)")


def _successor(
    value: str, found: Entry, record: TokenRecord, rule: RefreshPolicySettings, context: Context
) -> _Successor:
    """Take the token where the policy says that it is used up, and say what goes in its place."""
    now = context.clock.now()
    if rule.policy in ("static", "omit", "prolong_same"):
        return _Successor(value, taken=False, told=rule.policy != "omit")
    if rule.policy == "rotate_every" and not found.uses and now - record.issued_at < (rule.seconds or 0):
        return _Successor(value, taken=False)
    taken = context.store.take(Kind.REFRESH, value, now=now)
    if taken is None or not taken.alive:
        raise _refused("the refresh token has been revoked")
    if rule.policy == "rotate_grace":
        _check_grace(taken, rule, record, context, now=now)
        # Whoever comes in the time of grace is given the same successor: nobody's is worth less.
        return _Successor(successor(value, context.seed), taken=True)
    if taken.uses:
        if rule.policy == "rotate_revoke_family":
            # RFC 9700 4.14.2: one of the two is a thief, and nobody knows which
            context.store.kill(record.family)
            raise _refused("the refresh token has been used before: the whole family is revoked (RFC 9700 4.14.2)")
        raise _refused(
            f"the refresh token has been used before; under refresh_policy {rule.policy!r} each works once: keep the"
            " new one"
        )
    return _Successor(None, taken=True, expires_at=record.expires_at if rule.policy == "fixed_life" else None)


def _check_grace(
    taken: Entry, rule: RefreshPolicySettings, record: TokenRecord, context: Context, *, now: float
) -> None:
    if taken.first_use is None:
        return
    ago, uses, seconds = now - taken.first_use, rule.uses or 0, rule.seconds or 0
    if ago >= seconds or taken.uses > uses:
        context.store.kill(record.family)
        late = f"{ago:.0f} s ago" if ago >= seconds else f"{taken.uses} times"
        raise _refused(
            f"the refresh token has been used before, {late}; the grace is {seconds} s and {uses} more: the whole"
            " family is revoked (RFC 9700 4.14.2)"
        )
    _check_age(record, now=now)


def _narrowed(asked: Scope | None, granted: Scope) -> Scope:
    if asked is None:
        return granted
    if not asked <= granted:
        # RFC 6749 6: must not include any scope not originally granted
        extra = " ".join(token for token in str(asked).split() if token not in granted)
        raise InvalidScope(
            "The requested scope exceeds what was granted.",
            hint=f"scope {extra!r} was not granted ({str(granted)!r} was): a refresh can narrow a scope and never"
            " widen it (RFC 6749 6)",
        )
    return asked


def _refused(hint: str) -> InvalidGrant:
    return InvalidGrant("The refresh token is invalid, expired, revoked or another client's.", hint=hint)
