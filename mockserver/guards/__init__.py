"""How a protected API checks its caller: one file per guard."""

from __future__ import annotations

import typing

from ..sigv4 import AccessKey
from . import bearer
from .api_key import ApiKey
from .basic import Basic
from .bearer import Bearer
from .client_certificate import ClientCertificate
from .combined import AllOf
from .combined import AnyOf
from .digest import Digest
from .guard import Guard
from .open import Open
from .sigv4 import SigV4

__all__ = [
    "GUARDS",
    "AccessKey",
    "AllOf",
    "AnyOf",
    "ApiKey",
    "Basic",
    "Bearer",
    "ClientCertificate",
    "Digest",
    "Guard",
    "Open",
    "SigV4",
    "bearer",
]

_ALL: tuple[type[typing.Any], ...] = (Open, Basic, Digest, Bearer, ApiKey, ClientCertificate, SigV4, AnyOf, AllOf)

GUARDS: dict[str, type[Guard]] = {guard.name: guard for guard in _ALL}
