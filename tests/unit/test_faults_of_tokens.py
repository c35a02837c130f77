"""Tokens that no verifier should take, less scope than was asked, and what ends or changes just before a request."""

from __future__ import annotations

import collections.abc as cabc
import json
import time
import typing

import jwt
import pytest
from werkzeug.test import Client
from werkzeug.test import TestResponse

from mockserver import OAuthMock
from mockserver import RegisteredClient

_NOW = time.time


class World:
    """A client, a person, and a verifier that does everything right."""

    def __init__(self, mock: OAuthMock, http: Client) -> None:
        self.mock, self.http = mock, http
        mock.user("alice", email="alice@example.com")
        self.client: RegisteredClient = mock.client("crm", client_secret="s3cret-of-the-crm-that-is-long-enough")

    def ask(self, **form: str) -> TestResponse:
        credentials = {"client_id": "crm", "client_secret": self.client.client_secret}
        return self.http.post("/token", data={**credentials, **form})

    def tokens(self, nonce: str = "n-1") -> dict[str, str]:
        code = self.client.issue_code(scope="openid orders", nonce=nonce)
        answer = self.ask(grant_type="authorization_code", code=code)
        assert answer.status_code == 200
        members: dict[str, str] = answer.get_json()
        return members

    def api(self, token: str) -> int:
        return self.http.get("/api/x", headers={"Authorization": f"Bearer {token}"}).status_code

    def verified(self, token: str, kind: str) -> dict[str, typing.Any]:
        """Signature by `kid` and `alg`, then claims (RFC 9068 4, OpenID Connect Core 3.1.3.7). Raises what is wrong."""
        header = jwt.get_unverified_header(token)
        keys = {key["kid"]: key for key in self.http.get("/jwks").get_json()["keys"]}
        jwk = keys[header["kid"]]
        # Older versions of PyJWT do not look at crit (RFC 7515 4.1.11)
        if header["typ"] != {"access_token": "at+jwt", "id_token": "JWT"}[kind] or "crit" in header:
            raise jwt.InvalidTokenError("typ or crit")
        claims: dict[str, typing.Any] = jwt.decode(
            token,
            jwt.PyJWK(jwk).key,
            algorithms=[jwk["alg"]],
            audience={"access_token": "http://localhost/api", "id_token": "crm"}[kind],
            issuer="http://localhost",
            options={"require": ["exp", "iat", "sub"]},
        )
        if claims["sub"] != "alice" or (kind == "id_token" and claims.get("nonce") != "n-1"):
            raise jwt.InvalidTokenError("sub or nonce")
        return claims


@pytest.fixture
def world(mock: OAuthMock, http: Client) -> World:
    return World(mock, http)


@pytest.mark.parametrize("kind", ["access_token", "id_token"])
@pytest.mark.parametrize(
    ("flaw", "wrong"),
    [
        ("expired", jwt.ExpiredSignatureError),
        ("not_yet_valid", jwt.ImmatureSignatureError),
        ("issued_in_future", jwt.ImmatureSignatureError),
        ("wrong_issuer", jwt.InvalidIssuerError),
        ("wrong_audience", jwt.InvalidAudienceError),
        ("wrong_subject", jwt.InvalidTokenError),
        ("wrong_key", jwt.InvalidSignatureError),
        ("unknown_kid", KeyError),
        ("no_kid", KeyError),
        ("wrong_alg", jwt.InvalidAlgorithmError),
        ("key_as_secret", jwt.InvalidAlgorithmError),
        ("client_secret_as_key", jwt.InvalidAlgorithmError),
        ("none", KeyError),
        ("tampered", jwt.InvalidSignatureError),
        ("key_in_header", KeyError),
        ("key_elsewhere", KeyError),
        ("certificate_in_header", KeyError),
        ("certificate_elsewhere", KeyError),
        ("unknown_crit", jwt.InvalidTokenError),
        ("wrong_type", jwt.InvalidTokenError),
    ],
)
def test_a_forged_token_is_one_that_a_verifier_refuses(
    world: World, kind: typing.Any, flaw: typing.Any, wrong: type[Exception]
) -> None:
    """For that flaw alone; the other token of the answer and the next ones are good."""
    good = world.tokens()
    world.mock.token_endpoint.forge(flaw, token=kind)

    forged = world.tokens()

    other = "id_token" if kind == "access_token" else "access_token"
    assert world.verified(good[kind], kind)["sub"] == "alice"
    assert world.verified(forged[other], other)["sub"] == "alice"
    with pytest.raises(wrong):
        world.verified(forged[kind], kind)
    assert world.api(forged["access_token"]) == (401 if kind == "access_token" else 200)
    if kind == "access_token":
        assert world.mock.journal.last.why == f"the token was issued with a flaw, by the armed fault forge({flaw})"
    assert world.verified(world.tokens()[kind], kind)
    assert world.mock.exceptions == []


def test_algorithms_are_confused_where_nobody_looks(world: World) -> None:
    """RFC 8725 2.1: a MAC by the public key or by the client's secret is sound for whoever takes `alg` as it comes."""
    for flaw in ("key_as_secret", "client_secret_as_key"):
        world.mock.token_endpoint.forge(flaw, token="id_token")  # type: ignore[arg-type]
    by_key, by_secret = (world.tokens()["id_token"] for _ in range(2))

    secret = world.client.client_secret
    assert jwt.decode(by_secret, secret, algorithms=["HS256"], audience="crm")["sub"] == "alice"
    assert jwt.get_unverified_header(by_key)["alg"] == "HS256"
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(by_key, secret, algorithms=["HS256"], audience="crm")


@pytest.mark.parametrize(
    ("flaw", "claim", "value"),
    [("wrong_nonce", "nonce", "another-login"), ("wrong_hash", "at_hash", "AAAAAAAAAAAAAAAAAAAAAA")],
)
def test_an_id_token_is_of_another_login(world: World, flaw: typing.Any, claim: str, value: str) -> None:
    """OpenID Connect Core 3.1.3.6, 3.1.3.7."""
    world.mock.token_endpoint.forge(flaw, token="id_token")

    tokens = world.tokens()

    assert jwt.decode(tokens["id_token"], options={"verify_signature": False})[claim] == value
    assert world.api(tokens["access_token"]) == 200


def test_any_claim_and_header_may_be_another(world: World) -> None:
    """Or missing; two faults, one for each token, strike one answer."""
    world.mock.token_endpoint.forge(
        token="id_token", claims={"aud": ["crm", "other"], "azp": "other"}, headers={"x": 1}, without=["nonce"]
    )
    world.mock.token_endpoint.forge("expired", claims={"padding": "x" * 65536}, nth=2)

    first, second = world.tokens(), world.tokens()

    claims = jwt.decode(first["id_token"], options={"verify_signature": False})
    assert (claims["aud"], claims["azp"], "nonce" in claims) == (["crm", "other"], "other", False)
    assert jwt.get_unverified_header(first["id_token"])["x"] == 1
    assert len(second["access_token"]) > 65536
    assert world.verified(second["id_token"], "id_token")
    assert [exchange.fault.partition("(")[0] for exchange in world.mock.journal.at("token")] == ["forge", "forge"]


def test_an_opaque_token_is_no_good_either(mock: OAuthMock, http: Client) -> None:
    """Nobody but the server can see it."""
    client = mock.client(access_token_format="opaque")
    mock.token_endpoint.forge("expired")
    form = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret}

    tokens = [http.post("/token", data=form).get_json()["access_token"] for _ in range(2)]

    answers = [http.get("/api/x", headers={"Authorization": f"Bearer {token}"}).status_code for token in tokens]
    assert answers == [401, 200]


@pytest.mark.parametrize(
    ("scope", "granted"), [("orders:read", "orders:read"), ("orders:read orders:all", "orders:read"), ("none", "")]
)
def test_less_is_granted_and_said(world: World, scope: str, granted: str) -> None:
    """RFC 6749 5.1: the answer has the scope that is not the one that was asked; the API holds to it."""
    world.mock.protect("/orders", scope="orders:write", json=[])
    world.mock.token_endpoint.narrow(scope)

    answer = world.ask(grant_type="client_credentials", scope="orders:read orders:write").get_json()

    assert (answer["scope"], str(world.mock.tokens.last.scope)) == (granted, granted)
    token = {"Authorization": f"Bearer {answer['access_token']}"}
    assert world.http.get("/orders", headers=token).status_code == 403
    assert world.ask(grant_type="client_credentials", scope="orders:write").get_json()["scope"] == "orders:write"


# -- state -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "why"),
    [
        ("expire_token", "the token expired 0 s ago"),
        ("revoke_token", "the token has been revoked"),
        ("withdraw_consent", "the token has been revoked"),
    ],
)
def test_the_token_of_a_request_ends_as_it_comes(world: World, verb: str, why: str) -> None:
    """RFC 6750 3.1: a 401 long before its time, at that request and after; another token is good."""
    token, other = world.client.grant(), world.client.grant()
    getattr(world.mock.api, verb)(nth=2)

    assert [world.api(token.access_token) for _ in range(3)] == [200, 401, 401]
    assert why in world.mock.journal[1].why
    assert [exchange.fault for exchange in world.mock.journal] == ["", f"{verb}()", ""]
    assert world.api(other.access_token) == 200
    again = world.ask(grant_type="refresh_token", refresh_token=token.refresh_token or "")
    assert again.status_code == (400 if verb == "withdraw_consent" else 200)


@pytest.mark.parametrize("verb", ["expire_token", "revoke_token", "withdraw_consent"])
@pytest.mark.parametrize("grant", ["refresh_token", "authorization_code"])
def test_what_is_redeemed_ends_as_it_comes(world: World, verb: str, grant: str) -> None:
    """RFC 6749 5.2: invalid_grant; with the consent the access token ends, too."""
    token = world.client.grant()
    sent = {"refresh_token": token.refresh_token or ""} if grant == "refresh_token" else {"code": ""}
    if grant == "authorization_code":
        sent["code"] = world.client.issue_code()
    getattr(world.mock.token_endpoint, verb)()

    answer = world.ask(grant_type=grant, **sent)

    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")
    ended = verb == "withdraw_consent" and grant == "refresh_token"
    assert world.api(token.access_token) == (401 if ended else 200)


def test_an_api_that_takes_anothers_tokens_knows_whose_they_are(world: World) -> None:
    """As a mount with `accepts`: the fault is for that issuer's client, and the token ends there."""
    api = world.mock.issuer("shop")
    api.context.accepts = (world.mock.context,)
    token = world.client.grant()
    api.api.fail(503, client="crm", nth=2)
    api.api.expire_token(client=world.client, nth=3)
    bearer = {"Authorization": f"Bearer {token.access_token}"}

    assert [world.http.get("/shop/api/x", headers=bearer).status_code for _ in range(4)] == [200, 503, 401, 401]
    assert world.api(token.access_token) == 401


@pytest.mark.parametrize("verb", ["expire_token", "revoke_token", "withdraw_consent"])
def test_nothing_ends_where_nothing_came(world: World, verb: str) -> None:
    """A request without a token, or with one that nobody issued."""
    getattr(world.mock.api, verb)(times=2)

    assert world.http.get("/api/x").status_code == 401
    assert world.api("unknown") == 401
    assert world.mock.exceptions == []


def test_who_withdraws_consent_is_asked_again(mock: OAuthMock, http: Client) -> None:
    """`refresh_token_when="first_access_type"` sees it: the next login is a first one."""
    mock.user("alice")
    client = mock.client(refresh_token_when="first_access_type", consent="auto")
    query = {"response_type": "code", "client_id": client.client_id, "redirect_uri": "http://localhost/cb"}
    query["access_type"] = "offline"
    url = "http://localhost/authorize?" + "&".join(f"{name}={value}" for name, value in query.items())
    credentials = {"client_id": client.client_id, "client_secret": client.client_secret}

    def login() -> dict[str, str]:
        code = mock.approve(url).code or ""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://localhost/cb"}
        members: dict[str, str] = http.post("/token", data={**form, **credentials}).get_json()
        return members

    first, second = login(), login()
    assert ("refresh_token" in first, "refresh_token" in second) == (True, False)
    mock.api.withdraw_consent()
    http.get("/api/x", headers={"Authorization": f"Bearer {first['access_token']}"})

    assert "refresh_token" in login()


@pytest.mark.parametrize(("overlap", "status"), [(0, 401), (60, 200)])
def test_a_secret_rotates_as_the_client_asks(world: World, overlap: float, status: int) -> None:
    """The test, and whoever asks it, knows the new one."""
    old = world.client.client_secret
    world.mock.token_endpoint.rotate_secret(overlap=overlap)

    assert world.ask(grant_type="client_credentials", client_secret=old).status_code == status
    assert world.client.client_secret != old
    assert world.ask(grant_type="client_credentials").status_code == 200
    world.mock.clock.advance(seconds=60)
    assert world.ask(grant_type="client_credentials", client_secret=old).status_code == 401


def test_a_client_without_a_secret_keeps_none(mock: OAuthMock, http: Client) -> None:
    mock.user("alice")
    client = mock.client(token_endpoint_auth_method="none", grant_types=["authorization_code"])
    mock.token_endpoint.rotate_secret()
    form = {"grant_type": "authorization_code", "client_id": client.client_id, "code": client.issue_code()}

    assert http.post("/token", data=form).status_code == 200


def _kids(http: Client) -> list[str]:
    return [key["kid"] for key in http.get("/jwks").get_json()["keys"]]


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("how", ["by a fault", "by the test"])
def test_keys_rotate(world: World, http: Client, overlap: bool, how: str) -> None:
    """OpenID Connect Core 10.1.1: what is signed afterwards has another `kid`, which the JWK Set has."""
    before = world.tokens()
    old = _kids(http)
    if how == "by a fault":
        world.mock.jwks_endpoint.rotate_keys(overlap=overlap)
    else:
        world.mock.rotate_keys(overlap=overlap)

    new = _kids(http)
    after = world.tokens()

    assert {*old} & {*new} == ({*old} if overlap else set())
    assert len(new) == len(old) * (2 if overlap else 1)
    for kind in ("access_token", "id_token"):
        assert world.verified(after[kind], kind)
        assert jwt.get_unverified_header(after[kind])["kid"] not in old
    if overlap:
        assert world.verified(before["id_token"], "id_token")
    else:
        with pytest.raises(KeyError):
            world.verified(before["id_token"], "id_token")
    assert world.api(before["access_token"]) == 200


def test_a_reset_goes_back_to_the_first_keys(world: World, http: Client) -> None:
    """An application that cached the JWK Set may keep it."""
    old = _kids(http)
    world.mock.rotate_keys()
    world.mock.rotate_keys(overlap=True)
    assert len(_kids(http)) == 2 * len(old)
    world.mock.reset()

    assert _kids(http) == old


def test_a_registered_client_is_what_it_was_after_a_reset(world: World) -> None:
    """Its settings stay readable."""
    secret = world.client.client_secret
    world.mock.issuer("a")
    tenant = world.mock.issuer("a").client("x", client_secret="y")
    world.mock.reset()

    assert (world.client.client_secret, tenant.client_secret) == (secret, "y")
    again = world.mock.client("crm")
    assert (world.client.client_secret, again.client_secret == secret) == (secret, False)


def _claims(token: str) -> cabc.Mapping[str, typing.Any]:
    claims: dict[str, typing.Any] = json.loads(jwt.utils.base64url_decode(token.split(".")[1]))
    return claims


def test_what_is_wrong_with_the_times_is_an_hour(world: World) -> None:
    """More than any verifier's leeway."""
    for flaw in ("expired", "not_yet_valid", "issued_in_future"):
        world.mock.token_endpoint.forge(flaw)  # type: ignore[arg-type]
    expired, early, future = (_claims(world.tokens()["access_token"]) for _ in range(3))

    now = pytest.approx(_NOW(), abs=60)
    assert (expired["exp"] + 3600, expired["iat"] + 7200) == (now, now)
    assert (early["nbf"] - 3600, early["iat"], early["exp"] - 7200) == (now, now, now)
    assert (future["iat"] - 3600, future["exp"] - 7200) == (now, now)
