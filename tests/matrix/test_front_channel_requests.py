"""Section 2 of the matrix, F14 to F19: what the authorization and the token endpoint make of codes and parameters."""

from __future__ import annotations

import typing

import httpx

from matrix.rows import Case
from matrix.rows import of
from matrix.world import World
from matrix.world import callback
from mockserver import RegisteredClient
from mockserver.server import Issuer

REDIRECT_URI = "http://127.0.0.1:9/callback"

Given = typing.Mapping[str, typing.Any]


def pairs(usual: dict[str, str], given: Given) -> list[tuple[str, str]]:
    """The usual parameters, those that are given in their place, each as often as it is said."""
    joined: dict[str, typing.Any] = {**usual, **given}
    return [
        (name, value) for name, values in joined.items() for value in (values if isinstance(values, list) else [values])
    ]


def authorized(world: World, client: RegisteredClient, given: Given, *, issuer: Issuer | None = None) -> httpx.Response:
    """The answer to an authorization request with these parameters."""
    usual = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "orders:read",
        "state": "s",
    }
    return world.authorize(pairs(usual, given), issuer=issuer)


def redeemed(world: World, client: RegisteredClient, code: str, given: Given, **where: typing.Any) -> httpx.Response:
    """The answer to a token request with these parameters."""
    usual = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    return world.token(client, pairs(usual, given), **where)


def check_redirect(answer: httpx.Response, case: Case, state: str | None = "s") -> None:
    """A whole callback with a code or an error, or the error page (RFC 6749 4.1.2, 4.1.2.1, 3.1.2.4)."""
    assert answer.status_code == case.status
    if case.status == 400:
        assert "Location" not in answer.headers
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        return
    came = callback(answer)
    what = {"error", "error_description"} if case.error else {"code"}
    assert {*came.params} == what | ({"state"} if state else set())
    assert (came.error, came.state) == (case.error, state)


def check_token(issuer: Issuer, answer: httpx.Response, case: Case) -> None:
    """A whole token answer or error (RFC 6749 5.1, 5.2)."""
    body = answer.json()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (case.status, "no-store")
    if case.error is None:
        issued = issuer.tokens.last
        assert body == {
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "refresh_token": issued.refresh_token,
            "scope": "orders:read",
        }
    else:
        assert body.pop("error_description")
        assert body == {"error": case.error}


# -- codes -------------------------------------------------------------------------------------------------------------


@of("F14", "after ten minutes less some", "after ten minutes", "replayed")
def test_code(world: World, case: Case) -> None:
    client = world.mock.client()
    code = client.issue_code(scope="orders:read", redirect_uri=REDIRECT_URI)
    first = redeemed(world, client, code, {}) if case.title == "replayed" else None
    world.pass_time({"after ten minutes less some": 570, "after ten minutes": 600}.get(case.title, 0))

    answer = redeemed(world, client, code, {})

    check_token(world.mock, answer, case)
    if first is not None:
        assert first.status_code == 200
        assert world.api(first.json()["access_token"]).status_code == 401
        again = world.token(client, {"grant_type": "refresh_token", "refresh_token": first.json()["refresh_token"]})
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@of("F14", "slow consent")
def test_slow_consent(world: World, case: Case) -> None:
    client = world.mock.client(consent="page")
    url = world.mock.authorize_url + f"?response_type=code&client_id={client.client_id}&redirect_uri={REDIRECT_URI}"
    page = world.mock.open_page(f"{url}&scope=orders:read")

    world.pass_time(1800)
    came = page.approve()
    world.pass_time(570)

    check_token(world.mock, redeemed(world, client, str(came.code), {}), case)


# -- redirect URIs -----------------------------------------------------------------------------------------------------


@of(
    "F15",
    *("same", "further path", "upper case", "further query", "other port of 127.0.0.1", "other port of [::1]"),
    *("other port, compared exactly", "other port of localhost", "localhost for 127.0.0.1", "[::1] for 127.0.0.1"),
    *("other port of another machine", "scheme of an app", "other scheme of an app", "https alone, https"),
    "https alone, http on loopback",
)
def test_redirect_uri(world: World, case: Case) -> None:
    client = world.mock.client(
        redirect_uris=[case.given["registered"]],
        redirect_uri_policy=case.given["policy"],
        redirect_uri_https_only=case.given.get("https_only", False),
    )

    answer = authorized(world, client, {"redirect_uri": case.given["asked"]})

    check_redirect(answer, case)
    if case.status == 302:
        assert callback(answer).url.startswith(f"{case.given['asked']}?code=")


@of("F16", "same", "missing", "different", "localhost for 127.0.0.1", "in neither request")
def test_redirect_uri_at_token(world: World, case: Case) -> None:
    client = world.mock.client(redirect_uris=[REDIRECT_URI])
    came = callback(authorized(world, client, {"redirect_uri": case.given["asked"]}))
    code = str(came.code)

    answer = redeemed(world, client, code, {"redirect_uri": case.given.get("repeated", "")})

    check_token(world.mock, answer, case)
    # Whatever was wrong, the code is used up (RFC 6749 4.1.2)
    again = redeemed(world, client, code, {"redirect_uri": case.given["asked"]})
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


# -- parameters --------------------------------------------------------------------------------------------------------


@of("F17", "resource at authorize", "state at authorize", "scope at authorize", "client_id at authorize")
def test_twice_at_authorize(world: World, case: Case) -> None:
    answer = authorized(world, world.mock.client("crm"), case.given)

    check_redirect(answer, case, None if "state" in case.given else "s")


@of("F17", "resource at token", "code at token", "redirect_uri at token", "grant_type at token")
def test_twice_at_token(world: World, case: Case) -> None:
    client = world.mock.client()
    code = client.issue_code(scope="orders:read", redirect_uri=REDIRECT_URI)

    answer = redeemed(world, client, code, case.given)

    check_token(world.mock, answer, case)
    if case.error:
        assert redeemed(world, client, code, {}).status_code == 200
    else:
        assert world.mock.tokens.last.audience == (*case.given["resource"],)


@of("F18", "scope at authorize", "state at authorize", "response_type at authorize", "client_id at authorize")
def test_empty_at_authorize(world: World, case: Case) -> None:
    answer = authorized(world, world.mock.client("crm"), case.given)

    check_redirect(answer, case, None if "state" in case.given else "s")


@of("F18", "scope at token", "grant_type at token", "code at token", "redirect_uri at token")
def test_empty_at_token(world: World, case: Case) -> None:
    client = world.mock.client()
    code = client.issue_code(scope="orders:read", redirect_uri=REDIRECT_URI)

    check_token(world.mock, redeemed(world, client, code, case.given), case)


@of("F19", "at authorize", "at authorize of a strict vendor", "allowed at authorize of a strict vendor")
def test_unknown_at_authorize(world: World, case: Case) -> None:
    issuer = vendor(world, case, "authorize")

    check_redirect(authorized(world, issuer.client(), case.given, issuer=issuer), case)


@of("F19", "at token", "at token of a strict vendor", "allowed at token of a strict vendor")
def test_unknown_at_token(world: World, case: Case) -> None:
    issuer = vendor(world, case, "token")
    client = issuer.client()
    code = client.issue_code(scope="orders:read", redirect_uri=REDIRECT_URI)

    check_token(issuer, redeemed(world, client, code, case.given, issuer=issuer), case)


def vendor(world: World, case: Case, endpoint: str) -> Issuer:
    """The mock as it is, or an issuer that knows `tenant` and nothing else beyond the RFCs."""
    if "strict" not in case.title:
        return world.mock
    issuer = world.mock.issuer("strict", parameters={endpoint: {"allowed": ["tenant"]}})
    issuer.user("alice")
    return issuer
