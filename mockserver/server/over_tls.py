"""A server over TLS, as verbs: how to trust it, certificates for its clients, handshakes that failed."""

from __future__ import annotations

import pathlib
import ssl
import typing

from ..errors import ConfigurationError
from ..origin import host_and_port

if typing.TYPE_CHECKING:
    from ..app import State
    from ..config import Settings
    from ..serving import Server
    from ..tls import Authority
    from ..tls import ClientFlaw
    from ..tls import IssuedCertificate

__all__ = ["OverTls"]

_SETTLING_SECONDS = 1
_ASKED = {"off": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


class OverTls:
    """What a server has with `https=True`. Without it, all raise `ConfigurationError` but `environment`."""

    _settings: Settings
    _authority: Authority | None = None
    _server: Server | None = None

    if typing.TYPE_CHECKING:

        @property
        def state(self) -> State: ...

    @property
    def ca_path(self) -> pathlib.Path:
        """The certificate that a client must trust, as PEM."""
        return self._ca("ca_path").ca_path

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which common clients in any language trust the server; empty over plain HTTP."""
        return self._ca("environment").environment() if self._settings.https else {}

    def truststore_path(self, password: str) -> pathlib.Path:
        """The certificate that a client must trust, as a PKCS #12 trust store for Java, under a password."""
        return self._ca("truststore_path").truststore_path(password)

    def client_certificate(
        self, name: str = "client", *, flaw: ClientFlaw | None = None, chain: bool = False
    ) -> IssuedCertificate:
        """
        A certificate for a client, whose common name is `name`, and its key, in files.

        `flaw` makes it one that the server refuses: `wrong_ca`, `expired`, `not_yet_valid`, `wrong_usage`; a good one
        can be revoked. `chain`: an intermediate CA signed it. The server asks for certificates where the setting
        `client_certificates` says so.
        """
        return self._ca("client_certificate").client_certificate(name, flaw=flaw, chain=chain)

    @property
    def handshakes(self) -> tuple[str, ...]:
        """
        Why TLS handshakes failed since the last reset, as OpenSSL says it: no request came of them.

        A client may know that its handshake failed before the server does, so this waits for those under way, a second
        at most.
        """
        if self._server is not None:
            self._server.handshakes_settled(_SETTLING_SECONDS)
        return tuple(self.state.handshakes)

    def _ca(self, what: str) -> Authority:
        if not self._settings.https:
            raise ConfigurationError(f"{what}: the server speaks plain HTTP and has no CA; start it with https=True")
        if self._authority is None:
            from ..tls import Authority

            self._authority = Authority()
        return self._authority

    def _tls_context(self, host: str, settings: Settings) -> ssl.SSLContext:
        names = ["localhost", "127.0.0.1", "::1", host, *settings.allow_hosts]
        return self._ca("https").server_context(
            *dict.fromkeys(host_and_port(name)[0] for name in names),
            certificate=settings.server_certificate,
            clients=_ASKED[settings.client_certificates],
        )

    def _forget_authority(self) -> bool:
        """Remove the files; whether there were any."""
        if self._authority is None:
            return False
        self._authority.close()
        self._authority = None
        return True
