"""A throw-away certificate authority, and TLS as a server has it."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import pathlib
import ssl
import tempfile
import typing

import trustme

from ..policies import ServerCertificate
from . import trusted
from .client_certificate import ClientFlaw
from .client_certificate import IssuedCertificate
from .revocation import RevocationList
from .signer import Signer

if typing.TYPE_CHECKING:
    from cryptography import x509

__all__ = ["Authority"]

# A reserved name, RFC 6761 6.4, that nobody connects to
_ELSEWHERE = "elsewhere.invalid"


class Authority:
    """
    A CA that lives as long as this object, and its files: `ca_path`, and what is made for clients.

    Nothing of the CA but its certificate is ever written. Keys are P-256: an RSA key would cost up to 0.4 s.
    """

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self._folder = tempfile.TemporaryDirectory(prefix="oauthmock-ca-")
        self.ca_path = self._written("ca.pem", self._ca.cert_pem.bytes())
        self._intermediate: trustme.CA | None = None
        self._lists: list[RevocationList] = [RevocationList(Signer.of(self._ca))]
        """Of the CA, of the one below it, and of every client that signed for itself."""
        self._has_revoked = False
        self._contexts: list[ssl.SSLContext] = []
        """Those that ask clients for certificates."""
        self._made = 0

    def server_context(
        self,
        *names: str,
        certificate: ServerCertificate = "good",
        clients: ssl.VerifyMode = ssl.CERT_NONE,
    ) -> ssl.SSLContext:
        """
        A TLS context for a server that is reached under these host names and addresses.

        `certificate` is `good`, or what a client has to refuse: signed by a CA that nobody trusts, for another host, or
        expired an hour ago. `clients`: whether clients are asked for certificates of this CA, and must have one.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issuer = trustme.CA() if certificate == "untrusted" else self._ca
        until = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1) if certificate == "expired" else None
        hosts = (_ELSEWHERE,) if certificate == "wrong_host" else names
        issuer.issue_cert(*hosts, not_after=until).configure_cert(context)
        if clients is not ssl.CERT_NONE:
            context.verify_mode = clients
            # A certificate that is registered is trusted, whoever signed it
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            self._ca.configure_trust(context)
            self._contexts.append(context)
            if self._has_revoked:
                self._enter(context, self._lists)
        return context

    def forget_revocations(self) -> bool:
        """Let contexts from now on take who was revoked; whether anybody was."""
        was, self._has_revoked = self._has_revoked, False
        if was:
            for each in self._lists:
                each.clear()
        return was

    def forget(self, context: ssl.SSLContext) -> None:
        """Tell a context no more who is revoked."""
        self._contexts = [each for each in self._contexts if each is not context]

    def client_certificate(
        self,
        name: str,
        *,
        flaw: ClientFlaw | None = None,
        chain: bool = False,
        self_signed: bool = False,
        names: cabc.Mapping[str, str] | None = None,
    ) -> IssuedCertificate:
        """
        A certificate for a client, in files of this authority. `chain`: through an intermediate CA.

        `names`: whom it names besides, by `subject_dn` (in place of the common name), `san_dns`, `san_uri`, ...
        """
        self._made += 1
        folder = pathlib.Path(self._folder.name, f"client-{self._made}")
        folder.mkdir()
        root = trustme.CA() if flaw == "wrong_ca" else self._ca
        signer = None if self_signed else Signer.of(self._below(root) if chain else root)
        issued = IssuedCertificate.made(
            name, signer, folder, self.ca_path, flaw=flaw, chain=chain, names=names or {}, revoke=self._revoke
        )
        if self_signed:
            self._add_list(issued._as_signer())
        return issued

    def truststore(self, password: str, *others: x509.Certificate) -> bytes:
        """The CA's certificate, and others, as a PKCS #12 trust store that Java reads."""
        from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
        from cryptography.hazmat.primitives.serialization import pkcs12

        (own,) = trusted.certificates(self._ca.cert_pem.bytes())
        entries = [pkcs12.PKCS12Certificate(own, b"oauthmock")]
        entries += [pkcs12.PKCS12Certificate(each, b"other-%d" % number) for number, each in enumerate(others)]
        return pkcs12.serialize_java_truststore(entries, BestAvailableEncryption(password.encode()))

    def truststore_path(self, password: str, *others: x509.Certificate) -> pathlib.Path:
        """`truststore`, in a file."""
        return self._written("truststore.p12", self.truststore(password, *others))

    def bundle(self, name: str, others: str | None = None) -> pathlib.Path:
        """
        A file, called `name`, with this CA's certificate and those of another file: of `others`, else the system's.

        For clients that trust what is in a file, and nobody else.
        """
        return self._written(name, self._ca.cert_pem.bytes() + b"\n" + trusted.trusted(others))

    def environment(self) -> dict[str, str]:
        """The variables by which common clients are told to trust this CA."""
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        return dict.fromkeys(names, str(self.ca_path))

    def close(self) -> None:
        """Remove the files."""
        self._folder.cleanup()

    def _below(self, root: trustme.CA) -> trustme.CA:
        """An intermediate CA: the authority's own, once and for all, with a list that OpenSSL asks for."""
        if root is not self._ca:
            return root.create_child_ca()
        if self._intermediate is None:
            self._intermediate = root.create_child_ca()
            self._add_list(Signer.of(self._intermediate))
        return self._intermediate

    def _add_list(self, signer: Signer) -> None:
        self._lists.append(RevocationList(signer))
        if self._has_revoked:
            for context in self._contexts:
                self._enter(context, self._lists[-1:])

    def _revoke(self, certificate: x509.Certificate) -> None:
        found = [each for each in self._lists if each.judges(certificate)]
        for each in found:
            each.add(certificate.serial_number)
        for context in self._contexts:
            self._enter(context, found if self._has_revoked else self._lists)
        self._has_revoked = True

    def _enter(self, context: ssl.SSLContext, lists: cabc.Iterable[RevocationList]) -> None:
        """From the first revocation on OpenSSL asks for a list by whoever signed: those who have none are refused."""
        for each in lists:
            each.enter(context)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF

    def _written(self, name: str, content: bytes) -> pathlib.Path:
        path = pathlib.Path(self._folder.name, name)
        path.write_bytes(content)
        return path
