"""Row 37: a client that its certificate authenticates, and tokens that are bound to it."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import typing

import httpx
import pytest

from connectors.tls import TlsSettings
from connectors.world import World
from mockserver import OAuthMock
from mockserver import RegisteredClient
from mockserver.tls import IssuedCertificate


def test_row_37_certificate_at_the_token_server(world: World) -> None:
    """providers.yaml:572."""
    world.prove(globals())


@contextlib.contextmanager
def _asking() -> cabc.Iterator[OAuthMock]:
    with OAuthMock(https=True, client_certificates="optional") as server:
        yield server


def _http(server: OAuthMock, certificate: IssuedCertificate | None) -> contextlib.AbstractContextManager[httpx.Client]:
    shown = None if certificate is None else (certificate.cert_path, certificate.key_path)
    return TlsSettings(trusts=[server.ca_path], client_certificate=shown).client()


def _token(server: OAuthMock, client: RegisteredClient, certificate: IssuedCertificate | None) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": client.client_id}
    with _http(server, certificate) as http:
        return http.post(server.token_url, data=form)


def _call(server: OAuthMock, token: str, certificate: IssuedCertificate | None) -> httpx.Response:
    with _http(server, certificate) as http:
        return http.get(server.protect("/orders/7", json={"id": 7}).url, headers={"Authorization": f"Bearer {token}"})


def _refused(server: OAuthMock, answer: httpx.Response, why: str) -> None:
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert why in server.journal.last.why


def signed_by_a_ca(world: World) -> None:
    with _asking() as server:
        client = server.client("crm", token_endpoint_auth_method="tls_client_auth")
        assert _token(server, client, client.certificate).status_code == 200
        assert (server.tokens.last.client_auth, server.journal.last.certificate) == ("tls_client_auth", "CN=crm")


def self_signed(world: World) -> None:
    with _asking() as server:
        client = server.client("crm", token_endpoint_auth_method="self_signed_tls_client_auth")
        assert _token(server, client, client.certificate).status_code == 200
        assert server.tokens.last.client_auth == "self_signed_tls_client_auth"


def _bound(server: OAuthMock) -> tuple[RegisteredClient, str]:
    settings: dict[str, typing.Any] = {"tls_client_certificate_bound_access_tokens": True}
    client = server.client("crm", token_endpoint_auth_method="tls_client_auth", **settings)
    return client, _token(server, client, client.certificate).json()["access_token"]


def bound_token(world: World) -> None:
    with _asking() as server:
        client, token = _bound(server)
        assert server.tokens.last.cnf == {"x5t#S256": client.certificate.thumbprint}
        assert _call(server, token, client.certificate).json() == {"id": 7}


def bound_token_with_another_certificate(world: World) -> None:
    with _asking() as server:
        _, token = _bound(server)
        answer = _call(server, token, server.client_certificate("crm"))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


def bound_token_without_a_certificate(world: World) -> None:
    with _asking() as server:
        _, token = _bound(server)
        answer = _call(server, token, None)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


def certificate_of_somebody_else(world: World) -> None:
    with _asking() as server:
        client = server.client("crm", token_endpoint_auth_method="tls_client_auth")
        _refused(server, _token(server, client, server.client_certificate("erp")), "'CN=erp'; 'CN=crm' is registered")


def no_certificate(world: World) -> None:
    with _asking() as server:
        client = server.client("crm", token_endpoint_auth_method="tls_client_auth")
        _refused(server, _token(server, client, None), "the connection has no client certificate")


def self_signed_and_not_registered(world: World) -> None:
    """The handshake fails: there is nobody to answer."""
    with _asking() as server:
        client = server.client("crm", token_endpoint_auth_method="self_signed_tls_client_auth")
        with pytest.raises(httpx.TransportError):
            _token(server, client, server.client_certificate("crm", self_signed=True))
        assert list(server.journal) == []
        assert "self-signed certificate" in server.handshakes[-1]


def endpoint_aliases(world: World) -> None:
    with _asking() as server:
        client = server.client("crm", token_endpoint_auth_method="tls_client_auth")
        with _http(server, client.certificate) as http:
            document = http.get(server.authorization_server_url).json()
            form = {"grant_type": "client_credentials", "client_id": "crm"}
            assert http.post(document["mtls_endpoint_aliases"]["token_endpoint"], data=form).status_code == 200


def certificate_beside_a_secret(world: World) -> None:
    with _asking() as server:
        client = server.client("crm")
        with _http(server, server.client_certificate("crm")) as http:
            form = {"grant_type": "client_credentials"}
            assert http.post(server.token_url, data=form, auth=("crm", client.client_secret)).status_code == 200
        assert server.tokens.last.client_auth == "client_secret_basic"
