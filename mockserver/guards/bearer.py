"""An access token of this issuer or of another (RFC 6750)."""

from __future__ import annotations

import collections.abc as cabc
import functools
import typing

import msgspec

from ..admission import Admission
from ..admission import Visit
from ..context import Context
from ..credentials import origin
from ..errors import ConfigurationError
from ..errors import InsufficientScope
from ..errors import InvalidRequest
from ..errors import InvalidToken
from ..errors import MissingToken
from ..errors import OAuthError
from ..errors import ResourceError
from ..messages import Reply
from ..model import Kind
from ..model import TokenRecord
from ..policies import BearerMethod
from ..request import Request
from ..scope import Scope
from ..stores import Entry
from .login import check_login
from .possession import check_possession
from .resource_metadata import described
from .resource_metadata import metadata_url
from .sent_tokens import BODILESS
from .sent_tokens import Found
from .sent_tokens import check_form
from .sent_tokens import everywhere

__all__ = ["Bearer", "Passed", "check", "presented"]

_Known = list[tuple[str, Entry, Context]]

_CLAUSES: dict[BearerMethod, str] = {"header": "2.1", "body": "2.2", "query": "2.3"}


class Passed(msgspec.Struct, frozen=True):
    """What a good access token stands for, and where in the request it was."""

    record: TokenRecord
    method: BearerMethod
    headers: tuple[tuple[str, str], ...] = ()
    """What the answer is to have besides: the next nonce (RFC 9449 8.2)."""

    def finish(self, reply: Reply) -> Reply:
        """RFC 6750 2.3: a success that a token in the URL brought must not get into a shared cache."""
        if self.headers:
            reply = msgspec.structs.replace(reply, headers=(*reply.headers, *self.headers))
        if self.method != "query" or not 200 <= reply.status <= 299:
            return reply
        others = tuple(pair for pair in reply.headers if pair[0].lower() not in ("cache-control", "pragma"))
        return msgspec.structs.replace(reply, headers=(*others, ("Cache-Control", "private")))


def check(
    request: Request,
    context: Context,
    *,
    scope: Scope,
    methods: cabc.Collection[BearerMethod] | None = None,
    scheme: str = "Bearer",
) -> Passed:
    """
    What the request's access token stands for.

    `methods`: where it may be; None leaves that to the token's client (`bearer_methods_supported`). `scheme` is the
    word before it in the header.
    Raises `MissingToken`, `InvalidRequest`, `InvalidToken` or `InsufficientScope` (RFC 6750 3.1).
    """
    headers = request.authorizations()
    places = everywhere(request, scheme, headers)
    return _checked(request, context, headers, places, scope=scope, methods=methods, scheme=scheme)


def _checked(
    request: Request,
    context: Context,
    headers: list[str],
    places: list[Found],
    *,
    scope: Scope,
    methods: cabc.Collection[BearerMethod] | None,
    scheme: str,
) -> Passed:
    """`check`, with the Authorization headers and the tokens that the request has."""
    if len(headers) > 1:
        raise InvalidRequest(
            "The Authorization header is repeated.",
            hint=f"the Authorization header came {len(headers)} times (RFC 6750 3.1)",
        )
    needed = str(scope) or None
    known = _looked_up(places, context)
    if methods is None:
        found = _presented(request, places, _methods_of(known, context), scheme, needed, setting=True)
    else:
        found = _presented(request, places, methods, scheme, needed, setting=False)
    entry = next((entry for token, entry, _ in known if token == found.token), None)
    # What was issued has the right form
    if entry is None:
        check_form(found)
    record = _alive(found.token, entry, context)
    more = check_possession(record, found, request, context)
    if not scope <= record.scope:
        missing = " ".join(name for name in str(scope).split() if name not in record.scope)
        raise InsufficientScope(
            "The request requires higher privileges than provided by the access token.",
            hint=f"the token of client {record.client_id!r} has scope {str(record.scope)!r}; this path also needs"
            f" {missing!r}",
            scope=needed,
        )
    return Passed(record, found.method, more)


def presented(request: Request) -> str | None:
    """The token that a request brings, wherever it is and whether it is taken there or not; the first of several."""
    found = everywhere(request, "Bearer")
    return found[0].token if found else None


def _looked_up(places: list[Found], context: Context) -> _Known:
    """What the issuers whose tokens are taken know of each token."""
    known: _Known = []
    for found in places:
        for issuer in context.token_issuers():
            entry = issuer.store.find(Kind.ACCESS, found.token)
            if entry is not None:
                known.append((found.token, entry, issuer))
    return known


def _presented(
    request: Request,
    places: list[Found],
    methods: cabc.Collection[BearerMethod],
    scheme: str,
    needed: str | None,
    *,
    setting: bool,
) -> Found:
    """The one token that counts, from the places that are switched on."""
    # A parameter where none is taken is the application's own; a Bearer header means nothing else
    counted = [found for found in places if found.method in methods or found.method == "header"]
    if len(counted) > 1:
        # RFC 6750 2: must not use more than one method to transmit the token
        where = " and ".join(dict.fromkeys(found.method for found in counted))
        raise InvalidRequest(
            "The access token was sent more than once.",
            hint=f"the request has {len(counted)} access tokens, in {where} (RFC 6750 2); send one",
        )
    if not counted and request.encoding == "form" and "body" in methods:
        for problem in request.problems:
            raise problem
    if not counted or counted[0].method not in methods:
        raise MissingToken(hint=_why_none(request, scheme, places, methods, setting=setting), scope=needed)
    if counted[0].method != "header":
        # A control character is said as such
        request.parameter("access_token", of=counted[0].method)
    return counted[0]


def _methods_of(known: _Known, context: Context) -> tuple[BearerMethod, ...]:
    """The places that the client of the first token that is known may use; the issuer's when none is."""
    for _, entry, issuer in known:
        client = issuer.clients.get(entry.record.client_id)
        if client is not None:
            return client.policies.bearer_methods_supported
    return context.settings.bearer_methods_supported


def _why_none(
    request: Request,
    scheme: str,
    places: list[Found],
    methods: cabc.Collection[BearerMethod],
    *,
    setting: bool,
) -> str:
    if places:
        place = places[0].method
        wider = [*methods, place]
        remedy = f"; to allow it: bearer_methods_supported={wider!r}" if setting else ""
        return (
            f"the access token is in the {place} (RFC 6750 {_CLAUSES[place]}), where it is not taken; it is taken in"
            f" the {' or '.join(methods)}{remedy}"
        )
    if any(name == "access_token" and value for name, value in request.form):
        how = f"the body of a {request.method}" if request.encoding == "form" else "a JSON body"
        return f"the access token is in {how}, where RFC 6750 2.2 has no place for it: the header is one"
    headers = request.authorizations()
    if headers:
        word, space, _ = headers[0].strip(" \t").partition(" ")
        said = f"the scheme {word[:20]!r}" if space or len(word) <= len("Bearer token") else "no scheme"
        return f"the Authorization header has {said}; this API takes {scheme} (RFC 6750 2.1)"
    return "the request has no Authorization header (RFC 6750 2.1)"


def _alive(token: str, entry: Entry | None, context: Context) -> TokenRecord:
    if entry is None or not isinstance(entry.record, TokenRecord):
        others = " or ".join(other.url_below(other.fixed_issuer or "this server") for other in context.accepts)
        who = f"tokens of {others} are taken here, and it" if others else "this issuer"
        raise InvalidToken("The access token is unknown.", hint=f"{who} never issued the token: {origin(token)}")
    if not entry.alive:
        raise InvalidToken("The access token was revoked.", hint="the token has been revoked")
    if entry.record.flaw:
        raise InvalidToken(
            "The access token is not valid.",
            hint=f"the token was issued with a flaw, by the armed fault {entry.record.flaw}",
        )
    late = context.clock.now() - entry.record.expires_at
    if late >= 0:
        raise InvalidToken("The access token expired.", hint=f"the token expired {late:.0f} s ago (server clock)")
    return entry.record


_parsed = functools.lru_cache(maxsize=64)(Scope.parse)


class Issuing(typing.Protocol):
    """An issuer, or whatever has the state of one."""

    @property
    def context(self) -> Context: ...


class Bearer(msgspec.Struct, frozen=True, kw_only=True):
    """
    An access token, as a JWT or opaque, that is alive and good for what is asked.

    `scope` is what it needs, or what it needs by method: `{"GET": "orders:read", "*": "orders:write"}`. `audience` is
    what it has to be for (RFC 8707 2, RFC 9068 4). `accepts` are the issuers whose tokens are taken; without any it is
    the one that protects the path. `methods` are the places of RFC 6750 2, which else the token's client decides on.
    `scheme` is another word for Bearer: `"Zoho-oauthtoken"`. `acr_values` are classes of which the person's login has
    to be one, and `max_age` the seconds that it may be ago (RFC 9470).
    """

    name: typing.ClassVar[str] = "bearer"
    has_challenge: typing.ClassVar[bool] = True

    scope: str | cabc.Mapping[str, str] = ""
    audience: str | None = None
    accepts: cabc.Sequence[Issuing] = ()
    methods: cabc.Collection[BearerMethod] | None = None
    scheme: str = "Bearer"
    acr_values: str = ""
    max_age: int | None = None

    def __post_init__(self) -> None:
        for scope in [self.scope] if isinstance(self.scope, str) else self.scope.values():
            try:
                Scope.parse(scope)
            except ValueError as error:
                raise ConfigurationError(f"Bearer(scope={scope!r}): {error}; correct it") from None
        if self.max_age is not None and self.max_age < 0:
            raise ConfigurationError(f"Bearer(max_age={self.max_age}): write seconds, 0 or more")
        for method in self.methods or ():
            if method not in _CLAUSES:
                raise ConfigurationError(
                    f"Bearer(methods=...): {method!r} is none of {', '.join(_CLAUSES)}; choose some"
                )

    def check(self, visit: Visit, context: Context) -> Admission:
        request = visit.read() if visit.request.media_type and visit.request.method not in BODILESS else visit.request
        headers = request.authorizations()
        found = everywhere(request, self.scheme, headers)
        issuing = self._issuing(found) if self.accepts else context
        if found:
            visit.presents(self.name, hide=[each.token for each in found])
        try:
            needed = self._needed(request.method)
            passed = _checked(request, issuing, headers, found, scope=needed, methods=self.methods, scheme=self.scheme)
            token = passed.record
            visit.caller = token.client_id
            if self.audience is not None:
                self._check_audience(token, request, issuing)
            if self.acr_values or self.max_age is not None:
                check_login(token, self.acr_values.split(), self.max_age, now=issuing.clock.now())
        except OAuthError as error:
            error.scheme = error.scheme or self.scheme
            if isinstance(error, ResourceError):
                error.resource_metadata = metadata_url(request, context, visit.door)
            raise
        why = f"took the token of client {token.client_id!r} with scope {str(token.scope)!r}"
        return Admission(why=why, finish=passed.finish)

    def challenge(self, visit: Visit, context: Context) -> OAuthError:
        error = MissingToken(hint="an access token is asked for", scope=str(self._needed(visit.request.method)) or None)
        error.scheme = self.scheme
        error.resource_metadata = metadata_url(visit.request, context, visit.door)
        return error

    def metadata(self, request: Request, context: Context) -> dict[str, typing.Any]:
        """How the resource behind it is asked (RFC 9728 2)."""
        scopes = [self.scope] if isinstance(self.scope, str) else self.scope.values()
        return described(
            request, context, scopes, methods=self.methods, issuing=[each.context for each in self.accepts]
        )

    def secrets(self) -> cabc.Iterable[str]:
        return ()

    def _needed(self, method: str) -> Scope:
        scope = self.scope if isinstance(self.scope, str) else self.scope.get(method, self.scope.get("*", ""))
        return _parsed(scope)

    def _issuing(self, found: list[Found]) -> Context:
        """Whose token it is, of those that are taken; the first where it is nobody's."""
        taken = [issuer.context for issuer in self.accepts]
        known = (each for each in taken if any(each.store.find(Kind.ACCESS, one.token) for one in found))
        return next(known, taken[0])

    def _check_audience(self, token: TokenRecord, request: Request, context: Context) -> None:
        audience = token.audience or (context.audience(context.issuer_url(request)),)
        if self.audience not in audience:
            raise InvalidToken(
                "The access token is for another audience.",
                hint=f"the token of client {token.client_id!r} is for {', '.join(audience)}; this path asks for"
                f" {self.audience} (RFC 9068 4)",
            )
