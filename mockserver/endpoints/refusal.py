"""How an error is put: as JSON to a client, as a page to a browser or back through it."""

from __future__ import annotations

from ..admission import Refusal
from ..admission import challenged
from ..dpop import ProofError
from ..errors import InvalidRequest
from ..errors import OAuthError
from ..errors import ResourceError
from ..messages import Reply
from ..pages import PAGE_HEADERS
from ..pages import render
from .sending_back import send_back

__all__ = ["to_bearer", "to_browser", "to_client"]


def to_client(error: OAuthError) -> Reply:
    """RFC 6749 5.2: status, challenge, JSON members."""
    return Reply.of_json(error.body(), status=error.status, headers=error.headers(), why=error.hint, accepted=False)


def to_bearer(error: OAuthError) -> Reply:
    """RFC 6750 3, or as the guard says it that refused."""
    if isinstance(error, Refusal):
        return error.reply()
    return challenged(error) if isinstance(error, ResourceError | InvalidRequest | ProofError) else to_client(error)


def to_browser(error: OAuthError) -> Reply:
    """Back to the client where that is safe (RFC 6749 4.1.2.1), else a page that goes nowhere (3.1.2.4)."""
    if error.redirection is not None:
        return send_back(error.redirection, tuple(error.body().items()), error.hint, accepted=False)
    page = render("error.html", error=error.error, description=error.description, hint=error.hint, status=error.status)
    return Reply(
        status=error.status,
        body=page.encode(),
        headers=(*PAGE_HEADERS, *error.headers()),
        why=error.hint,
        accepted=False,
    )
