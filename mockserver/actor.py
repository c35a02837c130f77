"""The person at the browser, without a browser: reads the page and presses its buttons, in process."""

from __future__ import annotations

import collections.abc as cabc
import html.parser
import typing
import urllib.parse

import msgspec

from .errors import UnexpectedPage
from .journal import Journal
from .redaction import redact

if typing.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from werkzeug.test import TestResponse

__all__ = ["Callback", "approve", "deny"]


class Callback(msgspec.Struct, frozen=True):
    """The request that the browser would now send to the client's redirect URI. Nobody has sent it."""

    url: str
    method: str = "GET"
    form: cabc.Mapping[str, str] = msgspec.field(default_factory=dict)
    names: cabc.Mapping[str, str] = msgspec.field(default_factory=dict)
    """The RFC's parameters -> what this provider calls them (`callback_names`)."""

    @property
    def path_and_query(self) -> str:
        """What a test client of the application under test is asked for."""
        parts = urllib.parse.urlsplit(self.url)
        return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"

    @property
    def params(self) -> dict[str, str]:
        """Every parameter that came back, in query or form."""
        query = urllib.parse.parse_qsl(urllib.parse.urlsplit(self.url).query, keep_blank_values=True)
        return {**dict(query), **self.form}

    @property
    def code(self) -> str | None:
        return self._named("code")

    @property
    def state(self) -> str | None:
        return self._named("state")

    @property
    def error(self) -> str | None:
        return self._named("error")

    def _named(self, name: str) -> str | None:
        return self.params.get(self.names.get(name, name))

    def __repr__(self) -> str:
        return f"<Callback {self.method} {redact(self.url)}>"


def approve(app: WSGIApplication, journal: Journal, url: str, *, user: str | None, scope: str | None) -> Callback:
    """
    Open an authorization URL, continue as `user` (None: the first on the page) with `scope` (None: all that is asked).

    Raises `UnexpectedPage` for an error page, a URL that is no authorization URL of this server, and a user or scope
    that the page does not offer.
    """
    page = _open(app, journal, url)
    if isinstance(page, Callback):
        return page
    chosen = page.users[0] if user is None else user
    if chosen not in page.users:
        raise UnexpectedPage(
            f"the page offers {', '.join(map(repr, page.users))}, not {chosen!r}; register: oauthmock.user({chosen!r})"
        )
    ticked = page.scopes if scope is None else scope.split()
    strange = [token for token in ticked if token not in page.scopes]
    if strange:
        raise UnexpectedPage(
            f"the page asks for scope {' '.join(page.scopes)!r}, so {' '.join(strange)!r} cannot be ticked; a person"
            " can only grant less"
        )
    return _press(app, journal, url, [("user", chosen), *(("scope", token) for token in ticked)])


def deny(app: WSGIApplication, journal: Journal, url: str) -> Callback:
    """Open an authorization URL and press Deny. Raises `UnexpectedPage`."""
    page = _open(app, journal, url)
    if isinstance(page, Callback) and page.error is not None:
        raise UnexpectedPage(f"{redact(url)} was refused ({page.error}) before anybody could deny: {journal.last.why}")
    if isinstance(page, Callback):
        raise UnexpectedPage(f"{redact(url)} was approved without asking, so nobody could deny; set consent='page'")
    return _press(app, journal, url, [("deny", "yes")])


class _Page(html.parser.HTMLParser):
    """What the consent page offers."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.users: list[str] = []
        self.scopes: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        if tag == "button" and named.get("name") == "user":
            self.users.append(named.get("value") or "")
        if tag == "input" and named.get("name") == "scope":
            self.scopes.append(named.get("value") or "")


def _open(app: WSGIApplication, journal: Journal, url: str) -> _Page | Callback:
    try:
        response = _request(app, "GET", url)
    except ValueError as error:
        raise UnexpectedPage(f"{redact(url)} is no URL: {error}; open the authorization URL that was made") from None
    if response.status_code == 302:
        return Callback(response.location)
    page = _Page(response.text)
    if response.status_code != 200 or not page.users:
        raise _unexpected(url, response, journal)
    return page


def _press(app: WSGIApplication, journal: Journal, url: str, fields: list[tuple[str, str]]) -> Callback:
    response = _request(app, "POST", url, urllib.parse.urlencode(fields))
    if response.status_code != 302:
        raise _unexpected(url, response, journal)
    return Callback(response.location)


def _request(app: WSGIApplication, method: str, url: str, form: str | None = None) -> TestResponse:
    from werkzeug.test import Client

    parts = urllib.parse.urlsplit(url)
    return Client(app, use_cookies=False).open(
        parts.path or "/",
        base_url=f"{parts.scheme}://{parts.netloc}",
        query_string=parts.query,
        method=method,
        data=form,
        content_type=None if form is None else "application/x-www-form-urlencoded",
    )


def _unexpected(url: str, response: TestResponse, journal: Journal) -> UnexpectedPage:
    return UnexpectedPage(
        f"{redact(url)} answered {response.status_code} and not with a login page: {journal.last.why}; open the"
        " authorization URL that the code under test made"
    )
