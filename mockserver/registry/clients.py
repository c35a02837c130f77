"""Settings of a client or user -> the registered one, every default resolved and every name checked."""

from __future__ import annotations

import collections.abc as cabc
import typing

import msgspec

from ..client_settings import ClientSettings
from ..clientauth import METHODS
from ..config import IssuerSettings
from ..config import UserSettings
from ..credentials import new_secret
from ..errors import ConfigurationError
from ..grants import GRANTS
from ..grants import available
from ..model import Client
from ..model import User
from ..policies import Account
from ..policies import Policies
from ..policies import RefreshPolicySettings
from ..redirects import too_wide
from ..registration import malformed_uri
from ..scope import Scope
from ..written import nearest
from ..written import sound
from . import credentials
from . import sectors

__all__ = ["checked", "client", "default_methods", "refresh_policy", "user"]

_REFRESH_KEYS = {
    "rotate_grace": ("seconds", "uses"),
    "rotate_every": ("seconds",),
    "by_client_type": ("public", "confidential"),
}
# What most real servers take; a client that needs more, or less, says so.
_BY_KEY = ("private_key_jwt", "self_signed_tls_client_auth", "tls_client_auth")
_DEFAULT_METHODS = ("client_secret_basic", "client_secret_post")


def client(settings: ClientSettings, issuer: IssuerSettings, published: cabc.Container[str] = ()) -> Client:
    """
    The client that an issuer registers. A confidential one without a secret is given one.

    `published` has the URLs that a `jwks_uri` may be. Raises `ConfigurationError` for a grant or method that does not
    exist and for keys that contradict each other.
    """
    given = settings.token_endpoint_auth_method
    methods = (
        default_methods(settings, issuer) if given is None else (given,) if isinstance(given, str) else tuple(given)
    )
    grant_types = (
        (issuer.grant_types_supported or available()) if settings.grant_types is None else settings.grant_types
    )
    what = f"client {settings.client_id!r}"
    if not methods:
        raise ConfigurationError(
            f"{what}: token_endpoint_auth_method is empty; name a method, or leave it out for"
            f" {' and '.join(_DEFAULT_METHODS)}",
            key="token_endpoint_auth_method",
        )
    _known(what, "token_endpoint_auth_method", methods, METHODS)
    _known(what, "grant_types", grant_types, GRANTS)
    if not settings.client_id or not settings.client_id.isprintable():
        raise ConfigurationError(
            f"{what}: client_id must be printable and not empty (RFC 6749 appendix A.1)", key="client_id"
        )
    if methods == ("none",) and settings.grant_types is not None and "client_credentials" in settings.grant_types:
        raise ConfigurationError(
            f"{what}: a public client (method 'none') may not use client_credentials (RFC 6749 4.4); drop one of them",
            key="grant_types",
        )
    certificate_name = credentials.certificate_name(what, settings, methods)
    policies = _policies(settings, issuer)
    _redirects(what, settings, policies)
    _states(what, policies)
    _scope(what, "default_scope", settings.default_scope, issuer)
    wrong = refresh_policy(policies)
    if wrong is not None:
        raise ConfigurationError(f"{what}: refresh_policy: {wrong}", key="refresh_policy")
    secrets = credentials.secrets(what, settings, methods)
    credentials.check_signature(what, policies, secrets)
    return Client(
        client_id=settings.client_id,
        secrets=secrets,
        jwks=credentials.keys(what, settings, methods, published),
        jwks_uri=settings.jwks_uri,
        assertion_algorithms=credentials.algorithms(what, settings, methods),
        certificate_name=certificate_name,
        request_object_signing_alg=credentials.request_object_algorithm(what, settings, methods),
        authorization_details_types=settings.authorization_details_types,
        disabled=settings.disabled,
        client_name=settings.client_name or settings.client_id,
        grant_types=frozenset(grant_types),
        auth_methods=methods,
        scope=_scope(what, "scope", settings.scope, issuer),
        redirect_uris=None if settings.redirect_uris is None else tuple(settings.redirect_uris),
        policies=policies,
        post_logout_redirect_uris=_after_logout(what, settings),
        sector=sectors.sector(what, settings, policies),
        response_types=_response_types(what, settings, issuer, policies),
    )


def _after_logout(what: str, settings: ClientSettings) -> tuple[str, ...] | None:
    """Raises `ConfigurationError`."""
    if settings.post_logout_redirect_uris is None:
        return None
    for uri in settings.post_logout_redirect_uris:
        wrong = malformed_uri(uri)
        if wrong is not None:
            raise ConfigurationError(
                f"{what}: post_logout_redirect_uris has {uri!r}, which {wrong}; write an absolute URI without fragment",
                key="post_logout_redirect_uris",
            )
    return tuple(settings.post_logout_redirect_uris)


def _response_types(what: str, settings: ClientSettings, issuer: IssuerSettings, policies: Policies) -> tuple[str, ...]:
    """What it may ask for. Raises `ConfigurationError` for unsigned ID tokens that come through the browser."""
    unsigned = policies.id_token_signed_response_alg == "none"
    given = settings.response_types
    for asked in given or ():
        if unsigned and "id_token" in asked.split():
            raise ConfigurationError(
                f"{what}: response_types has {asked!r}, and id_token_signed_response_alg is 'none', which is only for"
                " ID tokens of the token endpoint (OpenID Connect Registration 2); change one of them",
                key="response_types",
            )
    types = issuer.response_types_supported if given is None else given
    kept = (asked for asked in types if not (unsigned and "id_token" in asked.split()))
    return tuple(" ".join(sorted(asked.split())) for asked in kept)


def default_methods(settings: ClientSettings, issuer: IssuerSettings) -> tuple[str, ...]:
    """How a client authenticates that says nothing of it; by a key only where it has one, or there is no other way."""
    supported = issuer.token_endpoint_auth_methods_supported or _DEFAULT_METHODS
    has_keys = settings.jwks is not None or settings.jwks_uri is not None
    without_key = tuple(method for method in supported if method not in _BY_KEY)
    return supported if has_keys else without_key or supported


def checked(client_id: str, values: cabc.Mapping[str, typing.Any]) -> ClientSettings:
    """The settings of a client that was written in Python. Raises `ConfigurationError` for every wrong key or type."""
    kept, problems = sound({**values, "client_id": client_id}, ClientSettings)
    if problems:
        raise ConfigurationError("\n".join(f"client {client_id!r}: {message}" for _path, message in problems))
    return msgspec.convert(kept, ClientSettings)


def user(settings: UserSettings) -> User:
    """
    The person that an issuer registers, with a password of their own when none was given.

    Raises `ConfigurationError` for an `account` that does not exist.
    """
    known = typing.get_args(Account)
    if settings.account not in known:
        raise ConfigurationError(
            f"user {settings.username!r}: account = {settings.account!r}; {nearest(settings.account, known)}",
            key="account",
        )
    return User(
        username=settings.username,
        password=settings.password if settings.password is not None else new_secret("pw"),
        claims=dict(settings.claims),
        account=settings.account,
    )


def _known(what: str, key: str, values: cabc.Iterable[str], known: cabc.Mapping[str, object]) -> None:
    for value in values:
        if value not in known:
            raise ConfigurationError(f"{what}: {key} has {value!r}; {nearest(value, known)}", key=key)


def _redirects(what: str, settings: ClientSettings, policies: Policies) -> None:
    for uri in settings.redirect_uris or ():
        wrong = too_wide(uri, policies.redirect_uri_policy, https_only=policies.redirect_uri_https_only)
        if wrong is not None:
            raise ConfigurationError(f"{what}: redirect_uris has {uri!r}, which {wrong}", key="redirect_uris")


def _states(what: str, policies: Policies) -> None:
    least, most = policies.state_min_length, policies.state_max_length
    if least is not None and most is not None and least > most:
        raise ConfigurationError(
            f"{what}: state_min_length = {least} is more than state_max_length = {most}; no state fits, so change one",
            key="state_min_length",
        )


def _scope(what: str, key: str, text: str | None, issuer: IssuerSettings) -> Scope | None:
    if text is None:
        return None
    try:
        scope = Scope.parse(text)
    except ValueError as error:
        raise ConfigurationError(f"{what}: {error}; separate tokens by single spaces", key=key) from None
    known = issuer.scopes_supported
    strange = [token for token in str(scope).split() if known is not None and token not in known]
    if strange:
        raise ConfigurationError(
            f"{what}: {key} has {' '.join(strange)!r}, which scopes_supported does not know; add it there",
            key=key,
        )
    return scope


def _policies(settings: ClientSettings, issuer: IssuerSettings) -> Policies:
    def chosen(name: str) -> typing.Any:
        own = getattr(settings, name)
        return getattr(issuer, name) if own is None else own

    return Policies(**{name: chosen(name) for name in Policies.__struct_fields__})


def refresh_policy(policies: Policies) -> str | None:
    """What is wrong with the numbers of a refresh policy; or None."""
    given = policies.refresh_policy
    if not isinstance(given, RefreshPolicySettings):
        return None
    # One that was made in Python has not been looked at yet.
    _, problems = sound(msgspec.structs.asdict(given), RefreshPolicySettings)
    if problems:
        return problems[0][1]
    has = _REFRESH_KEYS.get(given.policy, ())
    for key in ("seconds", "uses", "public", "confidential"):
        if getattr(given, key) is not None and key not in has:
            with_it = " or ".join(repr(policy) for policy, keys in _REFRESH_KEYS.items() if key in keys)
            return f"{given.policy!r} has no {key}; leave it out, or write {with_it}"
    if "by_client_type" in (given.public, given.confidential):
        return "'by_client_type' leads to itself; name another policy for each kind of client"
    return None
