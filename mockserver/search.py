"""A search for all secrets, in all their shapes, at once."""

from __future__ import annotations

import base64
import collections
import collections.abc as cabc
import contextlib
import json
import re
import sys
import typing

import msgspec

from .places import Text
from .redaction import redact
from .shapes import CANARIES
from .shapes import SHORTEST
from .shapes import canary
from .shapes import shapes

__all__ = ["Leak", "Search", "Secret"]

# A canary alone is how a redacted secret is shown; with so much behind it, it is one.
_BEHIND = {
    "plain": re.compile(rb"[A-Za-z0-9_-]{16,}"),
    "base64": re.compile(rb"[A-Za-z0-9+/_-]{20,}"),
    "hex": re.compile(rb"[0-9A-Fa-f]{32,}"),
}
_JWT = re.compile(rb"(eyJ[A-Za-z0-9_-]{10,})\.(eyJ[A-Za-z0-9_-]{10,})\.[A-Za-z0-9_-]{20,}")

# A pattern of seven octets or more covers a whole word of four, wherever the words begin.
_WORD, _COVERING = 4, 7
_AROUND = 40


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """A value that must not be seen, and what it is in words; `owner` sends it by Basic."""

    kind: str
    name: str
    value: str
    owner: str | None = None

    def __repr__(self) -> str:
        return f"<Secret: {self.name}>"


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """One secret at one place. `line` is 0 where there are none; `around` is the text beside it, secrets masked."""

    secret: Secret
    encoding: str
    where: str
    line: int
    around: str


class _Match(msgspec.Struct, frozen=True):
    start: int
    end: int
    secret: Secret
    encoding: str


class Search:
    """
    Looks for every secret in every shape at once: the time does not depend on how many there are.

    A text is read as words of four octets. Each shape is known by the words that its last seven octets can have; where
    such a word stands, the whole shape is compared.
    """

    def __init__(self, secrets: cabc.Iterable[Secret]) -> None:
        self._patterns: dict[bytes, tuple[Secret, str]] = {}
        for secret in secrets:
            if len(secret.value) >= SHORTEST:
                self._add(secret, shapes(secret.value, owner=secret.owner))
        for kind, name in CANARIES.items():
            told = f"{name} of a mock server, from before a reset or of another server"
            begin = Secret(kind=name, name=told, value="")
            self._add(begin, {t: e for t, e in shapes(canary(kind)).items() if e in _BEHIND})
        self._short = [pattern for pattern in self._patterns if len(pattern) < _COVERING]
        self._words: dict[int, list[tuple[bytes, int]]] = collections.defaultdict(list)
        for pattern in self._patterns:
            # The end: beginnings are alike, as those of JWTs are.
            for at in range(len(pattern) - _COVERING, len(pattern) - _WORD + 1) if len(pattern) >= _COVERING else ():
                self._words[int.from_bytes(pattern[at : at + _WORD], sys.byteorder)].append((pattern, at))
        self._known_words = set(self._words)

    def _add(self, secret: Secret, found: cabc.Mapping[str, str]) -> None:
        for text, encoding in found.items():
            self._patterns.setdefault(text.encode("utf-8", "surrogatepass"), (secret, encoding))
            if not text.isascii():
                for charset, name in (("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16"), ("latin-1", "latin-1")):
                    with contextlib.suppress(UnicodeEncodeError):  # then it cannot stand there
                        self._patterns.setdefault(text.encode(charset), (secret, name))

    def through(self, text: Text) -> cabc.Iterator[Leak]:
        """What leaked into one text, in the order in which it stands there."""
        found = list(self._leaks(text, text.octets, text.again, ""))
        yield from found
        if b"\0" in text.octets:
            # UTF-16 of ASCII is the same without the zeros; so are the lines
            again = len(text.octets[: text.again].replace(b"\0", b""))
            wide = self._leaks(text, text.octets.replace(b"\0", b""), again, "UTF-16")
            seen = {leak.secret.name for leak in found}
            yield from (leak for leak in wide if leak.secret.name not in seen)

    def _leaks(self, text: Text, octets: bytes, again: int, charset: str) -> cabc.Iterator[Leak]:
        matches = [match for match in _outermost(self._matches(octets)) if match.end > again]
        if text.more:  # of what is told by its canary the rest may be missing
            matches = [match for match in matches if match.secret.value or match.end < len(octets)]
        line, counted = text.line, 0
        for index, match in enumerate(matches):
            line += octets.count(b"\n", counted, match.start)
            counted = match.start
            encoding = " in ".join(part for part in (match.encoding, charset) if part)
            yield Leak(
                secret=match.secret,
                encoding=encoding,
                where=text.where,
                line=line if text.line else 0,
                around=_around(octets, match, matches[max(index - _AROUND, 0) : index + _AROUND]),
            )

    def _matches(self, octets: bytes) -> cabc.Iterator[_Match]:
        for pattern in self._short:
            at = octets.find(pattern)
            while at >= 0:
                yield _Match(at, at + len(pattern), *self._patterns[pattern])
                at = octets.find(pattern, at + 1)
        words = memoryview(octets)[: len(octets) // _WORD * _WORD].cast("I")
        present = self._known_words.intersection(words)
        for number in [number for number, word in enumerate(words) if word in present] if present else ():
            for pattern, at in self._words[words[number]]:
                start = number * _WORD - at
                if start >= 0 and octets.startswith(pattern, start):
                    match = self._match(octets, start, pattern)
                    if match is not None:
                        yield match
        yield from self._foreign_tokens(octets)

    def _match(self, octets: bytes, start: int, pattern: bytes) -> _Match | None:
        secret, encoding = self._patterns[pattern]
        end = start + len(pattern)
        if not secret.value:
            behind = _BEHIND[encoding].match(octets, end)
            if behind is None:
                return None
            end = behind.end()
        return _Match(start, end, secret, encoding)

    def _foreign_tokens(self, octets: bytes) -> cabc.Iterator[_Match]:
        """JWTs that a mock server made, also those that it forgot: by the canary in `jti`."""
        for found in _JWT.finditer(octets):
            header, claims = _decoded(found[1]), _decoded(found[2])
            if str(claims.get("jti")).startswith("oam_"):
                kind = "access token" if header.get("typ") == "at+jwt" else "ID token"
                name = f"{kind} (JWT) of a mock server, from before a reset or of another server"
                yield _Match(found.start(), found.end(), Secret(kind=kind, name=name, value=""), "plain")


def _decoded(segment: bytes) -> dict[str, typing.Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4)))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _outermost(matches: cabc.Iterable[_Match]) -> list[_Match]:
    """Without those that lie within another; of two at the same place the one whose owner is known."""
    kept: list[_Match] = []
    for match in sorted(matches, key=lambda match: (match.start, not match.secret.value, -match.end)):
        last = kept[-1] if kept else None
        if last is not None and match.end <= last.end:
            continue
        # A canary ends in the middle of what it begins.
        if last is not None and match.start < last.end and not match.secret.value:
            continue
        kept.append(match)
    return kept


def _around(octets: bytes, match: _Match, matches: cabc.Iterable[_Match]) -> str:
    """The line on both sides, in which no part of any secret is left."""
    begin = max(octets.rfind(b"\n", 0, match.start) + 1, match.start - _AROUND)
    end = octets.find(b"\n", match.end, match.end + _AROUND)
    end = min(match.end + _AROUND, len(octets)) if end < 0 else end
    parts, at = [], begin
    for other in matches:
        if other.end > at and other.start < end:
            parts += [octets[at : max(other.start, at)], b"***"]
            at = other.end
    parts.append(octets[at:end])
    text = redact(b"".join(parts).decode("utf-8", "replace"))
    return "".join(c if c.isprintable() else "." for c in text).strip()
