"""What a client says in its Digest credentials (RFC 7616 3.4)."""

from __future__ import annotations

import collections.abc as cabc
import re
import urllib.parse

import msgspec

from ..authorization import Malformed

__all__ = ["Claim", "read"]

_EXTENDED = re.compile(r"(?i:UTF-8)'[A-Za-z0-9-]*'([A-Za-z0-9!#$&+.^_`|~%-]*)")
_NC = re.compile(r"[0-9A-Fa-f]{8}")
_HEX = re.compile(r"[0-9a-f]+")
_SHORT = ("MD5", "MD5-sess", "md5", "md5-sess")
_TRUTH = {"true": True, "false": False}
_NEEDED = ("realm", "nonce", "uri", "response")
# RFC 7616 3.4: the first four are never, and the others always, in quotes
_QUOTED = {
    **dict.fromkeys(("algorithm", "qop", "nc", "userhash"), False),
    **dict.fromkeys(("username", "realm", "nonce", "uri", "response", "cnonce", "opaque"), True),
}


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters, each of the right form. Not yet believed."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str
    algorithm_absent: bool
    qop: str | None
    nc: str | None
    cnonce: str | None
    opaque: str | None
    userhash: bool
    notes: tuple[str, ...]
    """Liberties that servers are used to, for the tester."""


def read(given: cabc.Mapping[str, tuple[str, bool]], *, charset: str | None) -> Claim:
    """Raises `Malformed` for what is missing or has another form (RFC 7616 3.4)."""
    values: dict[str, str] = {}
    wrong: list[str] = []
    for name, (value, quoted) in given.items():
        values[name] = value
        if _QUOTED.get(name, quoted) is not quoted:
            wrong.append(name)
    for name in _NEEDED:
        if not values.get(name):
            raise Malformed(f"{name} is missing in the Digest credentials (RFC 7616 3.4)")
    userhash = _TRUTH.get(values["userhash"].lower()) if "userhash" in values else False
    if userhash is None:
        raise Malformed(f"userhash is {values['userhash']!r}, neither true nor false (RFC 7616 3.4)")
    username = _username(values, charset, userhash=userhash)
    algorithm = values.get("algorithm", "MD5")
    _check_response(values["response"], algorithm)
    session = algorithm.lower().endswith("-sess")
    if ("qop" in values or session) and not values.get("cnonce"):
        raise Malformed("cnonce is missing, which qop and -sess need (RFC 7616 3.4)")
    if "qop" in values and (not _NC.fullmatch(values.get("nc", "")) or values["nc"] == "00000000"):
        raise Malformed("nc is not eight hex digits that count from 00000001 (RFC 7616 3.4)")
    if "qop" not in values and "nc" in values:
        raise Malformed("nc came without qop (RFC 7616 3.4)")
    return Claim(
        username=username,
        realm=values["realm"],
        nonce=values["nonce"],
        uri=values["uri"],
        response=values["response"],
        algorithm=algorithm,
        algorithm_absent="algorithm" not in values,
        qop=values.get("qop"),
        nc=values.get("nc"),
        cnonce=values.get("cnonce"),
        opaque=values.get("opaque"),
        userhash=userhash,
        notes=tuple(_notes(wrong, opaque="opaque" in values)) if wrong or "opaque" not in values else (),
    )


def _username(values: cabc.Mapping[str, str], charset: str | None, *, userhash: bool) -> str:
    if ("username" in values) == ("username*" in values):
        both = "username and username* are both there" if "username" in values else "username is missing"
        raise Malformed(f"{both} (RFC 7616 3.4)")
    if "username*" in values:
        if userhash:
            raise Malformed("username* came with userhash=true, which needs username (RFC 7616 3.4.4)")
        found = _EXTENDED.fullmatch(values["username*"])
        try:
            return urllib.parse.unquote(found[1], errors="strict") if found else _bad_extended()
        except UnicodeDecodeError:
            return _bad_extended()
    if values["username"].isascii():
        return values["username"]
    octets = values["username"].encode("latin-1", "replace")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        if charset is None:
            return values["username"]
        raise Malformed(
            "username is not UTF-8, which the challenge asks for (RFC 7616 3.3): it looks like Latin-1, as requests"
            " sends it; Digest(charset=None) takes both"
        ) from None


def _bad_extended() -> str:
    raise Malformed("username* is no value like UTF-8''J%C3%A4s (RFC 7616 3.4, RFC 8187 3.2.1)")


def _check_response(response: str, algorithm: str) -> None:
    digits = 32 if algorithm in _SHORT or algorithm.lower() in _SHORT else 64
    if not _HEX.fullmatch(response) or len(response) != digits:
        raise Malformed(f"response is not {digits} hex digits in lower case, which {algorithm} has (RFC 7616 3.4)")


def _notes(wrong: cabc.Collection[str], *, opaque: bool) -> cabc.Iterator[str]:
    bare = [name for name in _QUOTED if name in wrong and _QUOTED[name]]
    quoted = [name for name in _QUOTED if name in wrong and not _QUOTED[name]]
    if quoted:
        yield f"{' and '.join(quoted)} must not be in quotes (RFC 7616 3.4)"
    if bare:
        yield f"{' and '.join(bare)} must be in quotes (RFC 7616 3.4)"
    if not opaque:
        yield "opaque was not sent back (RFC 7616 3.4)"
