"""Rows 49 to 51: states, callback URLs, and codes that are pasted."""

from __future__ import annotations

import string
import urllib.parse

import pytest

from connectors.answers import Came
from connectors.errors import CallbackRejected
from connectors.world import World
from mockserver import Callback

_URI = "https://platform.example/callback"


def test_row_49_state_length(world: World) -> None:
    """S2:103."""
    world.prove(globals())


def state_has_its_length(world: World) -> None:
    world.works(world.patchworks(flow="authorization_code", **world.case.form))
    (state,) = world.issuer.states
    assert state.length == world.case.form["state_length"]
    assert state.characters <= {*string.ascii_letters, *string.digits}


def _login_url(world: World, **parameters: str) -> str:
    asked = {"response_type": "code", "client_id": "crm", "redirect_uri": "http://127.0.0.1/cb", **parameters}
    query = urllib.parse.urlencode({name: value for name, value in asked.items() if value})
    return f"{world.issuer.authorize_url}?{query}"


def reused_state_is_flagged(world: World) -> None:
    """Two logins of the product have two states; one that is used again is told."""
    for _ in range(2):
        world.works(world.patchworks(flow="authorization_code"))
    assert [state.reused for state in world.issuer.states] == [False, False]
    world.issuer.approve(_login_url(world, state=world.issuer.states[0].value))
    assert [state.reused for state in world.issuer.states] == [False, False, True]


_WRONG = {
    "tampered": lambda callback: callback.with_params(state=callback.state[:-1] + "!"),
    "missing": lambda callback: callback.without("state"),
    "twice": lambda callback: callback.with_params(state=[callback.state, callback.state]),
}


def callback_is_rejected(world: World) -> None:
    """No code is redeemed; each of the products looks."""
    for product, flow in (("patchworks", "flow"), ("boomi", "grant_type")):
        callbacks: list[Callback] = []

        def comes(url: str, callbacks: list[Callback] = callbacks) -> Came:
            callbacks.append(_WRONG[world.case.case](world.issuer.approve(url)))
            return callbacks[-1]

        world.person = comes
        with pytest.raises(CallbackRejected):
            world.call(world.connector(product, **{flow: "authorization_code"}))
        assert callbacks[0].code is not None


def demanded_and_missing(world: World) -> None:
    """RFC 6749 10.12."""
    careful = world.issuer.client("careful", require_state=True)
    callback = world.issuer.approve(_login_url(world, client_id=careful.client_id))
    assert callback.params["error"] == "invalid_request"
    assert "require_state" in world.oauthmock.journal.last.why


def any_characters_come_back(world: World) -> None:
    """RFC 6749 4.1.2: the exact value; in the query and in a posted form."""
    state = "a+b/c=d&e%f g#h?i ü 鍵 \"'<>"
    assert world.issuer.approve(_login_url(world, state=state)).state == state
    assert world.issuer.approve(_login_url(world, state=state, response_mode="form_post")).form["state"] == state
    assert world.issuer.deny(_login_url(world, state=state)).state == state


# -- row 50 ------------------------------------------------------------------------------------------------------------


def test_row_50_callback_url(world: World) -> None:
    """S1:57, S2:19-21, S2:110."""
    world.prove(globals())


def page_and_no_redirect(world: World) -> None:
    """RFC 6749 3.1.2.4: the person sees an error, and is sent nowhere."""
    world.issuer.client("strict", **{"redirect_uris": [_URI], **world.case.client})
    url = _login_url(world, client_id="strict", redirect_uri=world.case.form["callback_url"])
    answer = world.http.get(url)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert world.oauthmock.journal.last.error == "invalid_request"
    assert "evil" not in answer.headers.get("Refresh", "")


def left_out_and_one_is_registered(world: World) -> None:
    """RFC 6749 3.1.2.3."""
    world.issuer.client("one", redirect_uris=[_URI])
    callback = world.issuer.approve(_login_url(world, client_id="one", redirect_uri=""))
    assert callback.url.partition("?")[0] == _URI


def left_out_and_several_are_registered(world: World) -> None:
    """RFC 6749 3.1.2.3."""
    world.issuer.client("two", redirect_uris=[_URI, f"{_URI}/staging"])
    answer = world.http.get(_login_url(world, client_id="two", redirect_uri=""))
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


def _redeem(world: World, **form: str) -> None:
    who = {"grant_type": "authorization_code", "client_id": "crm", "client_secret": "s3cret-of-crm"}
    world.post(urllib.parse.urlencode({**who, **form}).encode())


def another_one_at_the_token_endpoint(world: World) -> None:
    """RFC 6749 4.1.3."""
    code = world.issuer.approve(_login_url(world)).code
    _redeem(world, code=str(code), redirect_uri="http://127.0.0.1/other")


def none_at_the_token_endpoint(world: World) -> None:
    """RFC 6749 4.1.3."""
    _redeem(world, code=str(world.issuer.approve(_login_url(world)).code))


# -- row 51 ------------------------------------------------------------------------------------------------------------

_CALLBACK = "http://127.0.0.1/patchworks/callback"


def test_row_51_oauth_authorised_code(world: World) -> None:
    """S2:109."""
    world.prove(globals())


def pasted(world: World) -> None:
    code = world.client.issue_code(redirect_uri=_CALLBACK)
    world.works(world.patchworks(flow="authorization_code", oauth_authorised_code=code))
    assert world.oauthmock.journal.at("authorize") == []
    assert len(code) == (world.case.issuer.get("authorization_code_length") or len(code))


def replayed(world: World) -> None:
    """RFC 6749 4.1.2: whoever has used it first loses the tokens, too."""
    code = world.client.issue_code(redirect_uri=_CALLBACK)
    first = world.patchworks(flow="authorization_code", oauth_authorised_code=code)
    world.works(first)
    world.fails(world.patchworks(flow="authorization_code", oauth_authorised_code=code), "Refused")
    assert not world.issuer.tokens.last.alive
    world.fails(first, "NeedsConsent")


def _pastes_in_vain(world: World, code: str) -> None:
    world.fails(world.patchworks(flow="authorization_code", oauth_authorised_code=code), "Refused")
    assert len(world.issuer.tokens) == 0


def expired(world: World) -> None:
    code = world.client.issue_code(redirect_uri=_CALLBACK, lifetime=60)
    world.later(minutes=1)
    _pastes_in_vain(world, code)


def of_another_client(world: World) -> None:
    """Its owner can still redeem it."""
    other = world.issuer.client("erp")
    code = other.issue_code(redirect_uri=_CALLBACK)
    _pastes_in_vain(world, code)
    world.answered(400, "invalid_grant")
    form = {"client_id": "erp", "client_secret": other.client_secret, "oauth_authorised_code": code}
    world.works(world.patchworks(flow="authorization_code", **form))
    world.fails(world.patchworks(flow="authorization_code", oauth_authorised_code=code), "Refused")


def for_another_redirect_uri(world: World) -> None:
    _pastes_in_vain(world, world.client.issue_code(redirect_uri="http://127.0.0.1/other"))
