"""Throw-away certificate authorities, and the certificates of servers and clients that they sign, good and bad."""

from __future__ import annotations

from .authority import Authority
from .client_certificate import ClientFlaw
from .client_certificate import IssuedCertificate

__all__ = ["Authority", "ClientFlaw", "IssuedCertificate"]
