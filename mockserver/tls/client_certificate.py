"""A client's certificate and key, in the forms in which clients want them, good or with a flaw."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import pathlib
import typing

from ..errors import ConfigurationError
from .signer import Signer

if typing.TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["ClientFlaw", "IssuedCertificate"]

ClientFlaw = typing.Literal["wrong_ca", "expired", "not_yet_valid", "wrong_usage"]
_FLAWS = typing.get_args(ClientFlaw)
_YEAR = dt.timedelta(days=365)
_HOUR = dt.timedelta(hours=1)


class IssuedCertificate:
    """
    The certificate of a client and its private key, in files that end with the server.

    `cert_path` is PEM with the certificate first and the intermediate CA, if there is one, after it; `key_path` is the
    key, PEM in PKCS #8 without a password. `cert` is both, as requests takes them. `ca_path` is the certificate that
    the client must trust itself.
    """

    def __init__(
        self,
        chain: cabc.Sequence[x509.Certificate],
        key: ec.EllipticCurvePrivateKey,
        folder: pathlib.Path,
        ca_path: pathlib.Path,
        revoke: cabc.Callable[[x509.Certificate], None],
    ) -> None:
        from cryptography.hazmat.primitives.serialization import NoEncryption

        self._chain = chain
        self._key = key
        self._folder = folder
        self.ca_path = ca_path
        self._revoke = revoke
        self.cert_path = self._written("cert.pem", b"".join(map(_pem, chain)))
        self.key_path = self._written("key.pem", self._pkcs8(NoEncryption()))

    @classmethod
    def made(
        cls,
        name: str,
        signer: Signer | None,
        folder: pathlib.Path,
        ca_path: pathlib.Path,
        *,
        flaw: ClientFlaw | None,
        chain: bool,
        names: cabc.Mapping[str, str],
        revoke: cabc.Callable[[x509.Certificate], None],
    ) -> IssuedCertificate:
        """
        Without a `signer` it is self-signed.

        Raises `ConfigurationError` for a flaw that does not exist, and for a name that no certificate can have.
        """
        from cryptography.hazmat.primitives.asymmetric import ec

        if flaw is not None and flaw not in _FLAWS:
            raise ConfigurationError(f"client_certificate(flaw={flaw!r}): write one of {', '.join(map(repr, _FLAWS))}")
        if not name or len(name) > 64:
            raise ConfigurationError(
                f"client_certificate({name!r}): a common name has 1 to 64 characters (RFC 5280, appendix A)"
            )
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _signed(name, key, signer, flaw, names)
        return cls([certificate, *([signer.certificate] if chain and signer else [])], key, folder, ca_path, revoke)

    @property
    def cert(self) -> tuple[str, str]:
        """`requests.get(url, cert=certificate.cert)`; of `ssl.SSLContext.load_cert_chain` the two arguments."""
        return str(self.cert_path), str(self.key_path)

    @property
    def subject(self) -> str:
        """Its distinguished name, as RFC 4514 writes it."""
        return self._chain[0].subject.rfc4514_string()

    @property
    def serial_number(self) -> int:
        return self._chain[0].serial_number

    @property
    def pem(self) -> str:
        """The certificate alone."""
        return _pem(self._chain[0]).decode("ascii")

    @property
    def thumbprint(self) -> str:
        """SHA-256 of the certificate in DER, base64url without padding: `x5t#S256` (RFC 8705 3.1)."""
        import base64
        import hashlib

        from cryptography.hazmat.primitives.serialization import Encoding

        digest = hashlib.sha256(self._chain[0].public_bytes(Encoding.DER)).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

    @property
    def jwk(self) -> dict[str, typing.Any]:
        """Its public key as a JWK, with the certificate in `x5c` (RFC 7517 4.7): for `jwks` (RFC 8705 2.2.2)."""
        import base64

        import jwt
        from cryptography.hazmat.primitives.serialization import Encoding

        octets = self._chain[0].public_bytes(Encoding.DER)
        members = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {**members, "use": "sig", "kid": self.thumbprint, "x5c": [base64.b64encode(octets).decode("ascii")]}

    def _as_signer(self) -> Signer:
        """Itself, as one that signs for itself."""
        return Signer(self._chain[0], self._key)

    def encrypted_key_path(self, password: str) -> pathlib.Path:
        """The key under a password, PEM in PKCS #8."""
        from cryptography.hazmat.primitives.serialization import BestAvailableEncryption

        return self._written("encrypted-key.pem", self._pkcs8(BestAvailableEncryption(password.encode())))

    def pkcs12_path(self, password: str) -> pathlib.Path:
        """Certificate, chain and key in one file under a password: PKCS #12, which Java reads as a key store."""
        from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
        from cryptography.hazmat.primitives.serialization import pkcs12

        protection = BestAvailableEncryption(password.encode())
        octets = pkcs12.serialize_key_and_certificates(
            b"client", self._key, self._chain[0], list(self._chain[1:]), protection
        )
        return self._written("client.p12", octets)

    def revoke(self) -> None:
        """Put it on the list of the authority: handshakes from now on refuse it."""
        self._revoke(self._chain[0])

    def _pkcs8(self, encryption: typing.Any) -> bytes:
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.hazmat.primitives.serialization import PrivateFormat

        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)

    def _written(self, name: str, content: bytes) -> pathlib.Path:
        path = self._folder / name
        path.write_bytes(content)
        return path

    def __repr__(self) -> str:
        return f"<IssuedCertificate {self.subject}>"


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    signer: Signer | None,
    flaw: ClientFlaw | None,
    names: cabc.Mapping[str, str],
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID
    from cryptography.x509.oid import NameOID

    now = dt.datetime.now(dt.UTC)
    begin, end = {
        "expired": (now - _YEAR, now - _HOUR),
        "not_yet_valid": (now + _HOUR, now + _YEAR),
    }.get(flaw or "", (now - _HOUR, now + _YEAR))
    # RFC 5280 4.2.1.12
    usage = ExtendedKeyUsageOID.SERVER_AUTH if flaw == "wrong_usage" else ExtendedKeyUsageOID.CLIENT_AUTH
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    if "subject_dn" in names:
        subject = x509.Name.from_rfc4514_string(names["subject_dn"])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if signer is None else signer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    )
    if signer is not None:
        identifier = signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
    alternative = _alternative(names)
    if alternative:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    return builder.sign(key if signer is None else signer.key, hashes.SHA256())


def _alternative(names: cabc.Mapping[str, str]) -> list[x509.GeneralName]:
    """RFC 5280 4.2.1.6."""
    import ipaddress

    from cryptography import x509

    made: dict[str, cabc.Callable[[str], x509.GeneralName]] = {
        "san_dns": x509.DNSName,
        "san_uri": x509.UniformResourceIdentifier,
        "san_ip": lambda address: x509.IPAddress(ipaddress.ip_address(address)),
        "san_email": x509.RFC822Name,
    }
    return [made[kind](name) for kind, name in names.items() if kind in made]


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)
