"""RFC 9700 4.11, 4.16 and HTML: the mock's own pages neither redirect, nor frame, nor run what they are given."""

from __future__ import annotations

import html
import html.parser
import re
import typing
import urllib.parse

import pytest

from mockserver import OAuthMock

_EVIL = "<script>alert('x')</script>\"&<img src=x onerror=y>"
_BACK = "http://127.0.0.1:7001/callback"


class _Tags(html.parser.HTMLParser):
    """Every tag of a page, and every attribute that could load or run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attributes:
            if name in ("src", "href", "action", "formaction", "data", "srcset", "poster"):
                self.links.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)


def page_of(mock: OAuthMock, http: typing.Any, kind: str) -> typing.Any:
    """One of the pages, full of somebody else's text."""
    mock.user(_EVIL)
    mock.client("crm", client_secret="s3cret", client_name=_EVIL, redirect_uris=[f"{_BACK}?q=<b>'\""])
    asked = {"response_type": "code", "client_id": "crm", "redirect_uri": f"{_BACK}?q=<b>'\"", "state": _EVIL}
    if kind == "consent":
        return http.authorize({**asked, "scope": "<script>x</script> a'b<b>&c", "login_hint": _EVIL})
    if kind == "unknown client":
        return http.authorize({**asked, "client_id": _EVIL})
    if kind == "redirect URI":
        return http.authorize({**asked, "redirect_uri": f"{_BACK}?{_EVIL}"})
    if kind == "repeated parameter":
        return http.authorize([("client_id", "crm"), ("client_id", _EVIL)])
    if kind == "callback":
        return http.client.get("/callback?" + urllib.parse.urlencode({"code": _EVIL, _EVIL: "x"}))
    return http.client.post("/callback", data={"code": _EVIL})


PAGES = ["consent", "unknown client", "redirect URI", "repeated parameter", "callback", "callback by POST"]


@pytest.mark.parametrize("kind", PAGES)
def test_pages_escape_what_others_wrote(mock: OAuthMock, http: typing.Any, kind: str) -> None:
    """RFC 9700 4.11: client names, user names, scopes, hints, states and parameters are text and never markup."""
    response = page_of(mock, http, kind)

    tags = _Tags(response.text)
    assert response.status_code == (200 if kind.startswith(("consent", "callback")) else 400)
    assert not tags.tags & {"script", "img", "b", "iframe", "object", "link", "base"}
    assert tags.handlers == []
    assert "<script" not in response.text


def test_the_consent_page_shows_the_words_as_they_are(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 3.1: the check can fail: escaped text is there, so the page is not just empty."""
    text = page_of(mock, http, "consent").text

    assert html.escape(_EVIL).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in text
    assert 'value="a&#39;b&lt;b&gt;&amp;c"' in text
    assert _EVIL in html.unescape(text)


@pytest.mark.parametrize("kind", PAGES)
def test_pages_are_not_framed_sniffed_or_cached(mock: OAuthMock, http: typing.Any, kind: str) -> None:
    """RFC 9700 4.16, 4.2.4: frame-ancestors, nosniff, no-store, no referrer, and nothing that may run."""
    headers = page_of(mock, http, kind).headers

    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["frame-ancestors"] == "'none'"
    assert policy["default-src"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert "script-src" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("kind", PAGES)
def test_pages_load_nothing_from_outside(mock: OAuthMock, http: typing.Any, kind: str) -> None:
    """RFC 9700 4.2.4: a page works offline: no link, no source, no import, no url()."""
    text = page_of(mock, http, kind).text
    style = "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))

    assert _Tags(text).links == []
    assert "@import" not in style
    assert "url(" not in style
    assert re.findall(r"https?://(?!127\.0\.0\.1)", text) == []


def test_the_page_offers_every_person_every_scope_and_deny(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 3.1, 4.1.1: one button a person, one box a scope, and a way to say no, without JavaScript."""
    mock.user("bob")
    mock.client("crm", client_secret="s3cret", client_name="The CRM")

    text = http.authorize({"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, "scope": "a b"}).text

    assert re.findall(r'<button name="user" value="(.*?)">', text) == ["alice", "bob"]
    assert re.findall(r'<input type="checkbox" name="scope" value="(.*?)" checked>', text) == ["a", "b"]
    assert '<button class="quiet" name="deny" value="yes">' in text
    assert '<form method="post">' in text
    assert "<h1>The CRM asks for access</h1>" in text


def test_error_pages_say_why(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 3.1.2.4: the person is told what is wrong."""
    text = http.authorize({"client_id": "crn"}).text

    assert "no client is called &#39;crn&#39;" in text
