"""What an issuer demands of parameters beyond the RFCs, which ignore those they do not know (RFC 6749 3.1, 3.2)."""

from __future__ import annotations

import collections.abc as cabc

import msgspec

from ..config import ParameterRules
from ..context import Context
from ..errors import InvalidRequest
from ..request import Pairs
from ..request import Place
from ..request import Request
from ..request import header_text
from ..request import quoted
from .parameters import known

__all__ = ["PLACES", "check", "placed"]

PLACES = ("body", "query", "header")


def placed(key: str) -> tuple[str, str]:
    """A name as rules have it: the place that it begins with (`""`: the endpoint's own), and the rest."""
    place, colon, name = key.partition(":")
    return (place, name) if colon else ("", key)


def check(
    request: Request, tables: cabc.Sequence[str], sent: cabc.Mapping[str, str], context: Context, *, of: Place
) -> None:
    """
    Hold a request to the rules of `tables`, the widest first. Raises `InvalidRequest`.

    `sent` are the endpoint's own parameters, which it has from `of` and, where that is allowed, from elsewhere.
    """
    rules = {table: context.settings.parameters[table] for table in tables if table in context.settings.parameters}
    if not rules:
        return
    seen = _Sent(request=request, own=sent, of=of, any_case=context.profile.case_insensitive_parameters)
    for table, rule in rules.items():
        for key in rule.required:
            _demanded(seen, key, f"parameters.{table}.required has {key!r}", rule.status)
        for key, wanted in rule.fixed.items():
            values = _demanded(seen, key, f"parameters.{table}.fixed has {key!r}", rule.status)
            if values != [wanted]:
                raise InvalidRequest(
                    f"{quoted(placed(key)[1])} has not the value that it must have.",
                    hint=f"parameters.{table}.fixed has {key!r} = {wanted!r}, and the request has"
                    f" {', '.join(map(repr, values))}; send exactly that value, once",
                    status=rule.status,
                )
    _check_allowed(rules, seen, known(tables[-1]))


def _demanded(seen: _Sent, key: str, listed: str, status: int) -> list[str]:
    values = seen.values(key)
    if not values:
        name = placed(key)[1]
        place = seen.place(key)
        raise InvalidRequest(
            f"{quoted(name)} is missing.",
            hint=f"{listed}, and the {place} has none{seen.elsewhere(place, name)}",
            status=status,
        )
    return values


def _check_allowed(rules: cabc.Mapping[str, ParameterRules], seen: _Sent, own: cabc.Set[str]) -> None:
    limits = {table: list(rule.allowed) for table, rule in rules.items() if rule.allowed is not None}
    if not limits:
        return
    keys = [key for rule in rules.values() for key in (*rule.required, *rule.fixed, *(rule.allowed or ()))]
    permitted = {(seen.place(key), seen.name(placed(key)[1])) for key in keys}
    # The form of the authorization endpoint is that of our own page.
    for place in ("query",) if seen.of == "query" else ("body", "query"):
        for name, value in seen.pairs(place):
            if value and name not in own and (place, name) not in permitted:
                table, allowed = limits.popitem()
                remedy = name if place == seen.of else f"{place}:{name}"
                raise InvalidRequest(
                    f"The parameter {quoted(name)} is unknown.",
                    hint=f"parameters.{table}.allowed is {allowed!r}, and the {place} has {name!r}; to allow it, add"
                    f" {remedy!r}",
                )


class _Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What came, by place."""

    request: Request
    own: cabc.Mapping[str, str]
    of: Place
    any_case: bool

    def place(self, key: str) -> str:
        """Where a rule wants its parameter."""
        return placed(key)[0] or self.of

    def name(self, name: str) -> str:
        """As the request has it, whose names are in lower case where case does not count."""
        return name.lower() if self.any_case else name

    def pairs(self, place: str) -> Pairs:
        return {"body": self.request.form, "query": self.request.query, "header": self.request.headers}[place]

    def values(self, key: str) -> list[str]:
        """
        Every value of a rule's parameter where the rule wants it; empty ones count as left out.

        Raises `InvalidRequest` for one that comes twice (RFC 6749 3.1, 3.2).
        """
        place, name = self.place(key), placed(key)[1]
        if place == "query":
            self.request.parameter(self.name(name), of="query")
        found = [value for sent, value in self.pairs(place) if self._same(sent, name, place) and value]
        if place == "header":
            return [header_text(value) for value in found]
        # Some clients may have the parameters of the body in the URL
        own = self.own.get(self.name(name)) if ":" not in key else None
        return found or ([] if own is None else [own])

    def elsewhere(self, wanted: str, name: str) -> str:
        """Where it is instead, or in which other form."""
        for place in PLACES:
            for sent, value in self.pairs(place):
                if place != wanted and self._same(sent, name, place) and value:
                    return f"; it came in the {place}: move it"
                if place == wanted and self._same(sent, name, place):
                    return "; it came empty, which counts as left out (RFC 6749 3.1, 3.2)"
                if place == wanted and sent.lower() == name.lower():
                    return f"; it has {sent!r}: names are case-sensitive"
        return f"; send {name!r} there"

    def _same(self, sent: str, name: str, place: str) -> bool:
        # RFC 9110 5.1: header names are case-insensitive
        return sent.lower() == name.lower() if place == "header" else sent == self.name(name)
