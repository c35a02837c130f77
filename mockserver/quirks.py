"""How a provider differs from the RFCs, as typed data: what a profile's file may say, and what becomes of it."""

from __future__ import annotations

import typing

import msgspec

__all__ = ["Edge", "Names", "Profile", "ProfileFile", "Source"]

Names = dict[str, str]


class Edge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What a profile and each of its versions may say. What is not said is as in the RFCs.

    `{name}` in a text stands for a variable.
    """

    title: str = ""
    """The provider's own name, for people."""
    origin: str = ""
    """Scheme and host of the provider itself: `https://{shop}.myshopify.com`."""
    issuer_path: str = ""
    """What follows the base URL in the issuer identifier; discovery is below it, endpoints are not."""
    paths: Names = {}
    """Endpoint -> path below the base URL, or the whole URL of one that the provider serves at another host."""
    other_paths: dict[str, tuple[str, ...]] = {}
    """Endpoint -> further paths or URLs of it."""
    parameter_names: dict[str, Names] = {}
    """By `authorize`, `token` or `refresh`: the provider's request parameter -> the RFC's."""
    grant_type_names: Names = {}
    """The provider's value of `grant_type` -> the RFC's."""
    response_names: Names = {}
    """The RFC's member of a token answer -> the provider's; a dot stands for an object inside the object."""
    callback_names: Names = {}
    """The RFC's parameter of a callback -> the provider's."""
    case_insensitive_parameters: bool = False
    """Take request parameters whatever their case."""
    settings: dict[str, typing.Any] = {}
    """Keys of an issuer that this provider has otherwise; one that is set for the issuer beats them."""


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where facts of a profile are from."""

    keys: tuple[str, ...]
    """The keys that it speaks for, dotted, each with all that is below it."""
    source: str = ""
    """A URL, or a file of a public repository."""
    checked: str = ""
    """The month in which somebody looked: `2026-11`."""
    unverified: bool = False
    """Nobody found it written down: listed in the documentation, and not counted."""


class ProfileFile(Edge, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a profile's TOML file has."""

    extends: str | None = None
    """The profile that it changes; none: `rfc6749`."""
    variables: Names = {}
    """Variables that may be left out -> their values then."""
    version: str | None = None
    """The version that it is when nobody chooses one, by the variable `version`."""
    versions: dict[str, Edge] = {}
    """Versions by name: what each has otherwise."""
    sources: tuple[Source, ...] = ()
    """Where what the file says is from."""


class Profile(Edge, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A provider with its variables filled in: where it serves what, and how it says things.

    The settings of an issuer overlay `paths`, the names and `case_insensitive_parameters`.
    """

    name: str
    origins: Names = {}
    """Endpoint (or `issuer`) -> the real origin, of those that are not at `origin`."""
    other_origins: tuple[str, ...] = ()
    """The real origins of `other_paths`."""
    variables: Names = {}
    """What each variable stands for."""
