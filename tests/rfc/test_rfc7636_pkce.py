"""RFC 7636: proof key for code exchange."""

from __future__ import annotations

import typing

import pytest

from mockserver import OAuthMock
from mockserver import pkce

_BACK = "http://127.0.0.1:7001/callback"
# RFC 7636 appendix B
_VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture(autouse=True)
def app(mock: OAuthMock) -> None:
    """A public client, which lives by PKCE."""
    mock.client("app", token_endpoint_auth_method="none", consent="auto")


def authorize(http: typing.Any, **pkce_parameters: str) -> typing.Any:
    asked = {"response_type": "code", "client_id": "app", "redirect_uri": _BACK, "state": "s"}
    return http.authorize({**asked, **pkce_parameters})


def redeem(http: typing.Any, code: str, **more: str) -> typing.Any:
    parameters = {"grant_type": "authorization_code", "code": code, "redirect_uri": _BACK, "client_id": "app"}
    return http.token({**parameters, **more})


def code_of(http: typing.Any, **pkce_parameters: str) -> str:
    code: str = http.callback(authorize(http, **pkce_parameters))[2][0][1]
    return code


@pytest.mark.parametrize(
    ("challenge", "verifier"),
    [
        pytest.param({"code_challenge": _CHALLENGE, "code_challenge_method": "S256"}, _VERIFIER, id="S256"),
        pytest.param({"code_challenge": _VERIFIER, "code_challenge_method": "plain"}, _VERIFIER, id="plain"),
        pytest.param({"code_challenge": _VERIFIER}, _VERIFIER, id="plain by default"),
        pytest.param({"code_challenge": _VERIFIER, "code_challenge_method": ""}, _VERIFIER, id="method empty"),
        pytest.param({}, None, id="absent"),
        pytest.param({"code_challenge": ""}, None, id="challenge empty"),
    ],
)
def test_the_right_verifier_redeems_the_code(http: typing.Any, challenge: dict[str, str], verifier: str | None) -> None:
    """RFC 7636 4.2, 4.3, 4.6: S256, plain, and plain where no method is named."""
    code = code_of(http, **challenge)

    response = redeem(http, code, **({} if verifier is None else {"code_verifier": verifier}))

    assert http.answer(response) == http.tokens()


@pytest.mark.parametrize(
    ("verifier", "accepted"),
    [
        pytest.param("a" * 42, False, id="42"),
        pytest.param("a" * 43, True, id="43"),
        pytest.param("a" * 128, True, id="128"),
        pytest.param("a" * 129, False, id="129"),
        pytest.param("azAZ09-._~" * 5, True, id="every unreserved kind"),
        pytest.param("a" * 42 + "+", False, id="plus"),
        pytest.param("a" * 42 + "/", False, id="slash"),
        pytest.param("a" * 43 + "=", False, id="padding"),
        pytest.param("a" * 42 + " ", False, id="space"),
        pytest.param("a" * 42 + "é", False, id="not ASCII"),
        pytest.param("a" * 42 + "%", False, id="percent"),
    ],
)
def test_a_verifier_has_43_to_128_unreserved_characters(http: typing.Any, verifier: str, accepted: bool) -> None:
    """RFC 7636 4.1: the grammar of the verifier, also where its challenge would fit."""
    challenge = pkce.challenge_of(verifier) if verifier.isascii() else _CHALLENGE
    code = code_of(http, code_challenge=challenge, code_challenge_method="S256")

    response = redeem(http, code, code_verifier=verifier)

    assert http.answer(response) == (http.tokens() if accepted else http.refused(400, "invalid_grant"))
    assert accepted or "43 to 128 of A-Z a-z 0-9 - . _ ~ are allowed" in http.mock.journal.last.why


@pytest.mark.parametrize(
    ("challenge", "verifier", "why"),
    [
        pytest.param({"code_challenge": _CHALLENGE, "code_challenge_method": "S256"}, None, "4.5", id="missing"),
        pytest.param({"code_challenge": _CHALLENGE, "code_challenge_method": "S256"}, "", "4.5", id="empty"),
        pytest.param({"code_challenge": _CHALLENGE, "code_challenge_method": "S256"}, "b" * 43, "4.6", id="wrong"),
        pytest.param({"code_challenge": _CHALLENGE, "code_challenge_method": "S256"}, _CHALLENGE, "4.6", id="repeated"),
        pytest.param({"code_challenge": _CHALLENGE}, _VERIFIER, "plain", id="S256 without its method"),
        pytest.param({"code_challenge": _VERIFIER, "code_challenge_method": "plain"}, "b" * 43, "4.6", id="plain"),
        pytest.param({}, _VERIFIER, "RFC 9700 4.8.2", id="a verifier that nothing was promised for"),
    ],
)
def test_a_verifier_that_does_not_fit_is_invalid_grant(
    http: typing.Any, challenge: dict[str, str], verifier: str | None, why: str
) -> None:
    """RFC 7636 4.6, RFC 9700 2.1.1: no downgrade, neither by leaving the verifier out nor the challenge."""
    code = code_of(http, **challenge)

    response = redeem(http, code, **({} if verifier is None else {"code_verifier": verifier}))

    assert http.answer(response) == http.refused(400, "invalid_grant")
    assert why in http.mock.journal.last.why


def test_a_wrong_verifier_burns_the_code(http: typing.Any) -> None:
    """RFC 7636 4.6, RFC 6749 4.1.2: nobody may try verifiers one after the other."""
    code = code_of(http, code_challenge=_CHALLENGE, code_challenge_method="S256")

    redeem(http, code, code_verifier="b" * 43)
    response = redeem(http, code, code_verifier=_VERIFIER)

    assert http.answer(response) == http.refused(400, "invalid_grant")
    assert "the code has been used before" in http.mock.journal.last.why


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        pytest.param({"code_challenge_method": "S256"}, "without code_challenge", id="method alone"),
        pytest.param({"code_challenge": _CHALLENGE, "code_challenge_method": "s256"}, "S256, plain", id="lower case"),
        pytest.param({"code_challenge": _CHALLENGE, "code_challenge_method": "S512"}, "S256, plain", id="unknown"),
        pytest.param({"code_challenge": "a" * 42, "code_challenge_method": "S256"}, "42 characters", id="42"),
        pytest.param({"code_challenge": "a" * 129, "code_challenge_method": "plain"}, "129 characters", id="129"),
        pytest.param({"code_challenge": _CHALLENGE + "=", "code_challenge_method": "S256"}, "44", id="padding"),
        pytest.param({"code_challenge": "é" * 43}, "unreserved", id="not ASCII"),
    ],
)
def test_a_challenge_that_cannot_be_used_is_invalid_request(
    http: typing.Any, parameters: dict[str, str], why: str
) -> None:
    """RFC 7636 4.4.1: an unsupported transformation or a malformed challenge goes back as invalid_request."""
    response = authorize(http, **parameters)

    query = [("error", "invalid_request"), ("error_description", http.some.description), ("state", "s")]
    assert http.callback(response) == (302, _BACK, query, "no-store")
    assert why in http.mock.journal.last.why


@pytest.mark.parametrize("required", [True, False])
def test_an_issuer_may_require_pkce(http: typing.Any, required: bool) -> None:
    """RFC 7636 4.4.1, RFC 9700 2.1.1: an issuer that requires PKCE refuses a request without code_challenge."""
    issuer = http.mock.issuer("strict", require_pkce=required)
    issuer.client("app", token_endpoint_auth_method="none", consent="auto")
    asked = {"response_type": "code", "client_id": "app", "redirect_uri": _BACK}

    response = http.client.get("/strict/authorize", query_string=asked)
    with_it = http.client.get(
        "/strict/authorize", query_string={**asked, "code_challenge": _CHALLENGE, "code_challenge_method": "S256"}
    )

    query = [("error", "invalid_request"), ("error_description", http.some.description)]
    code = [("code", http.some.code)]
    assert http.callback(response) == (302, _BACK, query if required else code, "no-store")
    assert http.callback(with_it) == (302, _BACK, code, "no-store")


def test_a_confidential_client_needs_both(mock: OAuthMock, http: typing.Any) -> None:
    """RFC 7636 1: PKCE protects the code and does not replace client authentication."""
    client = mock.client("crm", client_secret="s3cret")
    code = client.issue_code(code_challenge=_CHALLENGE, code_challenge_method="S256")
    parameters = {"grant_type": "authorization_code", "code": code, "code_verifier": _VERIFIER}

    without = http.token({**parameters, "client_id": "crm"})
    both = http.token(parameters, basic=("crm", "s3cret"))

    assert http.answer(without) == http.refused(401, "invalid_client")
    assert http.answer(both) == http.tokens()
