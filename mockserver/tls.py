"""A throw-away certificate authority and the certificates it signs."""

from __future__ import annotations

import pathlib
import ssl
import tempfile

import trustme

__all__ = ["Authority"]


class Authority:
    """
    A CA that lives as long as this object. Nothing of it is ever written but the certificate at `ca_path`.

    Keys are P-256: an RSA key would cost up to 0.4 s.
    """

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self._folder = tempfile.TemporaryDirectory(prefix="oauthmock-ca-")
        self.ca_path = pathlib.Path(self._folder.name, "ca.pem")
        self._ca.cert_pem.write_to_path(self.ca_path)

    def server_context(self, *names: str) -> ssl.SSLContext:
        """A TLS context for a server that is reached under these host names and addresses."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*names).configure_cert(context)
        return context

    def environment(self) -> dict[str, str]:
        """The variables by which common clients are told to trust this CA."""
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        return dict.fromkeys(names, str(self.ca_path))

    def close(self) -> None:
        """Remove the certificate file."""
        self._folder.cleanup()
