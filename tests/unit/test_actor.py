"""The person at the browser, without one."""

from __future__ import annotations

import urllib.parse

import pytest

from mockserver import Callback
from mockserver import OAuthMock
from mockserver.errors import UnexpectedPage

_BACK = "http://127.0.0.1:7001/callback?tenant=a"


def url(**changes: str) -> str:
    """A login as an application would start it."""
    asked = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, "scope": "b a", "state": "s&1"}
    return "http://localhost/authorize?" + urllib.parse.urlencode({**asked, **changes})


@pytest.fixture(autouse=True)
def crm(mock: OAuthMock) -> None:
    mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK])
    mock.client("auto", client_secret="s3cret", redirect_uris=[_BACK], consent="auto")


def test_approving_brings_the_callback(mock: OAuthMock) -> None:
    """What the application's test client is then asked for; nobody has sent it yet."""
    mock.user("alice")
    mock.user("bob")
    callback = mock.approve(url(), user="bob")

    assert callback.method == "GET"
    assert callback.form == {}
    assert callback.url.startswith("http://127.0.0.1:7001/callback?tenant=a&code=oam_ac_")
    assert callback.path_and_query == f"/callback?tenant=a&code={callback.code}&state=s%261"
    assert callback.params == {"tenant": "a", "code": callback.code, "state": "s&1"}
    assert (callback.state, callback.error) == ("s&1", None)
    assert repr(callback) == "<Callback GET http://127.0.0.1:7001/callback?tenant=a&code=***&state=s%261>"
    assert [(e.request.method, e.status) for e in mock.journal] == [("GET", 200), ("POST", 302)]
    assert mock.journal.last.why == "'bob' approved client 'crm' for scope 'b a'"


@pytest.mark.parametrize(
    ("user", "scope", "why"),
    [
        (None, None, "'alice' approved client 'crm' for scope 'b a'"),
        ("bob", None, "'bob' approved client 'crm' for scope 'b a'"),
        (None, "a", "'alice' approved client 'crm' for scope 'a'"),
        (None, "a b", "'alice' approved client 'crm' for scope 'b a'"),
    ],
)
def test_who_and_what_is_granted_can_be_chosen(mock: OAuthMock, user: str | None, scope: str | None, why: str) -> None:
    """The first user and everything by default."""
    mock.user("alice")
    mock.user("bob")
    mock.approve(url(), user=user, scope=scope)

    assert mock.journal.last.why == why


def test_without_users_a_stranger_approves(mock: OAuthMock) -> None:
    """A test that does not care who it is need not say."""
    assert mock.approve(url()).code
    assert mock.journal.last.why.startswith("'user' approved")


def test_automatic_approval_needs_no_page(mock: OAuthMock) -> None:
    """One exchange."""
    assert mock.approve(url(client_id="auto")).code
    assert len(mock.journal) == 1


def test_denying_brings_access_denied(mock: OAuthMock) -> None:
    """RFC 6749 4.1.2.1."""
    callback = mock.deny(url())

    assert (callback.error, callback.state, callback.code) == ("access_denied", "s&1", None)
    assert mock.journal.last.verdict == "refused"


def test_an_error_that_travels_is_a_callback(mock: OAuthMock) -> None:
    """The application must handle it."""
    callback = mock.approve(url(scope='"'))

    assert (callback.error, callback.code) == ("invalid_scope", None)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"client_id": "crn"}, "no client is called 'crn'"),
        ({"redirect_uri": "https://evil.example/"}, "is none of"),
    ],
)
def test_an_error_page_raises_with_the_why(mock: OAuthMock, changes: dict[str, str], why: str) -> None:
    """And with the remedy."""
    for act in (mock.approve, mock.deny):
        with pytest.raises(UnexpectedPage, match=why) as caught:
            act(url(**changes))

        assert "answered 400 and not with a login page" in str(caught.value)


@pytest.mark.parametrize(
    "foreign",
    [
        "https://accounts.example.com/authorize?client_id=crm",
        "http://localhost/token",
        "http://localhost/",
        "/authorize?client_id=crm",
        "nonsense",
        "",
        "mailto:alice@example.com",
        "http://[::1",
        "http://localhost:port/authorize",
    ],
)
def test_a_url_that_is_not_ours_raises(mock: OAuthMock, foreign: str) -> None:
    """Whatever it is: the message names it and nothing else is raised."""
    with pytest.raises(UnexpectedPage):
        mock.approve(foreign)


@pytest.mark.parametrize(
    ("user", "scope", "message"),
    [
        ("mallory", None, r"the page offers 'alice', not 'mallory'; register: oauthmock\.user\('mallory'\)"),
        ("alice", "a c", "the page asks for scope 'b a', so 'c' cannot be ticked; a person can only grant less"),
    ],
)
def test_what_the_page_does_not_offer_cannot_be_chosen(
    mock: OAuthMock, user: str, scope: str | None, message: str
) -> None:
    """As for a person."""
    mock.user("alice")
    with pytest.raises(UnexpectedPage, match=message):
        mock.approve(url(), user=user, scope=scope)

    assert len(mock.journal) == 1


def test_nobody_can_deny_what_was_approved_without_asking(mock: OAuthMock) -> None:
    """The remedy: consent='page'."""
    with pytest.raises(UnexpectedPage, match="approved without asking, so there is no page; set consent='page'"):
        mock.deny(url(client_id="auto"))


def test_denying_what_was_refused_says_that_it_was_refused(mock: OAuthMock) -> None:
    """An error redirect is no approval."""
    with pytest.raises(UnexpectedPage, match="invalid_scope"):
        mock.deny(url(scope='"'))


def test_a_page_whose_button_fails_raises(mock: OAuthMock) -> None:
    """The page was right, and then the server broke."""
    mock.user("alice")
    mock.authorization_endpoint.fail(503)
    # the GET meets the fault; armed for the POST it would need a second request in between
    with pytest.raises(UnexpectedPage, match="answered 503"):
        mock.approve(url())


def test_a_press_that_is_not_redirected_raises(mock: OAuthMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The POST is answered by an error page: the client was forgotten while the person was reading."""
    mock.user("alice")
    mock.subscribe(lambda exchange: mock.context.clients.clear())
    with pytest.raises(UnexpectedPage, match="answered 400 and not with a login page"):
        mock.approve(url())


@pytest.mark.parametrize(
    ("callback", "path"),
    [
        (Callback("http://127.0.0.1"), "/"),
        (Callback("http://127.0.0.1?code=1"), "/?code=1"),
        (Callback("http://127.0.0.1/cb"), "/cb"),
    ],
)
def test_a_callback_always_has_a_path(callback: Callback, path: str) -> None:
    """What a test client can be asked for."""
    assert callback.path_and_query == path


def test_a_form_counts_as_parameters() -> None:
    """For response modes that post."""
    callback = Callback("http://127.0.0.1/cb?a=1", "POST", {"code": "c", "state": "s"})

    assert callback.params == {"a": "1", "code": "c", "state": "s"}
    assert (callback.code, callback.state) == ("c", "s")
