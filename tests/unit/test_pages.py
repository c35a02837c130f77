"""The pages that a person sees."""

from __future__ import annotations

import html
import html.parser
import re

import jinja2
import pytest
from werkzeug.test import Client

from mockserver import OAuthMock
from mockserver.pages import render

_EVIL = """<script>alert('1')</script><img src=x onerror="alert(2)">&amp;{{ 7 * 7 }}"""

_CONSENT = {"client": "CRM", "scopes": ["orders:read"], "users": ["alice"], "back": "http://127.0.0.1:7001/callback"}
_CONSENT |= {"opened": None, "logged_in": None, "action": None}
_FACTOR = {"user": "alice", "scopes": ["orders:read"], "opened": None, "action": None}
_FORM_POST = {"action": "http://127.0.0.1:7001/cb", "parameters": [("code", "x")], "script": "0"}
_LOGOUT = {"action": None, "client": "CRM", "user": "alice"}
_ERROR = {"error": "invalid_request", "description": "No.", "status": 400, "hint": "because"}

_PAGES = [
    pytest.param("consent.html", _CONSENT, id="consent"),
    pytest.param("second_factor.html", _FACTOR, id="second factor"),
    pytest.param("error.html", _ERROR, id="error"),
    *(pytest.param("logout.html", {**_LOGOUT, "step": step}, id=f"logout, {step}") for step in ("ask", "stay", "done")),
    pytest.param("callback.html", {"parameters": [("code", "x")]}, id="callback"),
]


class _Page(html.parser.HTMLParser):
    """Every element with its attributes, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_the_consent_page_is_a_form_with_a_box_a_scope_and_a_button_a_user() -> None:
    """What is pressed is what the authorization endpoint reads."""
    values = {**_CONSENT, "scopes": ["openid", "orders:read"], "users": ["alice", "bob"]}
    page = _Page(render("consent.html", **values))

    assert page.named("form") == [{"method": "post"}]
    assert page.named("input") == [
        {"type": "checkbox", "name": "scope", "value": "openid", "checked": None},
        {"type": "checkbox", "name": "scope", "value": "orders:read", "checked": None},
    ]
    assert page.named("button") == [
        {"name": "user", "value": "alice"},
        {"name": "user", "value": "bob"},
        {"class": "quiet", "name": "deny", "value": "yes"},
    ]
    assert "CRM asks for access" in page.text
    assert "http://127.0.0.1:7001/callback" in page.text


def test_the_consent_page_of_a_request_without_scope_has_no_boxes() -> None:
    """RFC 6749 3.3: scope is optional."""
    page = _Page(render("consent.html", **{**_CONSENT, "scopes": []}))

    assert page.named("fieldset") == []
    assert page.named("input") == []


def test_the_error_page_says_what_and_why() -> None:
    """RFC 6749 4.1.2.1: the person is told, and not sent back."""
    page = _Page(render("error.html", **_ERROR))

    assert "No." in page.text
    assert "400 invalid_request" in page.text
    assert "Why: because" in page.text
    assert page.named("a") == page.named("form") == page.named("meta")[2:] == []


def test_the_error_page_without_description_shows_the_code() -> None:
    """Never an empty headline."""
    assert "<h1>invalid_request</h1>" in render("error.html", **{**_ERROR, "description": ""})


def test_the_callback_page_shows_every_parameter_in_order() -> None:
    """Also one that came twice."""
    page = render("callback.html", parameters=[("state", "s"), ("code", "c"), ("code", "d")])

    assert re.findall(r"<dt>(.*?)</dt><dd><code>(.*?)</code></dd>", page) == [
        ("state", "s"),
        ("code", "c"),
        ("code", "d"),
    ]


def test_the_callback_page_without_parameters_has_no_list() -> None:
    """Somebody opened it by hand."""
    assert "<dl>" not in render("callback.html", parameters=[])


@pytest.mark.parametrize(
    ("template", "values", "times"),
    [
        (
            "consent.html",
            {
                **dict.fromkeys(("client", "back", "opened", "logged_in", "action"), _EVIL),
                "scopes": [_EVIL],
                "users": [_EVIL],
            },
            9,
        ),
        ("second_factor.html", {"user": _EVIL, "scopes": [_EVIL], "opened": _EVIL, "action": _EVIL}, 5),
        ("error.html", {"error": _EVIL, "description": _EVIL, "status": _EVIL, "hint": _EVIL}, 5),
        ("logout.html", {"action": _EVIL, "client": _EVIL, "user": _EVIL, "step": "ask"}, 3),
        ("callback.html", {"parameters": [(_EVIL, _EVIL)]}, 2),
    ],
)
def test_everything_on_a_page_is_escaped(template: str, values: dict[str, object], times: int) -> None:
    """RFC 6749 10.14: whatever a request brings is text and nothing else."""
    page = render(template, **values)
    read = _Page(page)

    assert "<script" not in page
    assert "<img" not in page
    assert read.named("script") == read.named("img") == []
    assert html.unescape(page).count(_EVIL) == times


@pytest.mark.parametrize(("template", "values"), _PAGES)
def test_no_page_needs_anything_from_elsewhere(template: str, values: dict[str, object]) -> None:
    """Offline, and under the strictest Content-Security-Policy: no script, no link, no image, no import."""
    page = render(template, **values)
    read = _Page(page)

    loading = ("script", "link", "img", "iframe", "object", "embed", "base", "audio", "video", "source", "a")
    assert [tag for tag, _ in read.elements if tag in loading] == []
    assert [name for _, attributes in read.elements for name in attributes if name.startswith("on")] == []
    assert [
        name
        for _, attributes in read.elements
        for name in attributes
        if name in ("src", "href", "action", "formaction")
    ] == []
    assert "url(" not in page
    assert "@import" not in page
    assert "javascript:" not in page


def test_the_page_that_posts_itself_has_one_script_and_one_form() -> None:
    """OAuth 2.0 Form Post Response Mode 2: hidden fields in order, a button without a name, nothing else."""
    values = {"action": f"http://127.0.0.1/{_EVIL}", "parameters": [(_EVIL, _EVIL), ("state", "s")], "script": "go()"}
    page = render("form_post.html", **values)
    read = _Page(page)

    assert read.named("form") == [{"method": "post", "action": f"http://127.0.0.1/{_EVIL}"}]
    assert read.named("input") == [
        {"type": "hidden", "name": _EVIL, "value": _EVIL},
        {"type": "hidden", "name": "state", "value": "s"},
    ]
    assert read.named("button") == [{}]
    assert page.count("<script") == 1
    assert "<script>go()</script>" in page


def test_the_page_for_a_second_factor_hands_on_what_was_chosen() -> None:
    """Who and what, in the same form, and a way to say no."""
    page = _Page(render("second_factor.html", user="alice", scopes=["a", "b"], opened="1.5", action=None))

    assert page.named("form") == [{"method": "post"}]
    assert page.named("input") == [
        {"type": "hidden", "name": "user", "value": "alice"},
        {"type": "hidden", "name": "scope", "value": "a"},
        {"type": "hidden", "name": "scope", "value": "b"},
        {"type": "hidden", "name": "opened", "value": "1.5"},
    ]
    assert page.named("button") == [
        {"name": "second_factor", "value": "yes"},
        {"class": "quiet", "name": "deny", "value": "yes"},
    ]


@pytest.mark.parametrize(("template", "values"), [*_PAGES, pytest.param("form_post.html", _FORM_POST, id="form post")])
def test_every_page_is_whole(template: str, values: dict[str, object]) -> None:
    """Doctype, language, character set, viewport, one headline, a title."""
    page = render(template, **values)
    read = _Page(page)

    assert page.startswith("<!doctype html>\n")
    assert read.named("html") == [{"lang": "en"}]
    assert read.named("meta") == [
        {"charset": "utf-8"},
        {"name": "viewport", "content": "width=device-width, initial-scale=1"},
    ]
    assert len(read.named("h1")) == len(read.named("title")) == len(read.named("main")) == 1


@pytest.mark.parametrize(
    ("template", "values", "missing"),
    [
        ("consent.html", _CONSENT, "client"),
        ("second_factor.html", _FACTOR, "user"),
        ("form_post.html", _FORM_POST, "action"),
        ("error.html", _ERROR, "hint"),
        ("callback.html", {"parameters": []}, "parameters"),
    ],
)
def test_a_value_that_is_forgotten_is_an_error(template: str, values: dict[str, object], missing: str) -> None:
    """And not an empty place on the page."""
    given = {name: value for name, value in values.items() if name != missing}

    with pytest.raises(jinja2.UndefinedError, match=missing):
        render(template, **given)


def test_what_a_request_brings_is_escaped_on_the_servers_pages() -> None:
    """RFC 6749 10.14: client name, scope and user as they are registered, callback and error as they are asked."""
    mock = OAuthMock(issuer="http://localhost")
    mock.user(_EVIL)
    mock.client("crm", client_name=_EVIL)
    browser = Client(mock.wsgi)
    asked = {"response_type": "code", "client_id": "crm", "redirect_uri": "http://127.0.0.1:7001/"}

    consent = browser.get("/authorize", query_string={**asked, "scope": "<b>"})
    refused = browser.get("/authorize", query_string={**asked, "client_id": _EVIL})
    callback = browser.get("/callback", query_string={"code": _EVIL})

    assert [page.status_code for page in (consent, refused, callback)] == [200, 400, 200]
    for page in (consent, refused, callback):
        read = _Page(page.text)
        assert read.named("script") == read.named("img") == read.named("b") == []
    assert {"name": "user", "value": _EVIL} in _Page(consent.text).named("button")
    assert mock.exceptions == []
