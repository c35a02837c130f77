"""RFC 9470: an API that wants another login than the one that the token is of."""

from __future__ import annotations

import typing
import urllib.parse

import msgspec
import pytest
from werkzeug.test import Client

from mockserver import Bearer
from mockserver import ConfigurationError
from mockserver import OAuthMock
from mockserver.guards.login import InsufficientUserAuthentication
from mockserver.guards.login import check_login
from mockserver.model import Kind
from mockserver.model import TokenRecord

_CODE = "insufficient_user_authentication"
_CALLBACK = "http://127.0.0.1:9/callback"
_SAID = "A different login is needed."


def challenged(http: typing.Any, attributes: str) -> typing.Any:
    challenge = f'Bearer realm="api", error="{_CODE}", error_description="{_SAID}", {attributes}'
    body = {"error": _CODE, "error_description": _SAID}
    return 401, body, {**http.json_headers, "WWW-Authenticate": challenge}


def test_a_login_that_is_too_long_ago(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9470 3: `max_age` in seconds, by the server's clock."""
    mock.protect("/transfers", guard=Bearer(max_age=300), json=[])
    token = mock.client("crm").grant(user="alice").access_token

    mock.clock.advance(seconds=290)
    assert http.api(token, "/transfers").status_code == 200
    mock.clock.advance(seconds=11)
    assert http.answer(http.api(token, "/transfers")) == challenged(http, 'max_age="300"')
    assert "is of a login 30" in mock.journal.last.why
    assert "send the person to the authorization endpoint with these (RFC 9470 3, 4)" in mock.journal.last.why


def test_a_login_at_once(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9470 3: `max_age=0` is said, and not left out."""
    mock.protect("/transfers", guard=Bearer(max_age=0), json=[])
    token = mock.client("crm").grant(user="alice").access_token
    mock.clock.advance(seconds=1)

    assert http.answer(http.api(token, "/transfers")) == challenged(http, 'max_age="0"')


def test_a_token_of_nobody(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9470 3: client credentials are no login."""
    mock.protect("/transfers", guard=Bearer(max_age=300), json=[])
    client = mock.client("crm")
    form = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": client.client_secret}
    token = http.token(form).get_json()["access_token"]

    assert http.answer(http.api(token, "/transfers")) == challenged(http, 'max_age="300"')
    assert "stands for nobody who logged in" in mock.journal.last.why


def test_a_login_of_another_class(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9470 3: `acr_values`, beside `max_age` where that is asked for, too."""
    mock.protect("/transfers", guard=Bearer(acr_values="mfa phr", max_age=300, scope=""), json=[])
    token = mock.client("crm").grant(user="alice").access_token

    assert http.answer(http.api(token, "/transfers")) == challenged(http, 'acr_values="mfa phr", max_age="300"')
    assert "says nothing of the login; this path asks for 'mfa' or 'phr' (acr_values)" in mock.journal.last.why
    assert http.api(token).status_code == 200


def test_a_login_of_one_of_the_classes(mock: OAuthMock) -> None:
    """RFC 9470 3: any of them will do."""
    token = mock.client("crm").grant(user="alice")
    found = mock.context.store.find(Kind.ACCESS, token.access_token)
    assert found is not None
    assert isinstance(found.record, TokenRecord)
    now = mock.context.clock.now()

    check_login(msgspec.structs.replace(found.record, acr="phr"), ["mfa", "phr"], None, now=now)
    with pytest.raises(InsufficientUserAuthentication, match="is of a login of the class 'pwd'") as caught:
        check_login(msgspec.structs.replace(found.record, acr="pwd"), ["mfa", "phr"], None, now=now)
    assert caught.value.description.startswith("A different login")


def test_a_person_who_is_sent_to_log_in_again() -> None:
    """RFC 9470 4, 5: what the challenge says goes to the authorization endpoint, and the new token is good for it."""
    mock = OAuthMock(issuer="http://localhost", acr_values_supported=["pwd", "mfa"], consent="auto")
    mock.user("alice")
    client, http = mock.client("crm", redirect_uris=[_CALLBACK]), Client(mock.wsgi)
    mock.protect("/transfers", guard=Bearer(acr_values="mfa", max_age=300), json=[])

    def call(acr_values: str) -> int:
        asked = {"response_type": "code", "client_id": "crm", "redirect_uri": _CALLBACK, "acr_values": acr_values}
        location = http.get("/authorize", query_string={**asked, "scope": "openid"}).headers["Location"]
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": _CALLBACK, "client_id": "crm"}
        token = http.post("/token", data={**form, "client_secret": client.client_secret}).get_json()["access_token"]
        return http.get("/transfers", headers={"Authorization": f"Bearer {token}"}).status_code

    assert (call("pwd"), call("mfa")) == (401, 200)
    assert mock.exceptions == []


def test_a_token_that_is_no_good_is_told_first(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9470 3, RFC 6750 3.1."""
    mock.protect("/transfers", guard=Bearer(max_age=300), json=[])
    mock.clock.advance(seconds=301)

    assert http.api("oam_at_made_up", "/transfers").get_json()["error"] == "invalid_token"


def test_a_guard_that_cannot_be_meant() -> None:
    with pytest.raises(ConfigurationError, match=r"Bearer\(max_age=-1\): write seconds, 0 or more"):
        Bearer(max_age=-1)


def test_introspection_has_what_a_token_is_bound_to_and_of(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 9470 6.2, RFC 9449 6.2, RFC 9396 9.2: what an API that asks needs to judge it."""
    from signing.prover import Prover

    client, prover = mock.client("crm"), Prover()
    who = {"client_id": "crm", "client_secret": client.client_secret}
    form = {"grant_type": "authorization_code", "code": client.issue_code(user="alice"), **who}
    headers = [("DPoP", prover.proof("POST", "http://localhost/token"))]
    token = http.token(form, headers=headers).get_json()["access_token"]

    answer = http.client.post("/introspect", data={"token": token, **who}).get_json()

    assert (answer["token_type"], answer["cnf"]) == ("DPoP", {"jkt": prover.jkt})
    assert answer["auth_time"] == int(mock.tokens.last.issued_at)
    form = {"grant_type": "client_credentials", "authorization_details": '[{"type":"payment"}]', **who}
    token = http.token(form).get_json()["access_token"]
    answer = http.client.post("/introspect", data={"token": token, **who}).get_json()
    assert answer["authorization_details"] == [{"type": "payment"}]
    assert {"cnf", "auth_time", "acr"}.isdisjoint(answer)
