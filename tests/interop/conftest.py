"""Other people's clients against the mock, over a real socket."""

from __future__ import annotations

import collections.abc as cabc
import socket
import threading
import time
import webbrowser

import httpx
import pytest
import time_machine

from mockserver import OAuthMock


@pytest.fixture(autouse=True)
def plain_http_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy between a client and the mock, and no refusal of plain http by oauthlib."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.delenv("OAUTHLIB_RELAX_TOKEN_SCOPE", raising=False)


@pytest.fixture
def oauthmock() -> cabc.Iterator[OAuthMock]:
    """A server with one person, who has nothing to hide. Whatever breaks inside it fails the test."""
    with OAuthMock() as server:
        server.user("alice", password="wonderland", email="alice@example.com", name="Alice Liddell")
        yield server
        assert server.exceptions == []


@pytest.fixture
def traveller() -> cabc.Iterator[time_machine.Traveller]:
    """Moves the clocks of client and server together."""
    with time_machine.travel(time.time(), tick=True) as moved:
        yield moved


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on, for clients that cannot be told to take any."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Person:
    """Whoever sits at the browser that a command-line client opens: goes to the page, decides, follows the redirect."""

    def __init__(self, server: OAuthMock) -> None:
        self._server = server
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []
        self.denies = False
        self.script = ""
        """What the script of the client's page appends to its URL before it loads that again."""
        self.opened: list[str] = []
        """The authorization URLs."""
        self.pages: list[httpx.Response] = []
        """What the client showed at its redirect URI."""

    def open(self, url: str, *_how: object, **_where: object) -> bool:
        """What `webbrowser.open` is: the client waits at its redirect URI only after this has returned."""
        self.opened.append(url)
        thread = threading.Thread(target=self._decide, args=(url,), daemon=True)
        self._threads.append(thread)
        thread.start()
        return True

    def leave(self) -> None:
        """Wait until the browser is closed, and say what went wrong in it."""
        for thread in self._threads:
            thread.join(timeout=30)
            assert not thread.is_alive(), "the client never answered at its redirect URI"
        assert self._failures == []

    def _decide(self, url: str) -> None:
        try:
            callback = self._server.deny(url) if self.denies else self._server.approve(url)
            for address in dict.fromkeys([callback.url, callback.url + self.script]):
                self.pages.append(httpx.get(address, timeout=20))
        except BaseException as failure:
            self._failures.append(failure)


@pytest.fixture
def person(oauthmock: OAuthMock, monkeypatch: pytest.MonkeyPatch) -> cabc.Iterator[Person]:
    """Answers `webbrowser.open` and `webbrowser.get().open`."""
    somebody = Person(oauthmock)
    monkeypatch.setattr(webbrowser, "get", lambda using=None: somebody)
    monkeypatch.setattr(webbrowser, "open", somebody.open)
    yield somebody
    somebody.leave()
