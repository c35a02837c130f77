"""How a provider differs from the RFCs, as typed data: what a profile's file may say, and what becomes of it."""

from __future__ import annotations

import typing

import msgspec

from .golden import Golden

__all__ = [
    "Bearer",
    "CallbackShape",
    "DeclaredGrant",
    "Edge",
    "ErrorShape",
    "Errors",
    "Format",
    "Names",
    "Profile",
    "ProfileFile",
    "RequestShape",
    "ResponseShape",
    "Source",
]

Names = dict[str, str]
Format = typing.Literal["json", "form", "form_unless_json", "html"]
Status = typing.Annotated[int, msgspec.Meta(ge=200, le=599)]


class RequestShape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How requests are put, beside the names of their parameters."""

    grant_type: str = ""
    """The grant of a token request that names none."""
    response_type: str = ""
    """The response type of an authorization request that names none."""
    basic_scheme: str = "Basic"
    """The word before Basic credentials in the Authorization header."""
    client_secret: typing.Literal["plain", "sha256_with_code", "prefix_20", "jwt"] = "plain"
    """What goes in place of the secret: the SHA-256 of `secret|code`, its first 20 characters, or a JWT."""
    client_secret_grants: tuple[str, ...] = ()
    """Grants for which that is so; none: all."""
    assertion_claims: tuple[str, ...] = ("iss", "sub")
    """Claims of a client's assertion that must be its `client_id`."""
    offline: str = ""
    """`name=value` at the authorization endpoint that means `access_type=offline`."""
    signed_header: str = ""
    """A header that token requests must have, made of `signed_text`."""
    signed_text: str = ""
    """What is signed: a text with `{client_id}`, `{client_secret}` and headers, `{header:x-request-id}`."""
    signed_by: typing.Literal["hmac_sha256", "sha256"] = "hmac_sha256"
    """How: by the client's secret, or by hashing a text that has it; in hexadecimal digits."""


class ResponseShape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a token answer is put, beside the names of its members."""

    format: Format = "json"
    """`form_unless_json`: form-urlencoded, unless the request's Accept header has `application/json`."""
    status: Status = 200
    """Status of a success."""
    content_type: str = ""
    """Content-Type, where it is not that of the format."""
    token_type: str = "Bearer"
    """The word of `token_type`; empty: the member is left out."""
    token_types: Names = {}
    """The word of `token_type` by grant, where grants differ."""
    scope: typing.Literal["text", "list", "null", "missing"] = "text"
    """What the member `scope` is."""
    scope_separator: str = ""
    """What stands between scopes in an answer, where it is not `scope_separator` of the settings."""
    lacks: dict[str, tuple[str, ...]] = {}
    """Grant -> members that its answer has not, by the RFC's names."""
    fields: dict[str, typing.Any] = {}
    """Further members; a dot stands for an object inside the object, `{username}` for what there is to tell."""
    fields_of: dict[str, dict[str, typing.Any]] = {}
    """Further members by grant."""


class ErrorShape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an error is put. Errors are named by the RFC's code, and a missing token is `missing_token`."""

    format: Format = "json"
    """As of a token answer; `html` is a page."""
    status: Status | None = None
    """Status of every error, where it is not the RFC's."""
    statuses: dict[str, Status] = {}
    """Status by error."""
    content_type: str = ""
    """Content-Type, where it is not that of the format."""
    names: Names = {}
    """The RFC's code -> what is said in its place."""
    members: dict[str, typing.Any] = {}
    """The members of the body; a dot stands for an object inside the object. Empty: those of the RFC."""
    in_list: bool = False
    """The body is a list that has the object of members."""
    words: dict[str, dict[str, typing.Any]] = {}
    """Error -> further placeholders for `members`, and their values; `default` is for those that have none."""
    challenge: bool = True
    """Whether the answer has a `WWW-Authenticate` header where the RFCs ask for one."""


class Errors(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How errors are put, by where they happen."""

    token: ErrorShape = msgspec.field(default_factory=ErrorShape)
    """At the token endpoint."""
    resource: ErrorShape = msgspec.field(default_factory=ErrorShape)
    """At the protected API and the userinfo endpoint."""


class Bearer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an access token is presented to the protected API."""

    schemes: tuple[str, ...] = ("Bearer",)
    """Words that may stand before it in the Authorization header; an empty one: it stands alone."""
    header: str = ""
    """A header that has it without a word."""


class CallbackShape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the browser is sent back, beside the names of parameters."""

    mode: typing.Literal["query", "form_post"] = "query"
    """The response mode of a request that asks for none."""
    fields: Names = {}
    """Further parameters beside a code."""
    signature: str = ""
    """A parameter with the HMAC-SHA256 of all others, sorted and joined, by the client's secret."""


class DeclaredGrant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A grant of the provider's own: what it needs, and what comes of it. Its parameters are not judged."""

    outcome: typing.Literal["client", "person", "exchange"] = "client"
    """Whom the token is for: the client, a person, or whoever the token in `token` is for, which goes on."""
    required: tuple[str, ...] = ()
    """Parameters that must be there."""
    person: str = ""
    """The parameter that has the username, for `person`; without it, the first user."""
    token: str = ""
    """The parameter that has an access token of this issuer, for `exchange`."""
    lifetime: int | None = None
    """Seconds for which the access token is good; none: `access_token_lifetime`."""
    refresh: bool = False
    """Whether a refresh token goes with it."""


class Edge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What a profile and each of its versions may say. What is not said is as in the RFCs.

    `{name}` in a text stands for a variable.
    """

    title: str = ""
    """The provider's own name, for people."""
    origin: str = ""
    """Scheme and host of the provider itself: `https://{shop}.myshopify.com`."""
    issuer_path: str = ""
    """What follows the base URL in the issuer identifier; discovery is below it, endpoints are not."""
    paths: Names = {}
    """Endpoint -> path below the base URL, or the whole URL of one that the provider serves at another host."""
    other_paths: dict[str, tuple[str, ...]] = {}
    """Endpoint -> further paths or URLs of it."""
    parameter_names: dict[str, Names] = {}
    """By `authorize`, `token` or `refresh`: the provider's request parameter -> the RFC's."""
    grant_type_names: Names = {}
    """The provider's value of `grant_type` -> the RFC's."""
    response_names: Names = {}
    """The RFC's member of a token answer -> the provider's; a dot stands for an object inside the object."""
    callback_names: Names = {}
    """The RFC's parameter of a callback -> the provider's."""
    case_insensitive_parameters: bool = False
    """Take request parameters whatever their case."""
    request: RequestShape = msgspec.field(default_factory=RequestShape)
    """How requests are put."""
    response: ResponseShape = msgspec.field(default_factory=ResponseShape)
    """How token answers are put."""
    errors: Errors = msgspec.field(default_factory=Errors)
    """How errors are put, at the `token` endpoint and at the `resource`."""
    bearer: Bearer = msgspec.field(default_factory=Bearer)
    """How access tokens are presented."""
    callback: CallbackShape = msgspec.field(default_factory=CallbackShape)
    """How the browser is sent back."""
    grants: dict[str, DeclaredGrant] = {}
    """Grants of the provider's own, by their `grant_type`."""
    settings: dict[str, typing.Any] = {}
    """Keys of an issuer that this provider has otherwise; one that is set for the issuer beats them."""


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where facts of a profile are from."""

    keys: tuple[str, ...]
    """The keys that it speaks for, dotted, each with all that is below it."""
    source: str = ""
    """A URL, or a file of a public repository."""
    checked: str = ""
    """The month in which somebody looked: `2026-11`."""
    unverified: bool = False
    """Nobody found it written down: listed in the documentation, and not counted."""


class ProfileFile(Edge, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a profile's TOML file has."""

    extends: str | None = None
    """The profile that it changes; none: `rfc6749`."""
    variables: Names = {}
    """Variables that may be left out -> their values then."""
    version: str | None = None
    """The version that it is when nobody chooses one, by the variable `version`."""
    versions: dict[str, Edge] = {}
    """Versions by name: what each has otherwise."""
    example: Names = {}
    """Values of variables for the documentation and golden exchanges."""
    golden: tuple[Golden, ...] = ()
    """Exchanges that show what the profile says."""
    sources: tuple[Source, ...] = ()
    """Where what the file says is from."""


class Profile(Edge, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    A provider with its variables filled in: where it serves what, and how it says things.

    The settings of an issuer overlay `paths`, the names and `case_insensitive_parameters`.
    """

    name: str
    origins: Names = {}
    """Endpoint (or `issuer`) -> the real origin, of those that are not at `origin`."""
    other_origins: tuple[str, ...] = ()
    """The real origins of `other_paths`."""
    variables: Names = {}
    """What each variable stands for."""
