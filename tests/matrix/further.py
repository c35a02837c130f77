"""What the reference connector does beyond logging in and calling: each decision is a method, as in `connector.py`."""

from __future__ import annotations

import collections.abc as cabc
import typing

import httpx

from mockserver import demo

__all__ = ["DEVICE_CODE", "EXCHANGE", "Further"]

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE = "urn:ietf:params:oauth:token-type:"

Answer = dict[str, typing.Any]


class Further:
    """Logging out, introspecting, resources, exchange, devices: of what has `settings`, `http` and `now`."""

    settings: dict[str, str]
    http: httpx.Client
    now: cabc.Callable[[], float]

    def ask(self, form: dict[str, str]) -> Answer:
        raise NotImplementedError

    def ask_at(self, url: str, form: dict[str, str]) -> httpx.Response:
        """A request of the client to another endpoint than the token endpoint."""
        return demo.AUTHENTICATION[self.settings["client_auth"]](self.http, {**self.settings, "token_url": url}, form)

    # -- logging out (RFC 7009) ----------------------------------------------------------------------------------------

    def log_out(self, url: str, held: typing.Any, wait: cabc.Callable[[float], None]) -> bool:
        """End what there is; True once the server has said that it did (RFC 7009 2.2)."""
        for _ in range(3):
            answer = self.ask_at(url, {"token": self.to_revoke(held)})
            if self.is_revoked(answer):
                return True
            wait(float(answer.headers.get("Retry-After", "1")))
        return False

    def to_revoke(self, held: typing.Any) -> str:
        """RFC 7009 2.1: the refresh token, which takes its access tokens along."""
        return str(held.refresh_token or held.access_token)

    def is_revoked(self, answer: httpx.Response) -> bool:
        # RFC 7009 2.2.1: after a 503 the token is still good
        return answer.status_code == 200

    # -- an API that introspects (RFC 7662) ----------------------------------------------------------------------------

    def relay(self, introspection_url: str, token: str, url: str) -> httpx.Response | None:
        """What is behind this API, for a caller with a token; None where the token is not good."""
        if not self.admits(introspection_url, token):
            return None
        return self.http.get(url, headers={"Authorization": f"Bearer {token}"})

    def admits(self, introspection_url: str, token: str) -> bool:
        known = self.known().get(token)
        if known is None or not self.still_holds(known):
            answer = self.ask_at(introspection_url, {"token": token}).raise_for_status()
            known = self.known()[token] = {**answer.json(), "asked_at": self.now()}
        return self.is_active(known)

    def known(self) -> dict[str, Answer]:
        return self.__dict__.setdefault("introspected", {})  # type: ignore[no-any-return]

    def still_holds(self, known: Answer) -> bool:
        """RFC 7662 4: for a minute."""
        return bool(self.now() - known["asked_at"] < 60)

    def is_active(self, known: Answer) -> bool:
        # RFC 7662 4: what is kept must not outlive the token
        return bool(known["active"]) and self.now() < known.get("exp", self.now() + 1)

    # -- one token for each resource (RFC 8707) ------------------------------------------------------------------------

    def call_resource(self, resource: str, url: str) -> httpx.Response:
        tokens: dict[str, str] = self.__dict__.setdefault("by_resource", {})
        if self.kept_for(resource) not in tokens:
            tokens[self.kept_for(resource)] = self.token_for(resource)["access_token"]
        return self.http.get(url, headers={"Authorization": f"Bearer {tokens[self.kept_for(resource)]}"})

    def kept_for(self, resource: str) -> str:
        return resource

    def token_for(self, resource: str) -> Answer:
        return self.ask({"grant_type": "client_credentials", "resource": resource})

    # -- a token for a token (RFC 8693) --------------------------------------------------------------------------------

    def exchange(self, token: str, url: str, **more: str) -> httpx.Response | None:
        """Call an API for somebody; None where what was issued is no access token."""
        form = {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": f"{TYPE}access_token", **more}
        answer = self.ask(form)
        if not self.is_access_token(answer):
            return None
        return self.http.get(url, headers={"Authorization": f"Bearer {answer['access_token']}"})

    def is_access_token(self, answer: Answer) -> bool:
        # RFC 8693 2.2.1: N_A for everything else, though it is in `access_token`
        return str(answer["token_type"]).lower() == "bearer"

    # -- a device (RFC 8628) -------------------------------------------------------------------------------------------

    def connect(self, url: str, show: cabc.Callable[[str], None], wait: cabc.Callable[[float], None]) -> Answer:
        """Show a code, and ask until somebody has decided. Raises RuntimeError with the error that ends it."""
        given: Answer = self.ask_at(url, {"scope": self.settings["scope"]}).raise_for_status().json()
        show(given["user_code"])
        interval = self.interval(given)
        for _ in range(20):
            wait(interval)
            form = {"grant_type": DEVICE_CODE, "device_code": given["device_code"]}
            answer = self.ask_at(self.settings["token_url"], form)
            body: Answer = answer.json()
            if answer.status_code == 200:
                return body
            if not self.goes_on(body["error"]):
                raise RuntimeError(body["error"])
            interval += self.slower(body["error"])
        raise RuntimeError("nobody came")

    def interval(self, given: Answer) -> float:
        # RFC 8628 3.2: five seconds where nothing is said
        return float(given.get("interval", 5))

    def goes_on(self, error: str) -> bool:
        return error in ("authorization_pending", "slow_down")

    def slower(self, error: str) -> float:
        # RFC 8628 3.5: for this request and all that follow
        return 5 if error == "slow_down" else 0
