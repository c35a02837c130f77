"""Faults of the answer, after the work: other members, another representation, other headers."""

from __future__ import annotations

import collections.abc as cabc
import json
import typing

import msgspec

from ..messages import Reply
from .arrival import with_headers
from .fault import Fault
from .fault import Headers
from .fault import check_headers
from .representations import REPRESENTATIONS
from .representations import Representation

__all__ = ["Alter", "OfReply", "SendAs", "SendWith", "Truncate"]


class OfReply(Fault, frozen=True, kw_only=True):
    """A fault that changes the answer: what was issued stays issued, and the journal has what was sent."""

    stage: typing.ClassVar[str] = "reply"

    def altered(self, reply: Reply) -> Reply:
        raise NotImplementedError


class Alter(OfReply, frozen=True, kw_only=True):
    """
    Do the work, then put `members` into the JSON of the answer, in place of or beside those that it has.

    `without` leaves members out, `null` empties them, `rename` gives them other names, where a dot stands for an object
    inside the object. An answer that is no JSON object stays as it is.
    """

    name: typing.ClassVar[str] = "alter"
    members: dict[str, typing.Any] = {}
    without: tuple[str, ...] = ()
    null: tuple[str, ...] = ()
    rename: dict[str, str] = {}

    def __post_init__(self) -> None:
        if not (self.members or self.without or self.null or self.rename):
            raise ValueError('nothing would be altered; name a member, e.g. {"access_token": 7}')
        try:
            json.dumps(self.members)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{error}; give values that JSON has") from None
        empty = [name for name, new in self.rename.items() if not all(new.split("."))]
        if empty:
            raise ValueError(f"rename has {self.rename[empty[0]]!r} for {empty[0]!r}; write a name, e.g. 'data.token'")

    def altered(self, reply: Reply) -> Reply:
        found = _members(reply)
        if found is None:
            return reply
        kept = {name: value for name, value in found.items() if name not in self.without}
        kept |= {**self.members, **dict.fromkeys(self.null)}
        renamed = {name: value for name, value in kept.items() if name not in self.rename}
        for name in (name for name in kept if name in self.rename):
            *outer, last = self.rename[name].split(".")
            inside = renamed
            for step in outer:
                if not isinstance(inside.get(step), dict):
                    inside[step] = {}
                inside = inside[step]
            inside[last] = kept[name]
        return _with_body(reply, renamed)

    def __str__(self) -> str:
        renamed = [f"{old}->{new}" for old, new in self.rename.items()]
        return f"alter({', '.join([*self.members, *(f'-{name}' for name in self.without), *self.null, *renamed])})"


class SendAs(OfReply, frozen=True, kw_only=True):
    """
    Do the work, then send the answer in another representation, with the Content-Type that fits it or `content_type`.

    Those that need a JSON object leave any other answer as it is.
    """

    name: typing.ClassVar[str] = "send_as"
    representation: Representation
    content_type: str | None = None

    def __post_init__(self) -> None:
        if self.content_type is not None:
            check_headers({"Content-Type": self.content_type})

    def altered(self, reply: Reply) -> Reply:
        made = REPRESENTATIONS[self.representation](reply.body, _members(reply))
        if made is None:
            return reply
        headers: Headers = {**made.headers}
        if self.content_type is not None:
            headers["Content-Type"] = self.content_type
        return with_headers(msgspec.structs.replace(reply, body=made.body), headers)


class Truncate(OfReply, frozen=True, kw_only=True):
    """Do the work, then send only the first octets of the body: `keep` of them, or half. Content-Length fits them."""

    name: typing.ClassVar[str] = "truncate"
    keep: int | None = None

    def __post_init__(self) -> None:
        if self.keep is not None and self.keep < 0:
            raise ValueError("keep is a number of octets; write keep=0 or more")

    def altered(self, reply: Reply) -> Reply:
        keep = len(reply.body) // 2 if self.keep is None else self.keep
        return msgspec.structs.replace(reply, body=reply.body[:keep])


class SendWith(OfReply, frozen=True, kw_only=True):
    """
    Do the work, then send the answer with another status or other headers.

    `headers` replace those of their names, a list sends one several times; `without` leaves headers out.
    """

    name: typing.ClassVar[str] = "send_with"
    status: int | None = None
    headers: Headers = {}
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.status is None and not self.headers and not self.without:
            raise ValueError("nothing would be changed; name a status or a header, e.g. without=['Content-Type']")
        if self.status is not None and not 200 <= self.status <= 599:
            raise ValueError("an answer has a status from 200 to 599; choose one, e.g. 201")
        check_headers(self.headers, self.without)

    def altered(self, reply: Reply) -> Reply:
        changed = with_headers(reply, self.headers, self.without)
        return changed if self.status is None else msgspec.structs.replace(changed, status=self.status)


def _members(reply: Reply) -> dict[str, typing.Any] | None:
    try:
        found = json.loads(reply.body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _with_body(reply: Reply, members: cabc.Mapping[str, typing.Any]) -> Reply:
    return msgspec.structs.replace(reply, body=json.dumps(members, separators=(",", ":")).encode())
