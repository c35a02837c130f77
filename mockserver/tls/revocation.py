"""The list of certificates that an authority has revoked (RFC 5280 5)."""

from __future__ import annotations

import datetime as dt
import os
import ssl
import tempfile
import typing

from .signer import Signer

if typing.TYPE_CHECKING:
    from cryptography import x509

__all__ = ["RevocationList"]

_VALID = dt.timedelta(days=30)


class RevocationList:
    """Serial numbers; each list that is made has a higher number than the one before, by which OpenSSL prefers it."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._serial_numbers: list[int] = []
        self._number = 0

    def judges(self, certificate: x509.Certificate) -> bool:
        """Whether a certificate is by whoever signs this list."""
        from cryptography.exceptions import InvalidSignature

        try:
            certificate.verify_directly_issued_by(self._signer.certificate)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True

    def add(self, serial_number: int) -> None:
        self._serial_numbers.append(serial_number)

    def clear(self) -> None:
        self._serial_numbers.clear()

    def enter(self, context: ssl.SSLContext) -> None:
        """Let handshakes from now on be judged by the list as it is."""
        # `load_verify_locations` takes lists from files alone: `cadata` is read as certificates.
        descriptor, path = tempfile.mkstemp(prefix="oauthmock-crl-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(self._pem())
            context.load_verify_locations(cafile=path)
        finally:
            os.unlink(path)  # noqa: PTH108 - the counterpart of mkstemp

    def _pem(self) -> bytes:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.serialization import Encoding

        self._number += 1
        # A minute ago: the peer's clock may be a little behind. Each list is a second younger than the one before.
        now = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1) + dt.timedelta(seconds=self._number)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._signer.certificate.subject)
            .last_update(now)
            .next_update(now + _VALID)
            .add_extension(x509.CRLNumber(self._number), critical=False)
        )
        for serial_number in self._serial_numbers:
            revoked = x509.RevokedCertificateBuilder().serial_number(serial_number).revocation_date(now)
            builder = builder.add_revoked_certificate(revoked.build())
        return builder.sign(self._signer.key, hashes.SHA256()).public_bytes(Encoding.PEM)
