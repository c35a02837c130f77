"""
moto's user pools with the endpoints that moto has not: their app clients and users are those of an issuer of ours.

What boto3 does to a pool counts from the next request on.
"""

from __future__ import annotations

import collections.abc as cabc
import functools
import json
import typing
import urllib.parse

import msgspec

from .. import registry
from ..client_settings import ClientSettings
from ..config import UserSettings
from ..errors import ConfigurationError
from ..guards import Open
from ..model import Client
from ..model import User
from ..policies import Account
from ..policies import RefreshPolicySettings

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIEnvironment

    from ..context import Context
    from ..server import Mount
    from ..server import OAuthMock

__all__ = ["cognito"]

_GRANTS = {"code": ("authorization_code", "refresh_token"), "client_credentials": ("client_credentials",)}
_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
_TRUE_OR_FALSE = ("email_verified", "phone_number_verified")


def cognito(mock: OAuthMock, pool_id: str, *, connect: bool = True) -> Mount:
    """
    The OAuth endpoints of a user pool, at its domain; its metadata and keys at Cognito's own host.

    A pool without a domain gets one that is made of its id. `connect` is that of `OAuthMock.mount`. Raises like that,
    and `ConfigurationError` for a pool that moto has not.
    """
    pool = _pool(pool_id)
    prefix = pool.domain.domain if pool.domain else pool_id.lower().replace("_", "-")
    if "." in prefix:
        raise ConfigurationError(
            f"pool {pool_id!r} has the domain {prefix!r} of its own; give it a prefix of Cognito's"
        )
    origin = f"https://{prefix}.auth.{pool.region}.amazoncognito.com"
    where = {"domain": prefix, "region": pool.region, "pool": pool_id}
    mount = mock.mount(origin, profile="cognito", connect=connect, **where)
    context = mount.context
    find = functools.partial(_pool, pool_id)
    context.clients = _Clients(find, context)
    context.users = _People(find)
    # Every pool has keys of its own
    context.keys.rotate(("RS256",), overlap=False)
    mount.protect("/logout", app=functools.partial(_logout, find), guard=Open())
    return mount


def _pool(pool_id: str) -> typing.Any:
    from moto.cognitoidp.models import cognitoidp_backends

    for regions in list(cognitoidp_backends.values()):
        for backend in list(regions.values()):
            if pool_id in backend.user_pools:
                return backend.user_pools[pool_id]
    raise ConfigurationError(f"moto has no user pool {pool_id!r}; create it with boto3 first: create_user_pool(...)")


Kept = typing.TypeVar("Kept")


class _Live(dict[str, Kept]):
    """What an issuer knows of who is registered, read from moto whenever it is asked."""

    def _read(self) -> None:
        raise NotImplementedError

    def _update(self, found: cabc.Mapping[str, tuple[object, cabc.Callable[[], Kept]]]) -> None:
        """Make anew what has changed, by what it was made of; leave what moto never had."""
        for name in [name for name in self._made_of if name not in found]:
            del self._made_of[name]
            super().pop(name, None)
        for name, (of, make) in found.items():
            if self._made_of.get(name) != of:
                self._made_of[name] = of
                super().__setitem__(name, make())

    @functools.cached_property
    def _made_of(self) -> dict[str, object]:
        return {}

    def __getitem__(self, name: str) -> Kept:
        self._read()
        return super().__getitem__(name)

    def get(self, name: str, default: typing.Any = None) -> typing.Any:
        self._read()
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self._read()
        return super().__contains__(name)

    def __iter__(self) -> cabc.Iterator[str]:
        self._read()
        return iter(list(super().__iter__()))

    def __len__(self) -> int:
        self._read()
        return super().__len__()

    def keys(self) -> typing.Any:
        self._read()
        return super().keys()

    def values(self) -> typing.Any:
        self._read()
        return super().values()

    def items(self) -> typing.Any:
        self._read()
        return super().items()


class _Clients(_Live[Client]):
    def __init__(self, find: cabc.Callable[[], typing.Any], context: Context) -> None:
        super().__init__()
        self._find = find
        self._context = context

    def _read(self) -> None:
        self._update(
            {
                app.id: (
                    json.dumps([app.generate_secret, app.secret, app.extended_config]),
                    functools.partial(self._client, app),
                )
                for app in list(self._find().clients.values())
            }
        )

    def _client(self, app: typing.Any) -> Client:
        config = app.extended_config
        flows = config.get("AllowedOAuthFlows", []) if config.get("AllowedOAuthFlowsUserPoolClient") else []
        settings = ClientSettings(
            client_id=app.id,
            client_name=config.get("ClientName"),
            client_secret=app.secret if app.generate_secret else None,
            token_endpoint_auth_method=(
                ("client_secret_basic", "client_secret_post") if app.generate_secret else ("none",)
            ),
            grant_types=tuple(grant for flow in flows for grant in _GRANTS.get(flow, ()) if _may(app, grant)),
            scope=" ".join(config.get("AllowedOAuthScopes", [])),
            redirect_uris=tuple(config.get("CallbackURLs", [])),
            access_token_lifetime=_lifetime(config, "AccessToken", 1, "hours"),
            id_token_lifetime=_lifetime(config, "IdToken", 1, "hours"),
            refresh_token_lifetime=_lifetime(config, "RefreshToken", 30, "days"),
            refresh_policy=_refresh_policy(config.get("RefreshTokenRotation", {})),
            id_token_signed_response_alg="RS256",
        )
        client = registry.client(settings, self._context.settings)
        dress = functools.partial(_dressed, self._find)
        return msgspec.structs.replace(client, access_token_signing_alg="RS256", dress=dress)


class _People(_Live[User]):
    def __init__(self, find: cabc.Callable[[], typing.Any]) -> None:
        super().__init__()
        self._find = find

    def _read(self) -> None:
        self._update(
            {person.username: (_told(person), functools.partial(_user, person)) for person in self._everybody()}
        )

    def __getitem__(self, name: str) -> User:
        return super().__getitem__(self._username(name))

    def get(self, name: str, default: typing.Any = None) -> typing.Any:
        return super().get(self._username(name), default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(self._username(str(name)))

    def _everybody(self) -> list[typing.Any]:
        return list(self._find().users.values())

    def _username(self, name: str) -> str:
        """Who signs in as this: by the attributes that the pool takes for a name, too."""
        config = self._find().extended_config
        aliases = [*config.get("UsernameAttributes", []), *config.get("AliasAttributes", [])]
        for person in self._everybody() if aliases else ():
            if any(person.attribute_lookup.get(alias) == name for alias in aliases):
                return str(person.username)
        return name


def _told(person: typing.Any) -> object:
    return json.dumps([person.password, person.enabled, person.status, person.attributes])


def _user(person: typing.Any) -> User:
    claims = {
        attribute["Name"]: attribute["Value"] == "true" if attribute["Name"] in _TRUE_OR_FALSE else attribute["Value"]
        for attribute in person.attributes
    }
    # Who has not confirmed cannot sign in yet
    account: Account = "disabled" if not person.enabled else "locked" if person.status == "UNCONFIRMED" else "active"
    return registry.user(
        UserSettings(username=person.username, password=person.password or None, account=account, claims=claims)
    )


def _dressed(
    find: cabc.Callable[[], typing.Any], token: str, claims: dict[str, typing.Any], user: User | None
) -> dict[str, typing.Any]:
    """Claims as Cognito has them (Developer Guide, "Understanding user pool JSON web tokens")."""
    person = None if user is None else find().users.get(user.username)
    groups = sorted(group.group_name for group in person.groups) if person is not None else []
    more: dict[str, typing.Any] = {"cognito:groups": groups} if groups else {}
    if token == "id_token":
        named = {} if user is None else {"cognito:username": user.username}
        return {**claims, **more, **named, "token_use": "id"}
    named = {} if user is None else {"username": user.username}
    without = {name: value for name, value in claims.items() if name != "aud"}
    return {**without, **more, **named, "token_use": "access", "version": 2}


def _may(app: typing.Any, grant: str) -> bool:
    # RFC 6749 4.4; Cognito does not let such a one be made, moto does
    return bool(app.generate_secret) or grant != "client_credentials"


def _lifetime(config: cabc.Mapping[str, typing.Any], token: str, default: int, unit: str) -> int:
    """Seconds. 0 is Cognito's own default."""
    asked: int = config.get(f"{token}Validity") or 0
    if not asked:
        return default * _UNITS[unit]
    return asked * _UNITS[config.get("TokenValidityUnits", {}).get(token, unit)]


def _refresh_policy(rotation: cabc.Mapping[str, typing.Any]) -> RefreshPolicySettings | typing.Literal["omit"]:
    if rotation.get("Feature") != "ENABLED":
        return "omit"
    # RefreshTokenRotationType: up to 60 seconds in which the old one is good as well
    grace = rotation.get("RetryGracePeriodSeconds", 0)
    return (
        RefreshPolicySettings(policy="rotate_grace", seconds=grace) if grace else RefreshPolicySettings(policy="rotate")
    )


def _logout(
    find: cabc.Callable[[], typing.Any], environ: WSGIEnvironment, start_response: StartResponse
) -> cabc.Iterable[bytes]:
    """Developer Guide, "Logout endpoint": back to a sign-out URL of the app client, or to its sign-in page."""
    asked = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", "")))
    app = find().clients.get(asked.get("client_id", ""))
    uri = asked.get("logout_uri")
    if app is not None and uri in app.extended_config.get("LogoutURLs", []):
        target = str(uri)
    elif app is not None and uri is None and asked.get("redirect_uri") in app.extended_config.get("CallbackURLs", []):
        target = f"/oauth2/authorize?{environ.get('QUERY_STRING', '')}"
    else:
        start_response("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"Required String parameter 'redirect_uri' is not present\n"]
    start_response("302 Found", [("Location", target), ("Content-Length", "0")])
    return [b""]
