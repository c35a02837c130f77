"""What a server says of itself, in process."""

from __future__ import annotations

import json

from mockserver import OAuthMock
from mockserver.cli import greeting


def test_many_clients_and_users_are_counted_after_the_eighth() -> None:
    """The banner stays on the screen."""
    clients = [{"client_id": f"client-{number}", "client_secret": "s3cret"} for number in range(10)]
    users = [{"username": f"user-{number}", "password": "s3cret"} for number in range(8)]
    with OAuthMock(clients=clients, users=users) as mock:
        remarks = [line[37:].strip() for line in greeting.as_text(mock).splitlines()]

    assert [remark.rpartition("  ")[2] for remark in remarks[1:19]] == [
        *(f"client client-{number}, secret as configured" for number in range(8)),
        "and 2 more",
        *(f"user user-{number}, password as configured" for number in range(8)),
        "any path, Bearer",
    ]


def test_without_a_client_that_gets_a_token_by_itself_the_metadata_is_tried() -> None:
    """A public client needs a browser."""
    spa = {"client_id": "spa", "token_endpoint_auth_method": "none"}
    with OAuthMock(clients=[spa]) as mock:
        lines = greeting.as_text(mock).splitlines()
        url = mock.url

    assert lines[-1] == f"  try   curl {url}/.well-known/openid-configuration"
    assert lines[1].endswith("  client spa, public")


def test_a_secret_is_quoted_for_the_shell() -> None:
    """The line can be pasted as it stands; a made-up secret is in it."""
    with OAuthMock(clients=[{"client_id": "crm & co"}]) as mock:
        secret = mock.context.clients["crm & co"].client_secret
        line = greeting.as_text(mock).splitlines()[-1]

        assert line == f"  try   curl -u 'crm & co:{secret}' -d grant_type=client_credentials {mock.token_url}"


def test_a_server_without_clients_and_users_says_so_by_leaving_them_out() -> None:
    """In the banner nothing stands beside the URL; in the object the lists are empty."""
    with OAuthMock() as mock:
        lines = greeting.as_text(mock).splitlines()
        ready = json.loads(greeting.as_json(mock))
        url = mock.url

    assert lines[1:3] == [f"  token       {url}/token", f"  authorize   {url}/authorize"]
    assert (ready["clients"], ready["users"]) == ([], [])
    assert "issuers" not in ready
    assert "ca_path" not in ready


def test_a_refresh_endpoint_is_shown_where_there_is_one() -> None:
    """Below the token endpoint, which does not refresh then."""
    with OAuthMock(paths={"refresh": "/again"}) as mock:
        lines = greeting.as_text(mock).splitlines()
        ready = json.loads(greeting.as_json(mock))
        url = mock.url

    assert lines[2].split() == ["refresh", f"{url}/again", "refresh_token", "alone"]
    assert ready["endpoints"]["refresh_endpoint"] == f"{url}/again"
