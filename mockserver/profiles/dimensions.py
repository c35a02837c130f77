"""The ways in which providers differ, and the keys of a profile that say so."""

from __future__ import annotations

import collections.abc as cabc
import typing

from ..quirks import Edge

__all__ = ["DIMENSIONS", "dimension", "leaves"]

DIMENSIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "D1": ("where endpoints are", ("origin", "issuer_path", "paths", "other_paths", "variables")),
    "D2": (
        "how clients authenticate",
        (
            *("settings.token_endpoint_auth_methods_supported", "settings.basic_encoding", "settings.both_at_once"),
            *("settings.burn_code_on_invalid_client", "settings.client_assertion_audiences", "request.basic_scheme"),
            *("settings.client_assertion_lifetime", "request.client_secret", "request.assertion_claims"),
            *("request.client_secret_grants", "request.signed_header", "request.signed_text", "request.signed_by"),
        ),
    ),
    "D3": ("how token requests are encoded", ("settings.request_encodings", "settings.token_endpoint_methods")),
    "D4": ("names of request parameters", ("parameter_names", "case_insensitive_parameters")),
    "D5": ("parameters and headers that are demanded", ("settings.parameters", "settings.require_state")),
    "D6": (
        "grants",
        (
            *("grants", "grant_type_names", "settings.grant_types_supported"),
            *("request.grant_type", "request.response_type"),
        ),
    ),
    "D7": ("encoding and status of token answers", ("response.format", "response.status", "response.content_type")),
    "D8": ("names and places of members", ("response_names", "response.lacks")),
    "D9": ("token_type", ("response.token_type", "response.token_types")),
    "D10": (
        "how a lifetime is stated",
        ("settings.expires_in_form", "settings.access_token_lifetime", "settings.refresh_token_lifetime"),
    ),
    "D11": (
        "scope",
        (
            *("settings.scope_separator", "settings.scope_in_response", "settings.scope_policy", "response.scope"),
            *("settings.require_scope", "settings.default_scope", "response.scope_separator"),
            "settings.scopes_supported",
        ),
    ),
    "D12": (
        "when there is a refresh token",
        ("settings.refresh_token_when", "settings.offline_scopes", "request.offline"),
    ),
    "D13": ("what becomes of a refresh token", ("settings.refresh_policy", "settings.refresh_token_limit")),
    "D14": ("errors of the token endpoint", ("errors.token",)),
    "D15": ("errors of the API", ("errors.resource",)),
    "D16": ("how access tokens are presented", ("bearer", "settings.bearer_methods_supported")),
    "D17": ("PKCE", ("settings.require_pkce", "settings.code_challenge_methods_supported")),
    "D18": (
        "redirect URIs",
        ("settings.redirect_uri_policy", "settings.redirect_uri_https_only", "settings.repeat_redirect_uri"),
    ),
    "D19": ("what comes to the callback", ("callback", "callback_names")),
    "D20": ("members of the provider's own", ("response.fields", "response.fields_of")),
    "D21": ("form of tokens", ("settings.access_token_format", "settings.audience", "settings.audiences")),
    "D22": ("throttling", ("settings.token_rate_limit",)),
    "D23": ("tokens in several steps", ()),
    "D24": ("how many tokens live", ("settings.access_token_policy",)),
}
"""By number: what differs, and keys; what is below a key is of the same dimension."""

_OTHERS = "D0"


def dimension(key: str) -> str:
    """The dimension of a dotted key; `D0` for what is no deviation, such as a lifetime."""
    if key.startswith("grants.") and key.endswith((".outcome", ".token")):
        return "D23"
    return next(
        (number for number, (_, keys) in DIMENSIONS.items() if any(f"{key}.".startswith(f"{own}.") for own in keys)),
        _OTHERS,
    )


def leaves(values: cabc.Mapping[str, typing.Any]) -> cabc.Iterator[tuple[str, ...]]:
    """The paths of everything that a profile's file says of the provider, those of its versions too."""
    for name, value in values.items():
        if name == "versions":
            for version, inner in value.items():
                yield from (("versions", version, *path) for path in leaves(inner))
        elif name in Edge.__struct_fields__ and name != "title":
            yield from _leaves(value, (name,))


def _leaves(value: typing.Any, path: tuple[str, ...]) -> cabc.Iterator[tuple[str, ...]]:
    if not isinstance(value, dict) or not value:
        yield path
        return
    for name, inner in value.items():
        yield from _leaves(inner, (*path, name))
