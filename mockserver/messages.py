"""What travels through the pass: each stage takes one of these and returns the next."""

from __future__ import annotations

import collections.abc as cabc
import json
import typing

import msgspec

from .claims import ClaimsRequest
from .model import Client
from .model import Confirmation
from .model import User
from .policies import AccessTokenFormat
from .redaction import without
from .scope import Scope

__all__ = ["Authenticated", "Issue", "Presented", "Reply", "TokenRequest", "Tokens", "Wire"]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP answer before it is written, and what the journal should know of it."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    why: str = ""
    """For the tester: what was decided, in a sentence."""
    accepted: bool = True
    sent_back: bool = False
    """It ends an authorization request: the browser goes back to the client."""
    stream: cabc.Iterable[bytes] | None = None
    """What comes after `body`, piece by piece, from an application behind a guard."""
    members: cabc.Mapping[str, typing.Any] | None = None
    """The JSON object that the body is, for who puts it otherwise."""
    facts: cabc.Mapping[str, typing.Any] = {}
    """What else there is to tell of what the answer is about."""

    def __repr__(self) -> str:
        return without(self, "body", "headers", "stream", "members", "facts")

    def collected(self) -> Reply:
        """The same with the stream read into `body`, for whoever has to look at the whole."""
        if self.stream is None:
            return self
        try:
            body = self.body + b"".join(self.stream)
        finally:
            close = getattr(self.stream, "close", None)
            if close is not None:
                close()
        # Both are written anew
        headers = tuple(pair for pair in self.headers if pair[0].lower() not in ("content-length", "date"))
        return msgspec.structs.replace(self, body=body, headers=headers, stream=None)

    @classmethod
    def of_json(
        cls,
        members: object,
        *,
        status: int = 200,
        headers: cabc.Iterable[tuple[str, str]] = (),
        why: str = "",
        accepted: bool = True,
        facts: cabc.Mapping[str, typing.Any] | None = None,
    ) -> Reply:
        """A JSON answer that no cache may keep (RFC 6749 5.1)."""
        return cls(
            status=status,
            body=json.dumps(members, separators=(",", ":")).encode(),
            headers=(
                ("Content-Type", "application/json"),
                ("Cache-Control", "no-store"),
                ("Pragma", "no-cache"),
                *headers,
            ),
            why=why,
            accepted=accepted,
            members=members if isinstance(members, dict) else None,
            facts=facts or {},
        )


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """What a fault sends in place of an answer: octets, then the end of the connection."""

    octets: bytes = b""
    reset: bool = False
    """By a TCP reset, of which the client is told as an error."""

    def __repr__(self) -> str:
        return without(self, "octets")


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """Client credentials as a request carries them: by which method, for whom. Not yet believed."""

    method: str
    client_id: str
    readings: tuple[tuple[str, str, str], ...] = ()
    """Ways to read the credentials: (name of the encoding, client_id, client_secret); the likeliest first."""
    assertion: str = ""
    """A client assertion instead of a secret (RFC 7521 4.2)."""
    in_url: bool = False
    """They came as parameters of the URL, where only some clients may have parameters."""
    malformed: str = ""
    """Why the credentials cannot be read at all."""

    def __repr__(self) -> str:
        return without(self, "readings", "assertion")


class Authenticated(msgspec.Struct, frozen=True, kw_only=True):
    """A client that is who it says it is, and how it showed that."""

    client: Client
    method: str
    encoding: str = ""
    """For Basic: `raw` or `form` (form-urlencoded first) when only that reading fits, else empty."""
    spoilt: cabc.Callable[[Issue], Issue] = lambda issue: issue
    """What the armed faults of the stage "token" make of a grant's decision; `tokens` never imports `faults`."""


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A token request whose client is authenticated and may use the grant (RFC 6749 4)."""

    grant_type: str
    parameters: cabc.Mapping[str, str]
    client: Client
    client_auth: str
    scope: Scope | None
    """What was asked for; None when the parameter was left out."""
    audience: tuple[str, ...] = ()
    """What `resource` (RFC 8707) and `audience` name."""
    issuer: str
    """The issuer's URL as this client reached it."""
    authorization_details: tuple[cabc.Mapping[str, typing.Any], ...] | None = None
    """What was asked for in detail (RFC 9396 6); None when the parameter was left out."""
    cnf: Confirmation = ()
    """What the client showed that it has, and tokens are to be bound to (RFC 7800 3.1)."""
    assertion_audiences: tuple[str, ...] = ()
    """What `aud` of an assertion may be that the request brings (RFC 7523 3)."""
    asked_at: str = ""
    """The URL of the request, where it brings an assertion."""

    def granted(self, user: User | None, scope: Scope, *, family: str, **more: typing.Any) -> Issue:
        """
        The decision to grant what was asked to who asked, for a person or for the client itself.

        `more` are fields of `Issue`.
        """
        asked: dict[str, typing.Any] = {
            "audience": self.audience,
            "authorization_details": self.authorization_details or (),
            "grant_type": self.grant_type,
        }
        return Issue(
            client=self.client,
            user=user,
            scope=scope,
            altered=scope != (self.scope or Scope()),
            client_auth=self.client_auth,
            issuer=self.issuer,
            family=family,
            **{**asked, **more},
        )

    def __repr__(self) -> str:
        return without(self, "parameters")


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """A grant's decision: for whom tokens are to be made. Nothing is written yet."""

    client: Client
    user: User | None
    scope: Scope
    grant_type: str
    client_auth: str
    issuer: str
    family: str
    """Everything that one authorization brings forth is one family: it lives and dies together."""
    taken: bool = False
    """A code or token was taken for it while the family lived, so that it is answered whatever happens meanwhile."""
    altered: bool = False
    """The scope is not what was asked, so that the answer must say what it is (RFC 6749 5.1)."""
    audience: tuple[str, ...] = ()
    """What the access token is for; empty: the issuer's default."""
    refresh: bool = True
    """Whether a refresh token goes with it."""
    refresh_token: str | None = None
    """The refresh token that goes with it, old or new; None: one that is made up."""
    tell_refresh_token: bool = True
    """Whether the answer has the refresh token; if not, the client keeps the one that it has."""
    refreshed_from: str | None = None
    """The refresh token that was used for it."""
    prolongs: bool = False
    """The access token that is there goes on, in place of a new one."""
    refresh_scope: Scope | None = None
    """What a new refresh token stands for, when that is more than `scope`."""
    refresh_audience: tuple[str, ...] | None = None
    """Likewise, where that is not `audience`."""
    refresh_expires_at: float | None = None
    """When a new refresh token expires, where that is settled: seconds, UTC, by the server's clock."""
    further_claims: cabc.Mapping[str, typing.Any] = {}
    """Further claims of the access token, beside those that it has anyway."""
    access_token_format: AccessTokenFormat | None = None
    """Its format, where that is settled; None: that of the client."""
    issued_token_type: str = ""
    """Which of the tokens is the one that was asked for (RFC 8693 2.2.1); empty: the answer says nothing of it."""
    auth_time: float | None = None
    acr: str | None = None
    """The authentication context class that the login met (OpenID Connect Core 2)."""
    amr: tuple[str, ...] = ()
    """How the person showed who they are (RFC 8176)."""
    claims: ClaimsRequest | None = None
    """What was asked for one by one (OpenID Connect Core 5.5)."""
    nonce: str | None = None
    id_token: bool = False
    access_token_lifetime: int | None = None
    refresh_token_lifetime: int | None = None
    sign: cabc.Callable[[str, dict[str, typing.Any], typing.Any, str], str] | None = None
    """How an armed fault signs: `access_token` or `id_token`, claims, key, `typ` -> the token; None: as is right."""
    authorization_details: tuple[cabc.Mapping[str, typing.Any], ...] = ()
    """What was granted in detail (RFC 9396)."""
    refresh_details: tuple[cabc.Mapping[str, typing.Any], ...] | None = None
    """What a new refresh token stands for of that, where it is more."""
    cnf: Confirmation = ()
    """What the access token is bound to, and the refresh token of a public client (RFC 7800 3.1)."""
    flaw: str = ""
    """The armed fault that makes the access token one that nobody should take."""

    def __repr__(self) -> str:
        return without(self, "refresh_token", "refreshed_from", "sign")


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What was minted, as it goes into the token answer (RFC 6749 5.1)."""

    access_token: str
    expires_in: int
    scope: Scope
    altered: bool = False
    refresh_token: str | None = None
    id_token: str | None = None
    token_type: str = "Bearer"
    authorization_details: tuple[cabc.Mapping[str, typing.Any], ...] = ()
    issued_token_type: str = ""

    def __repr__(self) -> str:
        return without(self, "access_token", "refresh_token", "id_token")
