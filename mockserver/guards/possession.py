"""That who brings a token has what it is bound to (RFC 8705 3, RFC 9449 7)."""

from __future__ import annotations

from ..certificates import thumbprint
from ..errors import InvalidToken
from ..model import TokenRecord
from ..request import Request

__all__ = ["check_possession"]


def check_possession(record: TokenRecord, request: Request) -> None:
    """Raises `InvalidToken`."""
    for way, digest in record.cnf:
        if way == "x5t#S256":
            _check_certificate(record, digest, request.peer_certificate)


def _check_certificate(record: TokenRecord, bound: str, shown: bytes | None) -> None:
    if shown is None or thumbprint(shown) != bound:
        raise InvalidToken(
            "The access token is bound to another client certificate.",
            hint=f"the token of client {record.client_id!r} is bound to the certificate with the thumbprint {bound};"
            f" the connection has {'none' if shown is None else f'that with {thumbprint(shown)}'} (RFC 8705 3)",
        )
