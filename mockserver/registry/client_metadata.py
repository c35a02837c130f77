"""A client as it registers itself: JSON in the words of RFC 7591 2 to settings, and back to what is registered."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

from ..client_settings import ClientSettings
from ..errors import InvalidClientMetadata
from ..errors import InvalidRedirectUri
from ..errors import OAuthError
from ..model import Client
from ..model import Registration
from ..policies import ResponseType
from ..written import sound

__all__ = ["of_client", "refusal", "understood"]

# The settings that a client may choose for itself; what else a test can set is the server's affair.
_CHOSEN = (
    *("redirect_uris", "token_endpoint_auth_method", "grant_types", "client_name", "scope", "jwks", "jwks_uri"),
    # OpenID Connect Dynamic Client Registration 2
    # RFC 9101 10.5
    *("request_object_signing_alg", "require_signed_request_object"),
    # RFC 9396 10
    "authorization_details_types",
    # RFC 9126 6, RFC 9449 5.2
    *("require_pushed_authorization_requests", "dpop_bound_access_tokens"),
    # RFC 8705 2.1.2, 3.4
    *("tls_client_auth_subject_dn", "tls_client_auth_san_dns", "tls_client_auth_san_uri", "tls_client_auth_san_ip"),
    *("tls_client_auth_san_email", "tls_client_certificate_bound_access_tokens"),
    *("token_endpoint_auth_signing_alg", "id_token_signed_response_alg", "userinfo_signed_response_alg"),
    *("subject_type", "sector_identifier_uri"),
    # OpenID Connect RP-Initiated Logout 3.1
    "post_logout_redirect_uris",
    # JARM 3
    "authorization_signed_response_alg",
)
# Told back as they came: they change nothing here
_KEPT: dict[str, typing.Any] = {
    "response_types": tuple[str, ...],
    "client_uri": str,
    "logo_uri": str,
    "tos_uri": str,
    "policy_uri": str,
    "contacts": tuple[str, ...],
    "software_id": str,
    "software_version": str,
    "application_type": typing.Literal["web", "native"],
    "initiate_login_uri": str,
}
# OpenID Connect Dynamic Client Registration 2: beside response types that bring an ID token or an access token, which
# say all of it
_IMPLICIT = "implicit"
# RFC 7591 2: what a client has that says nothing of it
_DEFAULTS = {"token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code"]}


def understood(
    document: cabc.Mapping[str, typing.Any], client_id: str, **more: typing.Any
) -> tuple[ClientSettings, dict[str, typing.Any]]:
    """
    The settings of a client that sends these metadata, and the members to be told back beside them.

    What nobody understands is ignored, and a null is as if it were left out (RFC 7591 2); `more` are settings that the
    server decides on. Raises `InvalidRedirectUri` or `InvalidClientMetadata`.
    """
    given = {name: value for name, value in document.items() if value is not None}
    chosen = {**_DEFAULTS, **{name: given[name] for name in _CHOSEN if name in given}}
    kept = {name: value for name, value in given.items() if name.partition("#")[0] in _told_back(name)}
    for name, value in kept.items():
        try:
            msgspec.convert(value, _KEPT.get(name.partition("#")[0], str))
        except msgspec.ValidationError as error:
            raise refusal(name, f"{name}: {error} (RFC 7591 2)") from None
    if isinstance(chosen["grant_types"], list):
        chosen["grant_types"] = [grant for grant in chosen["grant_types"] if grant != _IMPLICIT]
    sound_settings, problems = sound({**chosen, **more, "client_id": client_id}, ClientSettings)
    for path, message in problems:
        raise refusal(str(path[0]), message)
    settings = msgspec.convert(sound_settings, ClientSettings)
    if not isinstance(settings.token_endpoint_auth_method, str):
        raise refusal("token_endpoint_auth_method", "token_endpoint_auth_method is one method here (RFC 7591 2)")
    kept["response_types"] = _response_types(settings, kept.get("response_types"))
    settings = msgspec.structs.replace(settings, response_types=_known(kept["response_types"]))
    if _IMPLICIT in given.get("grant_types", ()):
        kept["grant_types"] = given["grant_types"]
    if "authorization_code" in (settings.grant_types or ()) and not settings.redirect_uris:
        raise refusal(
            "redirect_uris", "redirect_uris is missing: a client of the grant authorization_code has some (RFC 7591 2)"
        )
    return settings, kept


def _told_back(name: str) -> cabc.Container[str]:
    """RFC 7591 2.2: what people read may come once for each language, as `client_name#fr`."""
    return (*_KEPT, "client_name") if "#" in name else _KEPT


def _response_types(settings: ClientSettings, given: list[str] | None) -> list[str]:
    """RFC 7591 2.1: grant types and response types go together."""
    has_code = "authorization_code" in (settings.grant_types or ())
    types = (["code"] if has_code else []) if given is None else given
    wanted = any("code" in each.split() for each in types)
    if has_code is not wanted:
        raise refusal(
            "response_types",
            f"response_types = {types!r} does not go with grant_types = {list(settings.grant_types or ())!r}: 'code'"
            " belongs to 'authorization_code' (RFC 7591 2.1)",
        )
    return types


def _known(types: cabc.Iterable[str]) -> tuple[ResponseType, ...]:
    """As they are spelt here: the order of the words does not matter (OAuth 2.0 Multiple Response Types 1)."""
    spelt = {frozenset(known.split()): known for known in typing.get_args(ResponseType)}
    strange = [each for each in types if frozenset(each.split()) not in spelt]
    if strange:
        raise refusal(
            "response_types", f"response_types has {strange[0]!r}; there are {', '.join(map(repr, spelt.values()))}"
        )
    return tuple(spelt[frozenset(each.split())] for each in types)


def refusal(name: str, hint: str) -> OAuthError:
    """RFC 7591 3.2.2."""
    kind = InvalidRedirectUri if name == "redirect_uris" else InvalidClientMetadata
    return kind(f"The client metadata {name.partition('#')[0]} is not acceptable.", hint=hint)


def of_client(client: Client, registration: Registration) -> dict[str, typing.Any]:
    """All that is registered of a client, as it is told (RFC 7591 3.2.1). Times are seconds, UTC; 0 is never."""
    members: dict[str, typing.Any] = {"client_id": client.client_id}
    if client.secrets:
        newest = client.secrets[0]
        members["client_secret"] = newest.value
        members["client_secret_expires_at"] = int(newest.expires_at or 0)
    members["client_id_issued_at"] = registration.issued_at
    chosen = {name: getattr(registration.settings, name) for name in _CHOSEN}
    members |= {name: value for name, value in chosen.items() if value is not None}
    return members | dict(registration.kept)
