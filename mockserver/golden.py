"""Exchanges that show what a profile says: data in its file, of which tests are made."""

from __future__ import annotations

import typing

import msgspec

__all__ = ["Golden", "GoldenAnswer", "GoldenRequest"]

Names = dict[str, str]


class GoldenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A request of a golden exchange.

    Texts may have `{client_id}`, `{client_secret}`, `{basic}`, `{code}`, `{access_token}`, `{refresh_token}`,
    `{redirect_uri}`, `{username}`, `{password}`; and of the answers before, `{new_code}`, `{new_access_token}`,
    `{new_refresh_token}`. `{assertion:iss,sub,aud}` is a JWT by the client's key, with these claims; `issuer` in place
    of `aud` means it for the issuer and not for the URL that is asked.
    """

    path: str
    """Where it goes: a path, or a whole URL for another host of the provider."""
    method: str = "POST"
    """The HTTP method."""
    query: Names = {}
    """Parameters in the URL."""
    form: Names | None = None
    """A form-urlencoded body."""
    json: typing.Any = None
    """A JSON body."""
    text: str = ""
    """A body as it is, whose Content-Type is among the headers."""
    headers: Names = {}
    """Headers beside those that the body needs."""


class GoldenAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the answer of a golden exchange must be. A text that begins with `~` is a regular expression."""

    status: int
    """The status."""
    json: typing.Any = None
    """The whole body as JSON."""
    has: dict[str, typing.Any] = {}
    """Some members of the body as JSON."""
    form: Names | None = None
    """The whole body as a form."""
    text: str | None = None
    """The whole body as text."""
    headers: Names = {}
    """Some headers; an empty text: the header is not there."""
    location: Names | None = None
    """All parameters that the browser is sent back with, in the URL or in a form."""


class Golden(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An exchange that shows what the profile says: a test is made of it."""

    title: str
    """What it shows, in a few words."""
    send: GoldenRequest
    """The request."""
    want: GoldenAnswer
    """What its answer must be."""
    first: tuple[GoldenRequest, ...] = ()
    """Requests before it, whose answers are not looked at."""
    advance: int = 0
    """Seconds that the server's clock goes on before the request."""
    variables: Names = {}
    """Variables that are otherwise than in `example`."""
    client: dict[str, typing.Any] = {}
    """Settings of the client, whose id is `crm`."""
    scope: str = "a b"
    """The scope of the tokens and codes that are there."""
