"""What a provider adds to a callback: parameters of its own, and a signature over all of them."""

from __future__ import annotations

from .. import derivations
from .. import placeholders
from ..context import Context
from ..model import Client
from ..model import User
from ..quirks import CallbackShape
from ..request import Pairs
from ..request import Request

__all__ = ["fields", "signed"]


def fields(shape: CallbackShape, request: Request, client: Client, user: User, context: Context) -> Pairs:
    """The provider's own parameters beside a code."""
    if not shape.fields:
        return ()
    known = {
        **context.profile.variables,
        "base": context.base_url(request),
        "client_id": client.client_id,
        "issuer": context.issuer_url(request),
        "now": int(context.clock.now()),
        "subject": client.subject_of(user),
        "username": user.username,
    }
    return tuple((name, str(placeholders.fill(template, known))) for name, template in shape.fields.items())


def signed(pairs: Pairs, name: str, client: Client) -> Pairs:
    """The same parameters, and one more that proves them to whoever has the client's secret."""
    message = "&".join(f"{key}={value}" for key, value in sorted(pairs))
    return (*pairs, (name, derivations.hmac_sha256(client.client_secret or "", message)))
