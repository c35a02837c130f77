"""Token exchange (RFC 8693): a token for somebody becomes another, alone or with the one who acts for them."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

from .. import assertions
from ..context import Context
from ..errors import InvalidRequest
from ..errors import InvalidScope
from ..jwk import Key
from ..messages import Issue
from ..messages import TokenRequest
from ..model import Kind
from ..model import TokenRecord
from ..model import User
from ..registration import allowed_scope
from ..scope import Scope
from ..stores import new_family
from ..trust import keys_of

name: typing.Final = "urn:ietf:params:oauth:grant-type:token-exchange"
parameters: typing.Final = frozenset(
    {
        *("subject_token", "subject_token_type", "actor_token", "actor_token_type"),
        *("requested_token_type", "resource", "audience"),
    }
)

# RFC 8693 3
_TYPE: typing.Final = "urn:ietf:params:oauth:token-type:"
_TYPES: typing.Final = ("access_token", "refresh_token", "id_token", "jwt")
# What no clock should hold against a token that comes again and again
_ANY_AGE: typing.Final = 2**53


class _Party(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a token that was sent is about, and what else it says."""

    subject: str
    user: User | None
    """None: a client."""
    claims: cabc.Mapping[str, typing.Any]
    """`act`, `may_act`, `iss`, `client_id`, as far as it has them."""
    record: TokenRecord | None = None
    """Where it is an access or a refresh token of this issuer."""


class _Bad(ValueError):
    """Why a token cannot be exchanged, for the tester."""


def issue(request: TokenRequest, context: Context) -> Issue:
    """RFC 8693 2.1: who the new token is for, who acts for them, what it is good for and of which type it is."""
    subject = _token("subject", request, context)
    requested = _requested(request.parameters.get("requested_token_type"))
    actor = _actor(request, context)
    _check_may_act(subject, actor, request)
    scope = _scope(subject.record, request, context)
    if requested == "id_token" and subject.user is None:
        raise InvalidRequest(
            "An ID token tells of a person.",
            hint="requested_token_type is an ID token, and the subject_token stands for no person (RFC 8693 2.2.2)",
        )
    own = subject.record is not None and subject.record.client_id == request.client.client_id
    act = _act(subject, actor)
    return request.granted(
        subject.user,
        scope,
        # What a client makes of its own token ends with it; what it makes of another's is not the other's to end
        family=subject.record.family if own and subject.record else new_family(),
        refresh=requested == "refresh_token",
        further_claims=_claims(subject, act, request),
        auth_time=subject.record.auth_time if subject.record else None,
        id_token=requested == "id_token",
        access_token_format="jwt" if requested == "jwt" else None,
        issued_token_type=_TYPE + requested,
    )


def _requested(asked: str | None) -> str:
    """What is to be issued, of the types of RFC 8693 3; an access token where nothing is said."""
    known = {_TYPE + one: one for one in _TYPES}
    if asked is None:
        return "access_token"
    if asked not in known:
        raise InvalidRequest(
            "The requested token type is not supported.",
            hint=f"requested_token_type is {asked!r}; there are {', '.join(known)} (RFC 8693 3)",
        )
    return known[asked]


def _actor(request: TokenRequest, context: Context) -> _Party | None:
    if "actor_token" in request.parameters:
        return _token("actor", request, context)
    if "actor_token_type" in request.parameters:
        # RFC 8693 2.1: must not be included when the actor_token is not
        raise InvalidRequest("actor_token_type came without actor_token.", hint="send both, or neither (RFC 8693 2.1)")
    return None


def _token(which: str, request: TokenRequest, context: Context) -> _Party:
    """The subject's or the actor's token. Raises `InvalidRequest`, whatever is wrong with it (RFC 8693 2.2.2)."""
    text, kind = (request.parameters.get(f"{which}_{part}") for part in ("token", "token_type"))
    for part, value in (("token", text), ("token_type", kind)):
        if value is None:
            raise InvalidRequest(
                f"{which}_{part} is missing.", hint=f"the grant needs the parameter {which}_{part} (RFC 8693 2.1)"
            )
    assert text is not None
    assert kind is not None
    readers = {
        _TYPE + "access_token": _access_token,
        _TYPE + "refresh_token": _refresh_token,
        _TYPE + "id_token": _id_token,
        _TYPE + "jwt": _jwt,
    }
    if kind not in readers:
        raise InvalidRequest(
            f"The {which}_token_type is not supported.",
            hint=f"{which}_token_type is {kind!r}; there are {', '.join(readers)} (RFC 8693 3)",
        )
    try:
        party = readers[kind](text, request, context)
        if party.user is not None and party.user.account in ("locked", "disabled"):
            raise _Bad(f"the account of {party.user.username!r} is {party.user.account}")
    except (_Bad, assertions.BadAssertion) as error:
        raise InvalidRequest(f"The {which}_token is not valid.", hint=f"the {which}_token: {error}") from None
    return party


def _access_token(text: str, request: TokenRequest, context: Context) -> _Party:
    return _of_record(_alive(Kind.ACCESS, text, context), request)


def _refresh_token(text: str, request: TokenRequest, context: Context) -> _Party:
    record = _alive(Kind.REFRESH, text, context)
    # RFC 6749 6: bound to the client to which it was issued
    if record.client_id != request.client.client_id:
        raise _Bad(f"it is a refresh token of client {record.client_id!r}, not of {request.client.client_id!r}")
    return _of_record(record, request)


def _alive(kind: Kind, text: str, context: Context) -> TokenRecord:
    found = context.store.find(kind, text)
    if found is None or not isinstance(found.record, TokenRecord):
        raise _Bad(f"this issuer never issued it as {'an' if kind is Kind.ACCESS else 'a'} {kind.value}")
    if not found.alive or (kind is Kind.REFRESH and found.uses):
        raise _Bad("it has been revoked, or used up")
    if found.record.flaw:
        raise _Bad(f"it was issued with a flaw, by the armed fault {found.record.flaw}")
    late = context.clock.now() - found.record.expires_at
    if late >= 0:
        raise _Bad(f"it expired {late:.0f} s ago (server clock)")
    return found.record


def _of_record(record: TokenRecord, request: TokenRequest) -> _Party:
    of_person = {"may_act": record.user.claims["may_act"]} if record.user and "may_act" in record.user.claims else {}
    return _Party(
        subject=record.user.subject if record.user else str((record.further_claims or {}).get("sub", record.client_id)),
        user=record.user,
        claims={**of_person, **(record.further_claims or {}), "iss": request.issuer, "client_id": record.client_id},
        record=record,
    )


def _id_token(text: str, request: TokenRequest, context: Context) -> _Party:
    """RFC 8693 3: of this issuer, for the client that asks (OpenID Connect Core 3.1.3.7)."""
    assertion = assertions.Assertion.parse(text)
    if assertion.names("iss") != request.issuer:
        raise _Bad(f"it is no ID token of this issuer: iss is {assertion.claims.get('iss')!r}")
    _check(assertion, context.verifying_keys(), (request.client.client_id,), context.clock.now(), (None, "JWT"))
    subject = assertion.names("sub")
    # OpenID Connect Core 8.1: by the subject that this client knows
    own = context.person(subject, request.client) if subject is not None else None
    return _named(assertion, context, own)


def _jwt(text: str, request: TokenRequest, context: Context) -> _Party:
    """RFC 8693 3: an access token of this issuer, or what somebody signed who is trusted."""
    assertion = assertions.Assertion.parse(text)
    issuer = assertion.names("iss") or ""
    if issuer == request.issuer:
        return _access_token(text, request, context)
    _check(assertion, keys_of(issuer, context), request.assertion_audiences, context.clock.peer())
    return _named(assertion, context)


def _check(
    assertion: assertions.Assertion,
    keys: cabc.Sequence[Key],
    audiences: cabc.Sequence[str],
    now: float,
    types: cabc.Collection[str | None] | None = None,
) -> None:
    assertions.check_issued(assertion, keys, audiences=audiences, now=now, longest=_ANY_AGE, types=types)


def _named(assertion: assertions.Assertion, context: Context, person: User | None = None) -> _Party:
    subject = assertion.names("sub")
    if subject is None:
        raise _Bad("it has no sub, so that it is about nobody")
    user = person or (None if subject in context.clients else context.known_as(subject))
    if user is None and subject not in context.clients:
        raise _Bad(f"sub is {subject!r}, whom nobody registered; register: oauthmock.user({subject!r})")
    return _Party(subject=subject, user=user, claims=assertion.claims)


def _check_may_act(subject: _Party, actor: _Party | None, request: TokenRequest) -> None:
    """RFC 8693 4.4: where the subject's token says who may act for them, nobody else may."""
    allowed = subject.claims.get("may_act")
    if allowed is None:
        return
    client_id = request.client.client_id
    acting = {"sub": client_id, "client_id": client_id, "iss": request.issuer}
    if actor is not None:
        acting = {**{key: value for key, value in actor.claims.items() if isinstance(value, str)}, "sub": actor.subject}
    if isinstance(allowed, cabc.Mapping) and allowed and all(acting.get(key) == allowed[key] for key in allowed):
        return
    who = f"the actor {actor.subject!r}" if actor is not None else f"client {client_id!r}"
    raise InvalidRequest(
        "The actor is not authorized to act for the subject.",
        hint=f"may_act of the subject_token is {allowed!r}, and {who} is somebody else (RFC 8693 4.4)",
    )


def _act(subject: _Party, actor: _Party | None) -> dict[str, typing.Any]:
    """RFC 8693 4.1: who acts now, and inside of that who did before."""
    before = subject.claims.get("act")
    if actor is None:
        return dict(before) if isinstance(before, cabc.Mapping) else {}
    now = {"sub": actor.subject}
    return {**now, "act": dict(before)} if isinstance(before, cabc.Mapping) else now


def _claims(subject: _Party, act: dict[str, typing.Any], request: TokenRequest) -> dict[str, typing.Any]:
    claims: dict[str, typing.Any] = {"act": act} if act else {}
    if subject.user is None and subject.subject != request.client.client_id:
        # RFC 9068 2.2: sub would be the client that asks
        claims["sub"] = subject.subject
    return claims


def _scope(record: TokenRecord | None, request: TokenRequest, context: Context) -> Scope:
    """RFC 8693 2.1: what is asked, never more than the subject's token has; that, where nothing is asked."""
    if record is None:
        return allowed_scope(request.scope, request.client, context.settings)
    limit = request.client.scope
    if request.scope is None:
        return record.scope if limit is None else record.scope.narrowed_to(limit)
    if not request.scope <= record.scope:
        extra = " ".join(token for token in str(request.scope).split() if token not in record.scope)
        raise InvalidScope(
            "The requested scope exceeds that of the subject_token.",
            hint=f"scope {extra!r} is not in {str(record.scope)!r}, which the subject_token has (RFC 8693 2.1)",
        )
    return allowed_scope(request.scope, request.client, context.settings)
