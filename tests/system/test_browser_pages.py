"""A real browser that logs in, comes back and logs out, and meets every page on a small screen and in the dark."""

from __future__ import annotations

import collections.abc as cabc
import pathlib
import urllib.parse

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.wait import WebDriverWait

from mockserver import OAuthMock


@pytest.fixture
def oauthmock_pages() -> cabc.Iterator[OAuthMock]:
    """A server with two people, a client, and a redirect URI that answers."""
    with OAuthMock(access_token_format="opaque", id_token_signed_response_alg="ES256") as mock:
        mock.client("crm", client_name="Acme CRM " + "with-a-name-that-does-not-end" * 5)
        mock.user("alice")
        mock.user("bob", account="second_factor")
        yield mock


@pytest.fixture
def browser(tmp_path: pathlib.Path) -> cabc.Iterator[webdriver.Chrome]:
    """Chromium as a telephone has it: 390 pixels wide."""
    options = webdriver.ChromeOptions()
    flags = "no-proxy-server headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
    for flag in [*flags.split(), "disable-component-update", "disable-sync", "disable-dev-shm-usage"]:
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    options.binary_location = "/usr/bin/chromium"
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield driver
    driver.quit()


def login_url(mock: OAuthMock, **more: str) -> str:
    query = {
        "response_type": "code",
        "client_id": "crm",
        "redirect_uri": mock.callback_url,
        "scope": "openid orders:" + "a-scope-that-does-not-end" * 5,
        "state": "s-1",
        **more,
    }
    return f"{mock.authorize_url}?{urllib.parse.urlencode(query)}"


def came_back(browser: webdriver.Chrome) -> dict[str, str]:
    WebDriverWait(browser, 20).until(expected_conditions.url_contains("/callback?"))
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.current_url).query))


def press(browser: webdriver.Chrome, selector: str) -> None:
    browser.find_element(By.CSS_SELECTOR, selector).click()


def titled(browser: webdriver.Chrome, title: str) -> None:
    WebDriverWait(browser, 20).until(expected_conditions.title_contains(title))


def test_a_person_logs_in_comes_back_and_logs_out(browser: webdriver.Chrome, oauthmock_pages: OAuthMock) -> None:
    """OpenID Connect Core 3.1.2.1, RP-Initiated Logout 2: the cookie is kept, and then it is not."""
    mock = oauthmock_pages
    browser.get(login_url(mock))
    press(browser, "button[value=alice]")
    came_back(browser)
    browser.get(login_url(mock, prompt="none"))
    silent = came_back(browser)
    browser.get(f"{mock.end_session_url}?client_id=crm&post_logout_redirect_uri={mock.callback_url}&state=s-2")
    asked = browser.find_element(By.TAG_NAME, "main").text
    press(browser, "button[name=log_out]")
    after = came_back(browser)
    browser.get(login_url(mock, prompt="none"))

    assert "code" in silent
    assert "You are logged in as alice." in asked
    assert after == {"state": "s-2"}
    assert came_back(browser)["error"] == "login_required"


def test_a_person_connects_a_device(browser: webdriver.Chrome, oauthmock_pages: OAuthMock) -> None:
    """RFC 8628 3.3: the code is typed, a person approves, and the device has its token."""
    mock = oauthmock_pages
    auth = ("crm", mock.context.clients["crm"].client_secret or "")
    told = httpx.post(mock.device_authorization_url, data={"scope": "orders:read"}, auth=auth).json()

    browser.get(told["verification_uri"])
    browser.find_element(By.NAME, "user_code").send_keys(told["user_code"].lower().replace("-", " "), Keys.ENTER)
    WebDriverWait(browser, 20).until(
        expected_conditions.presence_of_element_located((By.CSS_SELECTOR, "button[value=alice]"))
    )
    press(browser, "button[value=alice]")
    titled(browser, "The device is connected.")
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": told["device_code"]}
    tokens = httpx.post(mock.token_url, data=form, auth=auth)

    assert (tokens.status_code, tokens.json()["scope"]) == (200, "orders:read")
    assert mock.tokens.last.username == "alice"


def test_scripts_do_not_see_the_cookie(browser: webdriver.Chrome, oauthmock_pages: OAuthMock) -> None:
    """RFC 6265 4.1.2.6: HttpOnly."""
    browser.get(login_url(oauthmock_pages))
    press(browser, "button[value=alice]")
    came_back(browser)

    cookie = browser.get_cookie("oauthmock_session")
    assert cookie is not None
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    assert browser.execute_script("return document.cookie") == ""


def _pages(mock: OAuthMock, browser: webdriver.Chrome) -> cabc.Iterator[str]:
    """Every page that a person may be shown, one after the other."""
    browser.get(login_url(mock))
    yield "login"
    press(browser, "button[value=bob]")
    titled(browser, "Second factor")
    yield "second factor"
    press(browser, "button[name=second_factor]")
    came_back(browser)
    yield "callback"
    browser.get(login_url(mock, prompt="consent"))
    yield "consent"
    browser.get(login_url(mock, redirect_uri="https://elsewhere.example/" + "x" * 200))
    yield "error"
    browser.get(mock.device_url)
    yield "device"
    browser.get(mock.end_session_url)
    yield "logout"
    press(browser, "button[name=log_out]")
    titled(browser, "Log out")
    yield "logged out"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_telephone_and_can_be_read(
    browser: webdriver.Chrome, oauthmock_pages: OAuthMock, scheme: str
) -> None:
    """WCAG 2.2 1.4.3, 1.4.10, 2.4.2, 3.1.1: no scrolling sideways, enough contrast, title, language, one heading."""
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    seen = []
    for page in _pages(oauthmock_pages, browser):
        width, ink, card, language, headings, small = browser.execute_script(_LOOK)
        assert width <= 390, page
        assert _contrast(ink, card) >= 4.5, page
        assert (language, headings, small) == ("en", 1, []), page
        assert browser.title, page
        seen.append((page, _luminance(card) > 0.5))

    assert [page for page, _ in seen] == [
        *("login", "second factor", "callback", "consent", "error", "device", "logout", "logged out")
    ]
    assert {light for _, light in seen} == {scheme == "light"}
    outside = [exchange.path for exchange in oauthmock_pages.journal if exchange.endpoint == "unknown"]
    assert {*outside} <= {"/favicon.ico"}


_LOOK = """
const main = document.querySelector("main");
const small = [...document.querySelectorAll("button")].filter((button) => button.offsetHeight < 24);
return [
  document.documentElement.scrollWidth, getComputedStyle(main).color, getComputedStyle(main).backgroundColor,
  document.documentElement.lang, document.querySelectorAll("h1").length, small.map((button) => button.textContent),
];
"""


def _luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance, of `rgb(1, 2, 3)`."""
    parts = [int(part) / 255 for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def test_the_keyboard_is_enough(browser: webdriver.Chrome, oauthmock_pages: OAuthMock) -> None:
    """WCAG 2.2 2.1.1, 2.4.7: Tab reaches every box and button, which shows that it is there; Enter presses it."""
    browser.get(login_url(oauthmock_pages))
    reached = []
    for _ in range(5):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        there = browser.switch_to.active_element
        reached.append(there.get_attribute("value"))
        assert there.value_of_css_property("outline-style") == "solid"
        if there.get_attribute("value") == "alice":
            break
    browser.switch_to.active_element.send_keys(Keys.ENTER)

    assert reached[0] == "openid"
    assert reached[-1] == "alice"
    assert "code" in came_back(browser)
