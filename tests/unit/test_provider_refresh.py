"""What becomes of refresh tokens at providers that neither keep nor rotate them."""

from __future__ import annotations

import typing

import pytest
from werkzeug.test import Client

from mockserver import OAuthMock
from mockserver.model import Kind


class Refreshing:
    """A server with one client, which refreshes."""

    def __init__(self, settings: dict[str, typing.Any], **client: typing.Any) -> None:
        self.mock = OAuthMock(issuer="http://localhost", access_token_format="opaque", **settings)
        self.mock.user("alice")
        self.mock.user("bob")
        self.client = self.mock.client("crm", **client)
        self._http = Client(self.mock.wsgi, use_cookies=False)

    def refresh(self, token: str | None) -> dict[str, typing.Any]:
        form = {"grant_type": "refresh_token", "refresh_token": token or "", "client_id": "crm"}
        secret = self.mock.context.clients["crm"].client_secret
        if secret:
            form["client_secret"] = secret
        return typing.cast("dict[str, typing.Any]", self._http.post("/token", data=form).get_json())

    def api(self, token: str) -> int:
        return self._http.get("/api/x", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_refresh_may_prolong_the_same_access_token() -> None:
    """`prolong_same`: it lives on, as long again."""
    here = Refreshing({"refresh_policy": "prolong_same", "access_token_lifetime": 60})
    token = here.client.grant()
    here.mock.clock.advance(seconds=50)
    answer = here.refresh(token.refresh_token)
    here.mock.clock.advance(seconds=50)

    assert (answer["access_token"], answer["expires_in"]) == (token.access_token, 60)
    assert answer["refresh_token"] == token.refresh_token
    assert here.api(token.access_token) == 200
    here.mock.clock.advance(seconds=11)
    assert here.api(token.access_token) == 401
    assert here.refresh(token.refresh_token)["access_token"] == token.access_token
    assert here.api(token.access_token) == 200


def test_an_access_token_that_was_ended_is_not_prolonged() -> None:
    """There is another then; with its family the refresh token has ended too."""
    here = Refreshing({"refresh_policy": "prolong_same"})
    token = here.client.grant()
    here.mock.context.store.revoke(Kind.ACCESS, token.access_token)

    assert here.refresh(token.refresh_token)["access_token"] != token.access_token
    token.revoke()
    assert here.refresh(token.refresh_token)["error"] == "invalid_grant"


def test_one_live_token_may_be_prolonged() -> None:
    """It does not end itself."""
    here = Refreshing({"refresh_policy": "prolong_same", "access_token_policy": "one_live"})
    token = here.client.grant()

    assert here.refresh(token.refresh_token)["access_token"] == token.access_token
    assert here.api(token.access_token) == 200


@pytest.mark.parametrize(
    ("policy", "public", "confidential"),
    [
        ("by_client_type", True, False),
        ({"policy": "by_client_type", "public": "static", "confidential": "rotate"}, False, True),
        ({"policy": "by_client_type", "public": "rotate_grace"}, True, False),
    ],
)
def test_public_clients_may_have_another_policy(policy: typing.Any, public: bool, confidential: bool) -> None:
    """`by_client_type`: whether the token is replaced."""

    def replaced(**client: typing.Any) -> bool:
        here = Refreshing({"refresh_policy": policy}, **client)
        token = here.client.grant().refresh_token
        return bool(here.refresh(token)["refresh_token"] != token)

    assert replaced(token_endpoint_auth_method="none") is public
    assert replaced() is confidential


def test_so_many_refresh_tokens_may_live() -> None:
    """`refresh_token_limit`: the oldest ends silently; each person has a number of their own."""
    here = Refreshing({"refresh_policy": "static", "refresh_token_limit": 2})
    bobs = here.client.grant(user="bob")
    tokens = [here.client.grant(user="alice").refresh_token for _ in range(3)]

    assert here.refresh(tokens[0])["error"] == "invalid_grant"
    assert [here.refresh(token)["refresh_token"] for token in tokens[1:]] == tokens[1:]
    assert "access_token" in here.refresh(bobs.refresh_token)


def test_a_successor_takes_the_place_of_its_predecessor() -> None:
    """A rotation makes them no more."""
    here = Refreshing({"refresh_policy": "rotate", "refresh_token_limit": 2})
    older, newer = (here.client.grant(user="alice").refresh_token for _ in range(2))
    for _ in range(3):
        newer = here.refresh(newer)["refresh_token"]

    assert "access_token" in here.refresh(older)


def test_a_client_may_have_a_limit_of_its_own() -> None:
    """Over the issuer's."""
    here = Refreshing({"refresh_policy": "static", "refresh_token_limit": 1}, refresh_token_limit=2)
    first, _second = (here.client.grant(user="alice").refresh_token for _ in range(2))

    assert "access_token" in here.refresh(first)
