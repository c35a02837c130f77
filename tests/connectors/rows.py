"""The rows of the requirements with their cases, as `rows.toml` has them."""

from __future__ import annotations

import pathlib
import re
import typing

import msgspec

__all__ = ["ROWS", "Api", "Case", "Row"]

Table = dict[str, typing.Any]


class Api(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the API saw and said; what is left out is not looked at."""

    statuses: list[int] | None = None
    """Of its answers, in their order."""
    error: str | None = None
    guard: str | None = None
    caller: str | None = None
    preemptive: bool | None = None
    why: str = ""
    """A part of it. These five are of the last answer."""


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One test.

    With a `product` it is wholly said here: the form as it is filled in, the issuer and the client it meets, and what
    comes of one request to the API. Without one a function does it, named after the case unless `act` names it.
    """

    kind: typing.Literal["positive", "negative", "edge"]
    case: str
    act: str = ""
    product: typing.Literal["boomi", "patchworks", "sap"] | None = None
    form: Table = {}
    issuer: Table = {}
    client: Table = {}
    protects: str = ""
    """The scope that the API asks for."""
    guard: Table = {}
    """How the API checks its caller, by the name of a guard; without it, by a token."""
    challenge: bool = False
    """Whether the first request to the API is challenged, whatever it brings."""
    raises: str = ""
    """The connector's error, by name; empty: the API answered 200."""
    status: int | None = None
    error: str | None = None
    """Of the last answer of the token endpoint, or of the authorization endpoint where no token was asked for."""
    requests: int | None = None
    """How many tokens were asked for."""
    sent: dict[typing.Literal["body", "query", "header"], dict[str, str]] = {}
    """What the last token request had, by place."""
    asked: dict[str, str] = {}
    """What the last authorization request had."""
    api: Api = Api()
    not_covered: str = ""
    """Why nobody tests it."""

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.case}"

    @property
    def function(self) -> str:
        """What does a case that is not wholly said in the file."""
        return self.act or _slug(self.case)


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One requirement."""

    number: int
    title: str
    asks: str
    seed: str
    cases: list[Case]

    @property
    def test(self) -> str:
        return f"test_row_{self.number}_{_slug(self.title)}"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    row: list[Row]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


ROWS: dict[int, Row] = {
    row.number: row
    for row in msgspec.toml.decode(pathlib.Path(__file__).with_name("rows.toml").read_bytes(), type=_File).row
}
