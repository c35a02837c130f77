"""Faults of state: something ended or changed at the server just before a request came."""

from __future__ import annotations

import typing

import msgspec

from ..context import Context
from ..credentials import new_secret
from ..model import Kind
from .fault import Fault
from .fault import Occasion

__all__ = ["ExpireToken", "OfState", "RevokeToken", "RotateKeys", "RotateSecret", "WithdrawConsent"]

_WITH_CREDENTIAL = ("token", "refresh", "introspect", "revoke", "userinfo", "protected", "api")


class OfState(Fault, frozen=True, kw_only=True):
    """A fault that changes what the server knows, and lets the request go on."""

    stage: typing.ClassVar[str] = "state"

    def act(self, occasion: Occasion, context: Context) -> None:
        raise NotImplementedError


class ExpireToken(OfState, frozen=True, kw_only=True):
    """
    Let the token that came with the request expire before it is looked at, long before its time.

    At an API that is the access token, at the token endpoint the refresh token or the code, and at the endpoints of
    introspection and revocation the token that is asked about.
    """

    name: typing.ClassVar[str] = "expire_token"
    endpoints: typing.ClassVar[tuple[str, ...] | None] = _WITH_CREDENTIAL

    def act(self, occasion: Occasion, context: Context) -> None:
        if occasion.credential is not None:
            kind, value = occasion.credential
            context.store.expire(kind, value, now=context.clock.now())


class RevokeToken(OfState, frozen=True, kw_only=True):
    """Revoke the token that came with the request before it is looked at, and nothing else of its family."""

    name: typing.ClassVar[str] = "revoke_token"
    endpoints: typing.ClassVar[tuple[str, ...] | None] = _WITH_CREDENTIAL

    def act(self, occasion: Occasion, context: Context) -> None:
        if occasion.credential is not None:
            context.store.revoke(*occasion.credential)


class WithdrawConsent(OfState, frozen=True, kw_only=True):
    """
    Let the person withdraw consent before the request is looked at: everything ends that came of the authorization.

    They are asked again at the next login.
    """

    name: typing.ClassVar[str] = "withdraw_consent"
    endpoints: typing.ClassVar[tuple[str, ...] | None] = _WITH_CREDENTIAL

    def act(self, occasion: Occasion, context: Context) -> None:
        entry = None if occasion.credential is None else context.store.find(*occasion.credential)
        if entry is None:
            return
        context.store.kill(entry.record.family)
        if entry.record.user is not None:
            context.consents.pop((entry.record.user.username, entry.record.client_id), None)


class RotateSecret(OfState, frozen=True, kw_only=True):
    """
    Give the client that asks a new secret before it is authenticated; the old one lives for `overlap` seconds.

    The new one is the `client_secret` of what `client(...)` returned. A client without a secret has none afterwards.
    """

    name: typing.ClassVar[str] = "rotate_secret"
    endpoints: typing.ClassVar[tuple[str, ...] | None] = ("token", "refresh")
    overlap: float = 0

    def __post_init__(self) -> None:
        if not self.overlap >= 0:  # nor NaN
            raise ValueError("overlap is seconds; write 0 or more")

    def act(self, occasion: Occasion, context: Context) -> None:
        client = context.clients.get(occasion.client_id or "")
        if client is not None and client.secrets:
            until = context.clock.now() + self.overlap
            context.change(msgspec.structs.replace(client, secrets=client.rotated(new_secret("cs"), until)))


class RotateKeys(OfState, frozen=True, kw_only=True):
    """
    Sign with new keys from now on; with `overlap` the JWK Set has the old ones beside them (OpenID Connect Core
    10.1.1).
    """

    name: typing.ClassVar[str] = "rotate_keys"
    overlap: bool = False

    def act(self, occasion: Occasion, context: Context) -> None:
        context.keys.rotate(context.signing_algorithms(), overlap=self.overlap)


def credential_of(grant: typing.Mapping[str, str]) -> tuple[Kind, str] | None:
    """What a token request redeems."""
    for name, kind in (("refresh_token", Kind.REFRESH), ("code", Kind.CODE)):
        if grant.get(name):
            return kind, grant[name]
    return None
