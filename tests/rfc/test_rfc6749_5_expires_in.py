"""RFC 6749 5.1: `expires_in`, right and in the ways in which servers get it wrong."""

from __future__ import annotations

import json
import typing

import jwt
import pytest

from mockserver import OAuthMock
from mockserver.errors import ConfigurationError

_LIFETIMES = [0, 1, 299, 300, 301, 599, 600, 2**31, 2**53]
_GRANT = {"grant_type": "client_credentials"}


def expires_in(answer: typing.Any) -> str:
    """The member as it was written, or what is there instead."""
    members = json.loads(answer.get_data(), parse_int=lambda text: text, parse_float=lambda text: text)
    return str(members.get("expires_in", "missing"))


@pytest.mark.parametrize("lifetime", _LIFETIMES)
@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("number", "{0}"),
        ("string", "{0}"),
        ("float", "{0}.0"),
        ("milliseconds", "{0}000"),
        ("negative", "-{0}"),
        ("null", "None"),
        ("missing", "missing"),
    ],
)
def test_every_form_with_every_lifetime(
    http: typing.Any, mock: OAuthMock, form: typing.Any, written: str, lifetime: int
) -> None:
    """RFC 6749 5.1: only this member changes; what the server keeps and signs stays true (RFC 9068 2.2)."""
    mock.client("crm", client_secret="s3cret", expires_in_form=form, access_token_lifetime=lifetime)

    answer = http.token(_GRANT, basic=("crm", "s3cret"))

    status, members, headers = http.answer(answer)
    expected = {("milliseconds", 0): "0", ("negative", 0): "-1"}.get((form, lifetime), written.format(lifetime))
    assert expires_in(answer) == expected
    assert isinstance(members.get("expires_in"), str) == (form == "string")
    members["expires_in"] = lifetime
    assert (status, members, headers) == http.tokens(refresh_token=False, expires_in=lifetime)
    claims = jwt.decode(members["access_token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == lifetime
    assert (mock.tokens.last.expires_in, mock.tokens.last.access_token) == (lifetime, members["access_token"])
    assert http.api(members["access_token"]).status_code == (200 if lifetime else 401)


@pytest.mark.parametrize("grant_type", ["authorization_code", "password", "refresh_token"])
def test_every_grant_states_it_so(http: typing.Any, grant_type: str) -> None:
    """RFC 6749 5.1, 6: the answer to a refresh as well."""
    issuer = http.mock.issuer("b", expires_in_form="string")
    issuer.user("alice", password="wonderland")
    client = issuer.client("crm", client_secret="s3cret")
    form = {
        "authorization_code": lambda: {"code": client.issue_code()},
        "password": lambda: {"username": "alice", "password": "wonderland"},
        "refresh_token": lambda: {"refresh_token": client.grant().refresh_token},
    }[grant_type]()

    answer = http.client.post(
        "/b/token",
        data={"grant_type": grant_type, **form},
        headers={"Authorization": http.basic("crm", "s3cret")},
    )

    assert (answer.status_code, answer.get_json()["expires_in"]) == (200, "3600")


@pytest.mark.parametrize("value", [-1, 2**53 + 1, 10**400, 1.5, "60"])
@pytest.mark.parametrize("key", ["access_token_lifetime", "refresh_token_lifetime", "id_token_lifetime"])
def test_a_lifetime_beyond_what_json_can_say_is_refused(key: str, value: typing.Any) -> None:
    """RFC 8259 6: integers are exact up to 2**53; the message names key and value."""
    with pytest.raises(ConfigurationError, match=rf"{key} = "):
        OAuthMock(**{key: value})
    with pytest.raises(ConfigurationError, match=rf"{key} = "):
        OAuthMock().client(**{key: value})


def test_a_form_that_does_not_exist_is_named() -> None:
    """With the nearest that does."""
    with pytest.raises(ConfigurationError, match=r"expires_in_form = 'strin': did you mean 'string'"):
        OAuthMock(expires_in_form="strin")


@pytest.mark.parametrize("lifetime", [2**31, 2**53])
def test_the_largest_lifetimes_go_everywhere(http: typing.Any, mock: OAuthMock, lifetime: int) -> None:
    """RFC 6749 5.1: refresh tokens, codes and ID tokens as well; nothing overflows."""
    client = mock.client(
        "crm",
        client_secret="s3cret",
        refresh_token_lifetime=lifetime,
        authorization_code_lifetime=lifetime,
        id_token_lifetime=lifetime,
        access_token_lifetime=lifetime,
    )
    code = client.issue_code(scope="openid")

    answer = http.token({"grant_type": "authorization_code", "code": code}, basic=("crm", "s3cret"))
    claims = jwt.decode(answer.get_json()["id_token"], options={"verify_signature": False})
    refresh = {"grant_type": "refresh_token", "refresh_token": answer.get_json()["refresh_token"]}

    assert claims["exp"] - claims["iat"] == lifetime
    assert http.token(refresh, basic=("crm", "s3cret")).status_code == 200
