"""What a client of tests/mounting is sent to do."""

from __future__ import annotations

import base64
import collections.abc as cabc
import typing

import msgspec

from mockserver import UnmountedHostError

__all__ = ["Errand", "Style"]


class Errand(msgspec.Struct, frozen=True):
    """What a connector is told: where tokens are, who it is, and where to go with the token."""

    origin: str
    token_url: str
    api_url: str
    client_id: str
    client_secret: str
    refresh_token: str

    @property
    def form(self) -> dict[str, str]:
        return {"grant_type": "client_credentials"}

    @property
    def credentials(self) -> tuple[str, str]:
        return self.client_id, self.client_secret

    @property
    def basic(self) -> dict[str, str]:
        """For clients that leave the header to their user."""
        value = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        return {"Authorization": f"Basic {value}"}


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which connectors speak HTTP."""

    id: str
    does: str
    run: cabc.Callable[[Errand], str]
    """Gets a token, calls the API with it, and returns it."""
    mount: cabc.Mapping[str, typing.Any] = {}
    """How the authorization server is mounted, besides its origin."""
    client: cabc.Mapping[str, typing.Any] = {}
    """How the client is registered."""
    origin: str = "https://login.example.com"
    calls_api: bool = True
    refused_with: type[BaseException] = UnmountedHostError
    refused_at: str = "https://login.exmaple.com"
    """What an unmounted host is told of: the first that the client asks."""


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
