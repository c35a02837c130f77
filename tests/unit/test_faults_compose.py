"""Every fault at every endpoint, every fault with every other: what is armed strikes, and nothing breaks."""

from __future__ import annotations

import typing

import pytest
from werkzeug.test import Client
from werkzeug.test import TestResponse

from mockserver import OAuthMock
from mockserver.faults import FAULTS

_KEYS: dict[str, dict[str, typing.Any]] = {
    "fail": {"status": 503, "retry_after": 1},
    "reply": {"json": []},
    "hold": {"n": 2, "timeout": 0.001},
    "refuse": {"error": "server_error"},
    "narrow": {"scope": "orders"},
    "forge": {"flaw": "expired"},
    "alter": {"members": {"a": 1}, "without": ["token_type"]},
    "send_as": {"representation": "form"},
    "send_with": {"status": 201, "headers": {"X-One": "1"}},
    "delay": {"seconds": 0.001, "before": "body"},
    "drip": {"seconds": 0.001, "pieces": 2},
    "frame_as": {"framing": "two_lengths"},
}
_PATHS = {
    "token": "/token",
    "authorize": "/authorize",
    "userinfo": "/userinfo",
    "jwks": "/jwks",
    "api": "/api/orders",
    "openid_configuration": "/.well-known/openid-configuration",
    "authorization_server": "/.well-known/oauth-authorization-server",
}
# What answers a request that it lets nobody see
_IN_PLACE = ("fail", "reply", "redirect", "never_answer")


class World:
    """A client, a token, and a good request to each endpoint."""

    def __init__(self, mock: OAuthMock, http: Client) -> None:
        self.mock, self.http = mock, http
        mock.user("alice")
        self.client = mock.client("crm", client_secret="s3cret", consent="auto")
        self.token = self.client.grant(scope="openid orders")

    def ask(self, endpoint: str) -> TestResponse:
        bearer = {"Authorization": f"Bearer {self.token.access_token}"}
        if endpoint == "token":
            form = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": "s3cret"}
            return self.http.post("/token", data=form)
        if endpoint == "authorize":
            query = "response_type=code%20id_token&scope=openid&nonce=n&client_id=crm&redirect_uri=http://localhost/cb"
            return self.http.get(f"/authorize?{query}")
        return self.http.get(_PATHS[endpoint], headers=bearer)


@pytest.fixture
def world(mock: OAuthMock, http: Client) -> World:
    return World(mock, http)


def _table(name: str, endpoint: str) -> dict[str, typing.Any]:
    # The only token that the authorization endpoint gives here
    there = {"token": "id_token"} if (name, endpoint) == ("forge", "authorize") else {}
    return {"fault": name, "endpoint": endpoint, **_KEYS.get(name, {}), **there}


_WHERE = [
    (name, endpoint)
    for name, kind in FAULTS.items()
    for endpoint in _PATHS
    if kind.endpoints is None or endpoint in kind.endpoints
]


@pytest.mark.parametrize(("name", "endpoint"), _WHERE)
def test_every_fault_strikes_wherever_it_can(world: World, name: str, endpoint: str) -> None:
    """Once, and the next request is served as ever, or at least as the state is now."""
    before = world.ask(endpoint).status_code
    armed = world.mock.arm(_table(name, endpoint))

    struck, after = world.ask(endpoint), world.ask(endpoint)

    # Whoever waits alone at a barrier opens it
    assert armed.hits == 1
    assert world.mock.journal[1].fault.startswith(f"{name}(")
    assert world.mock.exceptions == []
    ended = name in ("expire_token", "revoke_token", "withdraw_consent") and endpoint in ("userinfo", "api")
    rotated = name == "rotate_secret"
    assert after.status_code == (401 if ended or rotated else before)
    if name in _IN_PLACE:
        assert world.mock.journal[1].verdict == "faulted"
        assert struck.status_code in (503, 200, 307, 504)


# Those that strike at the token endpoint, and for themselves
_TOGETHER = [name for name in FAULTS if name not in ("refuse", "hold")]


@pytest.mark.parametrize("first", _TOGETHER)
def test_every_two_faults_strike_together(mock: OAuthMock, http: Client, first: str) -> None:
    """Or one after the other, where one leaves nothing for the other to strike; whichever was armed first."""
    for second in _TOGETHER:
        mock.reset()
        mock.client("crm", client_secret="s3cret")
        armed = [mock.arm(_table(name, "token")) for name in (first, second)]

        answers = []
        for _ in range(4):
            form = {"grant_type": "client_credentials", "client_id": "crm", "scope": "orders"}
            form["client_secret"] = mock.context.clients["crm"].client_secret or ""
            answers.append(http.post("/token", data=form).status_code)

        assert {*answers} <= {200, 201, 307, 401, 502, 503, 504}, second
        assert answers[-1] == 200, second
        assert [fault.hits for fault in armed] == [1, 1], second
        assert mock.exceptions == []


@pytest.mark.parametrize(
    ("handle", "path"),
    [
        ("introspection_endpoint", "/introspect"),
        ("revocation_endpoint", "/revoke"),
        ("registration_endpoint", "/register"),
        ("pushed_authorization_request_endpoint", "/par"),
        ("end_session_endpoint", "/end_session"),
    ],
)
def test_an_endpoint_by_its_handle_can_be_made_to_fail(mock: OAuthMock, http: Client, handle: str, path: str) -> None:
    """Once, and the next request is answered by the endpoint again."""
    endpoint = getattr(mock, handle)
    armed = endpoint.fail(503, retry_after=1)

    struck, after = http.post(path), http.post(path)

    assert (struck.status_code, struck.headers["Retry-After"], armed.hits) == (503, "1", 1)
    assert after.status_code != 503
    assert [exchange.status for exchange in endpoint.exchanges] == [503, after.status_code]
