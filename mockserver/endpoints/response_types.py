"""What may be asked of the authorization endpoint (OAuth 2.0 Multiple Response Type Encoding Practices)."""

from __future__ import annotations

import collections.abc as cabc

from ..context import Context
from ..errors import InvalidRequest
from ..errors import UnauthorizedClient
from ..errors import UnsupportedResponseType
from ..model import Client

__all__ = ["check"]


def check(parameters: cabc.Mapping[str, str], client: Client, context: Context, *, openid: bool) -> frozenset[str]:
    """
    The words of `response_type`, in whatever order (1).

    Raises `InvalidRequest`, `UnsupportedResponseType` and `UnauthorizedClient`.
    """
    text = parameters.get("response_type")
    if text is None:
        raise InvalidRequest("response_type is missing.", hint="the request has no response_type (RFC 6749 3.1.1)")
    asked, supported = " ".join(sorted(text.split())), context.settings.response_types_supported
    if asked not in {" ".join(sorted(known.split())) for known in (*supported, *client.response_types)}:
        raise UnsupportedResponseType(
            "The response type is not supported.",
            hint=f"response_type is {text!r}; this server has {', '.join(map(repr, supported))}"
            " (response_types_supported)",
        )
    words = frozenset(text.split())
    if "code" in words and "authorization_code" not in client.grant_types:
        raise UnauthorizedClient(
            "The client may not use this response type.",
            hint=f"client {client.client_id!r} is registered for {', '.join(sorted(client.grant_types))}; a code is of"
            " no use to it without authorization_code",
        )
    if asked not in client.response_types:
        unsigned = client.policies.id_token_signed_response_alg == "none" and "id_token" in words
        raise UnauthorizedClient(
            "The client may not use this response type.",
            hint=f"client {client.client_id!r} is registered for {', '.join(map(repr, client.response_types))}"
            + ("; with unsigned ID tokens it may have none from here (OpenID Connect Registration 2)" * unsigned),
        )
    if "id_token" in words:
        _check_openid(text, parameters, openid=openid)
    return words


def _check_openid(text: str, parameters: cabc.Mapping[str, str], *, openid: bool) -> None:
    if not openid:
        raise InvalidRequest(
            "The scope openid is missing.",
            hint=f"response_type {text!r} has an ID token, and scope {parameters.get('scope')!r} has no openid (OpenID"
            " Connect Core 3.1.2.1)",
        )
    if "nonce" not in parameters:
        raise InvalidRequest(
            "nonce is missing.",
            hint=f"response_type is {text!r}; an ID token from the authorization endpoint needs a nonce (OpenID Connect"
            " Core 3.2.2.1, 3.3.2.11)",
        )
