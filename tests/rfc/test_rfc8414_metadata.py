"""RFC 8414, OpenID Connect Discovery 1.0 and RFC 7517: what the server says it is, and that it is so."""

from __future__ import annotations

import collections.abc as cabc
import typing

import pytest
from werkzeug.test import Client
from werkzeug.test import create_environ
from werkzeug.wrappers import Response

from mockserver import OAuthMock
from mockserver import variants

_JSON = {"Cache-Control": "no-store", "Content-Type": "application/json", "Pragma": "no-cache"}
_OAUTH = "/.well-known/oauth-authorization-server"
_OPENID = "/.well-known/openid-configuration"


_METHODS = [
    "client_secret_basic",
    "client_secret_post",
    "client_secret_json",
    "client_secret_query",
    "client_secret_bearer",
    "client_secret_jwt",
    "private_key_jwt",
    "none",
]
_ALGORITHMS = [
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
    *("HS256", "HS384", "HS512"),
]


def metadata(issuer: str, **more: object) -> dict[str, object]:
    """The whole document of RFC 8414 2."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "dpop_signing_alg_values_supported": [
            *("ES256", "ES384", "ES512", "EdDSA"),
            *("PS256", "PS384", "PS512", "RS256", "RS384", "RS512"),
        ],
        "request_object_signing_alg_values_supported": [
            *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
            *("ES256", "ES384", "ES512", "EdDSA"),
            *("HS256", "HS384", "HS512", "none"),
        ],
        "registration_endpoint": f"{issuer}/register",
        "response_types_supported": ["code", "id_token", "code id_token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": [
            *("authorization_code", "client_credentials", "password", "refresh_token"),
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:saml2-bearer",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:openid:params:grant-type:ciba",
        ],
        "token_endpoint_auth_methods_supported": _METHODS,
        "token_endpoint_auth_signing_alg_values_supported": _ALGORITHMS,
        "backchannel_authentication_endpoint": f"{issuer}/bc-authorize",
        "backchannel_token_delivery_modes_supported": ["poll"],
        "backchannel_user_code_parameter_supported": False,
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "introspection_endpoint": f"{issuer}/introspect",
        "introspection_endpoint_auth_methods_supported": _METHODS[:-1],
        "introspection_endpoint_auth_signing_alg_values_supported": _ALGORITHMS,
        "introspection_signing_alg_values_supported": ["RS256"],
        "revocation_endpoint": f"{issuer}/revoke",
        "revocation_endpoint_auth_methods_supported": _METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": _ALGORITHMS,
        "code_challenge_methods_supported": ["S256", "plain"],
        **more,
    }


def openid(issuer: str, algorithms: list[str], *, claims: cabc.Sequence[str] = (), **more: object) -> dict[str, object]:
    """The whole document of OpenID Connect Discovery 3."""
    return metadata(
        issuer,
        userinfo_endpoint=f"{issuer}/userinfo",
        end_session_endpoint=f"{issuer}/end_session",
        subject_types_supported=["public", "pairwise"],
        id_token_signing_alg_values_supported=algorithms,
        # RFC 9701 7: like ID tokens, unless a client has it otherwise
        introspection_signing_alg_values_supported=algorithms,
        claim_types_supported=["normal"],
        claims_supported=[
            *("sub", "iss", "aud", "azp", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "c_hash"),
            *claims,
        ],
        claims_parameter_supported=True,
        display_values_supported=["page", "popup", "touch", "wap"],
        prompt_values_supported=["none", "login", "consent", "select_account"],
        ui_locales_supported=["en"],
        request_parameter_supported=True,
        request_uri_parameter_supported=False,
        **more,
    )


@pytest.mark.parametrize(
    ("path", "issuer"),
    [
        pytest.param(_OAUTH, "http://localhost", id="the issuer without path"),
        pytest.param(f"{_OAUTH}/tenant-a", "http://localhost/tenant-a", id="well-known before the path"),
        pytest.param(f"/tenant-a{_OAUTH}", "http://localhost/tenant-a", id="well-known behind the path"),
    ],
)
def test_metadata_are_where_rfc_8414_has_them(mock: OAuthMock, http: typing.Any, path: str, issuer: str) -> None:
    """RFC 8414 3.1, 3.3: the issuer in the document is the one whose URL was asked."""
    mock.issuer("tenant-a")

    assert http.answer(http.client.get(path)) == (200, metadata(issuer), _JSON)


@pytest.mark.parametrize(
    ("path", "issuer"),
    [
        pytest.param(_OPENID, "http://localhost", id="the issuer without path"),
        pytest.param(f"/tenant-a{_OPENID}", "http://localhost/tenant-a", id="behind the path"),
    ],
)
def test_openid_configuration_is_where_discovery_has_it(
    mock: OAuthMock, http: typing.Any, path: str, issuer: str
) -> None:
    """OpenID Connect Discovery 4.1: the well-known part is appended to the issuer's path."""
    mock.issuer("tenant-a")

    # alice, who is at the issuer without path, has one
    claims = ["email"] if path == _OPENID else []
    assert http.answer(http.client.get(path)) == (200, openid(issuer, ["RS256"], claims=claims), _JSON)


@pytest.mark.parametrize("path", [f"{_OAUTH}/nobody", f"/nobody{_OAUTH}", f"/nobody{_OPENID}", f"{_OAUTH}/"])
def test_an_issuer_that_was_not_declared_has_none(mock: OAuthMock, http: typing.Any, path: str) -> None:
    """RFC 8414 3: no issuer, no document: 404, and nothing is made up."""
    response = http.client.get(path)

    assert http.answer(response) == http.refused(404, "invalid_request")


def test_the_why_of_a_missing_document_names_the_issuer(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 8414 3.1: of /.well-known/oauth-authorization-server/nobody it is `nobody` that would be declared."""
    http.client.get(f"{_OAUTH}/nobody")

    assert "oauthmock.issuer('nobody')" in mock.journal.last.why


def test_scopes_are_listed_where_they_are_limited(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 8414 2: scopes_supported is what this issuer grants."""
    mock.issuer("a", scopes_supported=["orders:read", "openid"])

    document = http.client.get(f"/a{_OAUTH}").get_json()

    assert document == metadata("http://localhost/a", scopes_supported=["orders:read", "openid"])


@pytest.mark.parametrize(
    ("issuers", "clients", "algorithms", "keys"),
    [
        pytest.param("RS256", None, ["RS256"], ["ES256", "RS256"], id="RS256"),
        pytest.param("ES256", None, ["ES256"], ["ES256"], id="ES256"),
        pytest.param("ES256", "RS256", ["ES256", "RS256"], ["ES256", "RS256"], id="a client of its own"),
        pytest.param("RS256", "ES256", ["ES256", "RS256"], ["ES256", "RS256"], id="the other way"),
    ],
)
def test_every_algorithm_in_use_has_its_key(
    http: typing.Any, issuers: typing.Any, clients: typing.Any, algorithms: list[str], keys: list[str]
) -> None:
    """RFC 8414 2, RFC 7517 4: what ID tokens are signed with is listed, and every key has use, alg and kid."""
    issuer = http.mock.issuer("a", id_token_signed_response_alg=issuers)
    issuer.client(id_token_signed_response_alg=clients)

    document, response = http.client.get(f"/a{_OPENID}").get_json(), http.client.get("/a/jwks")

    assert document == openid("http://localhost/a", algorithms)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/jwk-set+json"
    assert response.headers["Cache-Control"] == "no-store"
    jwks = response.get_json()["keys"]
    assert [key["alg"] for key in jwks] == keys
    members = {"ES256": {"kty", "crv", "x", "y"}, "RS256": {"kty", "n", "e"}}
    assert [set(key) for key in jwks] == [members[alg] | {"use", "alg", "kid"} for alg in keys]
    assert {key["use"] for key in jwks} == {"sig"}


def test_the_document_tells_the_truth_about_the_matrix(http: typing.Any) -> None:
    """RFC 8414 2: what is advertised is what the matrix of variants exercises, over TLS that asks for certificates."""
    server = OAuthMock(issuer="https://localhost", https=True, client_certificates="optional")
    document = Client(server.wsgi).get(_OAUTH, base_url="https://localhost").get_json()
    server.close()

    assert set(document["grant_types_supported"]) >= {*variants.GRANT_TYPES}
    assert set(document["token_endpoint_auth_methods_supported"]) == {*variants.CLIENT_AUTH}


@pytest.mark.parametrize("path", [_OAUTH, _OPENID, "/jwks"])
def test_documents_are_for_get(http: typing.Any, path: str) -> None:
    """RFC 8414 3.1: queried by GET; HEAD too (RFC 9110 9.1); POST is 405."""
    assert http.client.head(path).status_code == 200
    assert http.answer(http.client.post(path)) == http.refused(405, "invalid_request", allow="GET")


@pytest.mark.parametrize(
    ("host", "issuer"),
    [
        pytest.param("localhost", "http://localhost", id="localhost"),
        pytest.param("LOCALHOST:8080", "http://localhost:8080", id="upper case"),
        pytest.param("127.0.0.1:8080", "http://127.0.0.1:8080", id="127.0.0.1"),
        pytest.param("[::1]:8080", "http://[::1]:8080", id="IPv6"),
        pytest.param("[::1]", "http://[::1]", id="IPv6 without port"),
    ],
)
def test_the_issuer_is_the_host_that_was_asked(host: str, issuer: str) -> None:
    """RFC 8414 3.3: the issuer value must be identical to the URL the client used."""
    response = Client(OAuthMock().wsgi).get(_OAUTH, headers={"Host": host})

    assert (response.status_code, response.get_json()) == (200, metadata(issuer))


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("evil.example", id="another host"),
        pytest.param("localhost.evil.example", id="a name that begins so"),
        pytest.param("evil-localhost", id="a name that ends so"),
        pytest.param("localhost:80@evil.example", id="localhost as user info"),
        pytest.param("evil.example/.localhost", id="a path"),
        pytest.param("evil.example?.localhost", id="a query"),
        pytest.param("evil.example#.localhost", id="a fragment"),
        pytest.param("evil.example\\.localhost", id="a backslash"),
        pytest.param("evil.example:80@localhost", id="evil as user info"),
        pytest.param("localhost:80/x", id="a path behind the port"),
        pytest.param("localhost:port", id="no port"),
        pytest.param("localhost, evil.example", id="two hosts"),
        pytest.param("192.168.0.1", id="another machine"),
    ],
)
def test_a_foreign_host_is_refused_and_never_reflected(http: typing.Any, host: str) -> None:
    """RFC 9110 7.4: misdirected requests are 421; what is no host of ours gets into no issuer."""
    mock = OAuthMock()

    # Not by a test client: some of werkzeug's read the port themselves.
    response = Response.from_app(mock.wsgi, create_environ(_OAUTH, headers={"Host": host}))

    assert http.answer(response) == http.refused(421, "invalid_request")
    assert "evil" not in response.get_data(as_text=True)
    assert "--allow-host" in mock.journal.last.why
