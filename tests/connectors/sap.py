"""The OAuth2 Client Credentials artifact of SAP Cloud Integration, and what stands behind it."""

from __future__ import annotations

import collections.abc as cabc
import concurrent.futures
import dataclasses
import json
import re
import threading
import time
import typing

import httpx

from connectors.answers import Token
from connectors.answers import token_in
from connectors.errors import Busy
from connectors.errors import FormError
from connectors.errors import NotAuthorized
from connectors.urls import with_query

__all__ = ["Adapter", "Credential", "Credentials", "Custom"]

_EARLY = 5 * 60
_RESERVED = frozenset({"client_id", "client_secret", "grant_type"})
_MOST_ROWS = 20
_MOST_CHARACTERS = 1024

Place = typing.Literal["body", "header", "url"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Custom:
    """A row of the table of custom parameters."""

    key: str
    value: str
    send_as: Place = "body"

    def __post_init__(self) -> None:
        if not self.key.strip() or not self.value.strip():
            raise FormError("a custom parameter is blank")
        if max(len(self.key), len(self.value)) > _MOST_CHARACTERS:
            raise FormError(f"a custom parameter has more than {_MOST_CHARACTERS} characters")
        if self.key.strip().casefold() in _RESERVED:
            raise FormError(f"{self.key!r} is reserved")
        if self.send_as == "header" and re.search(r"[\r\n\0]", self.key + self.value):
            raise FormError("a header has a line break")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Credential:
    """The fields of the artifact. What is wrong is refused when it is deployed, before any request."""

    name: str
    token_service_url: str
    client_id: str
    client_secret: str = dataclasses.field(repr=False)
    client_authentication: typing.Literal["body", "header"] = "body"
    content_type: typing.Literal["form", "json"] = "form"
    send_grant_type_as: typing.Literal["body", "url"] = "body"
    scope: str = ""
    resource: str = ""
    audience: str = ""
    custom_parameters: cabc.Sequence[Custom] = ()

    def __post_init__(self) -> None:
        rows = self.custom_parameters
        if len(rows) > _MOST_ROWS:
            raise FormError(f"there are more than {_MOST_ROWS} custom parameters")
        if len({*rows}) < len(rows):
            raise FormError("a custom parameter stands there twice")
        if not self.name or not self.token_service_url or not self.client_secret:
            raise FormError("Name, Token Service URL and Client Secret must be filled in")


class Credentials:
    """
    The credentials that are deployed, and one token for each by its name, whichever adapter asks.

    Whoever asks while a token is under way gets that one, or its error. A token is replaced five minutes before it
    expires; one that lives less than ten minutes at half its life, so that it is not replaced as soon as it has come.
    `ten_minute_rule=False` leaves that out, which is how such tokens end up in a loop.
    """

    def __init__(
        self, *, http: httpx.Client, now: cabc.Callable[[], float] = time.time, ten_minute_rule: bool = True
    ) -> None:
        self._http = http
        self._now = now
        self._ten_minute_rule = ten_minute_rule
        self._deployed: dict[str, Credential] = {}
        self._tokens: dict[str, Token] = {}
        self._flights: dict[str, concurrent.futures.Future[Token]] = {}
        self._quiet: dict[str, tuple[float, Busy]] = {}
        self._lock = threading.Lock()

    def deploy(self, credential: Credential) -> None:
        """Deploy or redeploy; a token that was fetched before goes on until it expires."""
        self._deployed[credential.name] = credential

    def token(self, name: str) -> Token:
        """The token of a credential. Raises `Refused` and its kin."""
        with self._lock:
            kept = self._tokens.get(name)
            if kept is not None and not kept.expired(self._now(), self._early(kept)):
                return kept
            flight = self._flights.get(name)
            mine = flight is None
            if flight is None:
                flight = self._flights[name] = concurrent.futures.Future()
        if mine:
            self._fly(name, flight)
        return flight.result()

    def forget(self, name: str, token: Token) -> None:
        """The API has refused this token."""
        with self._lock:
            if self._tokens.get(name) is token:
                del self._tokens[name]

    def _early(self, token: Token) -> float:
        if token.expires_at is None:
            return 0
        half = (token.expires_at - token.issued_at) / 2
        return min(_EARLY, half) if self._ten_minute_rule else _EARLY

    def _fly(self, name: str, flight: concurrent.futures.Future[Token]) -> None:
        try:
            token = self._fetched(name)
        except BaseException as error:
            with self._lock:
                del self._flights[name]
            flight.set_exception(error)
        else:
            with self._lock:
                self._tokens[name] = token
                del self._flights[name]
            flight.set_result(token)

    def _fetched(self, name: str) -> Token:
        until, busy = self._quiet.get(name, (0.0, None))
        if busy is not None and self._now() < until:
            raise busy
        try:
            return token_in(self._http.send(self._request(self._deployed[name])), now=self._now())
        except Busy as error:
            self._quiet[name] = (self._now() + error.retry_after, error)
            raise

    def _request(self, has: Credential) -> httpx.Request:
        placed: dict[str, list[tuple[str, str]]] = {"body": [], "url": [], "header": []}
        placed[has.send_grant_type_as].append(("grant_type", "client_credentials"))
        placed["body"] += [
            (key, value)
            for key, value in (("scope", has.scope), ("resource", has.resource), ("audience", has.audience))
            if value
        ]
        if has.client_authentication == "body":
            placed["body"] += [("client_id", has.client_id), ("client_secret", has.client_secret)]
        for row in has.custom_parameters:
            placed[row.send_as].append((row.key, row.value))
        as_json = has.content_type == "json"
        kind = "application/json" if as_json else "application/x-www-form-urlencoded"
        headers = [("Content-Type", kind), *((key, value.encode()) for key, value in placed["header"])]
        if has.client_authentication == "header":
            basic = next(httpx.BasicAuth(has.client_id, has.client_secret).auth_flow(httpx.Request("POST", "http://")))
            headers.append(("Authorization", basic.headers["Authorization"]))
        return self._http.build_request(
            "POST",
            with_query(has.token_service_url, placed["url"]),
            headers=typing.cast("list[tuple[str, str]]", headers),
            content=json.dumps(dict(placed["body"])) if as_json else str(httpx.QueryParams(placed["body"])),
        )


class Adapter:
    """A receiver adapter of an integration flow, which names a credential and never sees the secret."""

    def __init__(self, credentials: Credentials, name: str, *, http: httpx.Client) -> None:
        self._credentials = credentials
        self._name = name
        self._http = http

    def call(self, method: str, url: str, content: bytes = b"") -> httpx.Response:
        """A request with the credential's token; one that is refused is replaced once."""
        token = self._credentials.token(self._name)
        answer = self._send(method, url, content, token)
        if answer.status_code == 401:
            self._credentials.forget(self._name, token)
            answer = self._send(method, url, content, self._credentials.token(self._name))
        if answer.status_code in (401, 403):
            raise NotAuthorized(f"the API answered {answer.status_code}")
        return answer

    def _send(self, method: str, url: str, content: bytes, token: Token) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {token.access_token}"}
        return self._http.request(method, url, content=content, headers=bearer)
