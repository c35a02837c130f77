"""What travels through the pass: each stage takes one of these and returns the next."""

from __future__ import annotations

import collections.abc as cabc
import json
import re
import typing

import msgspec

from .errors import InvalidRequest
from .errors import OAuthError
from .model import Client
from .model import User
from .redaction import without
from .scope import Scope

__all__ = [
    "Authenticated",
    "Issue",
    "Pairs",
    "Presented",
    "Reply",
    "Request",
    "TokenRequest",
    "Tokens",
    "header_text",
    "quoted",
]

Pairs = tuple[tuple[str, str], ...]
Place = typing.Literal["body", "query"]

# UNICODECHARNOCRLF, RFC 6749 appendix A: no control character but the tabulator in any parameter
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


# Parameters that show who is asking: RFC 6749 2.3.1, RFC 6750 2.2, RFC 7521 4.2
_CREDENTIALS = frozenset({"access_token", "client_assertion", "client_secret"})
_SCHEMES = frozenset({"basic", "bearer", "digest"})


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """
    One HTTP request as it was read. Nothing in it has been judged: what looked wrong is noted in `problems`.

    `path` is decoded and, once the issuer is known, below the issuer; `target` stays as it was sent. `headers` keep
    case, order and duplicates where the server hands them on. `form` holds the body's parameters, whatever
    `encoding` they came in (`"form"`, `"json"`, `"multipart"`, or `""` for none).
    """

    method: str
    target: str
    scheme: str
    host: str
    path: str
    query: Pairs
    headers: Pairs
    body: bytes
    media_type: str
    encoding: str
    form: Pairs
    problems: tuple[OAuthError, ...]
    arrived: float
    connection: int | None = None
    peer_certificate: bytes | None = None
    issuer: str = ""
    refusal: cabc.Callable[[], OAuthError | None] = lambda: None
    """What to refuse an authorization request with once it could be redirected: the armed fault `refuse`."""

    def __repr__(self) -> str:
        return without(self, "headers", "target", "query", "body", "form", "refusal")

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"

    def header_values(self, name: str) -> list[str]:
        """Every value of a header, by case-insensitive name."""
        name = name.lower()
        return [value for key, value in self.headers if key.lower() == name]

    @property
    def credentials(self) -> str | None:
        """
        What the request brings to show who is asking.

        The scheme of its Authorization header in lower case (`bearer`, `basic`, ...; `other` for a header without one),
        `parameter` for a secret or a token in the form or the URL, None for nothing.
        """
        values = self.header_values("authorization")
        if values:
            scheme, space, _ = values[0].strip(" \t").partition(" ")
            # Without a scheme it is a bare secret, which is not to be shown
            return scheme.lower() if space or scheme.lower() in _SCHEMES else "other"
        secret = any(name in _CREDENTIALS and value for name, value in (*self.form, *self.query))
        return "parameter" if secret else None

    def values(self, name: str, *, of: Place = "body") -> tuple[str, ...]:
        """Every value of a parameter that may come several times, blank ones left out."""
        return tuple(value for key, value in self._pairs(of) if key == name and value)

    def check_body(self) -> None:
        """Raises what kept the body from being read; what is in it is the endpoint's affair."""
        for problem in self.problems:
            if problem.status in (408, 413):
                raise problem

    def parameter(self, name: str, *, of: Place = "body") -> str | None:
        """One parameter, None when it is left out or blank. Raises like `parameters`, but for this one alone."""
        return _collected([pair for pair in self._pairs(of) if pair[0] == name], of).get(name)

    def parameters(self, *, of: Place = "body") -> dict[str, str]:
        """
        The parameters of the body or the query, blank ones left out (RFC 6749 3.1, 3.2).

        Raises `InvalidRequest` for whatever was wrong with them: a body that is not what its Content-Type says,
        a name that comes twice, a control character.
        """
        for problem in self.problems:
            raise problem
        return _collected(self._pairs(of), of)

    def _pairs(self, of: Place) -> cabc.Iterable[tuple[str, str]]:
        return self.form if of == "body" else self.query


def _collected(pairs: cabc.Iterable[tuple[str, str]], of: Place) -> dict[str, str]:
    parameters: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in pairs:
        # RFC 6749 3.1, 3.2: parameters must not be included more than once; RFC 8707 2: but resource may be
        if name in seen and name != "resource":
            raise InvalidRequest(
                f"The parameter {quoted(name)} is included more than once.",
                hint=f"parameter {name!r} came more than once in the {of} (RFC 6749 3.1, 3.2)",
            )
        seen.add(name)
        if _CONTROL.search(value) or _CONTROL.search(name):
            raise InvalidRequest(
                f"The parameter {quoted(name)} has a control character.",
                hint=f"parameter {name!r} has a control character; RFC 6749 appendix A allows none",
            )
        if value:
            parameters.setdefault(name, value)
    return parameters


def header_text(value: str) -> str:
    """A header's value, read as UTF-8 where it is that; servers hand it on as Latin-1 (RFC 9110 5.5)."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def quoted(name: str) -> str:
    """A name as error_description may hold it: printable ASCII without quote and backslash (RFC 6749 5.2)."""
    return "".join(character if " " < character < "\x7f" and character not in '"\\' else "?" for character in name[:80])


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP answer before it is written, and what the journal should know of it."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    why: str = ""
    """For the tester: what was decided, in a sentence."""
    accepted: bool = True

    def __repr__(self) -> str:
        return without(self, "body", "headers")

    @classmethod
    def of_json(
        cls,
        members: object,
        *,
        status: int = 200,
        headers: cabc.Iterable[tuple[str, str]] = (),
        why: str = "",
        accepted: bool = True,
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
        )


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
    refresh_scope: Scope | None = None
    """What a new refresh token stands for, when that is more than `scope`."""
    refresh_audience: tuple[str, ...] | None = None
    """Likewise, where that is not `audience`."""
    refresh_expires_at: float | None = None
    """When a new refresh token expires, where that is settled: seconds, UTC, by the server's clock."""
    auth_time: float | None = None
    nonce: str | None = None
    id_token: bool = False
    access_token_lifetime: int | None = None
    refresh_token_lifetime: int | None = None

    def __repr__(self) -> str:
        return without(self, "refresh_token", "refreshed_from")


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What was minted, as it goes into the token answer (RFC 6749 5.1)."""

    access_token: str
    expires_in: int
    scope: Scope
    altered: bool = False
    refresh_token: str | None = None
    id_token: str | None = None
    token_type: str = "Bearer"

    def __repr__(self) -> str:
        return without(self, "access_token", "refresh_token", "id_token")
