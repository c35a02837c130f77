"""A browser for command-line logins: logs in, approves, and follows the redirect to the waiting program."""

from __future__ import annotations

import threading
import typing
import webbrowser

import httpx

if typing.TYPE_CHECKING:
    import pytest

    from mockserver import Callback
    from mockserver import OAuthMock

__all__ = ["Browser"]

_PATIENCE = 10.0
"""Real seconds for the waiting program to answer the callback."""


class Browser:
    """
    Stands in for the `webbrowser` module. Each URL is handled in a thread of its own, because the program that opened
    it only then begins to wait.

    Set `user`, `scope` or `deny` before the login starts. `visits` are the callbacks that were followed.
    """

    def __init__(self, mock: OAuthMock) -> None:
        self.user: str | None = None
        self.scope: str | None = None
        self.deny = False
        self.visits: list[Callback] = []
        self._mock = mock
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Answer every way of opening a URL that `webbrowser` has."""
        for name in ("open", "open_new", "open_new_tab"):
            monkeypatch.setattr(webbrowser, name, self.visit)
        monkeypatch.setattr(webbrowser, "get", lambda using=None: self)

    def visit(self, url: str, new: int = 0, autoraise: bool = True) -> bool:  # noqa: ARG002 - webbrowser's
        """`webbrowser.open`: always says that a browser was found."""
        thread = threading.Thread(target=self._visit, args=(url,), name="oauthmock-browser", daemon=True)
        self._threads.append(thread)
        thread.start()
        return True

    open = open_new = open_new_tab = visit

    def close(self) -> None:
        """Wait for every visit, and raise the first error that one met."""
        for thread in self._threads:
            thread.join(_PATIENCE)
        if self._errors:
            raise self._errors[0]

    def _approve(self, url: str) -> Callback:
        return self._mock.approve(url, user=self.user, scope=self.scope)

    def _visit(self, url: str) -> None:
        try:
            callback = self._mock.deny(url) if self.deny else self._approve(url)
            self.visits.append(callback)
            with httpx.Client(trust_env=False, timeout=_PATIENCE, follow_redirects=True) as client:
                client.request(callback.method, callback.url, data=dict(callback.form) or None)
        except Exception as error:  # raised again by close(), in the test's own thread
            self._errors.append(error)
