"""What tokens are bound to: what the client shows with its request (RFC 8705 3, RFC 9449 5)."""

from __future__ import annotations

import msgspec

from ..certificates import thumbprint
from ..context import Context
from ..dpop import proof_key
from ..errors import InvalidRequest
from ..model import Client
from ..model import Confirmation
from ..request import Request

__all__ = ["Shown", "bound", "key_shown", "what_is_shown"]

_SAID = {"x5t#S256": "a client certificate", "jkt": "a DPoP key"}


class Shown(msgspec.Struct, frozen=True):
    """What a client showed that it has, and what the answer to that is to have besides."""

    cnf: Confirmation = ()
    headers: tuple[tuple[str, str], ...] = ()


def what_is_shown(request: Request, client: Client, context: Context) -> Shown:
    """
    What tokens for this request are to be bound to.

    A certificate counts where the client wants that, a DPoP proof wherever it comes. Raises an `OAuthError`.
    """
    shown = key_shown(request, client, context)
    if not shown.cnf and client.policies.dpop_bound_access_tokens:
        # RFC 9449 5.2
        raise InvalidRequest(
            "A DPoP proof is missing.",
            hint=f"client {client.client_id!r} has dpop_bound_access_tokens, and the request has no DPoP header",
        )
    return msgspec.structs.replace(shown, cnf=(*_certificate(request, client), *shown.cnf))


def key_shown(request: Request, client: Client, context: Context) -> Shown:
    """The key of the DPoP proof (RFC 9449 5), which comes to nothing where the server has no DPoP."""
    if not request.header_values("dpop") or not context.settings.dpop_signing_alg_values_supported:
        return Shown()
    judge = context.proof_judge(request, client.policies, "at the authorization server")
    jkt = proof_key(request, judge)
    if jkt is None:
        return Shown()
    # RFC 9449 8.2: another nonce for the next request
    headers = () if judge.new_nonce is None else (("DPoP-Nonce", judge.new_nonce()),)
    return Shown((("jkt", jkt),), headers)


def bound(cnf: Confirmation) -> str:
    """For the tester."""
    return f"; bound to {' and '.join(_SAID[way] for way, _ in cnf)}" if cnf else ""


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
