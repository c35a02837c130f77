"""curl against the mock: a client that nobody here wrote, in another process. Needs the program curl."""

from __future__ import annotations

import collections.abc as cabc
import json
import os
import subprocess
import typing

import pytest

from mockserver import OAuthMock


@pytest.fixture
def oauthmock_plain() -> cabc.Iterator[OAuthMock]:
    """A server over plain HTTP."""
    with OAuthMock(consent="auto") as mock:
        mock.client("crm", client_secret="s3cret-of-crm")
        yield mock


@pytest.fixture
def oauthmock_tls() -> cabc.Iterator[OAuthMock]:
    """A server with a throw-away CA."""
    with OAuthMock(https=True) as mock:
        mock.client("crm", client_secret="s3cret-of-crm")
        yield mock


def curl(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Quiet but for errors, without the user's settings, never longer than ten seconds."""
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return subprocess.run(
        ["curl", "-q", "-sS", "--max-time", "10", *arguments],
        env={**environment, "NO_PROXY": "*", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def token(mock: OAuthMock, *arguments: str, **variables: str) -> dict[str, typing.Any]:
    """A client credentials request as the README's line has it."""
    grant = ("-u", "crm:s3cret-of-crm", "-d", "grant_type=client_credentials", mock.token_url)
    result = curl(*arguments, *grant, **variables)
    assert result.returncode == 0, result.stderr
    answer: dict[str, typing.Any] = json.loads(result.stdout)
    return answer


def test_curl_gets_a_token_by_basic(oauthmock_plain: OAuthMock) -> None:
    """RFC 6749 4.4 and 2.3.1: the line that `oauthmock serve` suggests."""
    answer = token(oauthmock_plain)

    assert sorted(answer) == ["access_token", "expires_in", "token_type"]
    assert oauthmock_plain.tokens.last.client_auth == "client_secret_basic"


def test_curl_gets_a_token_by_the_body_with_an_encoded_scope(oauthmock_plain: OAuthMock) -> None:
    """RFC 6749 2.3.1, 3.3: form parameters, percent-encoded by curl."""
    fields = ("client_id=crm", "client_secret=s3cret-of-crm", "grant_type=client_credentials", "scope=orders:read a/b")
    result = curl(*(part for field in fields for part in ("--data-urlencode", field)), oauthmock_plain.token_url)

    assert json.loads(result.stdout)["scope"] == "orders:read a/b"
    assert oauthmock_plain.tokens.last.client_auth == "client_secret_post"


def test_curl_patches_the_api_and_gets_its_body_back(oauthmock_plain: OAuthMock) -> None:
    """RFC 6750 2.1: PATCH with a body, echoed as it came."""
    bearer = f"Authorization: Bearer {token(oauthmock_plain)['access_token']}"
    result = curl("-X", "PATCH", "-H", bearer, "-d", '{"paid":true}', f"{oauthmock_plain.api_url}/orders/1?x=1")
    echo = json.loads(result.stdout)

    assert (echo["method"], echo["path"], echo["query"], echo["body"]) == (
        "PATCH",
        "/api/orders/1",
        [["x", "1"]],
        '{"paid":true}',
    )


def test_curl_trusts_the_ca_by_flag_and_by_variable_and_not_without(oauthmock_tls: OAuthMock) -> None:
    """TLS with a throw-away CA: `ca_path`, and the variables that `environment` has to export."""
    by_flag = token(oauthmock_tls, "--cacert", str(oauthmock_tls.ca_path))
    by_variable = token(oauthmock_tls, **oauthmock_tls.environment)
    elsewhere = {"CURL_CA_BUNDLE": "", "SSL_CERT_FILE": "", "SSL_CERT_DIR": ""}
    without = curl("-d", "grant_type=client_credentials", oauthmock_tls.token_url, **elsewhere)

    assert by_flag["token_type"] == by_variable["token_type"] == "Bearer"
    assert without.returncode == 60
    assert len(oauthmock_tls.journal) == 2


def test_curl_follows_the_authorization_to_the_callback_page(oauthmock_plain: OAuthMock) -> None:
    """RFC 6749 4.1.2: with consent `auto` one request ends at the redirect URI with a code."""
    query = f"response_type=code&client_id=crm&redirect_uri={oauthmock_plain.callback_url}&state=s"
    result = curl("-L", f"{oauthmock_plain.authorize_url}?{query}")

    assert "<h1>You are back</h1>" in result.stdout
    assert [exchange.endpoint for exchange in oauthmock_plain.journal] == ["authorize", "callback"]


def test_curl_reads_the_refusal_of_a_large_body(oauthmock_plain: OAuthMock) -> None:
    """RFC 9110 10.1.1, 15.5.14: curl asks by Expect: 100-continue and is told 413 instead of being reset."""
    expect = ("-H", "Expect: 100-continue")
    result = subprocess.run(
        [
            *["curl", "-q", "-sS", "--max-time", "10", "--noproxy", "*", "-w", "%{http_code}", "-d", "@-"],
            *expect,
            oauthmock_plain.token_url,
        ],
        input="x" * 2_000_000,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith("413")
    assert json.loads(result.stdout.removesuffix("413"))["error"] == "invalid_request"


@pytest.mark.parametrize(("flag", "body"), [("--http1.0", True), ("--head", False)])
def test_curl_speaks_http_1_0_and_head(oauthmock_plain: OAuthMock, flag: str, *, body: bool) -> None:
    """RFC 9110 9.3.2, RFC 9112 2.3: old clients, and clients that want the headers alone."""
    result = curl(flag, "-D", "-", oauthmock_plain.jwks_url)
    head, _, rest = result.stdout.partition("\n\n" if "\r" not in result.stdout else "\r\n\r\n")

    assert head.startswith("HTTP/1.1 200 OK")
    assert ('"keys"' in rest) is body
