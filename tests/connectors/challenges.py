"""What an API asks for in its answer: the challenges of RFC 9110 11.6.1, several in a field or in several fields."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import re

import httpx

__all__ = ["CHALLENGES", "Challenge", "challenges"]

CHALLENGES = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}
"""By status: the field with the challenges, and the one with the answer to them (RFC 9110 11.6 and 11.7)."""

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# An element between commas: a scheme, a parameter, or a scheme with its first parameter or its token68
_ELEMENT = re.compile(
    rf"[ \t]*(?:({_TOKEN})(?=[ \t]*(?:,|$)|[ \t]+[^= \t]))?[ \t]*"
    rf'(?:({_TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN})))?(?:[A-Za-z0-9._~+/-]+=*)?[ \t]*(?:,|$)'
)


@dataclasses.dataclass(frozen=True)
class Challenge:
    """One of them; the scheme and the names of its parameters in lower case."""

    scheme: str
    parameters: cabc.Mapping[str, str]


def challenges(answer: httpx.Response) -> list[Challenge]:
    """In their order; what nobody can read is left out."""
    found: list[Challenge] = []
    field, _ = CHALLENGES[answer.status_code]
    for value in answer.headers.get_list(field):
        parameters: dict[str, str] = {}
        position = 0
        while position < len(value):
            element = _ELEMENT.match(value, position)
            if element is None:
                break
            scheme, name, quoted, bare = element.groups()
            if scheme:
                parameters = {}
                found.append(Challenge(scheme.lower(), parameters))
            if name:
                parameters[name.lower()] = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            position = element.end()
    return found
