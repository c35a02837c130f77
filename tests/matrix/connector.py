"""A reference connector: each decision is a method of its own, so that `defects.py` can have it made wrongly."""

from __future__ import annotations

import collections.abc as cabc
import logging
import re
import secrets
import typing
import urllib.parse

import httpx
import msgspec

from matrix.further import Further
from mockserver import Callback
from mockserver import demo
from mockserver import pkce

__all__ = ["Connector", "Denied", "Held", "NeedsConsent", "NeedsScope", "Rejected", "Store", "Unauthorized"]

Form = dict[str, str]
Answer = dict[str, typing.Any]

log = logging.getLogger("connector")


class Rejected(Exception):
    """The callback does not answer an authorization request of ours, or answers it in two ways."""


class Denied(Exception):
    """An error of RFC 6749 4.1.2.1 or 5.2; its code is the message."""


class NeedsConsent(Exception):
    """There is no grant, or none any more: the person has to log in again."""


class NeedsScope(Exception):
    """The API wants more scope; the message is what it wants."""


class Unauthorized(Exception):
    """The API refuses a token that was issued a moment ago."""


class Held(msgspec.Struct, frozen=True):
    """What there is for one credential."""

    access_token: str
    refresh_token: str | None
    scope: frozenset[str]
    got_at: float
    lifetime: float


Store = dict[tuple[str, ...], Held]


class Connector(Further):
    """
    A client for one credential of one provider. `now` is its clock; `store` outlives it and may be shared.

    `settings` are those of `mockserver.demo`, and besides `user`, whose login it is, and `skew` in seconds.
    """

    default_lifetime = 300
    """Seconds, where the answer has no `expires_in` that makes sense."""
    longest_lifetime = 24 * 3600
    """Seconds that an `expires_in` is believed."""

    def __init__(
        self, settings: cabc.Mapping[str, str], http: httpx.Client, now: cabc.Callable[[], float], store: Store
    ) -> None:
        self.settings = dict(settings)
        self.http = http
        self.now = now
        self.store = store
        self.pending: dict[str, str] = {}
        """State -> verifier, of logins under way."""

    # -- the login -----------------------------------------------------------------------------------------------------

    def login(self, person: cabc.Callable[[str], Callback], *, tries: int = 2) -> None:
        """Through the browser, and once more where the server says that it is for now (RFC 6749 4.1.2.1)."""
        for left in reversed(range(tries)):
            try:
                self.finish(person(self.start()))
                return
            except Denied as denied:
                if not left or not self.is_for_now(str(denied)):
                    raise

    def is_for_now(self, error: str) -> bool:
        return error == "temporarily_unavailable"

    def start(self, *, scope: str | None = None) -> str:
        """The authorization URL (RFC 6749 4.1.1) with PKCE (RFC 7636)."""
        state, verifier = self.new_state(), pkce.new_verifier()
        self.pending[state] = verifier
        query = {
            "response_type": "code",
            "client_id": self.settings["client_id"],
            "redirect_uri": self.settings["redirect_uri"],
            "scope": self.settings["scope"] if scope is None else scope,
            "state": state,
            "code_challenge": pkce.challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        return self.with_query(self.settings["authorize_url"], urllib.parse.urlencode(query))

    def new_state(self) -> str:
        return secrets.token_urlsafe(16)

    def with_query(self, url: str, query: str) -> str:
        """RFC 6749 3.1: a query that the URL has is kept, a fragment it must not have."""
        parts = urllib.parse.urlsplit(url)
        if parts.fragment:
            raise ValueError("the authorization URL has a fragment (RFC 6749 3.1)")
        return parts._replace(query="&".join(filter(None, [parts.query, query]))).geturl()

    def finish(self, callback: Callback) -> None:
        """What came to the redirect URI. Raises `Rejected` and `Denied` before anything is sent."""
        pairs = urllib.parse.parse_qsl(urllib.parse.urlsplit(callback.url).query, keep_blank_values=True)
        verifier = self.claim(pairs)
        self.check_issuer(dict(pairs))
        self.keep(
            self.redeem(
                {
                    "grant_type": "authorization_code",
                    "code": self.code(dict(pairs)),
                    "redirect_uri": self.settings["redirect_uri"],
                    "code_verifier": verifier,
                }
            )
        )

    def claim(self, pairs: cabc.Sequence[tuple[str, str]]) -> str:
        """RFC 6749 10.12: exactly one state, of a login that is under way and is so no more."""
        states = [value for name, value in pairs if name == "state"]
        if len(states) != 1 or states[0] not in self.pending:
            raise Rejected("the callback has another state than any login under way")
        return self.pending.pop(states[0])

    def check_issuer(self, given: Form) -> None:
        """RFC 9207 2.4: the issuer that was asked, where it says who it is."""
        if "issuer" in self.settings and given.get("iss") != self.settings["issuer"]:
            raise Rejected("the callback is of another issuer")

    def code(self, given: Form) -> str:
        if "error" in given:
            raise Rejected("a code and an error") if "code" in given else Denied(given["error"])
        return given["code"]

    def redeem(self, form: Form) -> Answer:
        return self.ask(form)

    # -- tokens --------------------------------------------------------------------------------------------------------

    def token(self) -> Held:
        """The token of this credential: kept, renewed in good time, or the first one."""
        held = self.store.get(self.key())
        if held is None:
            return self.first()
        return self.renew(held) if self.is_due(held) else held

    def key(self) -> tuple[str, ...]:
        """Everything that a token depends on."""
        return tuple(
            self.settings.get(name, "") for name in ("token_url", "client_id", "client_secret", "scope", "user")
        )

    def is_due(self, held: Held) -> bool:
        # Of a token that lives hardly longer than the skew, the skew is at most half the life
        skew = min(int(self.settings["skew"]), held.lifetime / 2)
        return self.now() >= held.got_at + held.lifetime - skew

    def first(self) -> Held:
        if self.settings["grant_type"] != "client_credentials":
            raise NeedsConsent
        return self.keep(self.ask({"grant_type": "client_credentials", "scope": self.settings["scope"]}))

    def renew(self, held: Held) -> Held:
        if held.refresh_token is None:
            return self.first()
        try:
            answer = self.refresh({"grant_type": "refresh_token", "refresh_token": held.refresh_token})
        except Denied as denied:
            if str(denied) == "invalid_grant":
                del self.store[self.key()]
                raise NeedsConsent from None
            raise
        return self.keep(answer, held)

    def refresh(self, form: Form) -> Answer:
        try:
            return self.ask(form)
        except httpx.TransportError:
            # RFC 9700 4.14.2: nobody knows whether it was used up; servers that rotate have a grace for this
            return self.ask(form)

    def ask(self, form: Form) -> Answer:
        """A token request. Raises `Denied`."""
        answer = demo.AUTHENTICATION[self.settings["client_auth"]](self.http, self.settings, form)
        body: Answer = answer.json()
        if answer.status_code != 200:
            raise Denied(body["error"])
        return body

    def keep(self, answer: Answer, old: Held | None = None) -> Held:
        """RFC 6749 6: the refresh token is the new one or, where the answer has none, still the old one."""
        held = Held(
            access_token=answer["access_token"],
            refresh_token=self.kept(answer.get("refresh_token"), None if old is None else old.refresh_token),
            scope=self.granted(answer),
            got_at=self.now(),
            lifetime=self.lifetime(answer.get("expires_in")),
        )
        self.store[self.key()] = held
        return held

    def kept(self, new: str | None, old: str | None) -> str | None:
        return new or old

    def granted(self, answer: Answer) -> frozenset[str]:
        """RFC 6749 5.1: what was asked, unless the answer says otherwise."""
        return frozenset(answer.get("scope", self.settings["scope"]).split())

    def lifetime(self, expires_in: typing.Any) -> float:
        """RFC 6749 5.1 has a number of seconds there, or nothing."""
        try:
            seconds = float(expires_in)
        except (TypeError, ValueError):
            return self.default_lifetime
        return min(seconds, self.longest_lifetime) if seconds > 0 else self.default_lifetime

    # -- the API -------------------------------------------------------------------------------------------------------

    def call(self, url: str, method: str = "GET", *, body: bytes = b"", scope: str = "") -> httpx.Response:
        """
        One request, and once more with a new token where this one is refused: a 401 says that nothing was done.

        Raises `NeedsScope`, without a request where `scope` was not granted, and `Unauthorized`.
        """
        held = self.token()
        if not self.has(held, scope):
            raise NeedsScope(scope)
        answer = self.send(method, url, held, body)
        for _ in range(self.tries(answer)):
            answer = self.repeat(method, url, self.renew(self.store[self.key()]), body)
            if answer.status_code != 401:
                break
        return self.passed(answer)

    def has(self, held: Held, scope: str) -> bool:
        return held.scope >= {*scope.split()}

    def send(self, method: str, url: str, held: Held, body: bytes) -> httpx.Response:
        return self.http.request(method, url, content=body, headers={"Authorization": f"Bearer {held.access_token}"})

    def repeat(self, method: str, url: str, held: Held, body: bytes) -> httpx.Response:
        return self.send(method, url, held, body)

    def tries(self, answer: httpx.Response) -> int:
        """How often to try once more with a new token (RFC 6750 3.1)."""
        return 1 if answer.status_code == 401 and 'error="invalid_token"' in self.challenge(answer) else 0

    def passed(self, answer: httpx.Response) -> httpx.Response:
        log.info("%s answered %d", answer.url.path, answer.status_code)
        if answer.status_code == 403 and 'error="insufficient_scope"' in self.challenge(answer):
            found = re.search(r'scope="([^"]*)"', self.challenge(answer))
            raise NeedsScope(found[1] if found else "")
        if answer.status_code == 401:
            raise Unauthorized
        return answer.raise_for_status()

    @staticmethod
    def challenge(answer: httpx.Response) -> str:
        return str(answer.headers.get("WWW-Authenticate", ""))
