"""An HTTP request as it was read, before anybody has judged it."""

from __future__ import annotations

import collections.abc as cabc
import re
import typing

import msgspec

from .errors import InvalidRequest
from .errors import OAuthError
from .redaction import without

__all__ = ["Pairs", "Place", "Request", "header_text", "quoted"]

Pairs = tuple[tuple[str, str], ...]
Place = typing.Literal["body", "query"]

# UNICODECHARNOCRLF, RFC 6749 appendix A: no control character but the tabulator in any parameter
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

# Parameters that show who is asking: RFC 6749 2.3.1, RFC 6750 2.2, RFC 7521 4.2
_CREDENTIALS = frozenset({"access_token", "client_assertion", "client_secret"})
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
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
    authorization: tuple[str, ...] | None = None
    """The values of the Authorization header, in the RFCs' words; None: nobody has looked for them yet."""
    by_form: Pairs = ()
    """The parameters of an authorization request that came in a form, as they were sent; empty: they are in the URL."""
    refusal: cabc.Callable[[], OAuthError | None] = lambda: None
    """What to refuse an authorization request with once it could be redirected: the armed fault `refuse`."""

    spoilt: cabc.Callable[[typing.Any], typing.Any] = lambda issue: issue
    """What the armed faults of tokens make of those that the authorization endpoint decided on."""

    def __repr__(self) -> str:
        return without(
            self, "headers", "target", "query", "body", "form", "by_form", "authorization", "refusal", "spoilt"
        )

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"

    def header_values(self, name: str) -> list[str]:
        """Every value of a header, by case-insensitive name."""
        name, length = name.lower(), len(name)
        return [value for key, value in self.headers if len(key) == length and key.lower() == name]

    def authorizations(self) -> list[str]:
        """Every value of the Authorization header, in the RFCs' words."""
        return self.header_values("authorization") if self.authorization is None else list(self.authorization)

    @property
    def credentials(self) -> str | None:
        """
        What the request brings to show who is asking.

        The scheme of its Authorization header in lower case (`bearer`, `basic`, ...; `other` for a header without one),
        `parameter` for a secret or a token in the form or the URL, None for nothing.
        """
        values = self.authorizations()
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
    pairs = tuple(pairs)
    exchange = ("grant_type", _EXCHANGE) in pairs
    for name, value in pairs:
        # RFC 6749 3.1, 3.2: parameters must not be included more than once; RFC 8707 2: but resource may be
        # and in a token exchange audience may be, too (RFC 8693 2.1)
        if name in seen and name != "resource" and (name != "audience" or not exchange):
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
