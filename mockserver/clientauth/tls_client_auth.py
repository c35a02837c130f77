"""A certificate that a CA signed for a name which the client is registered with (RFC 8705 2.1)."""

from __future__ import annotations

import typing

from .. import certificates
from ..context import Context
from ..errors import InvalidClient
from ..messages import Authenticated
from ..messages import Presented
from ..model import Client
from ..request import Request

name: typing.Final = "tls_client_auth"


def extract(request: Request) -> Presented | None:
    return certificates.presented(request, method=name)


def verify(presented: Presented, request: Request, client: Client, context: Context) -> Authenticated:
    assert client.certificate_name is not None, "registered with the method, hence with a name"
    kind, wanted = client.certificate_name
    try:
        certificate = certificates.read(request.peer_certificate or b"")
        certificates.while_valid(certificate, context.clock.peer())
        # The server trusts certificates that other clients signed for themselves, with whatever name they liked
        if certificate.issuer == certificate.subject:
            raise certificates.BadCertificate(
                "the certificate is self-signed, and a name in it means nothing (self_signed_tls_client_auth is another"
                " method; RFC 8705 2.1)"
            )
        certificates.check_name(wanted, certificate, kind)
    except certificates.BadCertificate as error:
        raise InvalidClient(
            "Client authentication failed.", hint=f"client {client.client_id!r}: {error} ({name})"
        ) from None
    return Authenticated(client=client, method=name)
