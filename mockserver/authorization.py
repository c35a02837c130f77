"""The Authorization field and its parts, for every scheme (RFC 9110 11.4)."""

from __future__ import annotations

import re

import msgspec

from .redaction import without
from .request import Request

__all__ = ["Field", "Malformed", "parameters", "quoted_string", "sent"]

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SCHEME = re.compile(rf"({_TOKEN})(?: +(.*))?", re.DOTALL)
# auth-param, RFC 9110 11.2: token BWS "=" BWS ( token / quoted-string ), between commas; an element may be empty. Last
# what is none. Possessive, so that no text takes longer than its length.
_ELEMENT = re.compile(
    rf'[ \t]*+(?:({_TOKEN}+)[ \t]*+=[ \t]*+(?:"((?:[^"\\]++|\\.)*+)"|({_TOKEN}+))[ \t]*+)?+(?:,|\Z)|(.++)', re.DOTALL
)


class Malformed(ValueError):
    """The message says to the tester what is wrong."""


class Field(msgspec.Struct, frozen=True):
    """An Authorization field: its scheme as it was written and in lower case, and what follows."""

    name: str
    scheme: str
    rest: str

    def __repr__(self) -> str:
        return without(self, "rest")

    @property
    def kind(self) -> str:
        return self.scheme.lower()


def sent(request: Request, *, proxy: bool = False) -> Field | None:
    """
    The one field that the request has; None without any.

    Raises `Malformed` for two, since RFC 9110 5.3 has a single one, and for what has no scheme.
    """
    name = "Proxy-Authorization" if proxy else "Authorization"
    values = request.header_values(name)
    if not values:
        return None
    if len(values) > 1:
        raise Malformed(f"the {name} header came {len(values)} times (RFC 9110 5.3)")
    found = _SCHEME.fullmatch(values[0].strip(" \t"))
    if found is None:
        raise Malformed(f"the {name} header is empty or has no scheme (RFC 9110 11.4)")
    return Field(name, found[1], (found[2] or "").strip(" \t"))


def parameters(text: str) -> dict[str, tuple[str, bool]]:
    """
    What follows the scheme as auth-params: name in lower case -> value, and whether it was quoted.

    Raises `Malformed` for what is none, and for a name that comes twice (RFC 9110 11.2).
    """
    found: dict[str, tuple[str, bool]] = {}
    for name, quoted, bare, other in _ELEMENT.findall(text):
        if other:
            raise Malformed("what follows the scheme is no list of name=value, separated by commas (RFC 9110 11.2)")
        if name:
            key = name.lower()
            if key in found:
                raise Malformed(f"{key} came twice (RFC 9110 11.2)")
            # No token is empty
            found[key] = (bare, False) if bare else (_unquoted(quoted) if "\\" in quoted else quoted, True)
    return found


def _unquoted(text: str) -> str:
    """What stands between the quotes, escapes undone (RFC 9110 5.6.4)."""
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def quoted_string(text: str) -> str:
    """RFC 9110 5.6.4."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
