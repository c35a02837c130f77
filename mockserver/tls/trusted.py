"""Whom clients trust besides: the certificates of a file, or those of the system."""

from __future__ import annotations

import pathlib
import ssl
import typing
import warnings

if typing.TYPE_CHECKING:
    from cryptography import x509

__all__ = ["certificates", "trusted"]

# Where systems keep the certificates that they trust in one file
_OF_THE_SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def trusted(others: str | None = None) -> bytes:
    """Certificates in PEM: of the file `others` if it has some, of the system, or those that Mozilla trusts."""
    import certifi  # httpx brings it

    places = [others, ssl.get_default_verify_paths().openssl_cafile, *_OF_THE_SYSTEM, certifi.where()]
    for place in places:
        try:
            text = pathlib.Path(place).read_bytes() if place else b""
        except OSError:  # a folder, say
            continue
        if b"-----BEGIN" in text:
            return text
    return b""


def certificates(text: bytes) -> list[x509.Certificate]:
    """Every certificate of a text in PEM that is one: systems trust some that are not quite."""
    from cryptography import x509

    found: list[x509.Certificate] = []
    end = b"-----END CERTIFICATE-----"
    for piece in text.split(end)[:-1]:
        _, begin, rest = piece.partition(b"-----BEGIN CERTIFICATE-----")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found.append(x509.load_pem_x509_certificate(begin + rest + end))
            except ValueError:
                continue
    return found
