"""What a client asks for in detail: objects in place of words, each with a type (RFC 9396)."""

from __future__ import annotations

import collections.abc as cabc
import json
import typing

from .config import IssuerSettings
from .errors import OAuthError
from .model import Client

__all__ = ["Details", "InvalidAuthorizationDetails", "narrowed", "parse"]

Details = tuple[cabc.Mapping[str, typing.Any], ...]

# RFC 9396 2.2: of every type, those that are lists of strings
_LISTS = ("locations", "actions", "datatypes", "privileges")
_MOST = 100


class InvalidAuthorizationDetails(OAuthError):
    """RFC 9396 5, 6: malformed, of an unknown type, with a field of the wrong kind, or more than was authorized."""

    error = "invalid_authorization_details"


def parse(text: str | None, client: Client, settings: IssuerSettings) -> Details | None:
    """
    The parameter `authorization_details` (RFC 9396 2); None where it was left out, or the server does not have it.

    Raises `InvalidAuthorizationDetails`.
    """
    known = settings.authorization_details_types_supported
    if text is None or known == ():
        return None
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _refused("it is no JSON (RFC 9396 2)") from None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _refused("it is no JSON array of objects (RFC 9396 2)")
    if len(found) > _MOST:
        raise _refused(f"it has {len(found)} objects; at most {_MOST} are taken")
    for number, each in enumerate(found):
        _check(each, f"[{number}]", client, known)
    return tuple(found)


def narrowed(asked: Details | None, authorized: Details) -> Details:
    """
    Of what was authorized, what a token request asks for; all of it when it asks for nothing (RFC 9396 6).

    Objects are compared whole. Raises `InvalidAuthorizationDetails` for one that was not authorized.
    """
    for number, each in enumerate(asked or ()):
        if each not in authorized:
            raise _refused(
                f"[{number}], of type {each['type']!r}, was not authorized: a token request asks for objects as they"
                f" were authorized, or fewer (RFC 9396 6, 6.1); there were {len(authorized)}"
            )
    return authorized if asked is None else asked


def _check(each: cabc.Mapping[str, typing.Any], at: str, client: Client, known: cabc.Sequence[str] | None) -> None:
    type_ = each.get("type")
    if not isinstance(type_, str) or not type_:
        raise _refused(f"{at} has the type {type_!r}; write a string (RFC 9396 2)")
    for key, types in (("supported", known), ("", client.authorization_details_types)):
        if types is not None and type_ not in types:
            setting = f"authorization_details_types{'_' if key else ''}{key}"
            raise _refused(f"{at} has the type {type_!r}, which is none of {', '.join(types) or 'none'} ({setting})")
    for name in _LISTS:
        value = each.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise _refused(f"{at}.{name} is no array of strings (RFC 9396 2.2)")
    if not isinstance(each.get("identifier", ""), str):
        raise _refused(f"{at}.identifier is no string (RFC 9396 2.2)")


def _no_number(text: str) -> typing.NoReturn:
    raise ValueError(text)


def _refused(hint: str) -> InvalidAuthorizationDetails:
    return InvalidAuthorizationDetails(
        "The authorization details are not acceptable.", hint=f"authorization_details: {hint}"
    )
