"""Secrets do not get into what people and logs see."""

from __future__ import annotations

import base64

import pytest
from werkzeug.test import Client

from mockserver import OAuthMock
from mockserver.redaction import SECRET_PARAMETERS
from mockserver.redaction import redact
from mockserver.redaction import redact_header

_CANARY = "c4nary-S3cret"


@pytest.mark.parametrize("name", SECRET_PARAMETERS)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{name}={secret}", id="form"),
        pytest.param("a=b&{name}={secret}&c=d", id="form, in the middle"),
        pytest.param("/authorize?{name}={secret}&c=d", id="query"),
        pytest.param('{{"{name}": "{secret}"}}', id="JSON"),
        pytest.param('{{"a":1,"{name}":"{secret}\\"x"}}', id="JSON with a quote inside"),
        pytest.param("first\n{name}={secret}", id="second line"),
    ],
)
def test_secret_parameters_are_hidden(name: str, text: str) -> None:
    """The name stays, the value goes."""
    shown = redact(text.format(name=name, secret=_CANARY))

    assert name in shown
    assert "***" in shown
    assert _CANARY not in shown


@pytest.mark.parametrize(
    "text",
    [
        "state=s-1&scope=orders:read",
        '{"error": "invalid_client"}',
        "grant_type=client_credentials",
        "zipcode=12345",
        "token_type=Bearer",
        "the code was used",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    """The check can fail: not everything is hidden."""
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("see oam_rt_abcdefghijkl.", "see oam_rt_***.", id="a token of ours"),
        pytest.param("a Bearer abcdefg here", "a Bearer *** here", id="Bearer in a text"),
        pytest.param("BASIC Y3JtOnMz", "BASIC ***", id="Basic in a text"),
        pytest.param("got eyJhbGciOi.eyJpc3Mi.c2ln!", "got eyJ***!", id="a JWT"),
    ],
)
def test_tokens_are_recognised_in_any_text(text: str, shown: str) -> None:
    """By the prefix of ours, by what a JWT begins with, by the word before it."""
    assert redact(text) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        pytest.param("Authorization", "Basic Y3JtOnMzY3JldA==", "Basic crm:***", id="Basic"),
        pytest.param("authorization", "basic Y3JtOnMzY3JldA==", "basic crm:***", id="lower case"),
        pytest.param("Authorization", "Basic Y3Jt", "Basic ***", id="Basic without colon"),
        pytest.param("Authorization", "Basic c4nary", "Basic ***", id="Basic that is none"),
        pytest.param("Authorization", "Basic é", "Basic ***", id="Basic beyond ASCII"),
        pytest.param("Authorization", "Bearer abc", "Bearer ***", id="Bearer"),
        pytest.param("Authorization", "abc", "***", id="no scheme"),
        pytest.param("Proxy-Authorization", "Digest x", "Digest ***", id="proxy"),
        pytest.param("Referer", "http://x/?code=abc", "http://x/?code=***", id="Referer"),
        pytest.param("Accept", "*/*", "*/*", id="another header"),
    ],
)
def test_headers_show_who_and_hide_the_secret(name: str, value: str, shown: str) -> None:
    """Of Basic the client's name stays."""
    assert redact_header(name, value) == shown


@pytest.mark.parametrize("name", ["Cookie", "Set-Cookie"])
def test_cookies_are_hidden(name: str) -> None:
    """A session is a secret, the first one too."""
    shown = redact_header(name, f"session={_CANARY}; other={_CANARY}")

    assert _CANARY not in shown


def _posted(body: bytes, content_type: str, headers: dict[str, str] | None = None) -> OAuthMock:
    mock = OAuthMock()
    mock.client("crm", client_secret="right", token_endpoint_auth_method=["client_secret_basic", "client_secret_json"])
    Client(mock.wsgi).post("/token", data=body, content_type=content_type, headers=headers or {})
    return mock


# so long that the end of the next value is beyond what is shown
_LONG = b"x" * 1950
_PARTS = b'--b\r\nContent-Disposition: form-data; name="client_secret"\r\n\r\nc4nary-S3cret\r\n--b--\r\n'


@pytest.mark.parametrize(
    ("body", "content_type", "headers"),
    [
        pytest.param(b"client_id=crm&client_secret=c4nary-S3cret", "application/x-www-form-urlencoded", {}, id="form"),
        pytest.param(b'{"client_id":"crm","client_secret":"c4nary-S3cret"}', "application/json", {}, id="JSON"),
        pytest.param(b'{"client_secret":"c4nary-S3cret', "application/json", {}, id="JSON that was cut"),
        pytest.param(
            b'{"password":"' + _LONG + b'","client_secret":"c4nary-S3cret-' + _LONG + b'"}',
            "application/json",
            {},
            id="JSON beyond what is shown",
        ),
        pytest.param(b'{"client_secret":"c4nary-S3cret"}', "text/plain", {}, id="JSON that is called text"),
        pytest.param(_PARTS, "multipart/form-data; boundary=b", {}, id="multipart"),
        pytest.param(b"client%5Fsecret=c4nary-S3cret", "application/x-www-form-urlencoded", {}, id="encoded name"),
        pytest.param(
            b"grant_type=password",
            "application/x-www-form-urlencoded",
            {"Authorization": "Basic " + base64.b64encode(b"crm:c4nary-S3cret").decode()},
            id="Basic",
        ),
        pytest.param(b"", "", {"Authorization": "Bearer c4nary-S3cret"}, id="Bearer"),
        pytest.param(b"", "", {"Authorization": "c4nary-S3cret"}, id="a header without scheme"),
    ],
)
def test_no_line_of_the_journal_has_a_secret(body: bytes, content_type: str, headers: dict[str, str]) -> None:
    """What a failing test prints, and what pytest prints of the objects in it."""
    exchange = _posted(body, content_type, headers).journal.last

    assert _CANARY not in "\n".join(exchange.lines())
    assert _CANARY not in repr(exchange)
    assert _CANARY not in repr(exchange.request)
    assert exchange.request.body == body


def test_reprs_have_no_secret(mock: OAuthMock) -> None:
    """pytest prints the repr of whatever an assertion compares."""
    mock = OAuthMock(
        issuer="http://localhost",
        clients=[{"client_id": "a", "client_secret": _CANARY}],
        users=[{"username": "bob", "password": _CANARY}],
    )
    client = mock.client("crm", client_secret=_CANARY)
    user = mock.user("alice", password=_CANARY)
    token = client.grant(user="alice")
    Client(mock.wsgi).post(
        "/token", data={"grant_type": "client_credentials", "client_id": "crm", "client_secret": _CANARY}
    )
    shown = "".join(
        map(
            repr,
            [
                client,
                user,
                token,
                mock,
                mock.tokens,
                mock.journal,
                list(mock.tokens),
                list(mock.journal),
                mock.context.clients,
                mock.context.settings,
                mock.journal.last.body,
                mock.journal.last.reply,
                mock.context.keys.signing("ES256"),
            ],
        )
    )

    assert _CANARY not in shown
    assert token.access_token not in shown
    assert str(token.refresh_token) not in shown
    assert mock.tokens.last.access_token not in shown
