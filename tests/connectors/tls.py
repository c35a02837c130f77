"""The SSL options of a connection: whom it trusts, and what it shows of itself."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import dataclasses
import pathlib
import ssl
import tempfile

import httpx
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import NoEncryption
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.hazmat.primitives.serialization import pkcs12

__all__ = ["TlsSettings"]

Shown = tuple[pathlib.Path, pathlib.Path]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TlsSettings:
    """
    `trusts` are files with certificates that are imported; without any, the system's are.

    The client's certificate is a pair of files in PEM, or a key store, and may have a password.
    """

    trusts: cabc.Sequence[pathlib.Path] = ()
    client_certificate: Shown | None = None
    key_store: pathlib.Path | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    highest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED

    @contextlib.contextmanager
    def client(self) -> cabc.Iterator[httpx.Client]:
        """HTTP over this. Raises `ssl.SSLError` for a key whose password is another."""
        context = ssl.create_default_context()
        if self.trusts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for path in self.trusts:
            context.load_verify_locations(path)
        context.maximum_version = self.highest
        if self.client_certificate is not None:
            certificate, key = self.client_certificate
            context.load_cert_chain(certificate, key, self.password)
        if self.key_store is not None:
            self._load_store(context, self.key_store)
        with httpx.Client(verify=context, trust_env=False) as client:
            yield client

    def _load_store(self, context: ssl.SSLContext, path: pathlib.Path) -> None:
        """Python's ssl reads PEM alone."""
        has = pkcs12.load_pkcs12(path.read_bytes(), (self.password or "").encode())
        assert has.cert is not None
        assert has.key is not None
        chain = [has.cert.certificate, *(more.certificate for more in has.additional_certs)]
        with tempfile.TemporaryDirectory() as folder:
            pem = pathlib.Path(folder, "client.pem")
            key = has.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            pem.write_bytes(b"".join([key, *(each.public_bytes(Encoding.PEM) for each in chain)]))
            context.load_cert_chain(pem)
