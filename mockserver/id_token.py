"""What an ID token says, and with what it is signed (OpenID Connect Core 2)."""

from __future__ import annotations

import base64
import hashlib
import typing

from .claims import ClaimsRequest
from .claims import by_scope
from .context import Context
from .credentials import new_jti
from .keys import SecretKey
from .keys import SigningKey
from .messages import Issue
from .model import Client
from .policies import SigningAlgorithm

__all__ = ["claims_of", "left_half", "signing_key"]


def claims_of(
    issue: Issue, now: float, *, access_token: str | None = None, code: str | None = None
) -> dict[str, typing.Any]:
    """The claims of the ID token that goes with an access token, a code, both or neither."""
    assert issue.user is not None, "an ID token tells of a person"
    client, policies = issue.client, issue.client.policies
    audience = [client.client_id, *(other for other in policies.id_token_audience if other != client.client_id)]
    # The user's own claims first, so that they cannot replace these
    claims: dict[str, typing.Any] = {
        **({"amr": list(issue.amr)} if issue.amr else {}),
        **_of_the_person(issue, without_access_token=access_token is None and code is None),
        "iss": issue.issuer,
        "sub": client.subject_of(issue.user),
        "aud": audience if len(audience) > 1 else audience[0],
        "exp": int(now) + policies.id_token_lifetime,
        "iat": int(now),
        "jti": new_jti(),
    }
    # OpenID Connect Core 2: needed where the party is not the only audience
    if len(audience) > 1 or policies.id_token_azp == "always":
        claims["azp"] = client.client_id
    alg = policies.id_token_signed_response_alg
    if access_token is not None:
        claims["at_hash"] = left_half(access_token, alg)
    if code is not None:
        claims["c_hash"] = left_half(code, alg)
    claims |= {name: value for name, value in (("acr", issue.acr), ("nonce", issue.nonce)) if value is not None}
    if issue.auth_time is not None:
        claims["auth_time"] = int(issue.auth_time)
    return claims


def _of_the_person(issue: Issue, *, without_access_token: bool) -> dict[str, typing.Any]:
    """OpenID Connect Core 5.4: scopes are about userinfo, unless nothing is issued to ask it with."""
    assert issue.user is not None
    policies, asked = issue.client.policies, issue.claims or ClaimsRequest()
    if policies.id_token_claims == "all" or without_access_token:
        return by_scope(issue.user.claims, issue.scope, policies.claims_by_scope, asked.id_token)
    one_by_one = {name: value for name, value in issue.user.claims.items() if name in asked.id_token}
    # Who somebody has shown to be is told all the same
    shown = {name: issue.user.claims[name] for name in ("acr", "amr") if name in issue.user.claims}
    return {**shown, **by_scope(one_by_one, issue.scope, "always", asked.id_token)}


def signing_key(alg: str, client: Client, context: Context) -> SigningKey | SecretKey:
    """The key for what a client is sent by an algorithm: the issuer's, the client's secret, or none at all."""
    if alg == "none":
        return SecretKey(alg, None)
    if alg.startswith("HS"):
        # OpenID Connect Core 10.1: the octets of the UTF-8 form
        return SecretKey(alg, (client.client_secret or "").encode("utf-8", "surrogatepass"))
    return context.keys.signing(typing.cast("SigningAlgorithm", alg))


def left_half(text: str, alg: str) -> str:
    """
    OpenID Connect Core 3.1.3.6, 3.3.2.11: the left half of the hash that the signature algorithm uses.

    Ed25519 uses SHA-512 (RFC 8032 5.1); where nothing is signed, SHA-256.
    """
    bits = "512" if alg == "EdDSA" else alg[-3:] if alg[-3:].isdigit() else "256"
    digest = hashlib.new(f"sha{bits}", text.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")
