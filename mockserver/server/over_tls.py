"""A server over TLS, as verbs: how to trust it, certificates for its clients, handshakes that failed."""

from __future__ import annotations

import collections.abc as cabc
import functools
import pathlib
import ssl
import threading
import typing

from .. import certificates
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


class CertificateNames(typing.TypedDict, total=False):
    """Whom a client certificate names."""

    subject_dn: str
    san_dns: str
    san_uri: str
    san_ip: str
    san_email: str


_ASKED = {"off": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


class OverTls:
    """What a server has with `https=True`. Without it, all raise `ConfigurationError` but `environment`."""

    _settings: Settings
    _authority: Authority | None = None
    _server: Server | None = None
    _tls: _Tls | None = None

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
        self,
        name: str = "client",
        *,
        flaw: ClientFlaw | None = None,
        chain: bool = False,
        self_signed: bool = False,
        **names: typing.Unpack[CertificateNames],
    ) -> IssuedCertificate:
        """
        A certificate for a client, whose common name is `name`, and its key, in files.

        `flaw` makes it one that the server refuses: `wrong_ca`, `expired`, `not_yet_valid`, `wrong_usage`; a good one
        can be revoked. `chain`: an intermediate CA signed it. `self_signed`: itself, so that the server takes it once
        it is in the keys of a client (`jwks={"keys": [certificate.jwk]}`). `subject_dn` is a whole subject, as RFC 4514
        writes it, in place of the common name; `san_dns`, `san_uri`, `san_ip`, `san_email` are names besides. The
        server asks for certificates where the setting `client_certificates` says so.
        """
        given = typing.cast("dict[str, str]", names)
        for kind, value in given.items():
            wrong = certificates.malformed_name(value, kind)
            if wrong is not None:
                raise ConfigurationError(f"client_certificate({kind}={value!r}): {wrong}")
        return self._ca("client_certificate").client_certificate(
            name, flaw=flaw, chain=chain, self_signed=self_signed, names=given
        )

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

    def _tls_context(self, host: str, settings: Settings) -> cabc.Callable[[], ssl.SSLContext]:
        """What gives the context for each connection: it trusts what is registered by then, and nothing besides."""
        names = ["localhost", "127.0.0.1", "::1", host, *settings.allow_hosts]
        authority = self._ca("https")
        make = functools.partial(
            authority.server_context,
            *dict.fromkeys(host_and_port(name)[0] for name in names),
            certificate=settings.server_certificate,
            clients=_ASKED[settings.client_certificates],
        )
        self._tls = _Tls(authority, make)
        return functools.partial(self._tls.context, self._registered_certificates)

    def _certify(self, client_id: str, **options: typing.Any) -> IssuedCertificate | None:
        """The certificate of a client that brought none; over plain HTTP it has no use for one."""
        return self.client_certificate(client_id, **options) if self._settings.https else None

    def _registered_certificates(self) -> set[bytes]:
        """RFC 8705 2.2: those that clients signed themselves."""
        return {
            certificate
            for context in list(self.state.issuers.values())
            for client in list(context.clients.values())
            if "self_signed_tls_client_auth" in client.auth_methods
            for certificate in context.client_certificates(client)
        }

    def _forget_revocations(self) -> None:
        if self._authority is not None and self._authority.forget_revocations() and self._tls is not None:
            self._tls.renew()

    def _forget_authority(self) -> bool:
        """Remove the files; whether there were any."""
        if self._authority is None:
            return False
        self._authority.close()
        self._authority, self._tls = None, None
        return True


class _Tls:
    """The context of one server, made anew when somebody is no longer to be trusted."""

    def __init__(self, authority: Authority, make: cabc.Callable[[], ssl.SSLContext]) -> None:
        self._authority = authority
        self._make = make
        self._context = make()
        self._trusted: set[bytes] = set()
        self._lock = threading.RLock()

    def renew(self) -> None:
        """Begin again with nobody registered: OpenSSL cannot be made to forget one."""
        with self._lock:
            self._authority.forget(self._context)
            self._context, self._trusted = self._make(), set()

    def context(self, registered: cabc.Callable[[], set[bytes]]) -> ssl.SSLContext:
        if self._context.verify_mode is ssl.CERT_NONE:
            return self._context
        with self._lock:
            wanted = registered()
            if not self._trusted <= wanted:
                self.renew()
            for certificate in wanted - self._trusted:
                self._context.load_verify_locations(cadata=certificate)
            self._trusted |= wanted
            return self._context
