"""A request to the API: with credentials at once or when they are asked for, over redirections."""

from __future__ import annotations

import collections.abc as cabc
import dataclasses

import httpx

from connectors.challenges import CHALLENGES
from connectors.challenges import challenges
from connectors.errors import Downgraded
from connectors.errors import NotAuthorized
from connectors.schemes import Call
from connectors.schemes import Scheme

__all__ = ["Caller"]

_MOST_REDIRECTIONS = 5


class Caller:
    """
    Calls by one authentication type.

    Credentials go to the origin of the base URL and to no other; nor do the headers that the process gave.
    """

    def __init__(self, http: httpx.Client, scheme: Scheme, *, preemptive: bool) -> None:
        self._http = http
        self._scheme = scheme
        self._preemptive = preemptive

    def call(self, call: Call) -> httpx.Response:
        """The last answer. Raises `NotAuthorized`, and `Downgraded` for a redirection from https to http."""
        home = _origin(call.url)
        for _ in range(_MOST_REDIRECTIONS + 1):
            answer = self._authorized(call) if _origin(call.url) == home else self._send(call, {})
            if not answer.is_redirect:
                break
            call = _redirected(call, answer, home)
        if answer.status_code in (401, 403, 407):
            raise NotAuthorized(f"the API answered {answer.status_code}")
        return answer

    def _authorized(self, call: Call) -> httpx.Response:
        """The body is the same each time."""
        unasked = self._scheme.unasked(call) if self._preemptive else {}
        times = 1 if unasked else 0
        answer = self._send(call, unasked)
        while answer.status_code in CHALLENGES:
            found = (self._scheme.asked(call, challenge, times) for challenge in challenges(answer))
            credentials = next((each for each in found if each is not None), None)
            if credentials is None:
                break
            answer = self._send(call, {CHALLENGES[answer.status_code][1]: credentials})
            times += 1
        return answer

    def _send(self, call: Call, credentials: cabc.Mapping[str, str]) -> httpx.Response:
        headers = [*call.headers, *credentials.items()]
        return self._http.request(call.method, call.url, content=call.content, headers=headers)


def _origin(url: str) -> tuple[str, str, int | None]:
    has = httpx.URL(url)
    return has.scheme, has.host, has.port


def _redirected(call: Call, answer: httpx.Response, home: tuple[str, str, int | None]) -> Call:
    """RFC 9110 15.4: 307 and 308 keep method and body, 303 keeps neither; 301 and 302 are taken for 303 of a POST."""
    url = str(httpx.URL(call.url).join(answer.headers["Location"]))
    if _origin(url)[0] == "http" and home[0] == "https":
        raise Downgraded(f"the API sends from {home[1]} to plain http")
    keeps = answer.status_code in (307, 308) or (answer.status_code in (301, 302) and call.method != "POST")
    headers = call.headers if _origin(url) == home else ()
    if keeps:
        return dataclasses.replace(call, url=url, headers=headers)
    method = "HEAD" if call.method == "HEAD" else "GET"
    return dataclasses.replace(call, method=method, url=url, content=b"", headers=headers)
