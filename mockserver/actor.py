"""The person at the browser, without a browser: reads the page and presses its buttons, in process."""

from __future__ import annotations

import collections.abc as cabc
import difflib
import html.parser
import typing
import urllib.parse

from .callback import Callback
from .errors import UnexpectedPage
from .journal import Journal
from .model import User
from .redaction import redact

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from werkzeug.test import TestResponse

__all__ = ["Browser", "LoginPage"]

Fields = cabc.Sequence[tuple[str, str]]


class Browser:
    """
    Opens URLs of one server and follows nothing. `names` tells the `callback_names` of an issuer by its name.

    With `cookies` it keeps them; without, nobody has ever been logged in at it.
    """

    def __init__(
        self,
        app: WSGIApplication,
        journal: cabc.Callable[[], Journal],
        names: cabc.Callable[[str], cabc.Mapping[str, str]],
        *,
        cookies: bool = False,
    ) -> None:
        from werkzeug.test import Client

        self._client = Client(app, use_cookies=cookies)
        self._journal = journal
        self._names = names

    def visit(self, url: str) -> LoginPage | Callback:
        """Open an authorization URL: its login page, or the callback of what was answered at once."""
        page = self.send("GET", url)
        return page if isinstance(page, Callback) else LoginPage(self, url, page)

    def open_page(self, url: str) -> LoginPage:
        """The login page of an authorization URL. Raises `UnexpectedPage` where there is none."""
        page = self.visit(url)
        if isinstance(page, LoginPage):
            return page
        if page.error is not None:
            raise UnexpectedPage(f"{redact(url)} was refused ({page.error}) before a page was shown: {self.why}")
        raise UnexpectedPage(f"{redact(url)} was approved without asking, so there is no page; set consent='page'")

    def press(self, url: str, fields: Fields) -> Page:
        """Press a button of a page that leads to another page. Raises `UnexpectedPage` where that is an error."""
        response = self._request("POST", url, urllib.parse.urlencode(fields))
        if response.status_code != 200:
            raise UnexpectedPage(f"{redact(url)} answered {response.status_code}: {self.why}; ask for another code")
        return Page(response.text)

    def log_out(self, url: str) -> Callback | None:
        """Open a logout URL and press Log out where there is such a button. Raises `UnexpectedPage` for an error."""
        response = self._request("GET", url, None)
        if response.status_code == 200 and Page(response.text).asks_logout:
            response = self._request("POST", url, "log_out=yes")
        if response.status_code not in (200, 302):
            raise UnexpectedPage(f"{redact(url)} answered {response.status_code}: {self.why}; correct the logout URL")
        return Callback(response.location) if response.status_code == 302 else None

    @property
    def why(self) -> str:
        return self._journal().last.why

    def send(self, method: str, url: str, fields: Fields | None = None) -> Page | Callback:
        """Raises `UnexpectedPage` for what is neither a callback nor a page with a button of ours."""
        try:
            response = self._request(method, url, None if fields is None else urllib.parse.urlencode(fields))
        except ValueError as error:
            raise UnexpectedPage(
                f"{redact(url)} is no URL: {error}; open the authorization URL that was made"
            ) from None
        page = Page(response.text)
        names = self._names(self._journal().last.issuer)
        if response.status_code == 302:
            return Callback(response.location, names=names)
        if response.status_code == 200 and page.action is not None and not page.action.startswith("?"):
            return Callback(page.action, "POST", dict(page.hidden), names)
        if response.status_code != 200 or not (page.users or page.asks_second_factor):
            raise UnexpectedPage(
                f"{redact(url)} answered {response.status_code} and not with a login page: {self.why}; open the"
                " authorization URL that the code under test made"
            )
        return page

    def _request(self, method: str, url: str, form: str | None) -> TestResponse:
        parts = urllib.parse.urlsplit(url)
        if not parts.scheme or not parts.netloc:
            raise UnexpectedPage(f"{redact(url)!r} is no absolute URL; open the one that the code under test made")
        return self._client.open(
            parts.path or "/",
            base_url=f"{parts.scheme}://{parts.netloc}",
            query_string=parts.query,
            method=method,
            data=form,
            content_type=None if form is None else "application/x-www-form-urlencoded",
        )


class LoginPage:
    """
    The login and consent page, open in a browser until somebody presses a button, which may be late, twice or never.

    Each press is a request of its own: whoever approves twice has two codes, and both are good.
    """

    def __init__(self, browser: Browser, url: str, page: Page) -> None:
        self._browser = browser
        self._url = url
        self._page = page

    @property
    def users(self) -> list[str]:
        """Who can be chosen. Empty on a page that asks for the second factor of somebody who is known."""
        return list(self._page.users)

    @property
    def scopes(self) -> list[str]:
        """What can be ticked."""
        return list(self._page.scopes)

    def approve(self, *, user: str | User | None = None, scope: str | None = None) -> Callback:
        """
        Continue as `user` (None: the first on the page) with `scope` (None: all that is asked); a second factor is
        confirmed.

        Raises `UnexpectedPage` for a user or scope that the page does not offer, and where pressing brings no callback.
        """
        if self._page.asks_second_factor:
            return self._confirm(self._page)
        chosen = self.users[0] if user is None else user.username if isinstance(user, User) else user
        if chosen not in self.users:
            near = difflib.get_close_matches(str(chosen), self.users, n=1)
            remedy = f"did you mean {near[0]!r}?" if near else f"register: oauthmock.user({chosen!r})"
            raise UnexpectedPage(f"the page offers {', '.join(map(repr, self.users))}, not {chosen!r}; {remedy}")
        if not isinstance(scope, str | None):
            raise UnexpectedPage(f"scope is {scope!r}; write the scopes in one text, separated by spaces")
        ticked = self.scopes if scope is None else scope.split()
        strange = [token for token in ticked if token not in self.scopes]
        if strange:
            raise UnexpectedPage(
                f"the page asks for scope {' '.join(self.scopes)!r}, so {' '.join(strange)!r} cannot be ticked; a"
                " person can only grant less"
            )
        answer = self._press([*self._page.hidden, ("user", chosen), *(("scope", token) for token in ticked)])
        if isinstance(answer, Page) and answer.asks_second_factor:
            return self._confirm(answer)
        return self._callback(answer)

    def deny(self) -> Callback:
        """Press Deny: the callback has `error=access_denied`."""
        return self._callback(self._press([*self._page.hidden, ("deny", "yes")]))

    def _confirm(self, page: Page) -> Callback:
        return self._callback(self._press([*page.hidden, ("second_factor", "yes")]))

    def _press(self, fields: Fields) -> Page | Callback:
        return self._browser.send("POST", self._url, fields)

    def _callback(self, answer: Page | Callback) -> Callback:
        if isinstance(answer, Callback):
            return answer
        raise UnexpectedPage(f"{self._browser.why}; open_page() the URL again, as the person would go on from there")

    def __repr__(self) -> str:
        return f"<LoginPage {redact(self._url)}>"


class Page(html.parser.HTMLParser):
    """What a page of the server offers: people, scopes, a button for the second factor, a form for elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.users: list[str] = []
        self.scopes: list[str] = []
        self.hidden: list[tuple[str, str]] = []
        self.asks_second_factor = False
        self.asks_logout = False
        self.action: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attributes}
        name, value = named.get("name", ""), named.get("value", "")
        if tag == "form":
            self.action = named.get("action")
        elif tag == "button" and name == "user":
            self.users.append(value)
        elif tag == "button" and name == "second_factor":
            self.asks_second_factor = True
        elif tag == "button" and name == "log_out":
            self.asks_logout = True
        elif tag == "input" and named.get("type") == "hidden":
            self.hidden.append((name, value))
        elif tag == "input" and name == "scope":
            self.scopes.append(value)
