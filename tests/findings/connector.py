"""A connector that does everything right: each decision is a method, so that `planted.py` can have one made wrongly."""

from __future__ import annotations

import base64
import collections.abc as cabc
import secrets
import threading
import typing
import urllib.parse

import httpx
import msgspec

from mockserver import Callback
from mockserver import pkce

__all__ = ["Connector", "Failed", "Held", "Settings", "Store"]

Form = dict[str, str]
Answer = dict[str, typing.Any]

_BUSY = (429, 503)
_TRIES = 4


class Failed(Exception):
    """It did not work, and the connector stopped. The message says why."""


class Settings(msgspec.Struct, kw_only=True):
    """What a connection form asks for."""

    grant_type: str
    client_id: str
    client_secret: str
    authorize_url: str
    token_url: str
    api_url: str
    redirect_uri: str = "http://127.0.0.1:8765/callback"
    scope: str = "openid orders"
    skew: int = 300
    """Seconds before the end of a token's life at which it is renewed."""
    preemptive: bool = True
    """Whether credentials go with the first request, or with the answer to the challenge."""


class Held(msgspec.Struct, kw_only=True):
    """What is kept of a token answer."""

    access_token: str
    refresh_token: str | None
    id_token: str | None
    got_at: float
    lifetime: float


Store = dict[tuple[str, ...], Held]


class Connector:
    """
    A client for one connection. `store` outlives it; `now` and `sleep` are its clock.
    """

    def __init__(
        self,
        settings: Settings,
        http: httpx.Client,
        store: Store,
        *,
        now: cabc.Callable[[], float],
        sleep: cabc.Callable[[float], None],
    ) -> None:
        self.settings = settings
        self.http = http
        self.store = store
        self.now = now
        self.sleep = sleep
        self.pending: dict[str, str] = {}
        self.lock: typing.ContextManager[typing.Any] = threading.Lock()

    # -- the login -----------------------------------------------------------------------------------------------------

    def login(self, person: cabc.Callable[[str], Callback]) -> None:
        self.finish(person(self.start()))

    def start(self) -> str:
        state, verifier = self.new_state(), self.new_verifier()
        self.pending[state] = verifier
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.redirect_uri(),
            "scope": self.scope(),
            "state": state,
            "nonce": self.new_nonce(),
            "code_challenge": pkce.challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        return f"{self.settings.authorize_url}?{urllib.parse.urlencode(self.authorization(query))}"

    def authorization(self, query: Form) -> Form:
        return query

    def new_state(self) -> str:
        return secrets.token_urlsafe(24)

    def new_verifier(self) -> str:
        return pkce.new_verifier()

    def new_nonce(self) -> str:
        return secrets.token_urlsafe(24)

    def redirect_uri(self) -> str:
        return self.settings.redirect_uri

    def scope(self) -> str:
        return self.settings.scope

    def finish(self, callback: Callback) -> None:
        verifier = self.pending.pop(callback.state or "", None)
        if verifier is None or callback.code is None:
            raise Failed("the callback answers no login of ours")
        form = {
            "grant_type": "authorization_code",
            "code": callback.code,
            "redirect_uri": self.redirect_uri(),
            "code_verifier": verifier,
        }
        self.keep(self.redeem(form))

    def redeem(self, form: Form) -> Answer:
        return self.ask(form)

    # -- token requests ------------------------------------------------------------------------------------------------

    def ask(self, form: Form) -> Answer:
        """One answer; a server that is busy is asked again, later and later."""
        for attempt in range(_TRIES):
            answer = self.post(form)
            if answer.status_code not in _BUSY:
                break
            self.sleep(self.pause(answer, attempt))
        if answer.status_code != 200:
            raise Failed(f"the token endpoint said {answer.status_code}")
        return self.checked(answer.json())

    def pause(self, answer: httpx.Response, attempt: int) -> float:
        return float(answer.headers.get("Retry-After", 2**attempt))

    def checked(self, answer: Answer) -> Answer:
        if not isinstance(answer.get("access_token"), str):
            raise Failed("the answer has no access token")
        return answer

    def post(self, form: Form) -> httpx.Response:
        return self.http.post(self.settings.token_url, data=form, headers={"Authorization": self.basic()})

    def basic(self) -> str:
        halves = map(urllib.parse.quote_plus, (self.settings.client_id, self.settings.client_secret))
        return "Basic " + base64.b64encode(":".join(halves).encode()).decode()

    # -- tokens --------------------------------------------------------------------------------------------------------

    def key(self) -> tuple[str, ...]:
        """Everything that a token depends on."""
        return (self.settings.token_url, self.settings.client_id, self.settings.scope)

    def token(self) -> Held:
        with self.lock:
            held = self.held()
            if held is None:
                return self.first()
            return self.renew(held) if self.is_due(held) else held

    def held(self) -> Held | None:
        return self.store.get(self.key())

    def is_due(self, held: Held) -> bool:
        return self.now() >= held.got_at + held.lifetime - min(self.settings.skew, held.lifetime / 2)

    def first(self) -> Held:
        if self.settings.grant_type != "client_credentials":
            raise Failed("somebody has to log in")
        return self.keep(self.ask({"grant_type": "client_credentials", "scope": self.scope()}))

    def renew(self, held: Held) -> Held:
        if held.refresh_token is None:
            return self.first()
        try:
            answer = self.refresh({"grant_type": "refresh_token", "refresh_token": held.refresh_token})
        except Failed:
            self.forget()
            raise
        return self.keep(answer, held)

    def refresh(self, form: Form) -> Answer:
        return self.ask(form)

    def forget(self) -> None:
        self.store.pop(self.key(), None)

    def keep(self, answer: Answer, old: Held | None = None) -> Held:
        held = Held(
            access_token=answer["access_token"],
            refresh_token=answer.get("refresh_token", old.refresh_token if old else None),
            id_token=answer.get("id_token", old.id_token if old else None),
            got_at=self.now(),
            lifetime=answer.get("expires_in", 300),
        )
        self.store[self.key()] = held
        return held

    # -- the API -------------------------------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: bytes = b"") -> httpx.Response:
        """One request, and once more where the server asks for a token, or for another one."""
        if not self.preemptive():
            self.send(method, path, None, body)
        held = self.token()
        answer = self.send(method, path, held, self.body_of(body))
        for _ in range(self.tries(answer)):
            held = self.after_401(held)
            answer = self.send(method, path, held, body)
            if answer.status_code != 401:
                break
        if answer.is_error:
            raise Failed(f"{method} {path}: {answer.status_code}")
        return answer

    def look(self, path: str) -> httpx.Response:
        """At what everybody may see."""
        return self.send("GET", path, self.for_everybody(), b"")

    def for_everybody(self) -> Held | None:
        return None

    def preemptive(self) -> bool:
        return self.settings.preemptive

    def body_of(self, body: bytes) -> bytes:
        return body

    def tries(self, answer: httpx.Response) -> int:
        return 1 if answer.status_code == 401 else 0

    def after_401(self, held: Held) -> Held:
        with self.lock:
            return self.renew(held)

    def send(self, method: str, path: str, held: Held | None, body: bytes) -> httpx.Response:
        headers = {} if held is None else {"Authorization": self.authorized(held)}
        if body:
            headers["Content-Type"] = "application/json"
        return self.http.request(method, self.settings.api_url + path, content=body, headers=headers)

    def authorized(self, held: Held) -> str:
        return f"Bearer {held.access_token}"
