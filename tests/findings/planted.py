"""Bugs that connectors have, each as the right connector with one decision made wrongly."""

from __future__ import annotations

import base64
import collections.abc as cabc
import contextlib
import json
import re
import typing
import urllib.parse

import httpx

from findings.connector import Answer
from findings.connector import Connector
from findings.connector import Failed
from findings.connector import Form
from findings.connector import Held
from mockserver import Callback

__all__ = ["BUGS"]

# -- secrets where they can be read ------------------------------------------------------------------------------------


class SecretInTheTokenUrl(Connector):
    def post(self, form: Form) -> httpx.Response:
        query = {"client_id": self.settings.client_id, "client_secret": self.settings.client_secret}
        return self.http.post(self.settings.token_url, params=query, data=form)


class TokenInTheApiUrl(Connector):
    def send(self, method: str, path: str, held: Held | None, body: bytes) -> httpx.Response:
        assert held is not None
        return self.http.request(method, self.settings.api_url + path, params={"access_token": held.access_token})


class GrantTypeInTheUrl(Connector):
    """As SAP sends it, where its form says "part of URL"."""

    def post(self, form: Form) -> httpx.Response:
        url = f"{self.settings.token_url}?grant_type={form.pop('grant_type')}"
        return self.http.post(url, data=form, headers={"Authorization": self.basic()})


class LoadsPicturesAtTheCallback(Connector):
    def finish(self, callback: Callback) -> None:
        self.http.get(f"{self.settings.api_url}/logo.png", headers={"Referer": callback.url})
        super().finish(callback)


class SessionInTheState(Connector):
    def new_state(self) -> str:
        session = {"user": "alice", "client_secret": self.settings.client_secret, "r": super().new_state()}
        return json.dumps(session)


class AccountNeverFilledIn(Connector):
    def post(self, form: Form) -> httpx.Response:
        url = self.settings.token_url.replace("/token", "/{{account}}/token")
        return self.http.post(url, data=form, headers={"Authorization": self.basic()})


class FollowsARedirectWithAllThatItHas(Connector):
    def post(self, form: Form) -> httpx.Response:
        answer = super().post(form)
        if answer.has_redirect_location:
            self.settings.token_url = answer.headers["Location"]
            answer = super().post(form)
        return answer


# -- client authentication ---------------------------------------------------------------------------------------------


class SecretInHeaderAndBody(Connector):
    def post(self, form: Form) -> httpx.Response:
        both = {"client_id": self.settings.client_id, "client_secret": self.settings.client_secret}
        return super().post(form | both)


class JoinsTheHalvesAsTheyAre(Connector):
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.settings.client_id}:{self.settings.client_secret}".encode()).decode()


class NoScheme(Connector):
    def authorized(self, held: Held) -> str:
        return held.access_token


class NoSecretAtTheRefresh(Connector):
    def post(self, form: Form) -> httpx.Response:
        if form["grant_type"] == "refresh_token":
            return self.http.post(self.settings.token_url, data=form | {"client_id": self.settings.client_id})
        return super().post(form)


class TriesAWrongSecretAgain(Connector):
    def ask(self, form: Form) -> Answer:
        for _ in range(5):
            with contextlib.suppress(Failed):
                return super().ask(form)
        return super().ask(form)

    def basic(self) -> str:
        self.settings.client_secret = "the secret of last year"
        return super().basic()


# -- the authorization request -----------------------------------------------------------------------------------------


class NoState(Connector):
    def authorization(self, query: Form) -> Form:
        self.pending[""] = self.pending[query["state"]]
        return {name: value for name, value in query.items() if name != "state"}


class OneStateForAllLogins(Connector):
    def new_state(self) -> str:
        return "7f3c1b9a55d04e0f8b3a-this-connection"


class TimeAsState(Connector):
    def new_state(self) -> str:
        return str(int(self.now()))


class NoPkce(Connector):
    def authorization(self, query: Form) -> Form:
        return {name: value for name, value in query.items() if "challenge" not in name}

    def redeem(self, form: Form) -> Answer:
        return super().redeem({name: value for name, value in form.items() if name != "code_verifier"})


class PlainPkce(Connector):
    def authorization(self, query: Form) -> Form:
        verifier = self.pending[query["state"]]
        return query | {"code_challenge": verifier, "code_challenge_method": "plain"}


class OneVerifierForAllLogins(Connector):
    def new_verifier(self) -> str:
        return "one-verifier-that-was-made-when-the-program-was-written"


class OneNonceForAllLogins(Connector):
    def new_nonce(self) -> str:
        return "n-0S6_WzA2Mj-and-some-more-of-it"


class CalledBackInTheClear(Connector):
    def redirect_uri(self) -> str:
        return "http://app.example/callback"


class CalledBackAtLocalhost(Connector):
    def redirect_uri(self) -> str:
        return "http://localhost:8765/callback"


class CalledBackByAnyScheme(Connector):
    def redirect_uri(self) -> str:
        return "crm:/callback"


class AsksForATokenAtOnce(Connector):
    def authorization(self, query: Form) -> Form:
        return query | {"response_type": "token"}


# -- the token request -------------------------------------------------------------------------------------------------


class SendsJson(Connector):
    def post(self, form: Form) -> httpx.Response:
        return self.http.post(self.settings.token_url, json=form, headers={"Authorization": self.basic()})


class SendsAGet(Connector):
    def post(self, form: Form) -> httpx.Response:
        return self.http.get(self.settings.token_url, headers={"Authorization": self.basic()})


class SendsAScopeEach(Connector):
    def post(self, form: Form) -> httpx.Response:
        pairs = [(name, value) for name, value in form.items() if name != "scope"]
        pairs += [("scope", word) for word in form.get("scope", "").split()]
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": self.basic()}
        return self.http.post(self.settings.token_url, content=urllib.parse.urlencode(pairs), headers=kind)


class JoinsScopesByCommas(Connector):
    def scope(self) -> str:
        return self.settings.scope.replace(" ", ",")


class LeavesTheExampleInTheForm(Connector):
    def scope(self) -> str:
        return "scope"


class RedeemsTheCodeTwice(Connector):
    def redeem(self, form: Form) -> Answer:
        super().redeem(form)
        return super().redeem(form)


class AddsASlashToTheRedirectUri(Connector):
    def redeem(self, form: Form) -> Answer:
        return super().redeem(form | {"redirect_uri": form["redirect_uri"] + "/"})


class ForgetsTheVerifier(Connector):
    def redeem(self, form: Form) -> Answer:
        return super().redeem({name: value for name, value in form.items() if name != "code_verifier"})


class RedeemsAtTheOtherTenant(Connector):
    def post(self, form: Form) -> httpx.Response:
        self.settings.token_url = self.settings.token_url.replace("/tenant-b/", "/tenant-a/")
        return super().post(form)


class KeepsTokensWhenTheClientIsChanged(Connector):
    def key(self) -> tuple[str, ...]:
        return (self.settings.token_url,)


# -- what is kept ------------------------------------------------------------------------------------------------------


class KeepsNothing(Connector):
    def held(self) -> Held | None:
        return None


class RenewsFiveMinutesAheadAlways(Connector):
    def is_due(self, held: Held) -> bool:
        return self.now() >= held.got_at + held.lifetime - self.settings.skew


class RenewsAt403(Connector):
    def tries(self, answer: httpx.Response) -> int:
        return 1 if answer.status_code == 403 else super().tries(answer)


class EveryThreadForItself(Connector):
    def __init__(self, *arguments: typing.Any, **options: typing.Any) -> None:
        super().__init__(*arguments, **options)
        self.lock = contextlib.nullcontext()


class RefreshesTwice(Connector):
    def refresh(self, form: Form) -> Answer:
        answer = super().refresh(form)
        with contextlib.suppress(Failed):
            super().refresh(form)
        return answer


class KeepsTheNewTokenInMemoryAlone(Connector):
    memory: Held | None = None

    def held(self) -> Held | None:
        return self.memory or super().held()

    def keep(self, answer: Answer, old: Held | None = None) -> Held:
        before = self.store.get(self.key())
        self.memory = super().keep(answer, old)
        if before is not None:
            self.store[self.key()] = before
        return self.memory


class KeepsTheFirstRefreshToken(Connector):
    def keep(self, answer: Answer, old: Held | None = None) -> Held:
        return super().keep(answer | ({"refresh_token": old.refresh_token} if old else {}), old)


class TriesADeadRefreshTokenAgain(Connector):
    def forget(self) -> None:
        return


class AsksForMoreAtTheRefresh(Connector):
    def refresh(self, form: Form) -> Answer:
        return super().refresh(form | {"scope": f"{self.settings.scope} invoices"})


# -- the API -----------------------------------------------------------------------------------------------------------


class BelievesEveryAnswer(Connector):
    def checked(self, answer: Answer) -> Answer:
        return answer


class SendsTheRefreshToken(Connector):
    def authorized(self, held: Held) -> str:
        return f"Bearer {held.refresh_token}"


class SendsTheIdToken(Connector):
    def authorized(self, held: Held) -> str:
        return f"Bearer {held.id_token}"


class TokenInHeaderAndBody(Connector):
    def send(self, method: str, path: str, held: Held | None, body: bytes) -> httpx.Response:
        assert held is not None
        form = {"access_token": held.access_token}
        return self.http.post(self.settings.api_url + path, data=form, headers={"Authorization": self.authorized(held)})


class OneTokenForAllTenants(Connector):
    def key(self) -> tuple[str, ...]:
        return (self.settings.client_id,)


class SameTokenAfterA401(Connector):
    def after_401(self, held: Held) -> Held:
        return held


class TriesForEver(Connector):
    def tries(self, answer: httpx.Response) -> int:
        return 5 * super().tries(answer)


class NeverWaitsForTheChallenge(Connector):
    def preemptive(self) -> bool:
        return True


class SendsItsTokenToEverybody(Connector):
    def for_everybody(self) -> Held | None:
        return self.token()


class SendsTheBodyOnce(Connector):
    def body_of(self, body: bytes) -> bytes:
        return b""


# -- after a failure ---------------------------------------------------------------------------------------------------


class IgnoresRetryAfter(Connector):
    def pause(self, answer: httpx.Response, attempt: int) -> float:
        return 1


class TriesAgainAtOnce(Connector):
    def pause(self, answer: httpx.Response, attempt: int) -> float:
        return 0


class PlacesTheOrderAgain(Connector):
    def send(self, method: str, path: str, held: Held | None, body: bytes) -> httpx.Response:
        answer = super().send(method, path, held, body)
        if answer.status_code == 502:
            self.sleep(1)
            answer = super().send(method, path, held, body)
        return answer


def _words(name: str) -> str:
    return " ".join(re.findall(r"[A-Z][a-z]*|[0-9]+", name)).lower()


BUGS: cabc.Mapping[str, type[Connector]] = {_words(bug.__name__): bug for bug in Connector.__subclasses__()}
"""By the words of the name: `secret in the token url`."""
