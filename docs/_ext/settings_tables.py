"""The settings: key, type, default, meaning, and how each is spelt."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import re
import types
import typing

import msgspec
from tables import table

from mockserver import client_settings
from mockserver import config
from mockserver import golden
from mockserver import policies
from mockserver import quirks

__all__ = ["STRUCTS", "examples", "settings", "spellings"]


STRUCTS: dict[str, type[msgspec.Struct]] = {
    "server": config.Settings,
    "issuer": config.IssuerSettings,
    "parameters": config.ParameterRules,
    "trusted-issuer": config.TrustedIssuer,
    "client": client_settings.ClientSettings,
    "user": config.UserSettings,
    "profile": quirks.ProfileFile,
    "profile-request": quirks.RequestShape,
    "profile-response": quirks.ResponseShape,
    "profile-error": quirks.ErrorShape,
    "profile-bearer": quirks.Bearer,
    "profile-callback": quirks.CallbackShape,
    "profile-grant": quirks.DeclaredGrant,
    "profile-source": quirks.Source,
    "profile-golden": golden.Golden,
    "profile-golden-send": golden.GoldenRequest,
    "profile-golden-want": golden.GoldenAnswer,
}

_MODULES = (config.__name__, client_settings.__name__, policies.__name__, quirks.__name__, golden.__name__)

# Values that are not the default, so that a spelling shows what it does.
_EXAMPLES: dict[str, str] = {
    "access_token_lifetime": "60",
    "refresh_token_lifetime": "86400",
    "authorization_code_lifetime": "30",
    "id_token_lifetime": "300",
    "access_token_format": '"opaque"',
    "registration": '"off"',
    "initial_access_tokens": '["s3cret"]',
    "registered_secret_lifetime": "3600",
    "software_statement_jwks": "{ keys = [] }",
    "protected_resource_metadata": "true",
    "audience": '"https://api.example.com"',
    "refresh_policy": '"static"',
    "refresh_token_limit": "20",
    "code_challenge_methods_supported": '["S256"]',
    "offline_scopes": '["refresh_token"]',
    "token_endpoint_methods": '["GET", "POST"]',
    "access_token_policy": '"same"',
    "id_token_signed_response_alg": '"ES256"',
    "id_token_claims": '"requested"',
    "id_token_audience": '["https://api.example.com"]',
    "id_token_azp": '"always"',
    "userinfo_signed_response_alg": '"RS256"',
    "authorization_signed_response_alg": '"ES256"',
    "subject_type": '"pairwise"',
    "claims_by_scope": '"always"',
    "response_types_supported": '["code", "id_token token"]',
    "response_modes_supported": '["query", "jwt"]',
    "claims_parameter_supported": "false",
    "acr_values_supported": '["silver", "gold"]',
    "end_session": "false",
    "single_sign_on": "true",
    "cors_origins": '["https://app.example.com"]',
    "scopes_supported": '["orders:read", "orders:write"]',
    "require_pkce": "true",
    "introspection_signed_response_alg": '"ES256"',
    "revocation_cascade": '"user"',
    "backchannel_lifetime": "60",
    "backchannel_interval": "1",
    "backchannel_authentication": "false",
    "device_code_lifetime": "60",
    "device_code_interval": "1",
    "device_authorization": "false",
    "introspection": '"own"',
    "revocation": '"refresh_token"',
    "basic_encoding": '"form"',
    "both_at_once": '"prefer_header"',
    "burn_code_on_invalid_client": "true",
    "request_encodings": '["form", "json"]',
    "client_assertion_audiences": '["issuer"]',
    "client_assertion_lifetime": "300",
    "consent": '"auto"',
    "redirect_uri_policy": '"host"',
    "repeat_redirect_uri": "false",
    "redirect_uri_https_only": "true",
    "require_state": "true",
    "state_min_length": "8",
    "state_max_length": "255",
    "login_page_lifetime": "600",
    "authorization_code_length": "2500",
    "refresh_token_when": '"offline_access"',
    "scope_policy": '"drop"',
    "require_scope": "true",
    "default_scope": '"orders:read"',
    "scope_separator": '","',
    "audiences": '["https://api.example.com"]',
    "dpop_bound_access_tokens": "true",
    "dpop_nonce": "true",
    "dpop_nonce_lifetime": "60",
    "dpop_proof_lifetime": "300",
    "dpop_signing_alg_values_supported": '["ES256"]',
    "require_signed_request_object": "true",
    "request_parameter_supported": "false",
    "require_pushed_authorization_requests": "true",
    "pushed_authorization_request_lifetime": "600",
    "pushed_authorization_requests": "false",
    "authorization_details_types_supported": '["payment"]',
    "authorization_response_iss_parameter_supported": "true",
    "tls_client_certificate_bound_access_tokens": "true",
    "scope_in_response": '"when_different"',
    "bearer_methods_supported": '["header", "query"]',
    "expires_in_form": '"string"',
    "token_rate_limit": "{ requests = 10, seconds = 60 }",
    "profile": '"google"',
    "variables": '{ tenant = "contoso" }',
    "token_endpoint_auth_methods_supported": '["client_secret_post"]',
    "grant_types_supported": '["authorization_code", "refresh_token"]',
    "trusted_issuers": (
        '{ "https://idp.example" = { jwks = { keys = [{ kty = "OKP", crv = "Ed25519",'
        ' x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] } } }'
    ),
    "parameters": '{ token = { required = ["query:format"] } }',
    "paths": '{ refresh = "/oauth/refresh" }',
    "parameter_names": '{ refresh = { refresh_grant_type = "grant_type" } }',
    "grant_type_names": '{ client_credential = "client_credentials" }',
    "response_names": '{ access_token = "data.access_token" }',
    "callback_names": '{ code = "spapi_oauth_code" }',
    "case_insensitive_parameters": "true",
    "clients": '[{ client_id = "crm" }]',
    "users": '[{ username = "alice" }]',
    "faults": '[{ fault = "fail", endpoint = "token", status = 503 }]',
    "host": '"localhost"',
    "port": "9400",
    "https": "true",
    "server_certificate": '"expired"',
    "client_certificates": '"required"',
    "allow_remote": "true",
    "issuer": '"http://oauth.test:9400"',
    "allow_hosts": '["oauth.test"]',
    "trust_proxy": "true",
    "body_limit": "65536",
    "journal_size": "100",
    "issuers": "{ tenant-a = { access_token_lifetime = 60 } }",
}


def _docstrings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The string below each field in the source, also of the structs that it inherits from."""
    bases = [base for base in struct.__mro__ if base.__module__ in _MODULES]
    return {name: text for base in reversed(bases) for name, text in _own_docstrings(base).items()}


def _own_docstrings(struct: type) -> dict[str, str]:
    tree = ast.parse(inspect.getsource(struct).lstrip())
    found: dict[str, str] = {}
    for field, after in itertools.pairwise(tree.body[0].body):  # type: ignore[attr-defined]
        if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            found[field.target.id] = str(after.value.value)  # type: ignore[union-attr]
    return found


def _kind(hint: typing.Any) -> str:
    """A type in words."""
    if typing.get_origin(hint) is typing.Annotated:
        base, *metas = typing.get_args(hint)
        meta = metas[0]
        if meta.min_length is not None:
            return f"{_kind(base)}, at least {meta.min_length}"
        least = meta.ge if meta.ge is not None else None if meta.gt is None else meta.gt + 1
        most = meta.le
        limits = f"at least {least}" if most is None else f"{least} to {most}"
        return f"{_kind(base)}, {limits}"
    if typing.get_origin(hint) is typing.Literal:
        return " or ".join(f'`"{value}"`' for value in typing.get_args(hint))
    args = typing.get_args(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(_kind(arg) for arg in args if arg is not type(None))
    if typing.get_origin(hint) is tuple:
        inner = _kind(args[0])
        return {"string": "list of strings", "table": "list of tables"}.get(inner, f"list of {inner}")
    if typing.get_origin(hint) is dict:
        return "table"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return "table"
    if hint is typing.Any:
        return "any value"
    return {str: "string", int: "integer", bool: "boolean"}[hint]


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    if field.default is msgspec.NODEFAULT:
        return "`{}`"
    value = field.default
    if value is None:
        return "none"
    return f"`{_toml(value)}`"


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # JSON spells strings, numbers and booleans as TOML does
    return json.dumps(value)


def _fields(of: str) -> list[msgspec.structs.FieldInfo]:
    """The fields of a struct that its base does not have."""
    inherited = {f.name for f in msgspec.structs.fields(config.IssuerSettings)} if of == "server" else set()
    return [field for field in msgspec.structs.fields(STRUCTS[of]) if field.name not in inherited]


def settings(of: str) -> str:
    """Key, type, default, meaning. Raises KeyError for a field whose meaning nobody has written down."""
    meanings = _docstrings(STRUCTS[of])
    if of == "client":
        shared = _docstrings(policies.Policies).items()
        meanings |= {name: f"{meaning} Left out, the issuer's." for name, meaning in shared if name not in meanings}
    rows = [(f"`{field.name}`", _kind(field.type), _default(field), meanings[field.name]) for field in _fields(of)]
    return table(("key", "type", "default", "meaning"), rows)


def examples() -> dict[str, str]:
    """A TOML value for every key of the server."""
    return {field.name: _EXAMPLES[field.name] for of in ("issuer", "server") for field in _fields(of)}


def _python(value: str) -> str:
    import tomllib

    return repr(tomllib.loads(f"value = {value}")["value"]).replace("'", '"')


def spellings() -> str:
    """The same key in TOML, environment, flag and marker."""
    rows = []
    for key, value in examples().items():
        shell = value.strip('"') if value.startswith('"') else value
        quoted = shell if re.fullmatch(r"[\w:/.-]+", shell) else f"'{shell}'"
        flag = f"{key}={shell}" if quoted == shell else f"'{key}={shell}'"
        rows.append(
            (
                f"`{key} = {value}`",
                f"`OAUTHMOCK_{key.upper()}={quoted}`",
                f"`--oauthmock-set {flag}`",
                f"`oauthmock({key}={_python(value)})`",
            )
        )
    return table(("TOML", "environment", "flag of pytest", "marker, `OAuthMock(...)`"), rows)
