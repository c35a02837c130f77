"""The OpenID Foundation's Basic OP modules, each as a test, by a relying party that nobody here wrote."""

from __future__ import annotations

import base64
import collections.abc as cabc
import json
import typing
import urllib.parse

import httpx
import jwt
import pytest
import time_machine
from authlib.integrations.base_client import OAuthError

from mockserver import OAuthMock

from .relying_party import REDIRECT_URI
from .relying_party import RelyingParty

_ALICE: dict[str, typing.Any] = {
    "name": "Alice Liddell",
    "family_name": "Liddell",
    "given_name": "Alice",
    "preferred_username": "alice",
    "birthdate": "1852-05-04",
    "locale": "en-GB",
    "updated_at": 1_790_000_000,
    "email": "alice@example.com",
    "email_verified": True,
    "address": {"locality": "Oxford", "country": "GB"},
    "phone_number": "+44 1865 000000",
    "phone_number_verified": False,
}
_BY_SCOPE = {
    "profile": ("name", "family_name", "given_name", "preferred_username", "birthdate", "locale", "updated_at"),
    "email": ("email", "email_verified"),
    "address": ("address",),
    "phone": ("phone_number", "phone_number_verified"),
}


@pytest.fixture
def server() -> cabc.Iterator[OAuthMock]:
    """As a certified server has it: claims by scope, and whoever is logged in and has consented sees no page."""
    with OAuthMock(claims_by_scope="always", id_token_claims="requested", single_sign_on=True) as server:
        server.user("alice", **_ALICE)
        server.user("bob")
        yield server
        assert server.exceptions == []


@pytest.fixture
def rp(server: OAuthMock) -> cabc.Iterator[RelyingParty]:
    party = RelyingParty(server, server.client(redirect_uris=[REDIRECT_URI]))
    yield party
    party.close()


def _claims_of(*scopes: str) -> dict[str, typing.Any]:
    return {"sub": "alice", **{name: _ALICE[name] for scope in scopes for name in _BY_SCOPE[scope]}}


def test_oidcc_server(rp: RelyingParty) -> None:
    """OpenID Connect Core 3.1: discovery, code, tokens, a validated ID token with a kid."""
    login = rp.login()

    assert login.claims is not None
    assert (login.claims["sub"], login.claims["nonce"]) == ("alice", "n-1")
    assert (login.tokens["token_type"], "refresh_token" in login.tokens) == ("Bearer", True)
    assert login.header.keys() >= {"kid", "alg"}


def test_oidcc_response_type_missing(rp: RelyingParty) -> None:
    """RFC 6749 4.1.2.1: an error goes back to the client, with its state."""
    url = httpx.URL(rp.url()).copy_remove_param("response_type")

    answer = rp.refused(rp.browser.go(str(url)))

    assert (answer["error"], answer["state"]) == ("invalid_request", "s-1")


def test_oidcc_idtoken_signature(server: OAuthMock) -> None:
    """OpenID Connect Core 3.1.3.7: signed with RS256 unless the client is registered for something else."""
    algorithms: tuple[typing.Literal["RS256", "ES256"] | None, ...] = (None, "RS256", "ES256")
    for alg in algorithms:
        client = server.client(redirect_uris=[REDIRECT_URI], id_token_signed_response_alg=alg)
        party = RelyingParty(server, client, algorithms=[alg or "RS256"])
        assert party.login().header["alg"] == (alg or "RS256")
        party.close()


def test_oidcc_codereuse(rp: RelyingParty, server: OAuthMock) -> None:
    """RFC 6749 4.1.2: invalid_grant, at once."""
    _redeem_twice(rp, server, seconds=0)


def test_oidcc_codereuse_30seconds(rp: RelyingParty, server: OAuthMock) -> None:
    """RFC 6749 4.1.2: invalid_grant, and the access token that the code brought is revoked."""
    _redeem_twice(rp, server, seconds=30)


def _redeem_twice(rp: RelyingParty, server: OAuthMock, *, seconds: int) -> None:
    callback = rp.browser.approve(rp.browser.go(rp.url())).headers["Location"]
    tokens = rp.redeem(callback).tokens
    server.clock.advance(seconds=seconds)

    with pytest.raises(OAuthError, match="invalid_grant"):
        rp.redeem(callback)
    assert httpx.get(server.userinfo_url, headers=_bearer(tokens)).status_code == 401


def _bearer(tokens: cabc.Mapping[str, typing.Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def _asked_by_scope(rp: RelyingParty, *scopes: str) -> None:
    """OpenID Connect Core 5.4: userinfo has the claims of the scopes, and no others."""
    tokens = rp.login(" ".join(["openid", *scopes])).tokens

    assert rp.userinfo(tokens) == _claims_of(*scopes)


def test_oidcc_scope_address(rp: RelyingParty) -> None:
    _asked_by_scope(rp, "address")


def test_oidcc_scope_all(rp: RelyingParty) -> None:
    _asked_by_scope(rp, "profile", "email", "address", "phone")


def test_oidcc_scope_email(rp: RelyingParty) -> None:
    _asked_by_scope(rp, "email")


def test_oidcc_scope_phone(rp: RelyingParty) -> None:
    _asked_by_scope(rp, "phone")


def test_oidcc_scope_profile(rp: RelyingParty) -> None:
    _asked_by_scope(rp, "profile")


def test_oidcc_claims_essential(rp: RelyingParty) -> None:
    """OpenID Connect Core 5.5: an essential claim of userinfo."""
    login = rp.login(claims=json.dumps({"userinfo": {"name": {"essential": True}}}))

    assert rp.userinfo(login.tokens) == {"sub": "alice", "name": "Alice Liddell"}


def test_oidcc_claims_locales(rp: RelyingParty) -> None:
    """OpenID Connect Core 5.2: a language that is not to be had is no error."""
    tokens = rp.login("openid profile", claims_locales="se").tokens

    assert rp.userinfo(tokens) == _claims_of("profile")


def test_oidcc_userinfo_get(rp: RelyingParty) -> None:
    """OpenID Connect Core 5.3.1."""
    assert rp.userinfo(rp.login().tokens) == {"sub": "alice"}


def test_oidcc_userinfo_post_header(rp: RelyingParty) -> None:
    """RFC 6750 2.1."""
    answer = httpx.post(rp.discovered["userinfo_endpoint"], headers=_bearer(rp.login().tokens))

    assert (answer.status_code, answer.json()) == (200, {"sub": "alice"})


def test_oidcc_userinfo_post_body(rp: RelyingParty) -> None:
    """RFC 6750 2.2."""
    form = {"access_token": rp.login().tokens["access_token"]}

    assert httpx.post(rp.discovered["userinfo_endpoint"], data=form).json() == {"sub": "alice"}


def test_oidcc_alternate_happy_flow(rp: RelyingParty) -> None:
    """RFC 6749 3.3: neither the order of scopes nor that of parameters means anything."""
    pairs = list(httpx.URL(rp.url("email openid")).params.multi_items())
    url = f"{rp.discovered['authorization_endpoint']}?{urllib.parse.urlencode(pairs[::-1])}"

    login = rp.redeem(rp.browser.approve(rp.browser.go(url)).headers["Location"])

    assert rp.userinfo(login.tokens) == _claims_of("email")


def test_oidcc_display_page(rp: RelyingParty) -> None:
    """OpenID Connect Core 3.1.2.1."""
    assert rp.login(display="page").claims is not None


def test_oidcc_display_popup(rp: RelyingParty) -> None:
    """OpenID Connect Core 3.1.2.1."""
    assert rp.login(display="popup").claims is not None


def test_oidcc_ui_locales(rp: RelyingParty) -> None:
    """OpenID Connect Core 3.1.2.1: a language that is not to be had is no error."""
    assert rp.login(ui_locales="se").claims is not None


def test_oidcc_login_hint(rp: RelyingParty) -> None:
    """OpenID Connect Core 3.1.2.1: the person who is hinted at is the first to choose."""
    answer = rp.browser.go(rp.url(login_hint="bob"))

    assert answer.text.index("Continue as bob") < answer.text.index("Continue as alice")
    assert rp.redeem(rp.browser.approve(answer, user="bob").headers["Location"]).claims["sub"] == "bob"  # type: ignore[index]


def test_oidcc_id_token_hint(rp: RelyingParty) -> None:
    """OpenID Connect Core 3.1.2.1: whom the hint is of is logged in, so prompt=none brings the same person."""
    first = rp.login()
    hint = rp.client.token["id_token"]

    second = rp.login(id_token_hint=hint, prompt="none")

    assert first.claims is not None
    assert second.claims is not None
    assert second.claims["sub"] == first.claims["sub"]


def test_oidcc_prompt_login(rp: RelyingParty, traveller: time_machine.Traveller) -> None:
    """OpenID Connect Core 3.1.2.1: somebody who is logged in logs in again, later."""
    first = _claims(rp.login(max_age="15000"))
    traveller.shift(5)
    pages = rp.browser.pages

    second = _claims(rp.login(prompt="login", max_age="15000"))

    assert rp.browser.pages == pages + 1
    assert (second["sub"], second["auth_time"] > first["auth_time"]) == (first["sub"], True)


def _claims(login: typing.Any) -> dict[str, typing.Any]:
    assert login.claims is not None
    return dict(login.claims)


def test_oidcc_prompt_none_logged_in(rp: RelyingParty, traveller: time_machine.Traveller) -> None:
    """OpenID Connect Core 3.1.2.1: no page, and the login is the one that there was."""
    first = _claims(rp.login(max_age="15000"))
    traveller.shift(5)
    pages = rp.browser.pages

    second = _claims(rp.login(prompt="none", max_age="15000"))

    assert rp.browser.pages == pages
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


def test_oidcc_prompt_none_not_logged_in(rp: RelyingParty) -> None:
    """OpenID Connect Core 3.1.2.6: login_required."""
    answer = rp.refused(rp.browser.go(rp.url(prompt="none")))

    assert (answer["error"], answer["state"]) == ("login_required", "s-1")


def test_oidcc_max_age_1(rp: RelyingParty, traveller: time_machine.Traveller) -> None:
    """OpenID Connect Core 3.1.2.1: a login that is older than a second is not enough."""
    first = _claims(rp.login())
    traveller.shift(2)
    pages = rp.browser.pages

    second = _claims(rp.login(max_age="1"))

    assert rp.browser.pages == pages + 1
    assert (second["sub"], "auth_time" in second) == (first["sub"], True)


def test_oidcc_max_age_10000(rp: RelyingParty, traveller: time_machine.Traveller) -> None:
    """OpenID Connect Core 3.1.2.1: and one that is younger is."""
    first = _claims(rp.login(max_age="10000"))
    traveller.shift(2)
    pages = rp.browser.pages

    second = _claims(rp.login(max_age="10000"))

    assert rp.browser.pages == pages
    assert second["auth_time"] == first["auth_time"]


def test_oidcc_ensure_post_request_succeeds(rp: RelyingParty) -> None:
    """OpenID Connect Core 3.1.2.1: the request in the body of a POST."""
    form = dict(httpx.URL(rp.url()).params)

    answer = rp.browser.approve(rp.browser.go(rp.discovered["authorization_endpoint"], form=form))

    assert _claims(rp.redeem(answer.headers["Location"]))["sub"] == "alice"


def test_oidcc_ensure_registered_redirect_uri(rp: RelyingParty) -> None:
    """RFC 6749 3.1.2.4: a page that goes nowhere."""
    url = httpx.URL(rp.url()).copy_set_param("redirect_uri", f"{REDIRECT_URI}/other")

    answer = rp.browser.go(str(url))

    assert (answer.status_code, "Location" in answer.headers) == (400, False)
    assert "redirect_uri" in answer.text


def _unsigned(claims: cabc.Mapping[str, object]) -> str:
    """A request object under `none` (OpenID Connect Core 6.1)."""
    parts = ({"alg": "none"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return ".".join([*encoded, ""])


def test_oidcc_ensure_request_object_with_redirect_uri(rp: RelyingParty) -> None:
    """OpenID Connect Core 6.1: a redirect URI in a request object is not trusted more than one beside it."""
    request = _unsigned({"redirect_uri": f"{REDIRECT_URI}/other", "client_id": rp.client.client_id})

    answer = rp.browser.go(rp.url(request=request))

    _never_leads_to(f"{REDIRECT_URI}/other", answer)


def _never_leads_to(uri: str, answer: httpx.Response) -> None:
    assert not answer.headers.get("Location", "").startswith(uri)
    assert answer.status_code in (302, 400)


def test_oidcc_ensure_request_with_acr_values_succeeds(rp: RelyingParty) -> None:
    """OpenID Connect Core 3.1.2.1: one of the classes that were asked for is in the ID token."""
    assert _claims(rp.login(acr_values="1 2"))["acr"] in ("1", "2")


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(rp: RelyingParty) -> None:
    """RFC 6749 3.1: what is not known is ignored."""
    assert _claims(rp.login(extra="foobar"))["sub"] == "alice"


def test_oidcc_ensure_request_with_valid_pkce_succeeds(rp: RelyingParty) -> None:
    """RFC 7636 4."""
    assert _claims(rp.login(code_verifier="v" * 43))["sub"] == "alice"


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(rp: RelyingParty) -> None:
    """OpenID Connect Core 3.1.2.1: the nonce is optional there."""
    assert "nonce" not in _claims(rp.login(nonce=None))


def test_oidcc_refresh_token(rp: RelyingParty, server: OAuthMock) -> None:
    """OpenID Connect Core 12: new tokens for the same person; another client cannot use it (RFC 6749 10.4)."""
    first = rp.login("openid offline_access", prompt="consent")
    other = RelyingParty(server, server.client(redirect_uris=[REDIRECT_URI]))

    with pytest.raises(OAuthError, match="invalid_grant"):
        other.client.refresh_token(server.token_url, refresh_token=first.tokens["refresh_token"])
    tokens = rp.client.refresh_token(server.token_url, refresh_token=first.tokens["refresh_token"])

    assert tokens["access_token"] != first.tokens["access_token"]
    assert rp.userinfo(tokens) == {"sub": "alice"}
    other.close()


def test_oidcc_server_client_secret_post(server: OAuthMock) -> None:
    """RFC 6749 2.3.1."""
    client = server.client(redirect_uris=[REDIRECT_URI], token_endpoint_auth_method="client_secret_post")
    party = RelyingParty(server, client, method="client_secret_post")

    assert _claims(party.login())["sub"] == "alice"
    assert server.tokens.last.client_auth == "client_secret_post"
    party.close()


def test_oidcc_idtoken_unsigned(server: OAuthMock) -> None:
    """OpenID Connect Core 2: `none` for who is registered for it, by a client that takes it."""
    client = server.client(redirect_uris=[REDIRECT_URI], id_token_signed_response_alg="none")
    party = RelyingParty(server, client)
    answer = party.browser.approve(party.browser.go(party.url()))

    tokens = party.client.fetch_token(server.token_url, authorization_response=answer.headers["Location"], state="s-1")

    claims = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert (jwt.get_unverified_header(tokens["id_token"])["alg"], claims["sub"]) == ("none", "alice")
    assert tokens["id_token"].endswith(".")
    party.close()


def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(rp: RelyingParty) -> None:
    """OpenID Connect Core 3.1.2.6: request_uri_not_supported; nothing is fetched."""
    answer = rp.browser.go(rp.url(request_uri="https://rp.example.com/request.jwt"))

    assert "request_uri" in (answer.text if answer.status_code == 400 else rp.refused(answer)["error"])


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(rp: RelyingParty) -> None:
    """OpenID Connect Core 3.1.2.6: request_not_supported, or invalid_request_object for who signs its own."""
    claims = {**dict(httpx.URL(rp.url()).params), "state": "of-the-object"}

    answer = rp.refused(rp.browser.go(rp.url(request=_unsigned(claims))))

    assert answer["error"] in ("request_not_supported", "invalid_request_object")
