"""What connectors typically get wrong, each as the reference connector with one decision made otherwise."""

from __future__ import annotations

import collections.abc as cabc
import datetime as dt
import logging
import re
import typing
import urllib.parse

import httpx

from matrix.connector import Answer
from matrix.connector import Connector
from matrix.connector import Denied
from matrix.connector import Form
from matrix.connector import Held
from matrix.connector import Rejected
from mockserver import Callback
from mockserver.errors import UnexpectedPage

__all__ = ["NAMED"]

# -- the front channel -------------------------------------------------------------------------------------------------


class RedeemsTwice(Connector):
    def redeem(self, form: Form) -> Answer:
        answer = self.ask(form)
        self.ask(form)
        return answer


class NoStateCheck(Connector):
    def claim(self, pairs: cabc.Sequence[tuple[str, str]]) -> str:
        return next(reversed(self.pending.values()))


class OneStateForAll(Connector):
    def new_state(self) -> str:
        return "oauth"


class NoIssuerCheck(Connector):
    def check_issuer(self, given: Form) -> None:
        pass


class RetriesEveryError(Connector):
    def is_for_now(self, error: str) -> bool:
        return True


class TakesAnyError(Connector):
    """Ends the login under way at an error that anybody may have sent."""

    def claim(self, pairs: cabc.Sequence[tuple[str, str]]) -> str:
        if "error" in dict(pairs):
            self.pending.clear()
            raise Denied(dict(pairs)["error"])
        return super().claim(pairs)


class PrefersTheCode(Connector):
    def code(self, given: Form) -> str:
        return given["code"] if "code" in given else super().code(given)


class DecodesTheCodeTwice(Connector):
    def code(self, given: Form) -> str:
        return urllib.parse.unquote_plus(super().code(given))


class CutsTheCode(Connector):
    def code(self, given: Form) -> str:
        return super().code(given)[:255]


class KnowsCodeAndStateAlone(Connector):
    def claim(self, pairs: cabc.Sequence[tuple[str, str]]) -> str:
        if {name for name, _ in pairs} > {"code", "state"}:
            raise Rejected("an unknown parameter")
        return super().claim(pairs)


class BelievesWhatItAsked(Connector):
    def granted(self, answer: Answer) -> frozenset[str]:
        return frozenset(self.settings["scope"].split())


class OpensThePageAgain(Connector):
    """Though it said that it will never send anybody back."""

    def login(self, person: cabc.Callable[[str], Callback], *, tries: int = 2) -> None:
        try:
            super().login(person, tries=tries)
        except UnexpectedPage:
            super().login(person, tries=tries)


class SecondQuestionMark(Connector):
    def with_query(self, url: str, query: str) -> str:
        return f"{url}?{query}"


class ReplacesTheQuery(Connector):
    def with_query(self, url: str, query: str) -> str:
        return urllib.parse.urlsplit(url)._replace(query=query).geturl()


# -- tokens ------------------------------------------------------------------------------------------------------------


class NoCache(Connector):
    def token(self) -> Held:
        return self.first()


class WaitsForThe401(Connector):
    def is_due(self, held: Held) -> bool:
        return False


class WholeSkew(Connector):
    """However short the life."""

    def is_due(self, held: Held) -> bool:
        return self.now() >= held.got_at + held.lifetime - int(self.settings["skew"])


class ReadsANumber(Connector):
    def lifetime(self, expires_in: typing.Any) -> float:
        seconds: float = expires_in
        return 0.9 * seconds


class NeedsExpiresIn(Connector):
    def keep(self, answer: Answer, old: Held | None = None) -> Held:
        return super().keep({**answer, "expires_in": answer["expires_in"]}, old)


class CountsInDates(Connector):
    def lifetime(self, expires_in: typing.Any) -> float:
        end = dt.datetime.fromtimestamp(self.now(), dt.UTC) + dt.timedelta(seconds=expires_in)
        return end.timestamp() - self.now()


class BelievesEveryNumber(Connector):
    """Also one below nothing: such a token is old when it comes."""

    def lifetime(self, expires_in: typing.Any) -> float:
        return float(expires_in)


class DropsTheOldRefreshToken(Connector):
    def kept(self, new: str | None, old: str | None) -> str | None:
        return new


class KeepsTheFirstRefreshToken(Connector):
    def kept(self, new: str | None, old: str | None) -> str | None:
        return old or new


class KeepsWhenUsed(Connector):
    """Writes what it was given only when the API took it."""

    def keep(self, answer: Answer, old: Held | None = None) -> Held:
        before = self.store.get(self.key())
        self.fresh = super().keep(answer, old)
        if before is not None:
            self.store[self.key()] = before
        return self.fresh

    def passed(self, answer: httpx.Response) -> httpx.Response:
        passed = super().passed(answer)
        self.store[self.key()] = self.fresh
        return passed


class RefreshesAgainAndAgain(Connector):
    def refresh(self, form: Form) -> Answer:
        for _ in range(3):
            try:
                return self.ask(form)
            except Denied:
                pass
        return self.ask(form)


class ForgetsBeforeItAsks(Connector):
    def refresh(self, form: Form) -> Answer:
        del self.store[self.key()]
        return self.ask(form)


class CachesByClient(Connector):
    def key(self) -> tuple[str, ...]:
        return (self.settings["client_id"],)


# -- what is revoked, introspected, exchanged, entered -----------------------------------------------------------------


class TakesBusyForDone(Connector):
    def is_revoked(self, answer: httpx.Response) -> bool:
        return True


class RevokesTheAccessTokenAlone(Connector):
    def to_revoke(self, held: typing.Any) -> str:
        return str(held.access_token)


class IntrospectsEachTime(Connector):
    def still_holds(self, known: Answer) -> bool:
        return False


class KeepsWhatItKnew(Connector):
    """Beyond the end of the token."""

    def is_active(self, known: Answer) -> bool:
        return bool(known["active"])


class TakesAny200ForAYes(Connector):
    def is_active(self, known: Answer) -> bool:
        return True


class OneTokenForAllResources(Connector):
    def kept_for(self, resource: str) -> str:
        return "any"


class AsksWithoutTheResource(Connector):
    """Where the server does not know it, and has a token for something else."""

    def token_for(self, resource: str) -> Answer:
        try:
            return super().token_for(resource)
        except Denied:
            return self.ask({"grant_type": "client_credentials"})


class TakesWhateverIsIssued(Connector):
    def is_access_token(self, answer: Answer) -> bool:
        return True


class PollsEachSecond(Connector):
    def interval(self, given: Answer) -> float:
        return 1


class NeedsAnInterval(Connector):
    def interval(self, given: Answer) -> float:
        return float(given["interval"])


class KeepsItsPace(Connector):
    """Whatever the server says."""

    def slower(self, error: str) -> float:
        return 0


class PollsForEver(Connector):
    def goes_on(self, error: str) -> bool:
        return True


# -- the API -----------------------------------------------------------------------------------------------------------


class NeverTriesAgain(Connector):
    def tries(self, answer: httpx.Response) -> int:
        return 0


class TriesForEver(Connector):
    """Or until the test has seen enough."""

    def tries(self, answer: httpx.Response) -> int:
        return 3 * super().tries(answer)


class RepeatsWithoutBody(Connector):
    """As one does whose body was a stream."""

    def repeat(self, method: str, url: str, held: Held, body: bytes) -> httpx.Response:
        return self.send(method, url, held, b"")


class RefreshesAt403(Connector):
    def tries(self, answer: httpx.Response) -> int:
        return 1 if answer.status_code == 403 else super().tries(answer)


class LogsTheAnswer(Connector):
    def ask(self, form: Form) -> Answer:
        answer = super().ask(form)
        logging.getLogger("connector").info("the token endpoint said %s", answer)
        return answer


class TokenInTheUrl(Connector):
    def send(self, method: str, url: str, held: Held, body: bytes) -> httpx.Response:
        return super().send(method, f"{url}?access_token={held.access_token}", held, body)


class TokenInTheError(Connector):
    def passed(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_error:
            raise RuntimeError(f"{answer.status_code} for {dict(answer.request.headers)}")
        return answer


def _words(name: str) -> str:
    return " ".join(re.findall(r"[A-Z][a-z]*|[0-9]+", name)).lower()


NAMED: dict[str, type[Connector]] = {
    "right": Connector,
    **{_words(defect.__name__): defect for defect in Connector.__subclasses__()},
}
"""By the words of the name: `no state check`, `refreshes at 403`."""
