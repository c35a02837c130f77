"""What the server is and has, as it really is: RFC 8414 and OpenID Connect Discovery."""

from __future__ import annotations

import typing

from ..clientauth import METHODS
from ..clientauth import OVER_TLS
from ..context import Context
from ..errors import Inaccessible
from ..grants import served
from ..guards.resource_metadata import described
from ..jwk import ALGORITHMS
from ..jwk import MAC_ALGORITHMS
from ..messages import Reply
from ..policies import SubjectType
from ..request import Request
from .login_request import DISPLAYS
from .login_request import PROMPTS

__all__ = ["authorization_server", "document", "openid_configuration", "protected_resource"]

_OF_TOKENS = ("sub", "iss", "aud", "azp", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "c_hash")
# RFC 8705 5: what a client asks itself, and not the browser
_WITH_CERTIFICATES = (
    "token_endpoint",
    "backchannel_authentication_endpoint",
    "device_authorization_endpoint",
    "introspection_endpoint",
    "pushed_authorization_request_endpoint",
    "registration_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
)


def authorization_server(request: Request, context: Context) -> Reply:
    """RFC 8414 3.2."""
    members = document(context.base_url(request), context)
    return Reply.of_json(_over_tls(members, context), why="authorization server metadata")


def openid_configuration(request: Request, context: Context) -> Reply:
    """OpenID Connect Discovery 4.2."""
    base = context.base_url(request)
    signed = sorted(context.userinfo_algorithms())
    known = context.settings.acr_values_supported
    members = {
        **document(base, context),
        "userinfo_endpoint": context.url_of("userinfo", base),
        **({"end_session_endpoint": context.url_of("end_session", base)} if "end_session" in context.paths else {}),
        "subject_types_supported": list(typing.get_args(SubjectType)),
        "id_token_signing_alg_values_supported": sorted(context.id_token_algorithms()),
        **({"userinfo_signing_alg_values_supported": signed} if signed else {}),
        **({"acr_values_supported": list(known)} if known is not None else {}),
        "claim_types_supported": ["normal"],
        "claims_supported": _claims(context),
        "claims_parameter_supported": context.settings.claims_parameter_supported,
        "display_values_supported": list(DISPLAYS),
        "prompt_values_supported": list(PROMPTS),
        "ui_locales_supported": ["en"],
        "request_parameter_supported": context.settings.request_parameter_supported,
        # OpenID Connect Discovery 3: left out, it would mean true
        "request_uri_parameter_supported": False,
    }
    return Reply.of_json(_over_tls(members, context), why="OpenID provider metadata")


def protected_resource(request: Request, context: Context) -> Reply:
    """
    RFC 9728 3.2: who gives out tokens for the resource whose path follows the well-known one, and how it takes them.

    Raises `Inaccessible` for what no guard protects that takes access tokens.
    """
    path = request.path.removeprefix(context.paths["protected_resource"])
    members: dict[str, object] = {"resource": context.base_url(request) + path}
    door = context.doors.get(path)
    if door is not None and door.metadata is not None:
        members |= door.metadata(request)
    elif path == "/api":
        members |= described(request, context)
    else:
        protected = ["/api", *(where or "/" for where, door in context.doors.items() if door.metadata is not None)]
        raise Inaccessible(
            "Nothing is protected at this path.",
            hint=f"{path or '/'!r} takes no access tokens; there are {', '.join(protected)} (RFC 9728 3)",
        )
    return Reply.of_json(members, why=f"metadata of the protected resource {path or '/'}")


def document(base: str, context: Context) -> dict[str, object]:
    """RFC 8414 2; `base` is what the paths are below."""
    members: dict[str, object] = {
        "issuer": context.issuer_at(base),
        "authorization_endpoint": context.url_of("authorize", base),
        "token_endpoint": context.url_of("token", base),
        "jwks_uri": context.url_of("jwks", base),
        "response_types_supported": list(context.settings.response_types_supported),
        "response_modes_supported": list(context.settings.response_modes_supported),
        "grant_types_supported": list(context.settings.grant_types_supported or served(context)),
        "token_endpoint_auth_methods_supported": _auth_methods(context),
        "token_endpoint_auth_signing_alg_values_supported": [*ALGORITHMS, *MAC_ALGORITHMS],
        "code_challenge_methods_supported": list(context.settings.code_challenge_methods_supported),
    }
    secured = sorted(context.response_algorithms())
    if secured:
        members["authorization_signing_alg_values_supported"] = secured  # JARM 4
    if not members["code_challenge_methods_supported"]:
        # RFC 8414 2: left out, PKCE is not supported
        del members["code_challenge_methods_supported"]
    members |= _of_requests(base, context)
    if "register" in context.paths:
        members["registration_endpoint"] = context.url_of("register", base)
    members |= _of_tokens(base, context)
    if "device_authorization" in context.paths:
        # RFC 8628 4
        members["device_authorization_endpoint"] = context.url_of("device_authorization", base)
    if "backchannel_authentication" in context.paths:
        # OpenID Connect CIBA 4
        members |= {
            "backchannel_authentication_endpoint": context.url_of("backchannel_authentication", base),
            "backchannel_token_delivery_modes_supported": ["poll"],
            "backchannel_user_code_parameter_supported": False,
        }
    if "refresh" in context.paths:
        # RFC 8414 2 allows members of one's own
        members["refresh_endpoint"] = context.url_of("refresh", base)
    known = context.settings.scopes_supported
    return members if known is None else {**members, "scopes_supported": list(known)}


def _of_tokens(base: str, context: Context) -> dict[str, object]:
    """RFC 8414 2, RFC 9701 7: where tokens are introspected and revoked, as far as that is switched on."""
    members: dict[str, object] = {}
    for what, endpoint in (("introspection", "introspect"), ("revocation", "revoke")):
        if endpoint in context.paths:
            # RFC 7662 2.1: who is public shows nothing
            methods = [name for name in _auth_methods(context) if name != "none" or what == "revocation"]
            members |= {
                f"{what}_endpoint": context.url_of(endpoint, base),
                f"{what}_endpoint_auth_methods_supported": methods,
                f"{what}_endpoint_auth_signing_alg_values_supported": [*ALGORITHMS, *MAC_ALGORITHMS],
            }
    if "introspect" in context.paths:
        members["introspection_signing_alg_values_supported"] = sorted(context.introspection_algorithms())
    return members


def _claims(context: Context) -> list[str]:
    """Those of every ID token, and those that somebody here has."""
    of_people = sorted({claim for user in list(context.users.values()) for claim in user.claims})
    return list(dict.fromkeys([*_OF_TOKENS, *of_people]))


def _of_requests(base: str, context: Context) -> dict[str, object]:
    """What there is beyond RFC 6749 of authorization requests and their answers."""
    settings = context.settings
    members: dict[str, object] = {}
    if "par" in context.paths:
        # RFC 9126 5
        members["pushed_authorization_request_endpoint"] = context.url_of("par", base)
        if settings.require_pushed_authorization_requests:
            members["require_pushed_authorization_requests"] = True
    if settings.dpop_signing_alg_values_supported:
        # RFC 9449 5.1
        members["dpop_signing_alg_values_supported"] = list(settings.dpop_signing_alg_values_supported)
    if settings.request_parameter_supported:
        # OpenID Connect Discovery 3, RFC 9101 10.5
        members["request_object_signing_alg_values_supported"] = [*ALGORITHMS, *MAC_ALGORITHMS, "none"]
        if settings.require_signed_request_object:
            members["require_signed_request_object"] = True
    if settings.authorization_details_types_supported:
        # RFC 9396 10
        members["authorization_details_types_supported"] = list(settings.authorization_details_types_supported)
    if settings.authorization_response_iss_parameter_supported:
        # RFC 9207 3
        members["authorization_response_iss_parameter_supported"] = True
    return members


def _over_tls(members: dict[str, object], context: Context) -> dict[str, object]:
    """RFC 8705 3.3, 5: where there is mutual TLS; here it is the same server."""
    if not context.asks_certificates:
        return members
    aliases = {name: members[name] for name in _WITH_CERTIFICATES if name in members}
    return {**members, "tls_client_certificate_bound_access_tokens": True, "mtls_endpoint_aliases": aliases}


def _auth_methods(context: Context) -> list[str]:
    """Those of the settings, and those of clients that have others all the same."""
    supported = context.settings.token_endpoint_auth_methods_supported
    if supported is None:
        return [name for name in METHODS if context.asks_certificates or name not in OVER_TLS]
    return list(dict.fromkeys([*supported, *(name for c in context.clients.values() for name in c.auth_methods)]))
