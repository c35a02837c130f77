"""From a grant's decision to tokens: made, stored in one step, entered in the ledger."""

from __future__ import annotations

import collections.abc as cabc
import json
import math
import secrets
import typing

import msgspec

from .authorization_details import Details
from .context import Context
from .credentials import new_jti
from .credentials import new_secret
from .errors import InvalidGrant
from .id_token import claims_of
from .id_token import signing_key
from .keys import SecretKey
from .keys import SigningKey
from .ledger import IssuedToken
from .messages import Issue
from .messages import Tokens
from .model import AuthorizationRecord
from .model import Confirmation
from .model import Kind
from .model import TokenRecord
from .scope import Scope
from .stores import Record

__all__ = ["id_token", "mint", "store_code"]


# RFC 6749 appendix A.11 allows a code every printable ASCII character: these a client has to encode
_AWKWARD = "+/=%"


def store_code(record: AuthorizationRecord, context: Context, *, length: int | None = None) -> str:
    """Make an authorization code (RFC 6749 4.1.2), of `length` characters if need be, and keep what it stands for."""
    code = new_secret("ac")
    if length is not None:
        filling = (secrets.choice(_AWKWARD) for _ in range(length - len(code) - len(_AWKWARD)))
        code = f"{code}{_AWKWARD}{''.join(filling)}"
    context.handed_out.append(("authorization code", f"authorization code of client {record.client_id!r}", code))
    context.store.put_if_alive(record.family, [(Kind.CODE, code, record)])
    return code


def id_token(issue: Issue, context: Context, *, access_token: str | None = None, code: str | None = None) -> str:
    """An ID token beside whatever the authorization endpoint sends with it (OpenID Connect Core 3.2.2.10, 3.3.2.11)."""
    claims = claims_of(issue, context.clock.now(), access_token=access_token, code=code)
    key = signing_key(issue.client.policies.id_token_signed_response_alg, issue.client, context)
    return _signed("id_token", claims, key, "JWT", issue)


def mint(issue: Issue, context: Context) -> tuple[Tokens, IssuedToken]:
    """
    Make the tokens that a grant decided on and store them in one atomic step: what the answer has, and what is kept.

    Raises `InvalidGrant` when the family was killed between the decision and this step.
    """
    policy = issue.client.policies.access_token_policy
    # A code and a refresh token are used up for a new one, which ends when they are replayed (RFC 6749 4.1.2)
    if policy == "new" or (policy == "same" and (issue.taken or issue.refreshed_from is not None)):
        return _mint(issue, context)
    # The other policies look at what there is and then add to it.
    with context.ledger.issuing:
        holder = _holder(issue, context)
        earlier = context.ledger.current.get(holder)
        if policy == "same" and earlier is not None and _as_good_as_new(earlier, context):
            return _again(earlier, issue, context)
        tokens, issued = _mint(issue, context)
        if policy == "one_live" and earlier is not None and earlier.access_token != issued.access_token:
            context.store.revoke(Kind.ACCESS, earlier.access_token)
        context.ledger.current[holder] = issued
        return tokens, issued


def _holder(issue: Issue, context: Context) -> tuple[object, ...]:
    """Who has a token of its own: a client for a person, and under `same` for a scope and an audience as well."""
    policies = issue.client.policies
    whose = (policies.access_token_policy, issue.client.client_id, issue.user.username if issue.user else None)
    if policies.access_token_policy == "one_live":
        return whose
    details = json.dumps(issue.authorization_details, sort_keys=True)
    return (*whose, issue.scope, _audience(issue, context), *issue.cnf, details)


def _as_good_as_new(token: IssuedToken, context: Context) -> bool:
    """Whether a token still opens what it opened, and its refresh token has not been used, ended or left to expire."""
    now = context.clock.now()
    values = [(Kind.ACCESS, token.access_token)]
    if token.refresh_token is not None:
        values.append((Kind.REFRESH, token.refresh_token))
    entries = [context.store.find(kind, value) for kind, value in values]
    return all(entry and entry.alive and not entry.uses and now < entry.record.expires_at for entry in entries)


def _again(token: IssuedToken, issue: Issue, context: Context) -> tuple[Tokens, IssuedToken]:
    """The answer with a token that was given out before, and the seconds that are left of it."""
    now = context.clock.now()
    tokens = Tokens(
        access_token=token.access_token,
        expires_in=math.ceil(token.expires_at - now),
        scope=token.scope,
        altered=issue.altered,
        refresh_token=token.refresh_token,
        id_token=id_token(issue, context, access_token=token.access_token) if issue.id_token else None,
        token_type=_token_type(issue),
        authorization_details=issue.authorization_details,
        issued_token_type=issue.issued_token_type,
    )
    answered = msgspec.structs.replace(
        token, grant_type=issue.grant_type, client_auth=issue.client_auth, id_token=tokens.id_token
    )
    context.ledger.add(answered)
    return tokens, answered


def _mint(issue: Issue, context: Context) -> tuple[Tokens, IssuedToken]:
    now = context.clock.now()
    policies = issue.client.policies
    expires_in = policies.access_token_lifetime if issue.access_token_lifetime is None else issue.access_token_lifetime
    refresh_lifetime = (
        policies.refresh_token_lifetime if issue.refresh_token_lifetime is None else issue.refresh_token_lifetime
    )

    # RFC 8693 4.4: whom the person lets act for them goes with every token of theirs
    of_person = {"may_act": issue.user.claims["may_act"]} if issue.user and "may_act" in issue.user.claims else {}
    further = {**of_person, **issue.further_claims}

    def record(
        expires_at: float,
        scope: Scope,
        audience: tuple[str, ...],
        *,
        cnf: Confirmation,
        details: Details,
        flaw: str = "",
    ) -> TokenRecord:
        return TokenRecord(
            family=issue.family,
            client_id=issue.client.client_id,
            user=issue.user,
            scope=scope,
            grant_type=issue.grant_type,
            issued_at=now,
            expires_at=expires_at,
            auth_time=issue.auth_time,
            acr=issue.acr,
            amr=issue.amr,
            claims=issue.claims,
            audience=audience,
            further_claims=further or None,
            authorization_details=details,
            cnf=cnf,
            flaw=flaw,
        )

    prolonged = _prolonged(issue, context, now + expires_in)
    access_token = prolonged or _access_token(issue, context, now, expires_in, further)
    accessing = record(
        now + expires_in,
        issue.scope,
        issue.audience,
        cnf=issue.cnf,
        details=issue.authorization_details,
        flaw=issue.flaw,
    )
    records: list[tuple[Kind, str, Record]] = [(Kind.ACCESS, access_token, accessing)]
    refresh_token = None
    if issue.refresh:
        refresh_token = new_secret("rt") if issue.refresh_token is None else issue.refresh_token
        expires_at = now + refresh_lifetime if issue.refresh_expires_at is None else issue.refresh_expires_at
        # RFC 6749 6: the scope of a new refresh token is that of the old one, however narrow the access token is
        # and so is its audience
        audience = issue.audience if issue.refresh_audience is None else issue.refresh_audience
        # RFC 8705 4, RFC 9449 5: only those of public clients; others have to authenticate with theirs anyway
        bound = issue.cnf if issue.client_auth == "none" else ()
        details = issue.authorization_details if issue.refresh_details is None else issue.refresh_details
        refreshing = record(expires_at, issue.refresh_scope or issue.scope, audience, cnf=bound, details=details)
        records.append((Kind.REFRESH, refresh_token, refreshing))
    if not context.store.put_if_alive(issue.family, records, taken=issue.taken):
        raise InvalidGrant("The grant has been revoked.", hint="the grant was revoked while this request was under way")
    tokens = Tokens(
        access_token=access_token,
        expires_in=expires_in,
        scope=issue.scope,
        altered=issue.altered,
        refresh_token=refresh_token if issue.tell_refresh_token else None,
        id_token=id_token(issue, context, access_token=access_token) if issue.id_token else None,
        token_type=_token_type(issue),
        authorization_details=issue.authorization_details,
        issued_token_type=issue.issued_token_type,
    )
    issued = IssuedToken(
        access_token=access_token,
        refresh_token=refresh_token,
        id_token=tokens.id_token,
        token_type=tokens.token_type,
        grant_type=issue.grant_type,
        client_id=issue.client.client_id,
        client_auth=issue.client_auth,
        username=issue.user.username if issue.user else None,
        scope=issue.scope,
        issuer=issue.issuer,
        issued_at=now,
        expires_in=expires_in,
        audience=_audience(issue, context),
        family=issue.family,
        authorization_details=issue.authorization_details,
        cnf=dict(issue.cnf),
        refreshed_from=issue.refreshed_from,
        store=context.store,
        clock=context.clock,
    )
    context.ledger.add(issued)
    _limit(issue, refresh_token, context)
    return tokens, issued


def _token_type(issue: Issue) -> str:
    """RFC 6750 4, RFC 9449 5: how the token has to be used."""
    return "DPoP" if any(way == "jkt" for way, _ in issue.cnf) else "Bearer"


def _prolonged(issue: Issue, context: Context, expires_at: float) -> str | None:
    """The newest access token of the family, good until then; None where a new one is to be made."""
    if not issue.prolongs:
        return None
    newest = next((token for token in reversed(list(context.ledger)) if token.family == issue.family), None)
    # One that is bound to something else is of no use to the client
    if newest is None or newest.cnf != dict(issue.cnf):
        return None
    if not context.store.prolong(Kind.ACCESS, newest.access_token, expires_at=expires_at):
        return None
    return newest.access_token


def _limit(issue: Issue, refresh_token: str | None, context: Context) -> None:
    """Note a refresh token that is new, and end the oldest of those beyond `refresh_token_limit`."""
    limit = issue.client.policies.refresh_token_limit
    if limit is None or refresh_token is None:
        return
    holder = (issue.client.client_id, issue.user.username if issue.user else None)
    with context.ledger.issuing_refresh:
        held = context.ledger.refresh_tokens.setdefault(holder, [])
        if refresh_token in held:
            return
        if issue.refreshed_from in held:
            held.remove(issue.refreshed_from)
        held.append(refresh_token)
        while len(held) > limit:
            context.store.revoke(Kind.REFRESH, held.pop(0))


def _audience(issue: Issue, context: Context) -> tuple[str, ...]:
    """RFC 9068 3: the resources that were asked for, else the default one."""
    return issue.audience or (context.audience(issue.issuer),)


def _access_token(
    issue: Issue, context: Context, now: float, expires_in: int, more: cabc.Mapping[str, typing.Any]
) -> str:
    if (issue.access_token_format or issue.client.policies.access_token_format) == "opaque":
        return new_secret("at")
    audience = _audience(issue, context)
    # RFC 9068 2.2
    claims: dict[str, typing.Any] = {
        **more,
        "iss": issue.issuer,
        "exp": int(now) + expires_in,
        "aud": audience[0] if len(audience) == 1 else list(audience),
        # RFC 9068 2.2: without a resource owner, sub is the client
        "sub": issue.client.subject_of(issue.user) if issue.user else more.get("sub", issue.client.client_id),
        "client_id": issue.client.client_id,
        "iat": int(now),
        "jti": new_jti(),
    }
    if issue.scope:
        claims["scope"] = str(issue.scope)
    if issue.authorization_details:
        claims["authorization_details"] = list(issue.authorization_details)
    if issue.cnf:
        claims["cnf"] = dict(issue.cnf)
    if issue.auth_time is not None:
        claims["auth_time"] = int(issue.auth_time)
    if issue.acr is not None:
        claims["acr"] = issue.acr
    # RFC 9068 2.1: the type keeps an access token from passing for an ID token
    key = context.keys.signing(issue.client.access_token_signing_alg)
    return _signed("access_token", claims, key, "at+jwt", issue)


def _signed(token: str, claims: dict[str, typing.Any], key: SigningKey | SecretKey, typ: str, issue: Issue) -> str:
    if issue.client.dress is not None:
        claims = issue.client.dress(token, claims, issue.user)
    return key.sign(claims, typ=typ) if issue.sign is None else issue.sign(token, claims, key, typ)
