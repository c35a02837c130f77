"""That who brings a token has what it is bound to (RFC 8705 3, RFC 9449 7)."""

from __future__ import annotations

from ..certificates import thumbprint
from ..context import Context
from ..dpop import InvalidDpopProof
from ..dpop import proof_key
from ..errors import InvalidToken
from ..errors import OAuthError
from ..model import TokenRecord
from ..request import Request
from .sent_tokens import Found

__all__ = ["check_possession"]


def check_possession(
    record: TokenRecord, found: Found, request: Request, context: Context
) -> tuple[tuple[str, str], ...]:
    """What the answer is to have besides. Raises `InvalidToken`, `InvalidDpopProof` or `UseDpopNonce`."""
    if not record.cnf and not found.dpop:
        return ()
    bound = dict(record.cnf)
    if "x5t#S256" in bound:
        _check_certificate(record, bound["x5t#S256"], request.peer_certificate)
    if "jkt" not in bound and not found.dpop:
        return ()
    try:
        return _check_key(record, found, request, context, bound.get("jkt"))
    except OAuthError as error:
        # RFC 9449 7.1
        error.scheme, error.status = "DPoP", 401
        error.attributes["algs"] = " ".join(context.settings.dpop_signing_alg_values_supported)
        raise


def _check_certificate(record: TokenRecord, bound: str, shown: bytes | None) -> None:
    if shown is None or thumbprint(shown) != bound:
        raise InvalidToken(
            "The access token is bound to another client certificate.",
            hint=f"the token of client {record.client_id!r} is bound to the certificate with the thumbprint {bound};"
            f" the connection has {'none' if shown is None else f'that with {thumbprint(shown)}'} (RFC 8705 3)",
        )


def _check_key(
    record: TokenRecord, found: Found, request: Request, context: Context, bound: str | None
) -> tuple[tuple[str, str], ...]:
    whose = f"the token of client {record.client_id!r}"
    if not found.dpop:
        raise InvalidToken(
            "The access token is bound to a DPoP key.",
            hint=f"{whose} is bound to a DPoP key and came after the word Bearer; send Authorization: DPoP, and a proof"
            " (RFC 9449 7.1)",
        )
    if bound is None:
        raise InvalidToken(
            "The access token is bound to no DPoP key.",
            hint=f"{whose} is bound to nothing, and came after the word DPoP; it is for Bearer (RFC 9449 7.1)",
        )
    client = context.clients.get(record.client_id)
    judge = context.proof_judge(request, context.settings if client is None else client.policies, "at the API")
    jkt = proof_key(request, judge, access_token=found.token)
    if jkt is None:
        raise InvalidDpopProof("The DPoP proof is missing.", hint=f"{whose} came without a DPoP header (RFC 9449 7.1)")
    if jkt != bound:
        raise InvalidToken(
            "The access token is bound to another DPoP key.",
            hint=f"{whose} is bound to the key {bound}; the proof is by {jkt} (RFC 9449 4.3)",
        )
    return () if judge.new_nonce is None else (("DPoP-Nonce", judge.new_nonce()),)
