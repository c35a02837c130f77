"""Faults of delivery, after the work: late, slowly, not at all, or in octets that are no good."""

from __future__ import annotations

import random
import typing

from ..messages import Reply
from ..messages import Wire
from . import octets
from .arrival import as_gateway
from .fault import Fault
from .fault import check_real_time

__all__ = ["Cut", "Delay", "Drip", "FrameAs", "Garbage", "InOctets", "LoseAnswer"]


class Delay(Fault, frozen=True, kw_only=True):
    """Do the work, then hold the answer back for some seconds: before its head, or between its head and its body."""

    name: typing.ClassVar[str] = "delay"
    stage: typing.ClassVar[str] = "delivery"
    seconds: float
    before: typing.Literal["head", "body"] = "head"

    def __post_init__(self) -> None:
        check_real_time("seconds", self.seconds)


class Drip(Fault, frozen=True, kw_only=True):
    """
    Do the work, send the head of the answer at once and its body in `pieces` over `seconds` of real time.

    There is a pause before each piece; an answer without a body is not slowed.
    """

    name: typing.ClassVar[str] = "drip"
    stage: typing.ClassVar[str] = "delivery"
    seconds: float
    pieces: int = 10

    def __post_init__(self) -> None:
        check_real_time("seconds", self.seconds)
        if self.pieces < 1:
            raise ValueError("pieces is a whole number; write pieces=1 or more")

    def __str__(self) -> str:
        return f"drip({self.seconds:g}, pieces={self.pieces})"


class InOctets(Fault, frozen=True, kw_only=True):
    """A fault that says itself which octets go out, and how the connection ends."""

    stage: typing.ClassVar[str] = "delivery"
    arrives: typing.ClassVar[bool] = False
    """Whether the client has the whole answer all the same."""

    def sent(self, reply: Reply, *, head_only: bool, now: float, seed: int) -> Wire:
        """`head_only`: the answer to HEAD (RFC 9110 9.3.2); `now` fills `Date`: seconds, UTC; `seed` is for noise."""
        raise NotImplementedError

    def instead(self, reply: Reply) -> Reply:
        """What a gateway would say, for an HTTP server that frames answers by itself (RFC 9110 15.6.3)."""
        return as_gateway(502, reply)


class LoseAnswer(InOctets, frozen=True, kw_only=True):
    """
    Do the work for good, then cut the connection without a byte of the answer.

    The client cannot know whether its code or refresh token was used up (RFC 9700 4.14.2).
    """

    name: typing.ClassVar[str] = "lose_answer"

    def sent(self, reply: Reply, *, head_only: bool, now: float, seed: int) -> Wire:
        return Wire()


class Cut(InOctets, frozen=True, kw_only=True):
    """
    Do the work, then end the connection in the midst of the answer: before, in or after its head, in or after its body.

    Content-Length says more than comes; with `chunked` the last chunk is cut or missing instead (RFC 9112 7.1, 8).
    `reset` ends it by a TCP reset, which the client is told as an error, instead of an end of the stream.
    """

    name: typing.ClassVar[str] = "cut"
    at: typing.Literal["before_head", "in_head", "after_head", "in_body", "after_body"] = "in_body"
    chunked: bool = False
    reset: bool = False

    def sent(self, reply: Reply, *, head_only: bool, now: float, seed: int) -> Wire:
        body = b"" if head_only else reply.body
        head, whole = octets.message(
            reply, body, now=now, chunked=self.chunked, length=len(reply.body) + octets.MISSING, end=False
        )
        size = {
            "before_head": 0,
            "in_head": len(head) // 2,
            "after_head": len(head),
            "in_body": len(head) + (len(whole) - len(head)) // 2,
            "after_body": len(whole),
        }[self.at]
        return Wire(octets=whole[:size], reset=self.reset)


class Garbage(InOctets, frozen=True, kw_only=True):
    """
    Do the work, then send octets that are no HTTP, and end the connection; the same ones for the same `seed`.
    """

    name: typing.ClassVar[str] = "garbage"
    size: int = 512

    def __post_init__(self) -> None:
        if not 1 <= self.size <= 2**24:
            raise ValueError("size is a number of octets; write 1 to 16777216")

    def sent(self, reply: Reply, *, head_only: bool, now: float, seed: int) -> Wire:
        return Wire(octets=random.Random(seed).randbytes(self.size))  # noqa: S311 - noise, and no secret


class FrameAs(InOctets, frozen=True, kw_only=True):
    """
    Do the work, then send the whole answer framed as few servers do, and close the connection.

    `two_lengths` repeats Content-Length and `two_different_lengths` contradicts it, which clients may take or refuse
    (RFC 9112 6.3).
    """

    name: typing.ClassVar[str] = "frame_as"
    arrives: typing.ClassVar[bool] = True
    framing: typing.Literal["http_1_0", "chunked", "until_closed", "lower_case", "two_lengths", "two_different_lengths"]

    def sent(self, reply: Reply, *, head_only: bool, now: float, seed: int) -> Wire:
        body, length = b"" if head_only else reply.body, len(reply.body)
        lengths = {"two_lengths": (length, length), "two_different_lengths": (length, length + 1)}
        _, whole = octets.message(
            reply,
            body,
            now=now,
            version="1.0" if self.framing == "http_1_0" else "1.1",
            chunked=self.framing == "chunked",
            length=None if self.framing == "until_closed" else lengths.get(self.framing, length),
            lower_case=self.framing == "lower_case",
        )
        return Wire(octets=whole)

    def instead(self, reply: Reply) -> Reply:
        """Another HTTP server frames it as it likes, which is right, too."""
        return reply
