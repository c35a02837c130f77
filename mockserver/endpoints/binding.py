"""What tokens are bound to: what the client shows with the token request (RFC 8705 3, RFC 9449 5)."""

from __future__ import annotations

from ..certificates import thumbprint
from ..context import Context
from ..errors import InvalidRequest
from ..model import Client
from ..model import Confirmation
from ..request import Request

__all__ = ["confirmation"]


def confirmation(request: Request, client: Client, context: Context) -> Confirmation:
    """What tokens for this request are to be bound to; nothing, unless the client wants it."""
    return _certificate(request, client)


def _certificate(request: Request, client: Client) -> Confirmation:
    if not client.policies.tls_client_certificate_bound_access_tokens:
        return ()
    if request.peer_certificate is None:
        # RFC 8705 3.4 leaves it to the server; an unbound token would only be refused later
        raise InvalidRequest(
            "The token is to be bound to a client certificate, and the connection has none.",
            hint=f"client {client.client_id!r} has tls_client_certificate_bound_access_tokens, and the connection has"
            " no client certificate (RFC 8705 3; client_certificates='optional')",
        )
    return (("x5t#S256", thumbprint(request.peer_certificate)),)
