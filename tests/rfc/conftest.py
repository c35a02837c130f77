"""Requests in the words of the RFCs, and whole answers to compare with."""

from __future__ import annotations

import base64
import collections.abc as cabc
import json
import re
import threading
import typing
import urllib.parse

import pytest
from werkzeug.test import Client
from werkzeug.test import TestResponse

from mockserver import OAuthMock

Parameters = cabc.Mapping[str, str] | cabc.Sequence[tuple[str, str]] | bytes
Answer = tuple[int, typing.Any, dict[str, str]]

_FORM = "application/x-www-form-urlencoded"
_JSON = {"Cache-Control": "no-store", "Content-Type": "application/json", "Pragma": "no-cache"}
_HEADERS = ("Allow", "Cache-Control", "Content-Type", "Location", "Pragma", "Retry-After", "WWW-Authenticate")


class Matching:
    """Equal to every string that has a form."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self._pattern.fullmatch(other) is not None

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<text like {self._pattern.pattern}>"


class Some:
    """What is different in every run, by its form."""

    jwt = Matching(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
    opaque = Matching(r"oam_at_[\w-]{43}")
    refresh_token = Matching(r"oam_rt_[\w-]{43}")
    code = Matching(r"oam_ac_[\w-]{43}")
    session_cookie = Matching(r"oauthmock_session=oam_se_[\w-]{43}; Path=/; HttpOnly; SameSite=Lax")
    description = Matching(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
    """The grammar of error_description, RFC 6749 5.2."""


class Http:
    """The server's endpoints without a socket, and the answers to expect of them."""

    some = Some
    json_headers = _JSON

    def __init__(self, mock: OAuthMock) -> None:
        self.mock = mock
        self.client = Client(mock.wsgi, use_cookies=False)

    def token(
        self,
        parameters: Parameters,
        *,
        basic: tuple[str, str] | None = None,
        headers: cabc.Sequence[tuple[str, str]] = (),
        content_type: str | None = _FORM,
        query: str = "",
    ) -> TestResponse:
        """A token request; `basic` is put into the header as it is."""
        body = parameters if isinstance(parameters, bytes) else urllib.parse.urlencode(parameters).encode()
        sent = [*headers, *([("Authorization", self.basic(*basic))] if basic else [])]
        return self.client.post("/token", data=body, headers=sent, content_type=content_type, query_string=query)

    def post(
        self,
        path: str,
        parameters: Parameters,
        *,
        basic: tuple[str, str] | None = None,
        headers: cabc.Sequence[tuple[str, str]] = (),
    ) -> TestResponse:
        """A form for an endpoint at which clients authenticate."""
        body = parameters if isinstance(parameters, bytes) else urllib.parse.urlencode(parameters).encode()
        sent = [*headers, *([("Authorization", self.basic(*basic))] if basic else [])]
        return self.client.post(path, data=body, headers=sent, content_type=_FORM)

    def token_as_json(self, members: object) -> TestResponse:
        body = members if isinstance(members, bytes) else json.dumps(members).encode()
        return self.client.post("/token", data=body, content_type="application/json")

    @staticmethod
    def basic(client_id: str, secret: str) -> str:
        return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()

    def authorize(self, parameters: Parameters, form: Parameters | None = None) -> TestResponse:
        """An authorization request; with `form`, what the page's buttons send."""
        query = parameters.decode() if isinstance(parameters, bytes) else urllib.parse.urlencode(parameters)
        if form is None:
            return self.client.get("/authorize", query_string=query)
        body = form if isinstance(form, bytes) else urllib.parse.urlencode(form).encode()
        return self.client.post("/authorize", query_string=query, data=body, content_type=_FORM)

    def api(self, access_token: str | None, path: str = "/api/orders", **options: typing.Any) -> TestResponse:
        headers = {} if access_token is None else {"Authorization": f"Bearer {access_token}"}
        return self.client.open(path, headers=headers, **options)

    @staticmethod
    def answer(response: TestResponse) -> Answer:
        """Status, JSON and every header that means something."""
        sent = {name: response.headers[name] for name in _HEADERS if name in response.headers}
        return response.status_code, response.get_json(), sent

    def told(self, response: TestResponse) -> tuple[int, str, str, str]:
        """What a refusal says to the client (status, error, description), and why to the tester."""
        body = response.get_json()
        assert set(body) == {"error", "error_description"}
        return response.status_code, body["error"], body["error_description"], self.mock.journal.last.why

    @staticmethod
    def at_once(calls: cabc.Sequence[cabc.Callable[[], typing.Any]]) -> list[typing.Any]:
        """Every call in a thread of its own, all let go at the same time: what each returned, or raised, in order."""
        gate = threading.Barrier(len(calls))
        outcomes: list[typing.Any] = [None] * len(calls)

        def run(index: int) -> None:
            gate.wait()
            try:
                outcomes[index] = calls[index]()
            except Exception as error:  # for the test to see, which compares outcomes
                outcomes[index] = error

        threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return outcomes

    @staticmethod
    def callback(response: TestResponse) -> tuple[int, str, list[tuple[str, str]], str | None]:
        """A redirect: status, where to without its query, the query, Cache-Control."""
        parts = urllib.parse.urlsplit(response.headers["Location"])
        where = parts._replace(query="").geturl()
        query = urllib.parse.parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
        return response.status_code, where, query, response.headers.get("Cache-Control")

    @staticmethod
    def fragment(response: TestResponse) -> tuple[int, str, list[tuple[str, str]], str | None]:
        """As `callback`, where the parameters are behind the #."""
        where, _, fragment = response.headers["Location"].partition("#")
        pairs = urllib.parse.parse_qsl(fragment, keep_blank_values=True, strict_parsing=True)
        return response.status_code, where, pairs, response.headers.get("Cache-Control")

    @staticmethod
    def refused(status: int, error: str, *, challenge: str | None = None, allow: str | None = None) -> Answer:
        """The whole answer of RFC 6749 5.2."""
        headers = dict(_JSON)
        if challenge is not None:
            headers["WWW-Authenticate"] = challenge
        if allow is not None:
            headers["Allow"] = allow
        return status, {"error": error, "error_description": Some.description}, headers

    @staticmethod
    def challenged(status: int, error: str | None, *, description: object = None, scope: str | None = None) -> Answer:
        """The whole answer of RFC 6750 3: challenge and, where credentials were sent, the error in the body too."""
        challenge = 'Bearer realm="api"'
        if error is not None:
            challenge += f', error="{error}", error_description="{description}"'
        if scope is not None:
            challenge += f', scope="{scope}"'
        body = {} if error is None else {"error": error, "error_description": description}
        return status, body, {**_JSON, "WWW-Authenticate": challenge}

    @staticmethod
    def tokens(
        *,
        scope: str | None = None,
        expires_in: int = 3600,
        refresh_token: bool | str = True,
        id_token: bool = False,
        access_token: Matching = Some.jwt,
    ) -> Answer:
        """The whole answer of RFC 6749 5.1."""
        members: dict[str, object] = {"access_token": access_token, "token_type": "Bearer", "expires_in": expires_in}
        if refresh_token:
            members["refresh_token"] = Some.refresh_token if refresh_token is True else refresh_token
        if scope is not None:
            members["scope"] = scope
        if id_token:
            members["id_token"] = Some.jwt
        return 200, members, dict(_JSON)


@pytest.fixture
def mock() -> cabc.Iterator[OAuthMock]:
    """A server without a socket, its issuer fixed; whatever breaks inside it fails the test."""
    server = OAuthMock(issuer="http://localhost")
    server.user("alice", password="wonderland", email="alice@example.com")
    yield server
    assert server.exceptions == []


@pytest.fixture
def http(mock: OAuthMock) -> Http:
    return Http(mock)
