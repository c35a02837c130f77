"""A client certificate, as the TLS server below hands it on."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import hashlib
import pathlib
import typing

import msgspec

from ..admission import Admission
from ..admission import Refusal
from ..admission import Visit
from ..context import Context
from ..errors import ConfigurationError

if typing.TYPE_CHECKING:
    from cryptography import x509

__all__ = ["ClientCertificate"]


class _Certificates(msgspec.Struct, frozen=True):
    certificate: bytes | str | pathlib.Path | None = None


class ClientCertificate(_Certificates, frozen=True, kw_only=True):
    """
    The caller has a certificate: any that is valid now, `certificate` itself (PEM, DER or a path), or a `subject`'s.

    `subject` is a distinguished name as RFC 4514 writes it, or the common name alone. TLS has checked the chain and
    that the caller has the key, where the server asks for certificates.
    """

    name: typing.ClassVar[str] = "client_certificate"
    has_challenge: typing.ClassVar[bool] = False

    subject: str | None = None

    def __post_init__(self) -> None:
        if self.certificate is not None:
            try:
                _read(self.certificate)
            except (OSError, ValueError) as error:
                raise ConfigurationError(f"ClientCertificate: {error}; give a certificate as PEM or DER") from None

    def check(self, visit: Visit, context: Context) -> Admission:
        octets = visit.request.peer_certificate
        if octets is None:
            raise self._refusal("the connection has no client certificate", presented=False)
        from cryptography import x509

        visit.presents(self.name)
        try:
            presented = x509.load_der_x509_certificate(octets)
        except ValueError as error:
            raise self._refusal(f"the client certificate cannot be read: {error}") from None
        subject = presented.subject.rfc4514_string()
        visit.presents(self.name, subject)
        now = dt.datetime.fromtimestamp(context.clock.peer(), dt.UTC)
        if not presented.not_valid_before_utc <= now <= presented.not_valid_after_utc:
            span = f"{presented.not_valid_before_utc:%F %T} to {presented.not_valid_after_utc:%F %T} UTC"
            raise self._refusal(f"the certificate of {subject!r} is valid from {span}; now it is {now:%F %T}")
        if self.certificate is not None and _fingerprint(_read(self.certificate)) != _fingerprint(presented):
            raise self._refusal(f"the certificate of {subject!r} is another than the one that is asked for")
        if self.subject is not None and self.subject not in (subject, *_common_names(presented)):
            raise self._refusal(f"the certificate is that of {subject!r}; {self.subject!r} is asked for")
        return Admission(why=f"took the client certificate of {subject!r}")

    def challenge(self, visit: Visit, context: Context) -> None:
        return None

    def secrets(self) -> cabc.Iterable[str]:
        return ()

    def _refusal(self, hint: str, *, presented: bool = True) -> Refusal:
        # RFC 9110 15.5.4: no challenge could ask for one within the request
        return Refusal(hint=hint, status=403, text="A client certificate is required.", presented=presented)


def _read(source: bytes | str | pathlib.Path) -> x509.Certificate:
    from cryptography import x509

    octets = source.read_bytes() if isinstance(source, pathlib.Path) else source
    octets = octets.encode() if isinstance(octets, str) else octets
    return (x509.load_pem_x509_certificate if b"-----BEGIN" in octets else x509.load_der_x509_certificate)(octets)


def _fingerprint(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def _common_names(certificate: x509.Certificate) -> list[str]:
    from cryptography.x509.oid import NameOID

    return [str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
