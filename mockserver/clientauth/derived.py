"""What some providers take in place of the secret, and headers that must be signed by it."""

from __future__ import annotations

import hmac

import msgspec

from .. import derivations
from .. import placeholders
from ..context import Context
from ..errors import InvalidClient
from ..messages import Presented
from ..model import Client
from ..request import Request

__all__ = ["as_derived", "check_signed"]


def as_derived(one: Presented, client: Client, request: Request, context: Context) -> tuple[Presented, Client]:
    """What is presented and the client that it is compared with, by what the profile has in place of the secret."""
    shape = context.profile.request
    sent = {name: value for name, value in reversed([*request.query, *request.form]) if value}
    others = shape.client_secret_grants and sent.get("grant_type") not in shape.client_secret_grants
    if shape.client_secret == "plain" or others or not one.readings:
        return one, client
    if shape.client_secret == "jwt":
        _, client_id, secret = one.readings[0]
        return Presented(method="private_key_jwt", client_id=client_id, assertion=secret), client
    redeemed = sent.get("code") or sent.get("refresh_token") or ""
    secrets = tuple(
        msgspec.structs.replace(
            secret,
            value=derivations.prefix(secret.value, 20)
            if shape.client_secret == "prefix_20"
            else derivations.sha256(f"{secret.value}|{redeemed}"),
        )
        for secret in client.secrets
    )
    return one, msgspec.structs.replace(client, secrets=secrets)


def check_signed(client: Client, request: Request, context: Context) -> None:
    """The header that the profile wants signed. Raises `InvalidClient`."""
    shape = context.profile.request
    if not shape.signed_header:
        return
    values = request.header_values(shape.signed_header)
    known = {f"header:{name.lower()}": value for name, value in request.headers}
    known |= {"client_id": client.client_id, "client_secret": client.client_secret or ""}
    known["body"] = request.body.decode("utf-8", "replace")
    try:
        text = str(placeholders.fill(shape.signed_text, known))
    except LookupError as error:
        name = str(error.args[0]).removeprefix("header:")
        raise _unsigned(f"the header {name} is missing, which {shape.signed_header} signs") from None
    if shape.signed_by == "hmac_sha256":
        wanted = derivations.hmac_sha256(client.client_secret or "", text)
    else:
        wanted = derivations.sha256(text)
    if len(values) != 1:
        raise _unsigned(f"the header {shape.signed_header} came {len(values)} times; send it once")
    if not hmac.compare_digest(values[0].strip().lower().encode(), wanted.encode()):
        raise _unsigned(
            f"the header {shape.signed_header} is no {shape.signed_by} of {shape.signed_text!r} in hexadecimal digits"
        )


def _unsigned(hint: str) -> InvalidClient:
    return InvalidClient("The signature of the request is missing or wrong.", hint=hint)
