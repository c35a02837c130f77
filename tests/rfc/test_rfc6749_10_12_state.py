"""RFC 6749 4.1.1, 10.12: the state, what a server asks of it, how it comes back, and what a test sees of it."""

from __future__ import annotations

import typing
import urllib.parse

import pytest

from mockserver import OAuthMock

_BACK = "http://127.0.0.1:7001/callback"


def asked(state: str | None, **more: str) -> dict[str, str]:
    request = {"response_type": "code", "client_id": "crm", "redirect_uri": _BACK, **more}
    return request if state is None else {**request, "state": state}


@pytest.mark.parametrize(
    "state",
    [
        pytest.param("+/=&%", id="what has to be encoded"),
        pytest.param("a b+c%20d", id="blanks in three spellings"),
        pytest.param("\u00e9\u65e5\U0001f600", id="beyond ASCII"),
        pytest.param("\tx\t", id="a tabulator"),
        pytest.param("eyJhbGciOiJub25lIn0.e30.", id="a token"),
        pytest.param('{"back": "/a?b=c#d"}', id="JSON"),
        pytest.param("<script>\"'&amp;", id="markup"),
        pytest.param("x" * 1024, id="1024 characters"),
        pytest.param("0", id="one character"),
        pytest.param(" ", id="a blank"),
    ],
)
@pytest.mark.parametrize("form", [{"user": "alice"}, {"deny": "yes"}])
@pytest.mark.parametrize("response_mode", ["query", "form_post"])
def test_a_state_comes_back_as_it_was(
    mock: OAuthMock, http: typing.Any, state: str, form: dict[str, str], response_mode: str
) -> None:
    """RFC 6749 4.1.2, 4.1.2.1: the exact value received from the client, with a code and with an error."""
    mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK])
    url = "http://localhost/authorize?" + urllib.parse.urlencode(asked(state, response_mode=response_mode))

    callback = mock.approve(url) if "user" in form else mock.deny(url)

    assert callback.state == state
    assert callback.params.keys() == ({"code", "state"} if "user" in form else {"error", "error_description", "state"})
    assert [seen.value for seen in mock.states] == [state]


@pytest.mark.parametrize(
    ("policies", "state", "why"),
    [
        pytest.param({"require_state": True}, None, "the request has no state, and require_state is set", id="missing"),
        pytest.param({"require_state": True}, "", "the request has no state, and require_state is set", id="empty"),
        pytest.param({"state_min_length": 8}, "1234567", "7 characters; state_min_length is 8", id="too short"),
        pytest.param({"state_max_length": 8}, "123456789", "9 characters; state_max_length is 8", id="too long"),
        pytest.param({"state_max_length": 2}, "\u65e5\u65e5\u65e5", "3 characters", id="characters, not bytes"),
    ],
)
def test_a_state_that_breaks_a_policy_is_refused(
    http: typing.Any, policies: typing.Any, state: str | None, why: str
) -> None:
    """RFC 6749 4.1.2.1: invalid_request, to the client, with the state that it sent."""
    http.mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK], **policies)

    response = http.authorize(asked(state))

    parameters = [("error", "invalid_request"), ("error_description", http.some.description)]
    back = [("state", state)] if state else []
    assert http.callback(response) == (302, _BACK, parameters + back, "no-store")
    assert why in http.mock.journal.last.why


@pytest.mark.parametrize(
    ("policies", "state"),
    [
        ({"require_state": True}, "x"),
        ({"state_min_length": 8}, "12345678"),
        ({"state_min_length": 8}, None),
        ({"state_max_length": 8}, "12345678"),
        ({"state_max_length": 2}, "\u65e5\u65e5"),
        ({"state_min_length": 3, "state_max_length": 3}, "123"),
    ],
)
def test_a_state_that_keeps_a_policy_is_taken(http: typing.Any, policies: typing.Any, state: str | None) -> None:
    """RFC 6749 4.1.1: recommended, and free in its form; lengths are of states that are there."""
    http.mock.client("crm", client_secret="s3cret", redirect_uris=[_BACK], **policies)

    assert http.authorize(asked(state)).status_code == 200


def test_a_test_sees_the_states(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 10.12: non-guessable: how long, of which characters, and whether it was there before."""
    for name in ("crm", "shop"):
        mock.client(name, client_secret="s3cret", redirect_uris=[_BACK])
    http.authorize(asked("abcabc"))
    http.authorize(asked("abcabc"), {"user": "alice"})  # the button of that page
    http.authorize(asked(None))
    http.authorize(asked("abcabc", client_id="shop"))
    http.authorize(asked("abcabc", response_type="token"))
    http.authorize(asked("\u65e5"))

    seen = [(s.value, s.client_id, s.length, s.reused, s.exchange) for s in mock.states]
    assert seen == [
        ("abcabc", "crm", 6, False, 1),
        ("abcabc", "shop", 6, False, 4),
        ("abcabc", "crm", 6, True, 5),
        ("\u65e5", "crm", 1, False, 6),
    ]
    assert mock.states[0].characters == {"a", "b", "c"}
    mock.reset()
    assert mock.states == ()


def test_each_issuer_has_its_states(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 6749 10.12: a connector with two servers has two sets of states."""
    mock.issuer("a").client("crm", client_secret="s3cret")
    http.client.get("/a/authorize", query_string=asked("one"))

    assert [state.value for state in mock.issuer("a").states] == ["one"]
    assert mock.states == ()
