"""Who signs certificates and lists of them: a certificate and its key."""

from __future__ import annotations

import typing

import msgspec

from ..redaction import without

if typing.TYPE_CHECKING:
    import trustme
    from cryptography import x509

__all__ = ["Signer"]


class Signer(msgspec.Struct, frozen=True):
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: typing.Any

    def __repr__(self) -> str:
        return without(self, "key")

    @classmethod
    def of(cls, ca: trustme.CA) -> Signer:
        """An authority as trustme made it."""
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        certificate = x509.load_pem_x509_certificate(ca.cert_pem.bytes())
        return cls(certificate, load_pem_private_key(ca.private_key_pem.bytes(), None))
