"""Rows F24, L17, L26, L28 and L30: pages, tokens at an API, registration, metadata, and a connector that restarts."""

from __future__ import annotations

import typing

import jwt
import pytest

from matrix.rows import Case
from matrix.rows import of
from matrix.world import World

_CALLBACK = "http://127.0.0.1:9/callback"


def came_to(world: World, status: int, case: Case) -> None:
    """The status, and the error that the journal has of it."""
    assert (status, world.mock.journal.last.error) == (case.status, case.error)


@of("F24", "login page", "error page", "open redirector")
def test_own_pages(world: World, case: Case) -> None:
    issuer = world.mock.issuer("acme", consent="page")
    client = issuer.client("app", redirect_uris=[_CALLBACK])
    query = {"response_type": "code", "client_id": client.client_id, "redirect_uri": _CALLBACK}

    answer = world.http.get(issuer.authorize_url, params={**query, **case.given.get("query", {})})

    came_to(world, answer.status_code, case)
    assert "Location" not in answer.headers
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def verified(world: World, token: str) -> dict[str, typing.Any]:
    """As an API does with PyJWT, which answers 401 and invalid_token for what it raises (RFC 9068 4)."""
    key = jwt.PyJWKClient(world.mock.jwks_url).get_signing_key_from_jwt(token)
    api, issuer = world.mock.api_url, world.mock.url
    claims: dict[str, typing.Any] = jwt.decode(token, key, algorithms=["ES256"], audience=api, issuer=issuer)
    if jwt.get_unverified_header(token)["typ"] != "at+jwt":
        raise jwt.InvalidTokenError("typ")
    return claims


@of(
    "L17",
    *("as it should be", "expired", "another issuer", "another audience", "another key", "public key as secret"),
    *("unsigned", "unknown kid", "key in the header", "an ID token", "rotated with overlap", "rotated without overlap"),
)
def test_access_token_at_an_api(world: World, case: Case) -> None:
    token = world.mock.issue_token(subject="alice", access_token_format="jwt", flaw=case.given.get("flaw"))
    if "rotate" in case.given:
        world.mock.rotate_keys(overlap=case.given["rotate"])

    if case.error is None:
        assert verified(world, token)["sub"] == "alice"
    else:
        with pytest.raises(jwt.PyJWTError) as refused:
            verified(world, token)
        assert type(refused.value).__name__ == case.given["raises"]


@of("L26", "registered", "no redirect URI", "unknown grant", "statement of nobody")
def test_registering(world: World, case: Case) -> None:
    metadata = {"redirect_uris": [_CALLBACK], **case.given.get("metadata", {})}

    answer = world.http.post(world.mock.registration_url, json=metadata)

    came_to(world, answer.status_code, case)
    told = answer.json()
    if case.error is None:
        assert told.keys() >= {"client_id", "client_secret", "registration_access_token", "registration_client_uri"}
    else:
        assert told["error"] == case.error


@of("L26", "own token", "another token", "secret expired")
def test_looking_after_a_registration(world: World, case: Case) -> None:
    issuer = world.mock.issuer("acme", registered_secret_lifetime=60)
    metadata = {"grant_types": ["client_credentials"]}
    own, other = (world.http.post(issuer.registration_url, json=metadata).json() for _ in range(2))
    if case.title == "secret expired":
        world.pass_time(60)
        auth = (own["client_id"], own["client_secret"])
        answer = world.http.post(issuer.token_url, data={"grant_type": "client_credentials"}, auth=auth)
    else:
        token = (own if case.given["token"] == "own" else other)["registration_access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        answer = world.http.get(own["registration_client_uri"], headers=bearer)

    came_to(world, answer.status_code, case)
    if case.title == "own token":
        assert answer.json() == own


@of("L28", "challenge", "switched off", "nothing is protected")
def test_resource_metadata(world: World, case: Case) -> None:
    issuer = world.mock.issuer("acme", protected_resource_metadata=not case.given.get("off", False))
    orders = issuer.protect("/orders", scope="orders:read")
    well_known = f"{issuer.url.removesuffix('/acme')}/.well-known/oauth-protected-resource/acme"

    answer = world.http.get(well_known + case.given["path"] if "path" in case.given else orders.url)

    came_to(world, answer.status_code, case)
    if case.title == "challenge":
        assert f'resource_metadata="{well_known}/orders"' in answer.headers["WWW-Authenticate"]
        metadata = world.http.get(f"{well_known}/orders").json()
        assert (metadata["resource"], metadata["authorization_servers"]) == (orders.url, [issuer.url])
    elif case.title == "switched off":
        assert "resource_metadata" not in answer.headers["WWW-Authenticate"]


@of("L30", "token reloaded", "token cut short", "server that forgot")
def test_restart(world: World, case: Case) -> None:
    client = world.mock.client("crm", client_secret="s3cret", refresh_policy="static")
    kept = client.grant(user="alice").refresh_token or ""
    if case.given.get("kept") == "before a reset":
        world.mock.reset()
        world.mock.client("crm", client_secret="s3cret")
    elif case.given.get("kept") == "cut":
        kept = kept[:-1]

    form = {"grant_type": "refresh_token", "refresh_token": kept}
    answer = world.http.post(world.mock.token_url, data=form, auth=("crm", "s3cret"))

    came_to(world, answer.status_code, case)
