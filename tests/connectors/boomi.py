"""The form of Boomi's HTTP connection, and what stands behind it."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import secrets
import time
import typing

import httpx

from connectors.answers import Person
from connectors.answers import Token
from connectors.answers import code_in
from connectors.answers import token_in
from connectors.aws import AwsSettings
from connectors.aws import AwsSignature
from connectors.calling import Caller
from connectors.digest import Digest
from connectors.errors import FormError
from connectors.schemes import Basic
from connectors.schemes import Bearer
from connectors.schemes import Call
from connectors.schemes import Nothing
from connectors.schemes import Scheme
from connectors.urls import with_query

__all__ = ["Boomi", "Connection"]

Rows = cabc.Sequence[tuple[str, str]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Connection:
    """
    The fields, by the names that they have on the screen.

    Pre-emptive is a choice of Basic and OAuth 2.0; Digest is two steps, and a signature is in every request.
    """

    authentication_type: typing.Literal["none", "basic", "digest", "oauth2", "aws"] = "oauth2"
    grant_type: typing.Literal["authorization_code", "password", "client_credentials"] = "client_credentials"
    client_id: str = ""
    client_secret: str = dataclasses.field(default="", repr=False)
    user_name: str = ""
    password: str = dataclasses.field(default="", repr=False)
    scope: str = ""
    authorization_token_url: str = ""
    authorization_parameters: Rows = ()
    access_token_url: str = ""
    access_token_parameters: Rows = ()
    callback_url: str = "http://127.0.0.1/account/acme-7F2/oauth2/callback"
    confirm_offline_access: bool = True
    preemptive: bool = True
    aws: AwsSettings | None = None

    def __post_init__(self) -> None:
        if self.authentication_type == "aws" and self.aws is None:
            raise FormError("the AWS settings must be filled in")
        if self.authentication_type != "oauth2":
            return
        if not self.client_id or not self.access_token_url:
            raise FormError("Client ID and Access Token URL must be filled in")
        if self.grant_type == "authorization_code" and not self.authorization_token_url:
            raise FormError("Authorization Token URL must be filled in")


class Boomi:
    """
    One connection at work: logs in when `generate` is pressed, refreshes by itself, sends requests.

    An override (`override`) waits until the token in use has expired.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        http: httpx.Client,
        person: Person,
        now: cabc.Callable[[], float] = time.time,
    ) -> None:
        self._connection = connection
        self._next: Connection | None = None
        self._http = http
        self._person = person
        self._now = now
        self._token: Token | None = None
        self._scheme = self._chosen()

    def override(self, **fields: typing.Any) -> None:
        """Other values of fields, from when the token in use has expired; at once where there are no tokens."""
        self._next = dataclasses.replace(self._next or self._connection, **fields)
        if self._connection.authentication_type != "oauth2":
            self._connection, self._next = self._next, None
            self._scheme = self._chosen()

    def generate(self) -> None:
        """Press Generate: a new access token, whatever there was."""
        self._connection, self._next = self._next or self._connection, None
        has = self._connection
        if has.grant_type == "authorization_code":
            self._token = self._redeem(self._log_in())
        elif has.grant_type == "password":
            person = [("username", has.user_name), ("password", has.password)]
            self._token = self._ask([("grant_type", "password"), *person, *self._scope()])
        else:
            self._token = self._ask([("grant_type", "client_credentials"), *self._scope()])

    def call(
        self, method: str, url: str, content: bytes | cabc.Iterable[bytes] = b"", headers: Rows = ()
    ) -> httpx.Response:
        """
        A request with the credentials, and with the process's own `headers`.

        A body that can be read once is read before anything is sent, since it may have to be sent again. Raises
        `NotAuthorized` where other credentials do not help either.
        """
        content = content if isinstance(content, bytes) else b"".join(content)
        has = self._connection
        caller = Caller(self._http, self._scheme, preemptive=has.preemptive or has.authentication_type == "aws")
        # As it is sent: what is signed or proven has to be the same
        return caller.call(Call(method=method, url=str(httpx.URL(url)), content=content, headers=headers))

    def _chosen(self) -> Scheme:
        has = self._connection
        if has.authentication_type == "basic":
            return Basic(has.user_name, has.password)
        if has.authentication_type == "digest":
            return Digest(has.user_name, has.password)
        if has.authentication_type == "aws":
            assert has.aws is not None
            return AwsSignature(has.aws)
        return Bearer(self._current, self._renewed) if has.authentication_type == "oauth2" else Nothing()

    def _current(self) -> Token:
        if self._token is None:
            self.generate()
        elif self._token.expired(self._now()):
            return self._renewed()
        assert self._token is not None
        return self._token

    def _renewed(self) -> Token:
        """By the refresh token, which stays the same where the answer has none; else from the beginning."""
        self._connection, self._next = self._next or self._connection, None
        old = None if self._token is None else self._token.refresh_token
        if old is None or not self._connection.confirm_offline_access:
            self.generate()
            assert self._token is not None
            return self._token
        new = self._ask([("grant_type", "refresh_token"), ("refresh_token", old)])
        self._token = new if new.refresh_token else dataclasses.replace(new, refresh_token=old)
        return self._token

    def _log_in(self) -> str:
        has, state = self._connection, secrets.token_urlsafe(24)
        asked = [
            ("response_type", "code"),
            ("client_id", has.client_id),
            ("redirect_uri", has.callback_url),
            ("state", state),
            *self._scope(),
            *has.authorization_parameters,
        ]
        return code_in(self._person(with_query(has.authorization_token_url, asked)), state=state)

    def _redeem(self, code: str) -> Token:
        form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", self._connection.callback_url)]
        return self._ask(form)

    def _ask(self, form: Rows) -> Token:
        has, pairs = self._connection, [*form, *self._connection.access_token_parameters]
        answer = self._http.post(
            has.access_token_url,
            content=str(httpx.QueryParams(pairs)),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            auth=(has.client_id, has.client_secret),
        )
        return token_in(answer, now=self._now())

    def _scope(self) -> Rows:
        return [("scope", self._connection.scope)] if self._connection.scope else []
