"""The connector of `oauthmock demo`, and what is said of it."""

from __future__ import annotations

import collections.abc as cabc
import typing

import httpx
import pytest

from mockserver import OAuthMock
from mockserver import demo
from mockserver import variants
from mockserver.variants import Cell

_EVERY_CELL = variants.cells(variants.GRANT_TYPES, variants.CLIENT_AUTH)
_CELL = Cell("client_credentials", "client_secret_basic")


@pytest.fixture
def mock() -> cabc.Iterator[OAuthMock]:
    """A server of its own, which a run resets."""
    with OAuthMock() as mock:
        yield mock


def test_the_connector_has_every_grant_and_method_of_the_matrix() -> None:
    """A new grant, or a new method, needs a new function."""
    assert set(demo.GRANTS) == set(variants.GRANT_TYPES)
    assert set(demo.AUTHENTICATION) == set(variants.CLIENT_AUTH)


@pytest.fixture
def secure() -> cabc.Iterator[OAuthMock]:
    """One that asks for certificates."""
    with OAuthMock(https=True, client_certificates="optional") as mock:
        yield mock


@pytest.mark.parametrize("cell", _EVERY_CELL, ids=lambda cell: cell.id)
def test_every_cell_passes_and_is_seen(request: pytest.FixtureRequest, cell: Cell) -> None:
    """The code flow goes through the browser's redirects with PKCE, the others go straight to the token."""
    mock: OAuthMock = request.getfixturevalue("secure" if cell.over_tls else "mock")
    outcome = demo.outcome(mock, cell)
    dance = ("GET /authorize 302", "GET /callback 200") if cell.grant_type == "authorization_code" else ()

    assert outcome == demo.Outcome(cell, "", (*dance, "POST /token 200", "GET /api/orders 200"))
    token = mock.tokens.last
    assert (token.grant_type, token.client_auth) == (cell.grant_type, cell.client_auth)


def test_the_code_flow_proves_its_verifier(mock: OAuthMock) -> None:
    """RFC 7636 4.3, 4.5: S256 in the authorization request, the verifier in the token request."""
    demo.outcome(mock, Cell("authorization_code", "client_secret_post"))

    asked = mock.authorization_endpoint.exchanges[0].request
    assert asked.parameter("code_challenge_method", of="query") == "S256"
    assert mock.token_endpoint.exchanges[0].parameters["code_verifier"]


def test_an_error_in_the_callback_is_raised(mock: OAuthMock) -> None:
    """RFC 6749 4.1.2.1: the error travels through the browser."""
    settings = {**mock.variant(Cell("authorization_code", "none")).settings, "scope": "orders:delete"}

    with pytest.raises(demo.NotAuthorized, match="invalid_scope"):
        demo.orders(settings)


def test_a_callback_with_somebody_elses_state_is_refused() -> None:
    """RFC 6749 10.12."""

    def browser(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/authorize":
            return httpx.Response(302, headers={"Location": "https://app.test/callback?code=c&state=another"})
        return httpx.Response(200)

    settings = {
        "client_id": "crm",
        "redirect_uri": "https://app.test/callback",
        "scope": "orders:read",
        "authorize_url": "https://auth.test/authorize",
    }
    with (
        httpx.Client(transport=httpx.MockTransport(browser)) as http,
        pytest.raises(demo.NotAuthorized, match="another state"),
    ):
        demo.authorization_code(http, settings)


def test_basic_credentials_are_form_urlencoded_first() -> None:
    """RFC 6749 2.3.1: `crm:eu` is not the client `crm`."""
    sent: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Authorization"])
        return httpx.Response(200)

    settings = {"client_id": "crm:eu", "client_secret": "a b", "token_url": "https://auth.test/token"}
    with httpx.Client(transport=httpx.MockTransport(server)) as http:
        demo.client_secret_basic(http, settings, {})

    assert sent == [httpx.BasicAuth("crm%3Aeu", "a+b")._auth_header]


def test_the_servers_reason_is_the_reason(mock: OAuthMock) -> None:
    """An HTTP client only knows the status."""

    def wrong_secret(settings: demo.Settings) -> object:
        return demo.orders({**settings, "client_secret": "nonsense"})

    outcome = demo.outcome(mock, _CELL, wrong_secret)

    assert outcome.why.startswith("the secret of client 'client-")
    assert outcome.seen == ("POST /token 401",)


def test_a_token_by_another_method_is_no_success(mock: OAuthMock) -> None:
    """`verify` asks the server, not the connector."""

    def idle(settings: demo.Settings) -> None:
        """Believes that it has a token."""

    outcome = demo.outcome(mock, _CELL, idle)

    assert outcome.why == (
        f"no token request reached {mock.token_url}; wanted client_credentials by client_secret_basic"
    )
    assert outcome.seen == ()


def test_the_connectors_own_error_is_the_reason_when_the_server_has_none(mock: OAuthMock) -> None:
    """With its type, and without secrets."""

    def broken(settings: demo.Settings) -> typing.NoReturn:
        raise LookupError("no grant in client_secret=s3cret")

    assert demo.outcome(mock, _CELL, broken).why == "LookupError: no grant in client_secret=***"


def test_a_cell_does_not_see_the_one_before(mock: OAuthMock) -> None:
    """The server is reset for each."""
    first, second = demo.outcome(mock, _CELL), demo.outcome(mock, _CELL)

    assert first == second
    assert len(mock.journal) == 2
