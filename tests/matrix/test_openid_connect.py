"""Rows of section 2 and 3 that are about OpenID Connect: the mock, and what a relying party makes of it."""

from __future__ import annotations

import typing
import urllib.parse

import pytest

from matrix.connector import Denied
from matrix.connector import Rejected
from matrix.relying_party import NAMED
from matrix.relying_party import RelyingParty
from matrix.rows import Case
from matrix.rows import of
from matrix.world import World
from mockserver import Callback

REDIRECT_URI = "http://127.0.0.1:9/callback"
AFTER = "https://app.example/bye"


def party(
    world: World, case: Case, *, issuer: typing.Any = None, client: typing.Any = None, **settings: str
) -> RelyingParty:
    issuer = world.mock if issuer is None else issuer
    client = issuer.client("app") if client is None else client
    known = {
        "issuer": issuer.url,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "redirect_uri": REDIRECT_URI,
        "after": AFTER,
    }
    return NAMED[case.connector]({**known, **settings}, world.http, world.now)


def ends(case: Case, sign_in: typing.Callable[[], object]) -> None:
    """Accepted, or not, as the line says by what is seen last."""
    if case.error is not None:
        with pytest.raises(Denied, match=f"^{case.error}$"):
            sign_in()
    elif case.seen[-1] == "api 200":
        sign_in()
    else:
        with pytest.raises(Rejected):
            sign_in()


# -- F8 to F10, F20 ----------------------------------------------------------------------------------------------------


@of("F8", "own code", "code of another provider")
def test_code_of_another_provider(world: World, case: Case) -> None:
    one, other = world.mock.issuer("one"), world.mock.issuer("other")
    for issuer in (one, other):
        issuer.user("alice")
    mine = party(world, case, issuer=one)
    theirs = party(world, case, issuer=other)
    callback = one.approve(mine.start())

    if case.title == "own code":
        mine.sign_in(callback)
    else:
        # The attacker's server hands its own state on: the code goes to the wrong token endpoint
        state = urllib.parse.parse_qs(urllib.parse.urlsplit(theirs.start()).query)["state"][0]
        ends(case, lambda: theirs.sign_in(callback.with_params(state=state)))

    assert world.seen() == case.seen


@of("F9", "stopped by PKCE", "stopped by the nonce")
def test_injected_code(world: World, case: Case) -> None:
    options = {} if case.title == "stopped by PKCE" else {"pkce": "no"}
    victim = party(world, case, **options)
    attackers = world.mock.approve(victim.start(), user=None)
    state = urllib.parse.parse_qs(urllib.parse.urlsplit(victim.start()).query)["state"][0]

    ends(case, lambda: victim.sign_in(attackers.with_params(state=state)))

    assert world.seen() == case.seen


@of("F10", "query", "fragment", "form_post", "query for form_post", "form_post for query")
def test_response_mode(world: World, case: Case) -> None:
    wanted, _, came = case.title.partition(" for ") if " for " in case.title else (case.title, "", case.title)
    asked, sent = (came, wanted) if " for " in case.title else (wanted, wanted)
    app = party(world, case, response_mode=asked)
    url = app.start().replace(f"response_mode={asked}", f"response_mode={sent}")

    callback = world.mock.approve(url)
    ends(case, lambda: app.sign_in(callback))

    assert world.seen() == case.seen


@of(
    "F20",
    *("prompt none, logged in", "prompt none, nobody", "prompt none and login", "prompt unknown", "max_age passed"),
    *("max_age not passed", "hint at somebody else", "acr that is not there", "claims malformed", "ui_locales unknown"),
)
def test_what_is_asked_of_the_login(world: World, case: Case) -> None:
    issuer = world.mock.issuer("acme", consent="page", acr_values_supported=["bronze"])
    issuer.user("alice")
    issuer.user("bob")
    client = issuer.client("app")
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid",
        "state": "s",
    }
    browser = issuer.browser()
    if case.given.get("logged_in", True):
        browser.approve(f"{issuer.authorize_url}?{urllib.parse.urlencode(query)}", user="alice")
    world.pass_time(60)
    asked = {**query, **case.given["query"]}

    callback = browser.approve(f"{issuer.authorize_url}?{urllib.parse.urlencode(asked)}")

    exchange = world.mock.journal.last
    assert (exchange.status, callback.error, callback.state) == (case.status, case.error, "s")
    assert bool(callback.code) == (case.error is None)


# -- L18, L19 ----------------------------------------------------------------------------------------------------------


@of(
    "L18",
    *("nonce missing", "nonce wrong", "several audiences, no azp", "another issuer", "another audience", "expired"),
    *("issued in the future", "issued within the skew", "at_hash wrong", "unsigned", "no kid, two keys", "unknown kid"),
    *("secret as key", "public key as secret", "another key", "as it should be"),
)
def test_id_token(world: World, case: Case) -> None:
    app = party(world, case)
    if case.title == "no kid, two keys":
        world.mock.rotate_keys(overlap=True)
    if "forge" in case.given:
        world.mock.token_endpoint.forge(token="id_token", **case.given["forge"])
    if "late" in case.given:  # the server's clock goes ahead of the client's
        world.mock.clock.advance(seconds=case.given["late"])

    callback = world.mock.approve(app.start())
    ends(case, lambda: app.sign_in(callback))

    assert world.seen() == case.seen


@of("L19", "same person", "somebody else", "signed", "signed by another key", "refused")
def test_userinfo(world: World, case: Case) -> None:
    client = world.mock.client("app", userinfo_signed_response_alg=case.given.get("alg"))
    app = party(world, case, client=client)
    if case.title == "somebody else":
        world.mock.userinfo_endpoint.alter({"sub": "mallory"})
    elif case.title == "refused":
        world.mock.userinfo_endpoint.expire_token()
    elif case.title == "signed by another key":
        other = world.mock.issuer("other", userinfo_signed_response_alg="ES256")
        other.user("alice")
        token = other.client("app").grant(scope="openid").access_token
        text = world.http.get(other.userinfo_url, headers={"Authorization": f"Bearer {token}"}).text
        world.mock.userinfo_endpoint.reply(text=text, headers={"Content-Type": "application/jwt"})

    callback = world.mock.approve(app.start())
    ends(case, lambda: app.sign_in(callback))

    assert world.seen() == case.seen


# -- L25, L27 ----------------------------------------------------------------------------------------------------------


@of("L25", "OpenID, behind the path", "OAuth, before the path", "no cache", "undeclared issuer")
def test_well_known_places(world: World, case: Case) -> None:
    acme = world.mock.issuer("acme")
    base = acme.url.removesuffix("/acme")

    answer = world.http.get(base + case.given["path"])

    assert answer.status_code == case.status
    if case.status == 200:
        assert answer.json()["issuer"] == acme.url
        assert answer.headers["Cache-Control"] == "no-store"
    else:
        assert answer.json()["error"] == case.error


@of("L25", "own document", "another issuer's document", "document without token endpoint")
def test_discovery(world: World, case: Case) -> None:
    app = party(world, case)
    if "alter" in case.given:
        world.mock.openid_configuration_endpoint.alter(**case.given["alter"])

    if case.given.get("rejected"):
        with pytest.raises(Rejected):
            app.discover()
    else:
        document = app.discover()
        world.http.get(document["jwks_uri"])

    assert world.seen() == case.seen


@of("L27", "registered URI", "a slash more", "unregistered URI", "no client", "not of this issuer", "without a hint")
def test_logout(world: World, case: Case) -> None:
    client = world.mock.client("app", post_logout_redirect_uris=[AFTER])
    callback = world.mock.approve(
        f"{world.mock.authorize_url}?response_type=id_token&client_id=app&redirect_uri={REDIRECT_URI}&scope=openid&nonce=n"
    )
    hint = {"hint": callback.id_token, "none": None, "broken": f"{callback.id_token}x"}[case.given["hint"]]
    query = {
        "post_logout_redirect_uri": AFTER + case.given.get("more", ""),
        "state": "s",
        **case.given.get("query", {}),
    }

    answer = world.http.get(world.mock.end_session_url, params={**query, **({"id_token_hint": hint} if hint else {})})

    assert answer.status_code == case.status
    if case.status == 302:
        assert answer.headers["Location"] == f"{AFTER}?state=s"
        assert Callback(answer.headers["Location"]).state == "s"
    else:
        assert world.mock.journal.last.error == case.error
        assert "Location" not in answer.headers
    assert client.client_id == "app"
