"""The person at the browser, as verbs of an issuer: approve, deny, look at the page; and a server that says no."""

from __future__ import annotations

import typing

from .. import routing
from ..actor import Browser
from ..actor import LoginPage
from ..callback import Callback
from ..faults import Place
from .arming import arm

if typing.TYPE_CHECKING:
    from ..app import Application
    from ..app import State
    from ..model import User

__all__ = ["AtTheBrowser", "KeptBrowser"]


class AtTheBrowser:
    """What can be done with an authorization URL of the server, whichever of its issuers the URL is of."""

    def __init__(self, app: Application) -> None:
        self._app = app

    @property
    def state(self) -> State:
        """The server's state since the last reset."""
        return self._app.state

    def approve(self, url: str, *, user: str | User | None = None, scope: str | None = None) -> Callback:
        """
        Log in and consent at an authorization URL, and return the callback that the browser would be sent to.

        `user` None: the first registered; `scope` None: all that is asked. Nothing is sent to the redirect URI. Raises
        `UnexpectedPage` with the reason when the server shows an error instead.
        """
        page = self._browser().visit(str(url))
        return page.approve(user=user, scope=scope) if isinstance(page, LoginPage) else page

    def deny(self, url: str) -> Callback:
        """Refuse at an authorization URL: the callback has `error=access_denied`. Raises `UnexpectedPage`."""
        return self.open_page(url).deny()

    def open_page(self, url: str) -> LoginPage:
        """
        Open an authorization URL and leave the page as it is, for a press that comes late, twice or never.

        Raises `UnexpectedPage` with the reason when there is no page to press a button on.
        """
        return self._browser().open_page(url)

    def refuse(self, url: str, *, error: str, description: str = "") -> Callback:
        """
        Open an authorization URL of which the server sends the browser back with `error`, whoever would have approved.

        Any code of RFC 6749 4.1.2.1 or OpenID Connect Core 3.1.2.6, or of your own. Raises like `approve`.
        """
        state, name = self.state, self._issuer_at(url)
        order = {"fault": "refuse", "error": error, "description": description, "optional": True}
        call = f"refuse(error={error!r}, description={description!r})"
        armed = arm(order, Place(name, "authorize"), state.issuers[name], state.faults, call=call)
        try:
            page = self._browser().visit(url)
        finally:
            armed.disarm()
        assert isinstance(page, Callback), "a fault that was armed answers"
        return page

    def browser(self) -> KeptBrowser:
        """
        A browser that keeps its cookies, so that whoever logs in at it stays logged in, for `prompt=none` and logout.

        The other verbs open a new browser each time.
        """
        return KeptBrowser(self._app)

    def _browser(self, *, cookies: bool = False) -> Browser:
        # Whichever issuer of the server answers: its callback is named as it names them
        return Browser(
            self._app,
            lambda: self.state.journal,
            lambda name: self.state.issuers[name].profile.callback_names,
            cookies=cookies,
        )

    def _issuer_at(self, url: str) -> str:
        scheme, _, rest = url.partition("://")
        netloc, slash, path = rest.partition("?")[0].partition("/")
        found = routing.mounted(scheme.lower(), netloc, slash + path, self.state.mounts)
        if found is not None:
            return found[1].name
        first = path.partition("/")[0]
        return first if first in self.state.issuers else ""


class KeptBrowser(AtTheBrowser):
    """One browser with its cookies, at which people log in and out; a reset logs everybody out."""

    def __init__(self, app: Application) -> None:
        super().__init__(app)
        self._kept = super()._browser(cookies=True)

    def _browser(self, *, cookies: bool = True) -> Browser:  # noqa: ARG002 - it was opened with them
        return self._kept

    def log_out(self, url: str) -> Callback | None:
        """
        Open a logout URL (`end_session_url` with its parameters), and say yes where the person is asked.

        Where the browser would be sent afterwards; None: nowhere. Raises `UnexpectedPage` when an error is shown.
        """
        return self._kept.log_out(url)
