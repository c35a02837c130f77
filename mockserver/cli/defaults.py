"""What `oauthmock serve` has until somebody says otherwise, and the library has not."""

from __future__ import annotations

import typing

from ..grants import GRANTS

__all__ = ["DEFAULTS", "DEMO_PASSWORD", "DEMO_SECRET"]

DEMO_SECRET = "demo-secret"
DEMO_PASSWORD = "wonderland"

DEFAULTS: dict[str, typing.Any] = {
    "port": 9400,
    "journal_size": 10_000,
    # Lists replace lists: these two are gone as soon as a file, a variable or a flag names others.
    "clients": [
        {
            "client_id": "demo",
            "client_secret": DEMO_SECRET,
            "grant_types": list(GRANTS),
            "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"],
        }
    ],
    "users": [{"username": "alice", "password": DEMO_PASSWORD}],
}
