"""Rows 44, 45 and 56: what must not be seen, how long a connector waits, and what a log shows."""

from __future__ import annotations

import json
import logging
import pathlib
import time
import typing

import httpx
import pytest

from connectors.errors import ConnectorError
from connectors.world import BODY
from connectors.world import World

_LOG = logging.getLogger("connector")


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that httpx and the connectors log."""
    caplog.set_level(logging.DEBUG)
    return caplog


def test_row_44_no_secret_in_sight(world: World, logged: pytest.LogCaptureFixture, tmp_path: pathlib.Path) -> None:
    """S0:49, S1:95."""
    world.logged, world.folder = logged, tmp_path
    world.prove(globals())


def leaks_nothing(world: World) -> None:
    """A login or a token, a call, a refresh, a refusal; then look in the log, at the objects and the exception."""
    product = world.case.case.lower()
    first = {"boomi": {"grant_type": "authorization_code"}, "patchworks": {"flow": "authorization_code"}}
    connector = world.connector(product, **first.get(product, {}))
    world.works(connector)
    world.later(hours=1)
    world.works(connector)
    world.later(hours=1)
    world.client.disable()
    error = world.fails(connector, "Refused")
    parts = [repr(value) for value in vars(connector).values()]
    world.oauthmock.assert_no_secret_leak(world.logged, error, repr(connector), parts)


def token_in_a_log_is_found(world: World) -> None:
    world.works(world.boomi())
    _LOG.debug("token %s", world.issuer.tokens.last.access_token)
    with pytest.raises(AssertionError, match=r"access token #1 of client 'crm' .*\(plain\) in log record"):
        world.oauthmock.assert_no_secret_leak(world.logged)


def secret_in_a_file_is_found(world: World) -> None:
    (world.folder / "connection.xml").write_text(f"<secret>{world.client.client_secret}</secret>")
    with pytest.raises(AssertionError, match="client secret"):
        world.oauthmock.assert_no_secret_leak(world.folder)


def secret_in_an_exception_is_found(world: World) -> None:
    with pytest.raises(AssertionError, match="client secret"):
        world.oauthmock.assert_no_secret_leak(ConnectorError(f"no token for {world.client.client_secret}"))


def token_in_a_url_is_found(world: World) -> None:
    world.works(world.boomi())
    world.http.get(world.issuer.api_url, params={"access_token": world.issuer.tokens.last.access_token})
    with pytest.raises(AssertionError, match="in the URL of exchange"):
        world.oauthmock.assert_no_secret_leak()


def refusals_tell_no_secret(world: World) -> None:
    """Each kind of error that a product raises, with everything that it was made from."""
    errors = [world.fails(world.sap(name="a", client_secret="wr0ng-s3cret-of-crm"), "Refused")]
    connector = world.boomi(grant_type="authorization_code")
    world.works(connector)
    world.issuer.tokens.last.revoke()
    errors.append(world.fails(connector, "NeedsConsent"))
    errors.append(world.fails(world.patchworks(response_authentication_token_key="token"), "NoToken"))
    world.oauthmock.assert_no_secret_leak(world.logged, errors)


# -- row 45 ------------------------------------------------------------------------------------------------------------

_LIMIT = 0.2
# A machine that is busy with other tests
_TOLERANCE = 5


def test_row_45_timeout_limit(world: World) -> None:
    """S2:65."""
    world.prove(globals())


def answer_within_the_limit(world: World) -> None:
    world.issuer.token_endpoint.delay(0.05)
    world.works(world.patchworks(timeout_limit=5))


def _in_time(world: World) -> None:
    began = time.perf_counter()
    world.fails(world.patchworks(timeout_limit=_LIMIT), "TimedOut")
    assert time.perf_counter() - began < _LIMIT + _TOLERANCE


def no_answer(world: World) -> None:
    """Taken and never answered; the next one is."""
    world.issuer.token_endpoint.never_answer()
    _in_time(world)
    assert world.asked_for_tokens[-1].outcome == "no answer"
    world.works(world.patchworks())


def late_answer(world: World) -> None:
    world.issuer.token_endpoint.delay(3)
    _in_time(world)


def slow_drip(world: World) -> None:
    """No pause is as long as the limit, and the whole is longer."""
    world.issuer.token_endpoint.drip(3, pieces=60)
    _in_time(world)


def authorization_endpoint_that_does_not_answer(world: World) -> None:
    """The person's browser gives up, and nobody comes back."""
    world.issuer.authorization_endpoint.never_answer()

    def waits(url: str) -> None:
        with pytest.raises(httpx.ReadTimeout):
            world.http.get(url, timeout=_LIMIT)

    world.person = waits
    world.fails(world.patchworks(flow="authorization_code"), "TimedOut")
    assert world.asked_for_tokens == []


def token_that_nobody_got(world: World) -> None:
    """The server has done its work: a token lives that no connector knows."""
    world.issuer.token_endpoint.delay(3)
    _in_time(world)
    assert len(world.issuer.tokens) == 1
    assert world.issuer.tokens.last.alive
    assert world.orders.exchanges == []


# -- row 56 ------------------------------------------------------------------------------------------------------------


def test_row_56_debug_log(world: World, tmp_path: pathlib.Path) -> None:
    """S1:48."""
    world.folder = tmp_path
    world.prove(globals())


def _entries(world: World, suffix: str, *, secrets: bool = False) -> list[dict[str, typing.Any]]:
    """The exchanges as they are in a file; the text of it stays in the folder."""
    path = world.folder / f"exchanges{suffix}"
    world.oauthmock.save_exchanges(path, secrets=secrets)
    text = path.read_text(encoding="utf-8")
    return json.loads(text)["log"]["entries"] if suffix == ".har" else [json.loads(line) for line in text.splitlines()]


def log_shows_the_exchange(world: World) -> None:
    """Both requests, with method, URL, status and body."""
    world.works(world.boomi())
    token, orders = _entries(world, ".har" if world.case.case == "HAR" else ".jsonl")
    assert (token["request"]["method"], token["request"]["url"]) == ("POST", world.issuer.token_url)
    assert (orders["request"]["method"], orders["request"]["url"]) == ("PATCH", world.orders.url)
    assert orders["request"]["postData"]["text"].encode() == BODY
    assert [entry["response"]["status"] for entry in (token, orders)] == [200, 200]


def log_hides_secrets(world: World) -> None:
    """In every header, whatever the scheme."""
    world.works(world.boomi(**world.case.form))
    entries = _entries(world, ".jsonl")
    assert len(entries) == len(world.oauthmock.journal)
    for header in entries[-1]["request"]["headers"]:
        if header["name"] == "Authorization":
            assert "***" in header["value"]
    for exchange in world.orders.exchanges:
        for value in exchange.sent("Authorization")["header"]:
            assert value not in (world.folder / "exchanges.jsonl").read_text(encoding="utf-8")
    world.oauthmock.assert_no_secret_leak(world.folder)


def secrets_on_demand(world: World) -> None:
    world.works(world.boomi())
    token, _ = _entries(world, ".har", secrets=True)
    sent = {header["name"]: header["value"] for header in token["request"]["headers"]}
    assert sent["Authorization"] == "Basic Y3JtOnMzY3JldC1vZi1jcm0="
