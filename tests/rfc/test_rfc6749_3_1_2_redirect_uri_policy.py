"""RFC 6749 3.1.2, 4.1.3 and RFC 8252 7.3: how redirect URIs are compared, at both endpoints."""

from __future__ import annotations

import itertools
import typing

import pytest

_TEMPLATE = "https://platform.example/account/{account}/oauth2/callback"
_CASES = [
    pytest.param("prefix", "https://app.example/cb", "https://app.example/cb/eu?tenant=a", id="prefix"),
    pytest.param("host", "https://app.example", "https://APP.example:443/any/where", id="host"),
    pytest.param("template", _TEMPLATE, _TEMPLATE.replace("{account}", "acme-7F2"), id="template"),
    pytest.param("loopback", "http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", id="loopback"),
]
_EVIL = "https://evil.example/cb"


def asked(uri: str, **more: str) -> dict[str, str]:
    return {"response_type": "code", "client_id": "crm", "redirect_uri": uri, "state": "s-1", **more}


@pytest.mark.parametrize(("policy", "registered", "uri"), _CASES)
def test_a_uri_that_fits_gets_the_code_and_must_be_repeated(
    http: typing.Any, policy: typing.Any, registered: str, uri: str
) -> None:
    """RFC 6749 4.1.3: identical to that of the authorization request, to the letter, whatever it was compared by."""
    http.mock.client("crm", client_secret="s3cret", redirect_uris=[registered], redirect_uri_policy=policy)

    codes = []
    for _ in range(3):
        response = http.authorize(asked(uri), {"user": "alice"})
        assert response.status_code == 302
        assert response.headers["Location"].startswith(uri + ("&" if "?" in uri else "?"))
        codes.append(response.headers["Location"].partition("code=")[2].partition("&")[0])
    form = {"grant_type": "authorization_code"}
    right = http.token({**form, "code": codes[0], "redirect_uri": uri}, basic=("crm", "s3cret"))
    other = http.token({**form, "code": codes[1], "redirect_uri": registered}, basic=("crm", "s3cret"))
    missing = http.token({**form, "code": codes[2]}, basic=("crm", "s3cret"))

    assert http.answer(right) == http.tokens()
    assert http.answer(other) == http.refused(400, "invalid_grant")
    assert http.answer(missing) == http.refused(400, "invalid_grant")


@pytest.mark.parametrize(("policy", "registered", "uri"), _CASES)
@pytest.mark.parametrize("consent", ["page", "auto"])
def test_a_uri_that_does_not_fit_is_a_page_and_never_a_redirect(
    http: typing.Any, policy: typing.Any, registered: str, uri: str, consent: typing.Any
) -> None:
    """RFC 6749 3.1.2.4, RFC 9700 4.11.2: by no policy, consent or response mode is it an open redirector."""
    http.mock.client(
        "crm", client_secret="s3cret", redirect_uris=[registered], redirect_uri_policy=policy, consent=consent
    )

    wrong_ones = (_EVIL, uri.replace("://", "://evil@"), uri.replace("://", "://evil.example/"))
    for wrong, mode in itertools.product(wrong_ones, ("query", "form_post")):
        for form in (None, {"user": "alice"}, {"deny": "yes"}):
            response = http.authorize(asked(wrong, response_mode=mode), form)

            assert (response.status_code, response.headers.get("Location")) == (400, None)
            assert "<form" not in response.text
            assert "<code>400 invalid_request</code>" in response.text
            assert http.mock.journal.last.error == "invalid_request"


def test_https_only_is_said_of_a_client_without_registered_uris(http: typing.Any) -> None:
    """RFC 8252 8.3: loopback is exempt, also where any loopback URI is taken."""
    http.mock.client("crm", client_secret="s3cret", redirect_uri_https_only=True)

    assert http.authorize(asked("http://127.0.0.1:7001/cb")).status_code == 200
    assert http.authorize(asked("https://localhost:7001/cb")).status_code == 200


def test_https_only_refuses_what_a_lenient_comparison_lets_in(http: typing.Any) -> None:
    """RFC 6749 3.1.2.1: the policy of the issuer holds for what is asked, besides what is registered."""
    issuer = http.mock.issuer("strict", redirect_uri_https_only=True)
    issuer.client("crm", client_secret="s3cret", redirect_uris=["https://app.example/cb"])
    query = asked("http://app.example/cb")

    response = http.client.get("/strict/authorize", query_string=query)

    assert (response.status_code, response.headers.get("Location")) == (400, None)


def test_the_issuers_policy_holds_unless_a_client_says_otherwise(http: typing.Any) -> None:
    """RFC 6749 3.1.2.2: what is registered, and how it is compared, is the client's."""
    issuer = http.mock.issuer("lenient", redirect_uri_policy="host")
    for name, own in (("lenient", None), ("strict", "exact")):
        issuer.client(name, client_secret="s", redirect_uris=["https://app.example/cb"], redirect_uri_policy=own)

    answers = [
        http.client.get("/lenient/authorize", query_string={**asked("https://app.example/x"), "client_id": name})
        for name in ("lenient", "strict")
    ]

    assert [answer.status_code for answer in answers] == [200, 400]
