"""A real browser at the login and consent page, JavaScript switched off. Needs chromium and chromedriver."""

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
def browser(tmp_path: pathlib.Path) -> cabc.Iterator[webdriver.Chrome]:
    """Chromium without JavaScript, in a narrow window."""
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
    options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.binary_location = "/usr/bin/chromium"
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


def opened(browser: webdriver.Chrome, mock: OAuthMock) -> None:
    """The page that the authorization request of a client leads to."""
    query = {
        "response_type": "code",
        "client_id": "crm",
        "redirect_uri": mock.callback_url,
        "scope": "orders:read orders:write",
        "state": "s-1",
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


def test_the_page_asks_for_nothing_else(browser: webdriver.Chrome, oauthmock_pages: OAuthMock) -> None:
    """The page works offline: besides itself only the browser's own question for an icon reaches the server."""
    opened(browser, oauthmock_pages)
    paths = {exchange.path for exchange in oauthmock_pages.journal}

    assert paths <= {"/authorize", "/favicon.ico"}
