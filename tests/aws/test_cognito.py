"""User pools of moto with the endpoints that moto has not."""

from __future__ import annotations

import collections.abc as cabc
import typing
import urllib.parse

import httpx
import jwt
import pytest
import requests

from mockserver import Callback
from mockserver import ConfigurationError
from mockserver import Mount
from mockserver import OAuthMock
from mockserver.errors import UnexpectedPage

Cognito = cabc.Callable[[str], Mount]

_CALLBACK = "http://localhost:8000/callback"


class Pool:
    """Made with boto3, as production is."""

    def __init__(self, aws: typing.Any, name: str = "people") -> None:
        self.idp = aws.client("cognito-idp")
        self.id: str = self.idp.create_user_pool(PoolName=name, UsernameAttributes=["email"])["UserPool"]["Id"]

    def app(self, **settings: typing.Any) -> dict[str, typing.Any]:
        given = {
            "ClientName": "app",
            "GenerateSecret": True,
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid", "email", "profile"],
            "CallbackURLs": [_CALLBACK],
        }
        made = self.idp.create_user_pool_client(UserPoolId=self.id, **{**given, **settings})
        app: dict[str, typing.Any] = made["UserPoolClient"]
        return app

    def person(self, email: str = "alice@example.com", password: str = "Wonderland-1") -> str:
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        self.idp.admin_create_user(UserPoolId=self.id, Username=email, UserAttributes=attributes)
        self.idp.admin_set_user_password(UserPoolId=self.id, Username=email, Password=password, Permanent=True)
        username: str = self.idp.list_users(UserPoolId=self.id)["Users"][-1]["Username"]
        return username


@pytest.fixture
def pool(aws: typing.Any) -> Pool:
    return Pool(aws)


def _machine(**settings: typing.Any) -> dict[str, typing.Any]:
    machine = {"AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": ["orders/read", "orders/write"]}
    return {**machine, **settings}


def _approve(site: Mount, app: dict[str, typing.Any], user: str) -> Callback:
    query = {"response_type": "code", "client_id": app["ClientId"], "redirect_uri": _CALLBACK, "scope": "openid email"}
    return site.approve(f"{site.authorize_url}?{urllib.parse.urlencode({**query, 'state': 's'})}", user=user)


def _login(site: Mount, app: dict[str, typing.Any], user: str) -> dict[str, typing.Any]:
    """Through the browser, and the code for tokens."""
    code = _approve(site, app, user).code
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": _CALLBACK}
    auth = (app["ClientId"], app["ClientSecret"])
    answer: dict[str, typing.Any] = httpx.post(site.token_url, data=form, auth=auth).raise_for_status().json()
    return answer


def test_a_machine_gets_a_token(pool: Pool, oauthmock_aws_cognito: Cognito) -> None:
    """Client credentials, at the pool's domain; the issuer and the token's claims are Cognito's."""
    app = pool.app(**_machine(AccessTokenValidity=5, TokenValidityUnits={"AccessToken": "minutes"}))
    pool.idp.create_user_pool_domain(Domain="acme", UserPoolId=pool.id)
    site = oauthmock_aws_cognito(pool.id)
    assert site.token_url == "https://acme.auth.us-east-1.amazoncognito.com/oauth2/token"

    form = {"grant_type": "client_credentials", "scope": "orders/read"}
    answer = httpx.post(site.token_url, data=form, auth=(app["ClientId"], app["ClientSecret"])).json()

    assert {**answer, "access_token": ""} == {"access_token": "", "token_type": "Bearer", "expires_in": 300}
    keys = jwt.PyJWKSet.from_dict(httpx.get(site.jwks_url).json())
    header = jwt.get_unverified_header(answer["access_token"])
    claims = jwt.decode(answer["access_token"], keys[header["kid"]].key, algorithms=["RS256"])
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{pool.id}"
    names = {name: claims[name] for name in ("iss", "sub", "client_id", "token_use", "scope", "version")}
    assert names == {
        "iss": issuer,
        "sub": app["ClientId"],
        "client_id": app["ClientId"],
        "token_use": "access",
        "scope": "orders/read",
        "version": 2,
    }
    assert "aud" not in claims
    assert claims["exp"] - claims["iat"] == 300


def test_a_person_logs_in(pool: Pool, oauthmock_aws_cognito: Cognito) -> None:
    """ID token, userInfo, refreshing without a new refresh token."""
    app, username = pool.app(), pool.person()
    pool.idp.create_group(UserPoolId=pool.id, GroupName="admins")
    pool.idp.admin_add_user_to_group(UserPoolId=pool.id, Username=username, GroupName="admins")
    site = oauthmock_aws_cognito(pool.id)

    answer = _login(site, app, username)

    assert set(answer) == {"access_token", "expires_in", "id_token", "refresh_token", "token_type"}
    identity = jwt.decode(answer["id_token"], options={"verify_signature": False})
    assert (identity["token_use"], identity["cognito:username"], identity["cognito:groups"]) == (
        "id",
        username,
        ["admins"],
    )
    assert (identity["aud"], identity["email"], identity["email_verified"]) == (
        app["ClientId"],
        "alice@example.com",
        True,
    )
    access = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (access["token_use"], access["username"], access["sub"]) == ("access", username, identity["sub"])
    told = httpx.get(site.userinfo_url, headers={"Authorization": f"Bearer {answer['access_token']}"}).json()
    assert (told["sub"], told["email"]) == (identity["sub"], "alice@example.com")
    form = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
    auth = (app["ClientId"], app["ClientSecret"])
    assert "refresh_token" not in httpx.post(site.token_url, data=form, auth=auth).raise_for_status().json()


def test_what_boto3_does_later_counts(pool: Pool, oauthmock_aws_cognito: Cognito) -> None:
    """App clients and people that come, change and go while the endpoints are there."""
    site = oauthmock_aws_cognito(pool.id)
    form = {"grant_type": "client_credentials"}

    def ask(app: dict[str, typing.Any]) -> int:
        return httpx.post(site.token_url, data=form, auth=(app["ClientId"], app["ClientSecret"])).status_code

    app = pool.app(**_machine())
    assert ask(app) == 200
    pool.idp.update_user_pool_client(
        UserPoolId=pool.id, ClientId=app["ClientId"], AllowedOAuthFlowsUserPoolClient=False
    )
    assert ask(app) == 400
    pool.idp.delete_user_pool_client(UserPoolId=pool.id, ClientId=app["ClientId"])
    assert ask(app) == 400
    alice = pool.person()
    assert _login(site, pool.app(), alice)["token_type"] == "Bearer"
    pool.idp.admin_disable_user(UserPoolId=pool.id, Username=alice)
    assert _approve(site, pool.app(), alice).error == "access_denied"
    pool.idp.admin_delete_user(UserPoolId=pool.id, Username=alice)
    with pytest.raises(UnexpectedPage, match=f"not '{alice}'"):
        _approve(site, pool.app(), alice)


def test_people_by_what_the_pool_takes_for_a_name(pool: Pool, oauthmock_aws_cognito: Cognito) -> None:
    """And by their own; who has not confirmed is let in by neither."""
    alice, app = pool.person(), pool.app()
    users = oauthmock_aws_cognito(pool.id).context.users

    assert [users[alice].password, users["alice@example.com"].password] == ["Wonderland-1"] * 2
    assert ("alice@example.com" in users, "bob@example.com" in users) == (True, False)
    pool.idp.sign_up(
        ClientId=app["ClientId"],
        Username="bob@example.com",
        Password="Wonderland-1",
        SecretHash="unused",
    )
    assert users["bob@example.com"].account == "locked"
    assert (len(users), sorted(users)) == (2, sorted(user.username for user in users.values()))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (3600, 3600, 30 * 86_400)),
        ({"AccessTokenValidity": 2, "IdTokenValidity": 3, "RefreshTokenValidity": 4}, (7200, 10_800, 4 * 86_400)),
        (
            {
                "AccessTokenValidity": 300,
                "IdTokenValidity": 10,
                "RefreshTokenValidity": 36,
                "TokenValidityUnits": {"AccessToken": "seconds", "IdToken": "minutes", "RefreshToken": "hours"},
            },
            (300, 600, 36 * 3600),
        ),
    ],
)
def test_lifetimes_are_the_app_clients(
    pool: Pool, oauthmock_aws_cognito: Cognito, settings: dict[str, typing.Any], expected: tuple[int, int, int]
) -> None:
    app = pool.app(**settings)
    policies = oauthmock_aws_cognito(pool.id).context.clients[app["ClientId"]].policies

    found = (policies.access_token_lifetime, policies.id_token_lifetime, policies.refresh_token_lifetime)
    assert found == expected


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        ({"GenerateSecret": False}, "client_credentials"),
        ({"AllowedOAuthFlows": ["code"]}, "client_credentials"),
        ({"AllowedOAuthFlowsUserPoolClient": False}, "client_credentials"),
    ],
)
def test_what_an_app_client_may_not(
    pool: Pool, oauthmock_aws_cognito: Cognito, settings: dict[str, typing.Any], refused: str
) -> None:
    """In Cognito's words: 400 and a code without a description."""
    app = pool.app(**{**_machine(), **settings})
    site = oauthmock_aws_cognito(pool.id)
    form = {"grant_type": refused, "client_id": app["ClientId"]}
    secret = {"client_secret": app["ClientSecret"]} if "ClientSecret" in app else {}

    answer = httpx.post(site.token_url, data={**form, **secret})

    assert (answer.status_code, answer.json()) == (400, {"error": "unauthorized_client"})


def test_pools_have_keys_of_their_own(aws: typing.Any, oauthmock_aws_cognito: Cognito) -> None:
    """A token of one is no token of the other, and moto's own keys are neither's."""
    sites = [oauthmock_aws_cognito(Pool(aws, name).id) for name in ("one", "two")]
    ids = [{key["kid"] for key in httpx.get(site.jwks_url).json()["keys"]} for site in sites]

    assert ids[0] & ids[1] == set()
    assert all("dummy" not in each for each in ids)


def test_metadata_at_cognitos_host(pool: Pool, oauthmock_aws_cognito: Cognito, oauthmock: OAuthMock) -> None:
    """Where moto answers for boto3, the documents of the pool are ours, whichever client asks."""
    site = oauthmock_aws_cognito(pool.id)
    url = f"https://cognito-idp.us-east-1.amazonaws.com/{pool.id}/.well-known/openid-configuration"

    documents = [client.get(url).json() for client in (httpx, requests)]

    assert documents[0] == documents[1]
    assert documents[0]["issuer"] == site.url == url.removesuffix("/.well-known/openid-configuration")
    assert documents[0]["token_endpoint"] == site.token_url
    assert requests.get(site.jwks_url).json() == httpx.get(site.jwks_url).json()
    assert pool.idp.describe_user_pool(UserPoolId=pool.id)["UserPool"]["Name"] == "people"


def test_logging_out(pool: Pool, oauthmock_aws_cognito: Cognito) -> None:
    app = pool.app(LogoutURLs=["https://app.example.com/bye"])
    site = oauthmock_aws_cognito(pool.id)
    client = {"client_id": app["ClientId"]}

    def ask(**query: str) -> httpx.Response:
        return httpx.get(f"{site.base_url}/logout", params={**client, **query})

    assert ask(logout_uri="https://app.example.com/bye").headers["Location"] == "https://app.example.com/bye"
    assert (
        ask(redirect_uri=_CALLBACK, response_type="code").headers["Location"].startswith("/oauth2/authorize?client_id=")
    )
    assert [ask().status_code, ask(logout_uri="https://other.example.com").status_code] == [400, 400]


def test_a_pool_that_is_not_there(oauthmock_aws_cognito: Cognito) -> None:
    with pytest.raises(ConfigurationError, match="moto has no user pool 'us-east-1_none'; create it with boto3 first"):
        oauthmock_aws_cognito("us-east-1_none")


def test_a_rotation_with_a_grace_period(pool: Pool, oauthmock_aws_cognito: Cognito) -> None:
    """RefreshTokenRotation: a new one each time, and the one before for a while."""
    app = pool.app(RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 10})
    site = oauthmock_aws_cognito(pool.id)
    first = _login(site, app, pool.person())["refresh_token"]
    auth = (app["ClientId"], app["ClientSecret"])

    def refresh(token: str) -> httpx.Response:
        return httpx.post(site.token_url, data={"grant_type": "refresh_token", "refresh_token": token}, auth=auth)

    assert refresh(first).json()["refresh_token"] != first
    assert refresh(first).status_code == 200
