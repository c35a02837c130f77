"""A user's name and password in every request (RFC 7617)."""

from __future__ import annotations

import base64
import binascii
import collections.abc as cabc
import re
import typing
import unicodedata

import msgspec

from ..admission import Admission
from ..admission import Refusal
from ..admission import Visit
from ..authorization import Malformed
from ..authorization import quoted_string
from ..authorization import sent
from ..context import Context
from ..credentials import difference
from ..credentials import lengths
from ..errors import ConfigurationError
from ..redaction import without

__all__ = ["Basic"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class _Users(msgspec.Struct, frozen=True):
    users: cabc.Mapping[str, str] | None = None


class Basic(_Users, frozen=True, kw_only=True):
    """
    Basic authentication: one header, the scheme in any case, base64 with its padding, a colon.

    `users` are passwords by name; without them the issuer's users may come in. `charset="UTF-8"` is said in the
    challenge and held to; None says nothing and takes Latin-1 as well. `proxy`: 407 and the fields of RFC 9110 11.7.
    """

    name: typing.ClassVar[str] = "basic"
    has_challenge: typing.ClassVar[bool] = True

    realm: str = "api"
    charset: typing.Literal["UTF-8"] | None = "UTF-8"
    proxy: bool = False

    def __post_init__(self) -> None:
        for user in self.users or ():
            # RFC 7617 2: the first colon ends the user-id
            if ":" in user:
                raise ConfigurationError(f"Basic: no user-id has a colon (RFC 7617 2); rename {user!r}")
        if self.charset not in ("UTF-8", None):
            raise ConfigurationError(f"Basic(charset={self.charset!r}): RFC 7617 2.1 has 'UTF-8' alone; or write None")

    def __repr__(self) -> str:
        return without(self, "users")

    def check(self, visit: Visit, context: Context) -> Admission:
        try:
            field = sent(visit.request, proxy=self.proxy)
        except Malformed as error:
            visit.presents(self.name)
            raise self._refusal(str(error), status=400) from None
        if field is None or field.kind != "basic":
            said = "no such header came" if field is None else f"its scheme is {field.scheme[:20]!r}"
            header = "Proxy-Authorization" if self.proxy else "Authorization"
            raise self._refusal(f"Basic is asked for in {header}: {said}", presented=False)
        visit.presents(self.name)
        try:
            readings = self._readings(field.rest)
        except Malformed as error:
            raise self._refusal(str(error)) from None
        visit.presents(self.name, readings[0][0], hide=[password for _, password in readings])
        given = context.passwords() if self.users is None else self.users
        users = {_normal(user): password for user, password in given.items()}
        for user, password in readings:
            if user in users and password == _normal(users[user]):
                visit.presents(self.name, user)
                return Admission(why=f"took the password of user {user!r} (Basic)")
        known = [reading for reading in readings if reading[0] in users]
        if not known:
            raise self._refusal(f"there is no user {readings[0][0]!r}; there are {', '.join(users) or 'none'}")
        user, password = known[0]
        how = difference(password, users[user], {}) or lengths(password, users[user])
        raise self._refusal(f"the password of user {user!r} is wrong: {how}")

    def challenge(self, visit: Visit, context: Context) -> Refusal:
        return self._refusal("Basic is asked for", presented=False)

    def secrets(self) -> cabc.Iterable[str]:
        return (self.users or {}).values()

    def _readings(self, text: str) -> list[tuple[str, str]]:
        """Every way to read name and password, the likeliest first. Raises `Malformed`."""
        octets = _decoded(text)
        texts = []
        try:
            texts.append(octets.decode("utf-8"))
        except UnicodeDecodeError:
            if self.charset is not None:
                raise Malformed(
                    "the credentials are not UTF-8, which the challenge asks for (RFC 7617 2.1): they look like"
                    " Latin-1, as requests sends them; Basic(charset=None) takes both"
                ) from None
        if self.charset is None:
            texts.append(octets.decode("latin-1"))
        # RFC 7617 2: neither user-id nor password has control characters
        if _CONTROL.search(texts[0]):
            raise Malformed("user-id or password has a control character (RFC 7617 2)")
        pairs = [_normal(text).partition(":") for text in dict.fromkeys(texts)]
        return [(user, password) for user, _, password in pairs]

    def _refusal(self, hint: str, *, status: int = 401, presented: bool = True) -> Refusal:
        charset = f', charset="{self.charset}"' if self.charset else ""
        challenge = f"Basic realm={quoted_string(self.realm)}{charset}"
        return Refusal(
            hint=hint,
            status=407 if self.proxy and status == 401 else status,
            text="The credentials are malformed." if status == 400 else "Basic authentication is required.",
            presented=presented,
            challenges=[challenge] if status == 401 else (),
        )


def _decoded(text: str) -> bytes:
    """The octets of a token68. Raises `Malformed`."""
    if not text:
        raise Malformed("nothing follows Basic")
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(f"what follows Basic is not base64: {_why_not(text)}") from None
    if b":" not in octets:
        raise Malformed("there is no colon between user-id and password (RFC 7617 2)")
    return octets


def _why_not(text: str) -> str:
    if " " in text or "\t" in text or "," in text:
        return "more follows than one word"
    if re.fullmatch(r"[A-Za-z0-9_-]+=*", text) and re.search(r"[_-]", text):
        return "it is in the URL alphabet (RFC 4648 5), not in that of Basic"
    if re.fullmatch(r"[A-Za-z0-9+/]+", text):
        return "its padding is missing"
    if ":" in text:
        return "it is in the clear"
    return "a character or the padding is wrong"


def _normal(text: str) -> str:
    """RFC 7617 2.1, RFC 8265 3.4.2 and 4.2.2: names and passwords are compared in Normalization Form C."""
    return unicodedata.normalize("NFC", text)
