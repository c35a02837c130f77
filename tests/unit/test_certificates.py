"""Certificates of servers and clients over real sockets: who is let in, and what the tester is told."""

from __future__ import annotations

import base64
import hashlib
import pathlib
import socket
import ssl
import typing

import httpx
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.hazmat.primitives.serialization import pkcs12

from mockserver import ClientCertificate
from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver.tls import IssuedCertificate


def trusting(mock: OAuthMock, certificate: IssuedCertificate | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=mock.ca_path)
    if certificate is not None:
        context.load_cert_chain(*certificate.cert)
    return context


def get(mock: OAuthMock, certificate: IssuedCertificate | None = None) -> httpx.Response:
    return httpx.get(mock.jwks_url, verify=trusting(mock, certificate))


# -- the server's ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "said", "told"),
    [
        ("untrusted", "unable to get local issuer certificate", "UNKNOWN_CA"),
        ("wrong_host", "certificate is not valid for '127.0.0.1'", "BAD_CERTIFICATE"),
        ("expired", "certificate has expired", "CERTIFICATE_EXPIRED"),
    ],
)
def test_a_client_that_looks_refuses_the_server_and_sends_nothing(kind: str, said: str, told: str) -> None:
    """RFC 9110 4.3.4."""
    with OAuthMock(https=True, server_certificate=kind) as mock:
        with pytest.raises(httpx.ConnectError, match=said):
            get(mock)
        # The server's end of the handshake may come a moment after the client's
        answer = httpx.get(mock.jwks_url, verify=False)

    assert answer.status_code == 200
    assert [exchange.request.target for exchange in mock.journal] == ["/jwks"]
    assert [told in reason for reason in mock.handshakes] == [True]


def test_a_good_certificate_is_taken_and_nothing_is_told() -> None:
    with OAuthMock(https=True) as mock:
        assert get(mock).status_code == 200
        assert mock.handshakes == ()


def test_plain_http_to_the_tls_port_is_told() -> None:
    with OAuthMock(https=True) as mock:
        with pytest.raises(httpx.HTTPError):
            httpx.get(mock.jwks_url.replace("https://", "http://"))
        get(mock)
        assert ["HTTP_REQUEST" in reason for reason in mock.handshakes] == [True]
        mock.reset()
        assert mock.handshakes == ()


def test_a_peer_that_never_speaks_stalls_nobody() -> None:
    with OAuthMock(https=True, client_certificates="optional") as mock:
        silent = [socket.create_connection(("127.0.0.1", httpx.URL(mock.url).port or 0)) for _ in range(20)]
        assert get(mock).status_code == 200
        for sock in silent:
            sock.close()


# -- the client's ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict() -> typing.Iterator[OAuthMock]:
    with OAuthMock(https=True, client_certificates="required") as mock:
        yield mock


def test_a_client_with_a_certificate_is_let_in_and_the_journal_has_it(strict: OAuthMock) -> None:
    strict.reset()
    crm = strict.client_certificate("crm")

    assert get(strict, crm).status_code == 200
    seen = strict.journal.last.request.peer_certificate
    assert seen == ssl.PEM_cert_to_DER_cert(crm.pem)
    assert (crm.subject, strict.journal.last.certificate) == ("CN=crm", "CN=crm")
    assert requests.get(strict.jwks_url, cert=crm.cert, verify=str(strict.ca_path), timeout=10).status_code == 200


def test_a_chain_through_an_intermediate_ca_is_let_in(strict: OAuthMock) -> None:
    assert get(strict, strict.client_certificate("crm", chain=True)).status_code == 200


@pytest.mark.parametrize(
    ("flaw", "told"),
    [
        ("wrong_ca", "unable to get local issuer certificate"),
        ("expired", "certificate has expired"),
        ("not_yet_valid", "certificate is not yet valid"),
        ("wrong_usage", "unsuitable certificate purpose"),
        ("revoked", "certificate revoked"),
        ("none", "peer did not return a certificate"),
    ],
)
@pytest.mark.parametrize("chain", [False, True])
def test_a_flaw_is_refused_in_the_handshake_and_told(strict: OAuthMock, flaw: str, told: str, chain: bool) -> None:
    strict.reset()
    if flaw == "none":
        certificate = None
    elif flaw == "revoked":
        certificate = strict.client_certificate("crm", chain=chain)
        assert get(strict, certificate).status_code == 200
        certificate.revoke()
    else:
        certificate = strict.client_certificate("crm", flaw=flaw, chain=chain)  # type: ignore[arg-type]
    seen = len(strict.journal)

    with pytest.raises(httpx.HTTPError):
        get(strict, certificate)

    assert get(strict, strict.client_certificate("other")).status_code == 200
    assert len(strict.journal) == seen + 1
    assert [told in reason for reason in strict.handshakes] == [True]


def test_an_optional_certificate_may_be_left_out_and_is_judged_when_it_comes() -> None:
    with OAuthMock(https=True, client_certificates="optional") as mock:
        door = mock.protect("/door", json={}, guard=ClientCertificate(subject="crm"))
        assert get(mock).status_code == 200
        assert mock.journal.last.certificate is None
        for certificate, status in (
            (None, 403),
            (mock.client_certificate("other"), 403),
            (mock.client_certificate("crm"), 200),
        ):
            assert httpx.get(door.url, verify=trusting(mock, certificate)).status_code == status
        with pytest.raises(httpx.HTTPError):
            get(mock, mock.client_certificate("crm", flaw="expired"))


def token(mock: OAuthMock, client_id: str, certificate: IssuedCertificate) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": client_id}
    return httpx.post(mock.token_url, data=form, verify=trusting(mock, certificate))


def test_a_self_signed_certificate_is_trusted_from_its_registration_to_the_reset(strict: OAuthMock) -> None:
    """RFC 8705 2.2: whoever is not registered fails in the handshake, also who was before the reset."""
    strict.reset()
    own, stranger = (strict.client_certificate("crm", self_signed=True) for _ in range(2))
    with pytest.raises(httpx.TransportError):
        get(strict, own)
    client = strict.client("crm", token_endpoint_auth_method="self_signed_tls_client_auth", jwks={"keys": [own.jwk]})
    other = strict.issuer("tenant").client(token_endpoint_auth_method="self_signed_tls_client_auth")

    assert token(strict, client.client_id, own).status_code == 200
    assert get(strict, other.certificate).status_code == 200
    with pytest.raises(httpx.TransportError):
        get(strict, stranger)
    assert "self-signed certificate" in strict.handshakes[-1]
    strict.reset()
    with pytest.raises(httpx.TransportError):
        get(strict, own)


def test_a_certificate_by_another_ca_may_be_registered(strict: OAuthMock) -> None:
    """RFC 8705 2.2: it is the certificate that is trusted, whoever signed it."""
    strict.reset()
    foreign = strict.client_certificate("crm", flaw="wrong_ca")
    strict.client("crm", token_endpoint_auth_method="self_signed_tls_client_auth", jwks={"keys": [foreign.jwk]})

    assert token(strict, "crm", foreign).status_code == 200


def test_a_self_signed_certificate_is_revoked(strict: OAuthMock) -> None:
    """RFC 5280 5: those that the server made have lists; once one is used, those without are refused until a reset."""
    strict.reset()
    one = strict.client("one", token_endpoint_auth_method="self_signed_tls_client_auth")
    two = strict.client("two", token_endpoint_auth_method="self_signed_tls_client_auth")
    foreign = strict.client_certificate("erp", flaw="wrong_ca")
    strict.client("erp", token_endpoint_auth_method="self_signed_tls_client_auth", jwks={"keys": [foreign.jwk]})
    assert get(strict, foreign).status_code == 200

    one.certificate.revoke()

    assert token(strict, "two", two.certificate).status_code == 200
    assert get(strict, strict.client_certificate("crm")).status_code == 200
    for refused in (one.certificate, foreign):
        with pytest.raises(httpx.TransportError):
            get(strict, refused)
    after = strict.client("after", token_endpoint_auth_method="self_signed_tls_client_auth")
    assert token(strict, "after", after.certificate).status_code == 200
    strict.reset()
    strict.client("erp", token_endpoint_auth_method="self_signed_tls_client_auth", jwks={"keys": [foreign.jwk]})
    assert token(strict, "erp", foreign).status_code == 200


def test_a_client_of_the_settings_is_trusted_from_the_start() -> None:
    """RFC 8705 2.2.2: `x5c` in a file, as well as in Python."""
    with OAuthMock(https=True) as other:
        own = other.client_certificate("crm", self_signed=True)
        method = "self_signed_tls_client_auth"
        crm = {"client_id": "crm", "token_endpoint_auth_method": method, "jwks": {"keys": [own.jwk]}}
        with OAuthMock(https=True, client_certificates="required", clients=[crm]) as mock:
            assert token(mock, "crm", own).status_code == 200
            mock.reset()
            assert token(mock, "crm", own).status_code == 200


def test_no_certificate_is_asked_for_unless_the_setting_says_so() -> None:
    with OAuthMock(https=True) as mock:
        assert get(mock, mock.client_certificate("crm")).status_code == 200
        assert mock.journal.last.request.peer_certificate is None


def test_the_key_comes_under_a_password_and_in_pkcs_12(strict: OAuthMock) -> None:
    crm = strict.client_certificate("crm", chain=True)
    context = ssl.create_default_context(cafile=strict.ca_path)
    context.load_cert_chain(crm.cert_path, crm.encrypted_key_path("s3cret"), "s3cret")

    assert httpx.get(strict.jwks_url, verify=context).status_code == 200
    key, certificate, more = pkcs12.load_key_and_certificates(crm.pkcs12_path("s3cret").read_bytes(), b"s3cret")
    assert certificate == x509.load_pem_x509_certificate(crm.pem.encode())
    assert len(more) == 1
    plain = load_pem_private_key(crm.key_path.read_bytes(), None)
    assert key.private_numbers() == plain.private_numbers()  # type: ignore[union-attr]


def test_java_reads_the_trust_store(strict: OAuthMock) -> None:
    """Its entry has the attribute by which Java knows a trusted certificate."""
    octets = strict.truststore_path("changeit").read_bytes()
    loaded = pkcs12.load_pkcs12(octets, b"changeit")

    assert [entry.friendly_name for entry in loaded.additional_certs] == [b"oauthmock"]
    assert loaded.additional_certs[0].certificate == x509.load_pem_x509_certificate(strict.ca_path.read_bytes())


def test_two_servers_have_different_cas() -> None:
    """Requirements row 36: trust that was given to one server is not given to the other."""
    with OAuthMock(https=True) as tokens, OAuthMock(https=True) as api:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(api.jwks_url, verify=trusting(tokens))
        assert httpx.get(api.jwks_url, verify=trusting(api)).status_code == 200


def test_the_thumbprint_is_that_of_the_certificate(strict: OAuthMock) -> None:
    """RFC 8705 3.1."""
    crm = strict.client_certificate("crm")
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(crm.pem)).digest()
    assert base64.urlsafe_b64decode(crm.thumbprint + "=") == digest


def test_files_end_with_the_server() -> None:
    with OAuthMock(https=True) as mock:
        paths: list[pathlib.Path] = [mock.ca_path, mock.client_certificate("crm").key_path, mock.truststore_path("x")]
        assert all(path.exists() for path in paths)
    assert not any(path.exists() for path in paths)


# -- bad input ---------------------------------------------------------------------------------------------------------


def test_without_https_there_are_no_certificates() -> None:
    with OAuthMock() as mock:
        with pytest.raises(ConfigurationError) as raised:
            mock.client_certificate("crm")
        assert str(raised.value) == (
            "client_certificate: the server speaks plain HTTP and has no CA; start it with https=True"
        )
    with pytest.raises(ConfigurationError) as raised:
        OAuthMock(client_certificates="required", server_certificate="expired")
    assert str(raised.value) == (
        "OAuthMock: server_certificate = 'expired': plain HTTP has no certificates; https = true, or leave it out\n"
        "OAuthMock: client_certificates = 'required': plain HTTP has no certificates; https = true, or leave it out"
    )


def test_a_flaw_that_does_not_exist_and_an_impossible_name_are_told(strict: OAuthMock) -> None:
    with pytest.raises(ConfigurationError) as raised:
        strict.client_certificate("crm", flaw="expird")  # type: ignore[arg-type]
    assert str(raised.value) == (
        "client_certificate(flaw='expird'): write one of 'wrong_ca', 'expired', 'not_yet_valid', 'wrong_usage'"
    )
    with pytest.raises(ConfigurationError, match="a common name has 1 to 64 characters"):
        strict.client_certificate("")
