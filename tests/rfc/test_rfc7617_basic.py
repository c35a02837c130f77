"""RFC 7617: Basic at a protected path, and every way to get it wrong."""

from __future__ import annotations

import base64
import typing

import pytest

from mockserver import Basic
from mockserver import ConfigurationError
from mockserver import OAuthMock

_CHALLENGE = 'Basic realm="api", charset="UTF-8"'
_REFUSED = (
    401,
    b"Basic authentication is required.\n",
    {
        "Cache-Control": "no-store",
        "Content-Type": "text/plain; charset=utf-8",
        "WWW-Authenticate": _CHALLENGE,
    },
)


def encoded(text: str, charset: str = "utf-8") -> str:
    return base64.b64encode(text.encode(charset)).decode()


def whole(answer: typing.Any) -> tuple[int, bytes, dict[str, str]]:
    """All of an answer that is not the date and the length."""
    headers = {name: value for name, value in answer.headers if name not in ("Date", "Content-Length")}
    return answer.status_code, answer.data, headers


@pytest.fixture
def users(mock: OAuthMock) -> OAuthMock:
    mock.protect("/orders", guard=Basic({"crm": "s3cret", "päul": "gehe:im", "void": ""}), json=[])
    return mock


def get(http: typing.Any, authorization: str | None) -> typing.Any:
    headers = {} if authorization is None else {"Authorization": authorization}
    return http.client.get("/orders", headers=headers)


@pytest.mark.parametrize(
    ("authorization", "who"),
    [
        pytest.param(f"Basic {encoded('crm:s3cret')}", "crm", id="as the RFC has it"),
        pytest.param(f"bAsIc {encoded('crm:s3cret')}", "crm", id="the scheme in any case"),
        pytest.param(f"Basic   {encoded('crm:s3cret')}  ", "crm", id="several spaces"),
        pytest.param(f"Basic {encoded('päul:gehe:im')}", "päul", id="UTF-8, a colon in the password"),
        pytest.param(f"Basic {encoded('pa' + chr(0x308) + 'ul:gehe:im')}", "päul", id="another normal form"),
        pytest.param(f"Basic {encoded('void:')}", "void", id="an empty password"),
    ],
)
def test_a_password_is_taken(http: typing.Any, users: OAuthMock, authorization: str, who: str) -> None:
    """RFC 7617 2 and 2.1: who it was is in the journal."""
    answer = get(http, authorization)
    last = users.journal.last

    assert whole(answer) == (200, b"[]", {"Content-Type": "application/json"})
    assert (last.guard, last.caller, last.credentials) == ("basic", who, "basic")
    assert last.why == f"/orders took the password of user {who!r} (Basic)"


@pytest.mark.parametrize(
    ("authorization", "why"),
    [
        pytest.param(None, "Basic is asked for in Authorization: no such header came", id="nothing"),
        pytest.param("Bearer x", "Basic is asked for in Authorization: its scheme is 'Bearer'", id="another scheme"),
        pytest.param("Basic", "nothing follows Basic", id="the scheme alone"),
        pytest.param("Basic ", "nothing follows Basic", id="the scheme and a space"),
        pytest.param("Basic crm:s3cret", "what follows Basic is not base64: it is in the clear", id="in the clear"),
        pytest.param("Basic ***", "what follows Basic is not base64: a character or the padding is wrong", id="stars"),
        pytest.param(
            f"Basic {encoded('crm:s3cret?')[:-1]}",
            "what follows Basic is not base64: its padding is missing",
            id="without padding",
        ),
        pytest.param(
            f"Basic {encoded('crm:s3cret')} x",
            "what follows Basic is not base64: more follows than one word",
            id="more",
        ),
        pytest.param(
            "Basic _3NhOnBhc3M_",
            "what follows Basic is not base64: it is in the URL alphabet (RFC 4648 5), not in that of Basic",
            id="the URL alphabet",
        ),
        pytest.param(
            f"Basic {encoded('crms3cret')}",
            "there is no colon between user-id and password (RFC 7617 2)",
            id="without a colon",
        ),
        pytest.param(
            f"Basic {encoded('crm:s3cret' + chr(0))}",
            "user-id or password has a control character (RFC 7617 2)",
            id="a control character",
        ),
        pytest.param(
            f"Basic {encoded('päul:x', 'latin-1')}",
            "the credentials are not UTF-8, which the challenge asks for (RFC 7617 2.1): they look like Latin-1, as"
            " requests sends them; Basic(charset=None) takes both",
            id="Latin-1",
        ),
        pytest.param(
            f"Basic {encoded('bob:x')}", "there is no user 'bob'; there are crm, päul, void", id="an unknown user"
        ),
        pytest.param(
            f"Basic {encoded('crm:wrong-one')}",
            "the password of user 'crm' is wrong: 9 characters were sent, the registered one has 6",
            id="a wrong password",
        ),
        pytest.param(f"Basic {encoded('crm:')}", "the password of user 'crm' is wrong: it is empty", id="none"),
        pytest.param(
            f"Basic {encoded('crm:s3cret' + chr(32))}",
            "the password of user 'crm' is wrong: it is the registered one with white space around it",
            id="white space",
        ),
    ],
)
def test_what_is_wrong_is_challenged_again(
    http: typing.Any, users: OAuthMock, authorization: str | None, why: str
) -> None:
    """RFC 9110 11.6.1, RFC 7617 2: 401 and the challenge; the reason is for the tester alone."""
    assert whole(get(http, authorization)) == _REFUSED
    assert users.journal.last.why == why


def test_two_authorization_fields_are_malformed(http: typing.Any, users: OAuthMock) -> None:
    """RFC 9110 5.3: the field is no list."""
    good = ("Authorization", f"Basic {encoded('crm:s3cret')}")
    answer = http.client.get("/orders", headers=[good, good])

    # werkzeug's test client hands both on in one, as PEP 3333 has it
    assert answer.status_code in (400, 401)
    assert users.journal.last.verdict == "refused"


def test_without_a_charset_latin_1_is_taken_as_well(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7617 2.1: what encoding is meant is not known, and requests and httpx differ in it."""
    mock.protect("/orders", guard=Basic({"päul": "ö"}, charset=None, realm='say "when"'), json=[])

    assert get(http, f"Basic {encoded('päul:ö')}").status_code == 200
    assert get(http, f"Basic {encoded('päul:ö', 'latin-1')}").status_code == 200
    assert get(http, None).headers["WWW-Authenticate"] == r'Basic realm="say \"when\""'


def test_a_password_is_compared_in_normal_form(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7617 2.1, RFC 8265 4.2.1."""
    mock.protect("/orders", guard=Basic({"crm": "gr\u00fcn"}), json=[])

    assert get(http, f"Basic {encoded('crm:gru' + chr(0x308) + 'n')}").status_code == 200


def test_the_issuers_users_may_come_in(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7617 2: without users of its own the guard knows those of `oauthmock.user`, as they are now."""
    mock.protect("/orders", guard=Basic(), json=[])

    assert get(http, f"Basic {encoded('alice:wonderland')}").status_code == 200
    mock.change_user("alice", password="looking-glass")
    assert get(http, f"Basic {encoded('alice:wonderland')}").status_code == 401


def test_a_proxy_has_fields_and_a_status_of_its_own(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 9110 11.7 and 15.5.8."""
    mock.protect("/orders", guard=Basic({"crm": "s3cret"}, proxy=True), json=[])

    bare = get(http, f"Basic {encoded('crm:s3cret')}")
    sent = http.client.get("/orders", headers={"Proxy-Authorization": f"Basic {encoded('crm:s3cret')}"})

    assert (bare.status_code, bare.headers["Proxy-Authenticate"]) == (407, _CHALLENGE)
    assert "WWW-Authenticate" not in bare.headers
    assert sent.status_code == 200
    assert [(e.guard, e.preemptive) for e in mock.journal] == [(None, True), ("basic", False)]


def test_a_password_is_shown_nowhere(http: typing.Any, mock: OAuthMock) -> None:
    """RFC 7617 4: neither one that is known nor one that was tried, in no report and no repr."""
    guard = Basic({"crm": "hidden-s3cret"})
    mock.protect("/orders", guard=guard, json=[])
    get(http, f"Basic {encoded('crm:tried-s3cret')}")
    get(http, f"Basic {encoded('hidden-s3cret:x')}")

    shown = "\n".join([*(line for exchange in mock.journal for line in exchange.lines()), repr(guard)])
    assert "hidden-s3cret" not in shown
    assert "tried-s3cret" not in shown


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Basic({"a:b": "x"}), "Basic: no user-id has a colon (RFC 7617 2); rename 'a:b'"),
        (
            lambda: Basic(charset="latin-1"),  # type: ignore[arg-type]
            "Basic(charset='latin-1'): RFC 7617 2.1 has 'UTF-8' alone; or write None",
        ),
    ],
)
def test_a_guard_that_cannot_be_is_refused(make: typing.Callable[[], Basic], message: str) -> None:
    """RFC 7617 2, 2.1: said where it is written."""
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert str(caught.value) == message
