"""A real browser at the pages, nearly always with JavaScript switched off. Needs chromium and chromedriver."""

from __future__ import annotations

import collections.abc as cabc
import pathlib
import urllib.parse

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.wait import WebDriverWait

from mockserver import Exchange
from mockserver import OAuthMock


@pytest.fixture
def oauthmock_pages() -> cabc.Iterator[OAuthMock]:
    """A server with one client, two people and a redirect URI that answers."""
    with OAuthMock(access_token_format="opaque") as mock:
        mock.client("crm", client_name="<b>Acme</b> CRM")
        mock.user("alice")
        mock.user("bob")
        yield mock


@pytest.fixture
def browser(tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> cabc.Iterator[webdriver.Chrome]:
    """Chromium in a narrow window, without JavaScript unless the test is parametrised with True."""
    options = webdriver.ChromeOptions()
    flags = "no-proxy-server headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
    for flag in [
        *flags.split(),
        "disable-component-update",
        "disable-sync",
        "disable-dev-shm-usage",
        "no-proxy-server",
    ]:
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    options.add_argument("--window-size=500,800")
    if not getattr(request, "param", False):
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.binary_location = "/usr/bin/chromium"
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


def opened(browser: webdriver.Chrome, mock: OAuthMock, **more: str) -> None:
    """The page that the authorization request of a client leads to."""
    query = {
        "response_type": "code",
        "client_id": "crm",
        "redirect_uri": mock.callback_url,
        "scope": "orders:read orders:write",
        "state": "s-1",
        **more,
    }
    browser.get(f"{mock.authorize_url}?{urllib.parse.urlencode(query)}")


def press(browser: webdriver.Chrome, selector: str) -> None:
    """Press a button of the page and wait until the browser is back at the client: a click returns before that."""
    browser.find_element(By.CSS_SELECTOR, selector).click()
    WebDriverWait(browser, 20).until(expected_conditions.url_contains("/callback?"))


def callback(browser: webdriver.Chrome) -> dict[str, str]:
    """What came back to the redirect URI."""
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.current_url).query))


def approval(mock: OAuthMock) -> Exchange:
    """What the button of the page sent."""
    return next(e for e in mock.authorization_endpoint.exchanges if e.request.method == "POST")


def test_one_click_logs_a_person_in(browser: webdriver.Chrome, oauthmock_pages: OAuthMock) -> None:
    """RFC 6749 4.1.1, 4.1.2: a button for each registered user leads to the callback with code and state."""
    opened(browser, oauthmock_pages)
    heading = browser.find_element(By.TAG_NAME, "h1").text
    press(browser, "button[value=bob]")

    assert heading == "<b>Acme</b> CRM asks for access"
    assert browser.find_element(By.TAG_NAME, "h1").text == "You are back"
    assert sorted(callback(browser)) == ["code", "state"]
    assert "'bob' approved client 'crm'" in approval(oauthmock_pages).why


def test_deny_sends_the_person_back_with_access_denied(browser: webdriver.Chrome, oauthmock_pages: OAuthMock) -> None:
    """RFC 6749 4.1.2.1: the person said no."""
    opened(browser, oauthmock_pages)
    press(browser, "button[name=deny]")

    assert (callback(browser)["error"], callback(browser)["state"]) == ("access_denied", "s-1")


def test_a_scope_that_is_unticked_is_not_granted(browser: webdriver.Chrome, oauthmock_pages: OAuthMock) -> None:
    """RFC 6749 3.3: the person may grant less than was asked."""
    opened(browser, oauthmock_pages)
    browser.find_element(By.CSS_SELECTOR, "input[value='orders:write']").click()
    press(browser, "button[value=alice]")

    assert approval(oauthmock_pages).why.endswith("for scope 'orders:read'")


def posted(browser: webdriver.Chrome) -> dict[str, str]:
    """What the page at the redirect URI says that it was sent."""
    WebDriverWait(browser, 20).until(expected_conditions.url_matches("/callback$"))
    names, values = (browser.find_elements(By.TAG_NAME, tag) for tag in ("dt", "dd"))
    return dict(zip((name.text for name in names), (value.text for value in values), strict=True))


def test_a_code_by_post_takes_a_second_click_without_javascript(
    browser: webdriver.Chrome, oauthmock_pages: OAuthMock
) -> None:
    """OAuth 2.0 Form Post Response Mode 2: the page has a button for those whose browser runs no script."""
    state = "s+/=&%\u00e9"
    opened(browser, oauthmock_pages, response_mode="form_post", state=state)
    browser.find_element(By.CSS_SELECTOR, "button[value=bob]").click()
    WebDriverWait(browser, 20).until(expected_conditions.title_contains("Back to the application"))
    browser.find_element(By.TAG_NAME, "button").click()

    sent = posted(browser)
    assert sorted(sent) == ["code", "state"]
    assert sent["state"] == state
    last = oauthmock_pages.journal.at("callback")[-1].request
    assert (last.method, last.query) == ("POST", ())
    assert last.header_values("Origin") == [oauthmock_pages.url]


@pytest.mark.parametrize("browser", [True], indirect=True, ids=["with JavaScript"])
@pytest.mark.parametrize("button", ["button[value=bob]", "button[name=deny]"])
def test_a_code_by_post_takes_no_second_click_with_javascript(
    browser: webdriver.Chrome, oauthmock_pages: OAuthMock, button: str
) -> None:
    """OAuth 2.0 Form Post Response Mode 2: the policy of the page lets its one script run and its form go."""
    opened(browser, oauthmock_pages, response_mode="form_post")
    browser.find_element(By.CSS_SELECTOR, button).click()

    assert posted(browser)["state"] == "s-1"
    assert [exchange.request.method for exchange in oauthmock_pages.journal.at("callback")] == ["POST"]


def test_a_second_factor_is_one_click_more(browser: webdriver.Chrome, oauthmock_pages: OAuthMock) -> None:
    """RFC 6749 3.1: a further page, with a button and without JavaScript; what was unticked stays so."""
    oauthmock_pages.change_user("alice", account="second_factor")
    opened(browser, oauthmock_pages)
    browser.find_element(By.CSS_SELECTOR, "input[value='orders:write']").click()
    browser.find_element(By.CSS_SELECTOR, "button[value=alice]").click()
    WebDriverWait(browser, 20).until(expected_conditions.title_contains("Second factor"))
    press(browser, "button[name=second_factor]")

    assert sorted(callback(browser)) == ["code", "state"]
    approvals = [e for e in oauthmock_pages.authorization_endpoint.exchanges if e.request.method == "POST"]
    assert approvals[-1].why == "'alice' approved client 'crm' for scope 'orders:read'"


def test_a_locked_person_is_sent_back(browser: webdriver.Chrome, oauthmock_pages: OAuthMock) -> None:
    """RFC 6749 4.1.2.1: access_denied."""
    oauthmock_pages.change_user("alice", account="locked")
    opened(browser, oauthmock_pages)
    press(browser, "button[value=alice]")

    assert callback(browser)["error"] == "access_denied"


def test_the_page_asks_for_nothing_else(browser: webdriver.Chrome, oauthmock_pages: OAuthMock) -> None:
    """The page works offline: besides itself only the browser's own question for an icon reaches the server."""
    opened(browser, oauthmock_pages)
    paths = {exchange.path for exchange in oauthmock_pages.journal}

    assert paths <= {"/authorize", "/favicon.ico"}
