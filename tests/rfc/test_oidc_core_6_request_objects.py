"""OpenID Connect Core 6: request objects, where they are not supported."""

from __future__ import annotations

import typing
import urllib.parse

import pytest

from mockserver import OAuthMock

_BACK = "http://127.0.0.1:7001/callback"


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://app.example/request.jwt"}, "request_uri_not_supported"),
    ],
)
def test_a_request_object_is_refused_and_not_ignored(sent: dict[str, str], error: str) -> None:
    """OpenID Connect Core 3.1.2.6, 6.1, 6.2: nothing is fetched; plain OAuth ignores what it does not know."""
    off: dict[str, typing.Any] = {"request_parameter_supported": False, "pushed_authorization_requests": False}
    mock = OAuthMock(issuer="http://localhost", **off)
    mock.client("crm", consent="auto")
    right = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, "scope": "openid", "state": "s"}

    refused = mock.approve("http://localhost/authorize?" + urllib.parse.urlencode({**right, **sent}))

    assert (refused.error, refused.state) == (error, "s")
    assert "send its parameters" in mock.journal.last.why
