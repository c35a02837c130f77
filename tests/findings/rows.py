"""The rows of `rules.toml`: what a client knows, and how its requests are sent without a socket."""

from __future__ import annotations

import base64
import collections.abc as cabc
import hmac
import json
import pathlib
import secrets
import string
import threading
import time
import typing
import urllib.parse

import msgspec
from werkzeug.test import Client
from werkzeug.test import TestResponse

from mockserver import OAuthMock
from mockserver import Open
from mockserver import pkce

__all__ = ["ROWS", "Row", "Step", "Story", "parsed"]

_FORM = "application/x-www-form-urlencoded"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CAPTURED = ("access_token", "refresh_token", "id_token", "code")

Step = str | dict[str, typing.Any]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One rule. A step is a request, `{ seconds = ... }` that pass, `{ arm = "api.fail", ... }` or `{ together = [...] }`.
    """

    id: str
    why: str
    """Why it matters, for the page."""
    wrong: list[Step]
    right: list[Step]
    also: list[str] = []
    """What else the wrong requests bring."""
    client: dict[str, typing.Any] = {}
    client_right: dict[str, typing.Any] | None = None
    """Where the right requests are another client's."""
    settings: dict[str, typing.Any] = {}
    issuers: list[str] = []
    """Further issuers, at which the client is registered too."""
    protect: dict[str, typing.Any] | None = None
    guard: typing.Literal["Bearer", "Open"] = "Bearer"
    """Of what is protected."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    rule: list[Row]


ROWS = msgspec.toml.decode(pathlib.Path(__file__).with_name("rules.toml").read_bytes(), type=_File).rule


def parsed(request: str) -> tuple[str, str, list[tuple[str, str]], str]:
    """Method, target, headers and body of a request as it is written; a body without a type is a form."""
    head, _, body = request.strip("\n").partition("\n\n")
    first, *lines = head.split("\n")
    method, target = first.split(" ", 1)
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    if body and all(name != "Content-Type" for name, _ in headers):
        headers.append(("Content-Type", _FORM))
    return method, target, headers, body


class Story:
    """A server, a client and what the client has been given so far."""

    def __init__(self, row: Row, *, right: bool) -> None:
        self.mock = OAuthMock(**{"issuer": "http://localhost", "consent": "auto", **row.settings})
        self.mock.user("alice", password="wonderland")
        self._http = Client(self.mock.wsgi, use_cookies=False)
        options = row.client_right if right and row.client_right is not None else row.client
        self._client = self.mock.client(**options)
        for name in row.issuers:
            other = self.mock.issuer(name)
            other.client(self._client.client_id, client_secret=self.secret, **options)
        self._other = self.mock.client()
        if row.protect is not None:
            self.mock.protect(**row.protect, guard=Open() if row.guard == "Open" else None)
        self._captured: dict[str, list[str]] = {name: [] for name in _CAPTURED}
        self._fixed = {name: secrets.token_urlsafe(24) for name in ("same_state", "same_nonce")}
        self._verifiers = [pkce.new_verifier(), pkce.new_verifier()]
        self._fixed["same_assertion"] = self._assertion(300)

    @property
    def secret(self) -> str:
        """Empty for a public client."""
        return self.mock.context.clients[self._client.client_id].client_secret or ""

    def run(self, steps: cabc.Iterable[Step]) -> None:
        for step in steps:
            if isinstance(step, str):
                self._note(self._send(step))
            elif "seconds" in step:
                self.mock.clock.advance(seconds=step["seconds"])
            elif "together" in step:
                self._together(step["together"])
            else:
                place, _, fault = step["arm"].partition(".")
                rest = {name: value for name, value in step.items() if name != "arm"}
                getattr(getattr(self.mock, place), fault)(**rest)

    def _together(self, requests: cabc.Sequence[str]) -> None:
        self.mock.token_endpoint.hold(len(requests))
        threads = [threading.Thread(target=self._send, args=(request,)) for request in requests]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, request: str) -> TestResponse:
        method, target, headers, body = parsed(string.Template(request).substitute(self._known()))
        path, _, query = target.partition("?")
        return self._http.open(
            path, method=method, query_string=query, headers=headers, data=body.encode() if body else None
        )

    def _note(self, response: TestResponse) -> None:
        members = response.get_json(silent=True)
        found = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(response.headers.get("Location", "")).query))
        for name in _CAPTURED:
            value = (members if isinstance(members, dict) else found).get(name)
            if value is not None:
                self._captured[name].append(value)

    def _known(self) -> dict[str, str]:
        client, secret = self._client.client_id, self.secret
        known = {
            **self._fixed,
            "client_id": client,
            "client_secret": secret,
            "basic": _basic(client, secret),
            "basic_encoded": _basic(urllib.parse.quote_plus(client), urllib.parse.quote_plus(secret)),
            "wrong_basic": _basic(client, "guessed"),
            "other_basic": _basic(self._other.client_id, self._other.client_secret),
            "redirect_uri": urllib.parse.quote("http://127.0.0.1:8765/callback", safe=""),
            "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24),
            "verifier": self._verifiers[0],
            "challenge": pkce.challenge_of(self._verifiers[0]),
            "challenge_2": pkce.challenge_of(self._verifiers[1]),
            "assertion_type": urllib.parse.quote(_ASSERTION_TYPE),
            "assertion": self._assertion(300),
            "long_assertion": self._assertion(12 * 3600),
        }
        for name, values in self._captured.items():
            known |= {f"{name}_{number}": value for number, value in enumerate(values, 1)}
            if values:
                known[name] = values[-1]
        return known

    def _assertion(self, seconds: int) -> str:
        """By the client's secret, as `client_secret_jwt` has it (RFC 7523 2.2)."""
        now, client_id = int(time.time()), self._client.client_id
        claims = {"iss": client_id, "sub": client_id, "aud": self.mock.identifier, "exp": now + seconds}
        parts = [json.dumps(part).encode() for part in ({"alg": "HS256"}, {**claims, "jti": secrets.token_hex(8)})]
        signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
        signature = hmac.digest(self.secret.encode(), signed, "sha256")
        return f"{signed.decode()}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def _basic(client_id: str, secret: str) -> str:
    return base64.b64encode(f"{client_id}:{secret}".encode()).decode()
