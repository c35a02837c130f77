"""Requests on the way in: from the provider's words to the RFC's."""

from __future__ import annotations

import collections.abc as cabc

import msgspec

from ..config import Profile
from ..errors import InvalidRequest
from ..errors import OAuthError
from ..errors import UnsupportedGrantType
from ..quirks import Bearer
from ..quirks import RequestShape
from ..request import Pairs
from ..request import Request

__all__ = ["RESOURCES", "endpoint_at", "read"]

RESOURCES = ("api", "protected", "userinfo")

_PLAIN = RequestShape()
_BEARER = Bearer()


def endpoint_at(path: str, profile: Profile) -> str | None:
    """The endpoint that this provider serves at a path below its base URL."""
    for endpoint, served in profile.paths.items():
        if served == path:
            return endpoint
    return next((endpoint for endpoint, others in profile.other_paths.items() if path in others), None)


def read(request: Request, profile: Profile, endpoint: str | None) -> Request:
    """
    The request with the RFC's parameter names; `target` and `body` keep the provider's.

    An RFC's name that the provider has replaced means nothing, so it is left out; beside the name that replaces it, it
    is noted as a problem.
    """
    if endpoint in RESOURCES:
        return _presented(request, profile)
    if endpoint not in ("authorize", "token", "refresh"):
        return request
    if endpoint == "authorize":
        request = _in_query(request, profile)
    if profile.request != _PLAIN:
        if endpoint == "authorize":
            request = _of_type(_offline(request, profile), profile)
        else:
            request = _with_scheme(_of_grant(request, profile), profile)
    if not (profile.parameter_names or profile.case_insensitive_parameters or profile.grant_type_names):
        return request
    reading = _Reading(_names(request, profile, endpoint), any_case=profile.case_insensitive_parameters)
    problems: list[OAuthError] = []
    # The form of the authorization endpoint is that of our own page.
    form = request.form if endpoint == "authorize" else reading.pairs(request.form, "body", problems)
    query = reading.pairs(request.query, "query", problems)
    if endpoint != "authorize":
        form, query = (_with_grant(pairs, profile.grant_type_names, problems) for pairs in (form, query))
    return msgspec.structs.replace(request, query=query, form=form, problems=(*request.problems, *problems))


def _in_query(request: Request, profile: Profile) -> Request:
    """
    An authorization request whose parameters are in the body, as if they were in the URL (OIDC Core 3.1.2.1).

    The forms of our own pages go to the URL of their request, and say nothing of a client.
    """
    names = profile.parameter_names.get("authorize", {})
    of_client = {"client_id", *(name for name, rfc in names.items() if rfc == "client_id")}
    if of_client.isdisjoint(name for name, _ in request.form):
        return request
    return msgspec.structs.replace(request, query=(*request.query, *request.form), form=(), by_form=request.form)


def _presented(request: Request, profile: Profile) -> Request:
    """The access token as RFC 6750 2.1 has it in the header; what a provider takes for none is left out."""
    names = profile.parameter_names.get("api", {})
    if names:
        reading, problems = _Reading(names, any_case=False), list[OAuthError]()
        form, query = (
            reading.pairs(pairs, place, problems) for pairs, place in ((request.form, "body"), (request.query, "query"))
        )
        request = msgspec.structs.replace(request, form=form, query=query, problems=(*request.problems, *problems))
    bearer = profile.bearer
    if bearer == _BEARER:
        return request
    schemes = {scheme.lower() for scheme in bearer.schemes}
    values = [f"Bearer {value}" for value in request.header_values(bearer.header)] if bearer.header else []
    for value in request.header_values("authorization"):
        scheme, space, token = value.strip(" \t").partition(" ")
        if space and scheme.lower() in schemes:
            values.append(f"Bearer {token}")
        elif not space and "" in schemes:
            values.append(f"Bearer {scheme}")
        elif scheme.lower() != "bearer":
            values.append(value)
    return msgspec.structs.replace(request, authorization=tuple(values))


def _of_grant(request: Request, profile: Profile) -> Request:
    """A token request that names no grant, with the one that is meant then."""
    grant_type = profile.request.grant_type
    names = {
        "grant_type",
        *(name for name, rfc in profile.parameter_names.get("token", {}).items() if rfc == "grant_type"),
    }
    if not grant_type or any(name in names for name, _ in (*request.form, *request.query)):
        return request
    meant = ("grant_type", grant_type)
    if request.body:
        return msgspec.structs.replace(request, form=(*request.form, meant))
    return msgspec.structs.replace(request, query=(*request.query, meant))


def _of_type(request: Request, profile: Profile) -> Request:
    """An authorization request that names no response type, with the one that is meant then."""
    response_type = profile.request.response_type
    if not response_type or any(name == "response_type" for name, _ in request.query):
        return request
    return msgspec.structs.replace(request, query=(*request.query, ("response_type", response_type)))


def _with_scheme(request: Request, profile: Profile) -> Request:
    """Basic credentials by the RFC's word; behind it they are none where the provider has another."""
    word = profile.request.basic_scheme.lower()
    if word == "basic":
        return request
    values: list[str] = []
    for value in request.header_values("authorization"):
        scheme, space, rest = value.strip(" \t").partition(" ")
        if scheme.lower() != "basic":
            values.append(f"Basic{space}{rest}" if scheme.lower() == word else value)
    return msgspec.structs.replace(request, authorization=tuple(values))


def _offline(request: Request, profile: Profile) -> Request:
    """What asks for a refresh token, as `access_type=offline`, which means nothing then."""
    if not profile.request.offline:
        return request
    name, _, value = profile.request.offline.partition("=")
    asked = (("access_type", "offline"),) if (name, value) in request.query else ()
    others = (pair for pair in request.query if pair[0] not in (name, "access_type"))
    return msgspec.structs.replace(request, query=(*others, *asked))


def _with_grant(pairs: Pairs, names: cabc.Mapping[str, str], problems: list[OAuthError]) -> Pairs:
    """The RFC's value of `grant_type`; one that the provider has replaced is noted as a problem."""
    replaced = {rfc: name for name, rfc in names.items() if rfc not in names}
    for name, value in pairs:
        if name == "grant_type" and value in replaced:
            problems.append(
                UnsupportedGrantType(
                    "The grant type is not supported.",
                    hint=f"grant_type {value!r} is called {replaced[value]!r} here (grant_type_names)",
                )
            )
    return tuple((name, names.get(value, value) if name == "grant_type" else value) for name, value in pairs)


class _Reading:
    """The provider's names of one endpoint, and the RFC's that they replace."""

    def __init__(self, names: cabc.Mapping[str, str], *, any_case: bool) -> None:
        self._any_case = any_case
        self._names = {self._key(name): rfc for name, rfc in names.items()}
        self._replaced = {rfc: name for name, rfc in names.items() if rfc not in names}

    def pairs(self, pairs: Pairs, place: str, problems: list[OAuthError]) -> Pairs:
        kept: list[tuple[str, str]] = []
        dropped: list[str] = []
        for name, value in pairs:
            key = self._key(name)
            if key in self._names:
                kept.append((self._names[key], value))
            elif key in self._replaced:
                dropped.append(key)
            else:
                kept.append((key, value))
        both = [name for name in dropped if any(name == other and value for other, value in kept)]
        if both:
            ours = self._replaced[both[0]]
            problems.append(
                InvalidRequest(
                    f"The parameter {both[0]} is included more than once.",
                    hint=f"the {place} has {ours!r} and {both[0]!r}, which mean the same; send {ours!r} alone",
                )
            )
        return tuple(kept)

    def _key(self, name: str) -> str:
        return name.lower() if self._any_case else name


def _names(request: Request, profile: Profile, endpoint: str | None) -> cabc.Mapping[str, str]:
    """Those that hold for a request; a refresh has names of its own wherever it is served."""
    tables = profile.parameter_names
    token, refresh = tables.get("token", {}), tables.get("refresh", {})
    refresh = {**{name: rfc for name, rfc in token.items() if rfc not in refresh.values()}, **refresh}
    if endpoint == "refresh":
        return refresh
    if endpoint != "token":
        return tables.get(endpoint or "", {})
    is_refresh = any(
        profile.grant_type_names.get(value, value) == "refresh_token"
        and "grant_type" in (refresh.get(name), token.get(name, name))
        for sent, value in (*request.form, *request.query)
        for name in ({sent, sent.lower()} if profile.case_insensitive_parameters else {sent})
    )
    return refresh if is_refresh else token
