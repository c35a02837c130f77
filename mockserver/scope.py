"""Scope: a set of case-sensitive tokens that remembers the order in which it was written (RFC 6749 3.3)."""

from __future__ import annotations

import collections.abc as cabc
import re
import typing

__all__ = ["Scope"]

# scope-token = 1*( %x21 / %x23-5B / %x5D-7E ), RFC 6749 3.3
_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


class Scope(frozenset[str]):
    """
    An immutable set of scope tokens; `str(scope)` joins them by a space in the order of the text they came from.

    Compares and hashes as a frozenset: `Scope.parse("a b") == {"b", "a"}`.
    """

    __slots__ = ("_text",)
    _text: str

    def __new__(cls, tokens: cabc.Iterable[str] = ()) -> typing.Self:
        ordered = tuple(dict.fromkeys(tokens))
        scope = super().__new__(cls, ordered)
        scope._text = " ".join(ordered)
        return scope

    @classmethod
    def parse(cls, text: str, separator: str = " ") -> typing.Self:
        """Read a scope parameter. Raises ValueError that names the first malformed token."""
        tokens = text.split(separator)
        for token in tokens:
            # Doubled spaces are read as one: the grammar forbids them, every server takes them.
            if token and not _TOKEN.fullmatch(token):
                between = f"; scopes are separated by {separator!r} here" if " " in token else ""
                raise ValueError(f"scope token {token!r} has a character that RFC 6749 3.3 does not allow{between}")
        return cls(filter(None, tokens))

    def narrowed_to(self, wanted: cabc.Set[str]) -> Scope:
        """What is in both, in this scope's order."""
        return Scope(token for token in self._text.split() if token in wanted)

    def joined(self, separator: str) -> str:
        """As `str`, with something else between two tokens."""
        return self._text.replace(" ", separator)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Scope({self._text!r})"
