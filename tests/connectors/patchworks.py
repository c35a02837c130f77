"""The OAuth 2 form of Patchworks' connector builder, and what stands behind it."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses
import json
import re
import secrets
import string
import time
import typing

import httpx

from connectors.answers import Person
from connectors.answers import Token
from connectors.answers import code_in
from connectors.answers import token_in
from connectors.errors import FormError
from connectors.errors import NotAuthorized
from connectors.errors import TimedOut
from connectors.urls import with_query

__all__ = ["Authentication", "Patchworks"]

Rows = cabc.Sequence[tuple[str, str]]

_FORM = "application/x-www-form-urlencoded"
_ALPHABET = string.ascii_letters + string.digits


@dataclasses.dataclass(frozen=True, kw_only=True)
class Authentication:
    """The fields of one authentication; `variables` fill what stands in double braces in any URL."""

    flow: typing.Literal["authorization_code", "client_credentials"]
    client_id: str
    client_secret: str = dataclasses.field(default="", repr=False)
    scope: str = ""
    response_authentication_token_key: str = "access_token"
    response_refresh_token_key: str = "refresh_token"
    grant_type: str = ""
    grant_type_key: str = "grant_type"
    refresh_grant_type_key: str = "grant_type"
    response_type: str = "code"
    response_type_key: str = "code"
    oauth_authorised_code: str = dataclasses.field(default="", repr=False)
    state_length: int = 32
    callback_url: str = "http://127.0.0.1/patchworks/callback"
    authorization_url: str = ""
    access_token_url: str = ""
    reauthenticate_url: str = ""
    variables: cabc.Mapping[str, str] = dataclasses.field(default_factory=dict)
    url_tab: Rows = ()
    header_tab: Rows = ()
    body_tab: Rows = ()
    authorization_tab: Rows = ()
    content_type: str = _FORM
    client_id_name: str = "client_id"
    timeout_limit: float = 30

    def __post_init__(self) -> None:
        if self.state_length < 1 or self.timeout_limit <= 0:
            raise FormError("State length and Timeout limit must be more than nothing")
        for text in (text for row in self.header_tab for text in row):
            if re.search(r"[\r\n\0]", text):
                raise FormError("a header has a line break")


class Patchworks:
    """One connector with one authentication; the timeout limits each authentication request as a whole."""

    def __init__(
        self,
        form: Authentication,
        *,
        http: httpx.Client,
        person: Person,
        now: cabc.Callable[[], float] = time.time,
    ) -> None:
        self._form = form
        self._http = http
        self._person = person
        self._now = now
        self._token: Token | None = None

    def authenticate(self) -> None:
        """A token from the beginning."""
        form = self._form
        grant = (form.grant_type_key, form.grant_type or form.flow)
        if form.flow == "authorization_code":
            code = form.oauth_authorised_code or self._log_in()
            self._token = self._ask(form.access_token_url, [grant, ("code", code), ("redirect_uri", form.callback_url)])
        else:
            self._token = self._ask(form.access_token_url, [grant, *self._scope()])

    def reauthenticate(self) -> None:
        """By the refresh token; where there is none, from the beginning."""
        old = None if self._token is None else self._token.refresh_token
        if old is None:
            self.authenticate()
            return
        grant = [(self._form.refresh_grant_type_key, "refresh_token"), ("refresh_token", old)]
        new = self._ask(self._form.reauthenticate_url or self._form.access_token_url, grant)
        self._token = new if new.refresh_token else dataclasses.replace(new, refresh_token=old)

    def call(self, method: str, url: str, content: bytes = b"") -> httpx.Response:
        """A request to an endpoint of the connector, whose URL may have variables too."""
        if self._token is None:
            self.authenticate()
        elif self._token.expired(self._now()):
            self.reauthenticate()
        answer = self._send(method, url, content)
        if answer.status_code == 401:
            self.reauthenticate()
            answer = self._send(method, url, content)
        if answer.status_code in (401, 403):
            raise NotAuthorized(f"the API answered {answer.status_code}")
        return answer

    def _send(self, method: str, url: str, content: bytes) -> httpx.Response:
        assert self._token is not None
        bearer = {"Authorization": f"Bearer {self._token.access_token}"}
        return self._http.request(method, self._filled(url), content=content, headers=bearer)

    def _log_in(self) -> str:
        form = self._form
        state = "".join(secrets.choice(_ALPHABET) for _ in range(form.state_length))
        asked = [
            ("response_type", form.response_type),
            ("client_id", form.client_id),
            ("redirect_uri", form.callback_url),
            ("state", state),
            *self._scope(),
            *form.authorization_tab,
        ]
        came = self._person(with_query(self._filled(form.authorization_url), asked))
        return code_in(came, state=state, code_key=form.response_type_key)

    def _ask(self, url: str, parameters: Rows) -> Token:
        form = self._form
        who = [(form.client_id_name, form.client_id), ("client_secret", form.client_secret)]
        body = [*parameters, *who, *form.body_tab]
        is_json = form.content_type.partition(";")[0] == "application/json"
        content = json.dumps(dict(body)) if is_json else str(httpx.QueryParams(body))
        headers = {"Content-Type": form.content_type, **dict(form.header_tab)}
        answer = self._limited(self._filled(url), content, headers)
        return token_in(
            answer,
            now=self._now(),
            token_key=form.response_authentication_token_key,
            refresh_key=form.response_refresh_token_key,
        )

    def _limited(self, url: str, content: str, headers: cabc.Mapping[str, str]) -> httpx.Response:
        """httpx limits the pause between two octets; the form limits the whole."""
        limit = self._form.timeout_limit
        end = time.perf_counter() + limit
        sent = self._http.build_request(
            "POST", with_query(url, self._form.url_tab), content=content, headers=headers, timeout=limit
        )
        try:
            answer = self._http.send(sent, stream=True)
            octets = bytearray()
            try:
                for chunk in answer.iter_raw():
                    octets += chunk
                    if time.perf_counter() > end:
                        raise TimedOut(f"the authentication request took more than {limit:g} s")
            finally:
                answer.close()
        except httpx.TransportError as error:
            raise TimedOut(f"no answer within {limit:g} s: {type(error).__name__}") from None
        return httpx.Response(answer.status_code, headers=answer.headers, content=bytes(octets), request=sent)

    def _filled(self, url: str) -> str:
        """Variables that nobody filled stay as they are, as Patchworks leaves them."""
        for name, value in self._form.variables.items():
            url = url.replace("{{" + name + "}}", value)
        return url

    def _scope(self) -> Rows:
        return [("scope", self._form.scope)] if self._form.scope else []
