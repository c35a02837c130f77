"""The matrix, and one live cell of it."""

from __future__ import annotations

import collections.abc as cabc
import copy
import ssl
import urllib.parse

import pytest
from werkzeug.test import Client

from mockserver import Cell
from mockserver import ConnectorSettings
from mockserver import OAuthMock
from mockserver import Variant
from mockserver import variants

EVERY = variants.cells(variants.GRANT_TYPES, variants.CLIENT_AUTH)


def test_the_default_matrix_has_six_cells() -> None:
    """Three grants by two methods, grants in the outer order."""
    assert [cell.id for cell in variants.cells()] == [
        "authorization_code-client_secret_basic",
        "authorization_code-client_secret_post",
        "password-client_secret_basic",
        "password-client_secret_post",
        "client_credentials-client_secret_basic",
        "client_credentials-client_secret_post",
    ]


def test_meaningless_cells_are_left_out() -> None:
    """RFC 6749 4.4: no client_credentials without credentials."""
    assert len(EVERY) == 39
    assert Cell("client_credentials", "none") not in EVERY
    assert not Cell("client_credentials", "none").meaningful
    assert Cell("password", "none").meaningful


def test_a_cell_comes_once() -> None:
    """However often it was named; iterators are read once."""
    assert variants.cells(["password", "password"], iter(["none", "none"])) == (Cell("password", "none"),)
    assert variants.cells([], ["none"]) == ()


@pytest.fixture
def mock(request: pytest.FixtureRequest) -> cabc.Iterator[OAuthMock]:
    """Not started; one that asks for certificates for the cells that need it."""
    cell = request.node.callspec.params.get("variant") if hasattr(request.node, "callspec") else None
    over_tls = {"https": True, "client_certificates": "optional"} if cell is not None and cell.over_tls else {}
    made = OAuthMock(issuer="http://localhost", **over_tls)
    yield made
    made.close()


@pytest.fixture
def variant(mock: OAuthMock, request: pytest.FixtureRequest) -> Variant:
    return mock.variant(request.param)


def connect(variant: Variant, http: Client) -> int:
    """A connector in twenty lines."""
    given = variant.settings
    form = {"grant_type": given.grant_type}
    if given.grant_type == "authorization_code":
        asked = {
            "response_type": "code",
            "client_id": given.client_id,
            "redirect_uri": given.redirect_uri,
            "scope": given.scope,
        }
        if "code_verifier" in given:
            asked["code_challenge"] = given.code_verifier
            form["code_verifier"] = given.code_verifier
        callback = variant.approve(f"{given.authorize_url}?{urllib.parse.urlencode(asked)}")
        assert callback.code is not None
        form |= {"code": callback.code, "redirect_uri": given.redirect_uri}
    elif given.grant_type == "password":
        form |= {"username": given.username, "password": given.password, "scope": given.scope}
    elif given.grant_type == "refresh_token":
        form["refresh_token"] = given.refresh_token
    else:
        form["scope"] = given.scope
    return send(variant, http, form)


def send(variant: Variant, http: Client, form: dict[str, str]) -> int:
    given = variant.settings
    secret = {name: given[name] for name in ("client_id", "client_secret") if name in given}
    bearer = {"Authorization": f"Bearer {given.get('client_secret')}"}
    assertion = {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": variant.client.client_assertion() if given.client_auth.endswith("_jwt") else "",
    }
    options: dict[str, cabc.Mapping[str, object]] = {
        "client_secret_basic": {"data": form, "auth": (given.client_id, given.get("client_secret"))},
        "client_secret_post": {"data": form | secret},
        "client_secret_json": {"json": form | secret},
        "client_secret_query": {"data": form, "query_string": secret},
        "client_secret_bearer": {"data": form, "headers": bearer},
        "client_secret_jwt": {"data": form | assertion},
        "private_key_jwt": {"data": form | assertion},
        "tls_client_auth": {"data": form | secret},
        "self_signed_tls_client_auth": {"data": form | secret},
        "none": {"data": form | secret},
    }
    if variant.cell.over_tls:
        octets = ssl.PEM_cert_to_DER_cert(variant.client.certificate.pem)
        return http.post(
            "/token", environ_overrides={"serving.peer_certificate": octets}, **options[given.client_auth]
        ).status_code
    return http.post("/token", **options[given.client_auth]).status_code


@pytest.mark.parametrize("variant", [pytest.param(cell, id=cell.id) for cell in EVERY], indirect=True)
def test_each_cell_works_and_is_verified(mock: OAuthMock, http: Client, variant: Variant) -> None:
    """A connector that does what the settings say passes."""
    assert connect(variant, http) == 200

    variant.verify()
    token = mock.tokens.last
    assert (token.grant_type, token.client_auth) == (variant.grant_type, variant.client_auth)
    assert token.scope == {"orders:read"}
    response = http.get("/api/orders", headers={"Authorization": f"Bearer {token.access_token}"})
    assert response.status_code == 200


@pytest.mark.parametrize("variant", [pytest.param(cell, id=cell.id) for cell in EVERY], indirect=True)
def test_settings_have_what_the_cell_needs_and_nothing_else(variant: Variant) -> None:
    """Absent, not None."""
    names = {"grant_type", "client_auth", "client_id", "token_url", "scope", "resource_url", "bearer"}
    names |= {
        "none": set(),
        "private_key_jwt": {"private_key", "key_id", "alg"},
        "tls_client_auth": {"cert", "key", "ca"},
        "self_signed_tls_client_auth": {"cert", "key", "ca"},
        "client_secret_jwt": {"client_secret", "alg"},
    }.get(variant.client_auth, {"client_secret"})
    if variant.grant_type != "client_credentials":
        names.add("refresh_url")
    names |= {
        "authorization_code": {"authorize_url", "redirect_uri"},
        "password": {"username", "password"},
        "refresh_token": {"refresh_token"},
        "client_credentials": set(),
    }[variant.grant_type]
    if (variant.grant_type, variant.client_auth) == ("authorization_code", "none"):
        names.add("code_verifier")

    assert set(variant.settings) == names
    assert None not in variant.settings.values()
    assert variant.settings.token_url == "http://localhost/token"
    assert variant.settings.resource_url == variant.resource_url == "http://localhost/api/orders"


@pytest.mark.parametrize(
    "variant", [Cell("password", "client_secret_post"), Cell("authorization_code", "none")], indirect=True
)
def test_a_refresh_by_the_same_method_belongs_to_the_cell(mock: OAuthMock, http: Client, variant: Variant) -> None:
    """As long as the first token came by the cell's own grant."""
    connect(variant, http)
    token = mock.tokens.last
    assert token.refresh_token is not None
    assert send(variant, http, {"grant_type": "refresh_token", "refresh_token": token.refresh_token}) == 200

    variant.verify()


def test_no_request_is_no_proof(mock: OAuthMock) -> None:
    """The message says what was wanted and where."""
    variant = mock.variant(Cell("password", "client_secret_basic"))

    with pytest.raises(AssertionError, match="no token request reached http://localhost/token; wanted password by"):
        variant.verify()


@pytest.mark.parametrize(
    ("cell", "form", "basic", "message"),
    [
        pytest.param(
            Cell("client_credentials", "client_secret_basic"),
            {"grant_type": "client_credentials"},
            False,
            "wanted client_credentials by client_secret_basic, but exchange #1 was client_credentials by"
            " client_secret_post",
            id="another method",
        ),
        pytest.param(
            Cell("password", "client_secret_basic"),
            {"grant_type": "client_credentials"},
            True,
            "but exchange #1 was client_credentials by client_secret_basic",
            id="another grant",
        ),
        pytest.param(
            Cell("client_credentials", "client_secret_basic"),
            {},
            True,
            "#1 was no grant by client_secret_basic",
            id="none",
        ),
        pytest.param(
            Cell("client_credentials", "client_secret_basic"),
            {"grant_type": "client_credentials", "scope": "x"},
            True,
            "by client_secret_basic, but exchange #1 was refused: scope 'x' is not registered",
            id="refused",
        ),
    ],
)
def test_another_cell_is_no_proof(
    mock: OAuthMock, http: Client, cell: Cell, form: dict[str, str], *, basic: bool, message: str
) -> None:
    """One exchange of another kind is enough."""
    variant = mock.variant(cell)
    credentials = (variant.settings.client_id, variant.settings.client_secret)
    if basic:
        http.post("/token", data=form, auth=credentials)
    else:
        http.post("/token", data={**form, "client_id": credentials[0], "client_secret": credentials[1]})

    with pytest.raises(AssertionError) as caught:
        variant.verify()

    assert message in str(caught.value)


def test_a_request_without_any_client_counts(mock: OAuthMock, http: Client) -> None:
    """It can only have been the connector's."""
    variant = mock.variant(Cell("client_credentials", "client_secret_basic"))
    http.post("/token", data={"grant_type": "client_credentials"})

    with pytest.raises(AssertionError, match="was client_credentials by no method"):
        variant.verify()


def test_another_clients_requests_do_not_count(mock: OAuthMock, http: Client) -> None:
    """Two connectors in one test."""
    variant = mock.variant(Cell("client_credentials", "client_secret_basic"))
    mock.client("other", client_secret="o")
    http.post("/token", data={"grant_type": "client_credentials", "client_id": "other", "client_secret": "o"})
    connect(variant, http)

    variant.verify()


def test_two_variants_share_a_server(mock: OAuthMock) -> None:
    """And a user; the clients are their own."""
    first, second = (mock.variant(Cell("password", "client_secret_basic")) for _ in range(2))

    assert first.settings.client_id != second.settings.client_id
    assert first.settings.password == second.settings.password
    assert repr(first) == "<Variant password-client_secret_basic>"


def test_settings_are_a_mapping_and_an_object() -> None:
    """Usable as keyword arguments."""
    settings = ConnectorSettings({"token_url": "http://localhost/token", "client_secret": "c4nary"})

    def connector(*, token_url: str, client_secret: str) -> str:
        return token_url + client_secret

    assert connector(**settings) == "http://localhost/tokenc4nary"
    assert isinstance(settings, cabc.Mapping)
    assert (settings.token_url, settings["token_url"], len(settings)) == (*["http://localhost/token"] * 2, 2)
    assert "c4nary" not in repr(settings)
    with pytest.raises(AttributeError, match="this cell has no 'username'; it has token_url, client_secret"):
        _ = settings.username
    with pytest.raises(KeyError):
        settings["username"]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_settings_can_be_copied(duplicate: cabc.Callable[[ConnectorSettings], ConnectorSettings]) -> None:
    """Connectors keep copies of what they are given."""
    settings = ConnectorSettings({"token_url": "x"})

    assert dict(duplicate(settings)) == {"token_url": "x"}
