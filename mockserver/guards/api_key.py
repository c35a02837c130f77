"""A key that the API gave its caller, wherever the API wants it: in a header, the query or a cookie."""

from __future__ import annotations

import collections.abc as cabc
import re
import typing

import msgspec

from ..admission import Admission
from ..admission import Refusal
from ..admission import Visit
from ..authorization import quoted_string
from ..context import Context
from ..credentials import difference
from ..credentials import lengths
from ..errors import ConfigurationError
from ..redaction import without

__all__ = ["ApiKey"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class _Keys(msgspec.Struct, frozen=True):
    keys: cabc.Mapping[str, str] | str


class ApiKey(_Keys, frozen=True, kw_only=True):
    """
    A key in one place: `header`, `query` or `cookie` is its name there, and without any it is the header X-Api-Key.

    `keys` is the key, or several by the names that the why calls them. `scheme` is a word before the key in a header,
    which is Authorization unless `header` says otherwise: `ApiKey(key, scheme="Zoho-oauthtoken")`. `status` is what a
    refusal has, 401 or 403.
    """

    name: typing.ClassVar[str] = "api_key"
    has_challenge: typing.ClassVar[bool] = True

    header: str | None = None
    query: str | None = None
    cookie: str | None = None
    scheme: str | None = None
    status: int = 401

    def __post_init__(self) -> None:
        if sum(place is not None for place in (self.header, self.query, self.cookie)) > 1:
            raise ConfigurationError("ApiKey: header, query and cookie are three places; name one of them")
        if self.scheme is not None and (self.query or self.cookie or not _TOKEN.fullmatch(self.scheme)):
            raise ConfigurationError(f"ApiKey(scheme={self.scheme!r}): a scheme is one word in a header; correct it")
        if self.status not in (401, 403):
            raise ConfigurationError(f"ApiKey(status={self.status!r}): a key is refused with 401 or 403; choose one")
        if not self._known or not all(self._known.values()):
            raise ConfigurationError("ApiKey: there is no key, or an empty one; write ApiKey('s3cret')")

    def __repr__(self) -> str:
        return without(self, "keys")

    @property
    def in_url(self) -> tuple[str, ...]:
        """The parameter of the query that the key is meant to be in."""
        return () if self.query is None else (self.query,)

    @property
    def _known(self) -> cabc.Mapping[str, str]:
        return {"": self.keys} if isinstance(self.keys, str) else self.keys

    @property
    def _place(self) -> tuple[str, str]:
        """What kind of place it is, and its name there."""
        if self.query is not None:
            return "query", self.query
        if self.cookie is not None:
            return "cookie", self.cookie
        return "header", self.header or ("X-Api-Key" if self.scheme is None else "Authorization")

    def check(self, visit: Visit, context: Context) -> Admission:
        where, found = " ".join(self._place), self._sent(visit)
        if not found:
            raise self._refusal(f"no key came in the {where}{self._elsewhere(visit)}", presented=False)
        visit.presents(self.name, hide=found)
        if len(found) > 1:
            raise self._refusal(f"the {where} came {len(found)} times; one key is asked for", status=400)
        value = found[0]
        if self.scheme is not None:
            scheme, _, rest = value.partition(" ")
            # RFC 9110 11.1: in any case
            if scheme.lower() != self.scheme.lower():
                said = f"the scheme {scheme[:20]!r}" if rest else "no scheme"
                raise self._refusal(f"the {where} has {said}; {self.scheme} goes before the key", presented=False)
            value = rest.strip(" \t")
            visit.presents(self.name, hide=[value])
        for name, key in self._known.items():
            if value == key:
                visit.presents(self.name, name or None)
                return Admission(why=f"took the key{f' {name!r}' if name else ''} in the {where}")
        told = (how for key in self._known.values() if (how := difference(value, key, {})) is not None)
        first = next(iter(self._known.values()))
        raise self._refusal(f"the key in the {where} is wrong: {next(told, lengths(value, first))}")

    def challenge(self, visit: Visit, context: Context) -> Refusal:
        return self._refusal(f"a key is asked for in the {' '.join(self._place)}", presented=False)

    def secrets(self) -> cabc.Iterable[str]:
        return self._known.values()

    def _sent(self, visit: Visit) -> list[str]:
        where, name = self._place
        if where == "query":
            return [value for key, value in visit.request.query if key == name]
        if where == "cookie":
            return [value for key, value in _cookies(visit) if key == name]
        return [value.strip(" \t") for value in visit.request.header_values(name)]

    def _elsewhere(self, visit: Visit) -> str:
        """That one of the keys came in another place."""
        keys = {*self._known.values()}
        for name, value in visit.request.headers:
            if name.lower() != "cookie" and any(key in value for key in keys):
                return f"; it came in the header {name}"
        for name, value in visit.request.query:
            if value in keys:
                return f"; it came in the query as {name}"
        for name, value in _cookies(visit):
            if value in keys:
                return f"; it came in the cookie {name}"
        return ""

    def _refusal(self, hint: str, *, status: int | None = None, presented: bool = True) -> Refusal:
        where, name = self._place
        # RFC 9110 15.5.2 asks for a challenge; there is no scheme of this name, so that nobody takes it for another
        challenge = f"{self.scheme or 'ApiKey'} realm={quoted_string('api')}"
        if self.scheme is None:
            challenge += f", in={quoted_string(where)}, name={quoted_string(name)}"
        answer = self.status if status is None else status
        return Refusal(
            hint=hint,
            status=answer,
            text="A valid API key is required.",
            presented=presented,
            challenges=[challenge] if answer == 401 else (),
        )


def _cookies(visit: Visit) -> cabc.Iterator[tuple[str, str]]:
    """RFC 6265 4.2.1."""
    for field in visit.request.header_values("cookie"):
        for pair in field.split(";"):
            name, sign, value = pair.strip(" \t").partition("=")
            if sign:
                yield name, value.strip('"')
