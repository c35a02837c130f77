"""The throw-away CA and the certificates it signs."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import ssl

import pytest
from cryptography import x509

from mockserver.tls import Authority


@pytest.fixture
def authority() -> cabc.Iterator[Authority]:
    made = Authority()
    yield made
    made.close()


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> ssl.SSLObject:
    """A handshake in memory; the client's end of it."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(3):
        for end in (ours, theirs):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
    return ours


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "acme.example"])
def test_a_client_that_trusts_the_ca_believes_every_name(authority: Authority, name: str) -> None:
    """RFC 9110 4.3.4: names and addresses are in the certificate."""
    server = authority.server_context("localhost", "127.0.0.1", "::1", "acme.example")

    ours = _handshake(server, ssl.create_default_context(cafile=str(authority.ca_path)), name)

    assert ours.version() == "TLSv1.3"


def test_a_name_that_was_not_asked_for_is_not_in_the_certificate(authority: Authority) -> None:
    """RFC 9110 4.3.4: the client refuses it."""
    server = authority.server_context("localhost")

    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(server, ssl.create_default_context(cafile=str(authority.ca_path)), "acme.example")


def test_a_client_that_does_not_trust_the_ca_refuses_it(authority: Authority) -> None:
    """Each authority is its own: another one's CA does not help either."""
    other = Authority()
    server = authority.server_context("localhost")

    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(server, ssl.create_default_context(), "localhost")
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(server, ssl.create_default_context(cafile=str(other.ca_path)), "localhost")
    other.close()


def test_only_the_certificate_is_on_disk(authority: Authority) -> None:
    """No private key leaves the process."""
    text = authority.ca_path.read_text(encoding="ascii")

    assert [file.name for file in authority.ca_path.parent.iterdir()] == ["ca.pem"]
    assert text.count("-----BEGIN ") == text.count("-----BEGIN CERTIFICATE-----") == 1


def test_the_certificate_is_a_ca(authority: Authority) -> None:
    """RFC 5280 4.2.1.9: else nothing would trust what it signs."""
    certificate = x509.load_pem_x509_certificate(authority.ca_path.read_bytes())

    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is True


def test_common_clients_are_told_by_their_variables(authority: Authority) -> None:
    """Python, requests, curl and Node."""
    path = str(authority.ca_path)

    assert authority.environment() == {
        "SSL_CERT_FILE": path,
        "REQUESTS_CA_BUNDLE": path,
        "CURL_CA_BUNDLE": path,
        "NODE_EXTRA_CA_CERTS": path,
    }


def test_closing_removes_the_file_and_may_be_done_twice() -> None:
    """Nothing of it stays."""
    authority = Authority()
    folder = authority.ca_path.parent

    authority.close()
    authority.close()

    assert not folder.exists()
