"""The journal: what is kept, counted, waited for and shown."""

from __future__ import annotations

import hashlib
import threading

import pytest
from werkzeug.test import Client

from mockserver import Exchange
from mockserver import MockServerError
from mockserver import OAuthMock
from mockserver.errors import NothingRecorded

_BASIC = {"Authorization": "Basic Y3JtOnMzY3JldA=="}


def ask(http: Client, grant_type: str = "client_credentials") -> None:
    http.post("/token", data={"grant_type": grant_type, "scope": "orders:read"}, headers=_BASIC)


def test_an_exchange_has_what_was_sent_and_what_was_made_of_it(mock: OAuthMock, http: Client) -> None:
    """Raw and canonical form, verdict and why."""
    mock.client("crm", client_secret="s3cret")
    ask(http)

    exchange = mock.journal.last
    assert (exchange.number, exchange.issuer, exchange.endpoint, exchange.path) == (1, "", "token", "/token")
    assert exchange.request.body == b"grant_type=client_credentials&scope=orders:read"
    assert exchange.request.header_values("AUTHORIZATION") == [_BASIC["Authorization"]]
    assert exchange.parameters == {"grant_type": "client_credentials", "scope": "orders:read"}
    assert (exchange.client_id, exchange.client_auth, exchange.basic_encoding) == ("crm", "client_secret_basic", "")
    assert (exchange.grant_type, exchange.verdict, exchange.status) == ("client_credentials", "accepted", 200)
    assert (exchange.error, exchange.fault, exchange.exception) == (None, "", None)
    assert exchange.why == (
        "client_credentials by client_secret_basic: client 'crm' got a token for scope 'orders:read'"
    )
    assert exchange.seconds > 0
    assert exchange.reply.status == 200


@pytest.mark.parametrize("target", ["/authorize?client_id=cr%6d&a=b%20c", "/authorize?", "/authorize"])
def test_the_target_has_its_query_however_the_wsgi_server_tells_it(mock: OAuthMock, http: Client, target: str) -> None:
    """werkzeug's test client has the query in REQUEST_URI, or only beside it; other servers have no REQUEST_URI."""
    path, _, query = target.partition("?")
    http.get(target)
    http.get(path, query_string=query)
    http.get(path, query_string=query, environ_overrides={"REQUEST_URI": ""})

    assert [exchange.request.target for exchange in mock.journal] == [target, target.rstrip("?"), target.rstrip("?")]


def test_a_refused_exchange_is_shown_with_its_why(mock: OAuthMock, http: Client) -> None:
    """The lines of a failing test's report."""
    mock.client("crm", client_secret="s3cret", token_endpoint_auth_method="client_secret_post")
    ask(http)

    lines = mock.journal.last.lines()
    assert lines[0].startswith("#1  POST /token")
    assert lines[0].split()[3:5] == ["401", "invalid_client"]
    assert lines[0].endswith(" ms")
    assert lines[1:] == [
        "    > Authorization: Basic crm:***   (client_secret_basic)",
        "    > grant_type=client_credentials&scope=orders:read",
        f"    < {mock.journal.last.reply.body.decode()}",
        f"    why: {mock.journal.last.why}",
    ]
    assert mock.journal.last.why == (
        "client 'crm' is registered with client_secret_post; the request sent client_secret_basic (RFC 6749 2.3.1)"
    )
    assert repr(mock.journal.last) == "<Exchange #1 POST /token 401 invalid_client>"


def test_an_accepted_exchange_is_shown_too(mock: OAuthMock, http: Client) -> None:
    """One headline, what was sent, why."""
    mock.client("crm", client_secret="s3cret")
    mock.token_endpoint.fail(503, retry_after=1)
    ask(http)
    http.get("/api/x", headers={"Authorization": "Bearer abcdefgh"})
    mock.clock.advance(seconds=1)
    ask(http)

    faulted, api, accepted = (exchange.lines() for exchange in mock.journal)
    assert "    fault: fail(503, retry_after=1)" in faulted
    assert "    > Authorization: Bearer ***" in api
    assert len(accepted) == 4
    assert repr(mock.journal[2]) == "<Exchange #3 POST /token 200>"


def test_a_long_body_is_cut_where_it_is_shown(mock: OAuthMock, http: Client) -> None:
    """300 characters are enough for a person; line breaks are written out."""
    http.post("/token", data=b"a\r\n" + b"b" * 500, content_type="text/plain")

    line = next(line for line in mock.journal.last.lines() if line.startswith("    > a"))
    assert line == "    > a\\r\\n" + "b" * 295 + "... (503 bytes)"


def test_a_body_is_kept_to_64_kib_with_length_and_digest(mock: OAuthMock, http: Client) -> None:
    """The rest is known by its length and SHA-256."""
    body = b"x" * 70_000
    http.post("/token", data=body, content_type="text/plain")

    kept = mock.journal.last.body
    assert (len(kept.content), kept.length, kept.sha256) == (65536, 70_000, hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize(("size", "asked", "dropped"), [(3, 3, 0), (3, 4, 1), (3, 10, 7), (1, 2, 1)])
def test_the_newest_are_kept_and_the_others_counted(size: int, asked: int, dropped: int) -> None:
    """A ring: a standalone server's memory is bounded."""
    mock = OAuthMock(journal_size=size)
    http = Client(mock.wsgi)
    for _ in range(asked):
        http.get("/nothing")

    assert len(mock.journal) == asked - dropped
    assert mock.journal.dropped == dropped
    assert [exchange.number for exchange in mock.journal] == list(range(dropped + 1, asked + 1))
    assert repr(mock.journal) == f"<Journal of {asked - dropped} exchanges>"


def test_it_is_a_sequence(mock: OAuthMock, http: Client) -> None:
    """Index, slice, membership, order of arrival."""
    for _ in range(3):
        http.get("/nothing")

    assert mock.journal[0].number == 1
    assert mock.journal[-1].number == 3
    assert [exchange.number for exchange in mock.journal[1:]] == [2, 3]
    assert mock.journal[1] in mock.journal
    with pytest.raises(IndexError):
        mock.journal[3]


def test_exchanges_are_in_order_of_arrival_whoever_finished_first(mock: OAuthMock) -> None:
    """The number is given on arrival, the entry is made before the answer leaves."""
    journal = mock.journal
    Client(mock.wsgi).get("/nothing")
    template = journal.last
    first, second = journal.arrive(), journal.arrive()
    fields = {name: getattr(template, name) for name in template.__struct_fields__}
    journal.add(Exchange(**{**fields, "number": second}))
    journal.add(Exchange(**{**fields, "number": first}))

    assert [exchange.number for exchange in journal] == [1, 2, 3]
    assert journal.last.number == 3


def test_exchanges_can_be_asked_for_by_endpoint_and_grant(mock: OAuthMock, http: Client) -> None:
    """A request without grant_type is left out of `grant_types`."""
    mock.client("crm", client_secret="s3cret")
    ask(http)
    http.get("/jwks")
    ask(http, "password")
    http.post("/token")

    assert [exchange.endpoint for exchange in mock.journal] == ["token", "jwks", "token", "token"]
    assert [exchange.number for exchange in mock.journal.at("token")] == [1, 3, 4]
    assert mock.journal.at("userinfo") == []
    assert mock.journal.grant_types == ["client_credentials", "password"]


def test_token_requests_are_counted_by_client_and_verdict(mock: OAuthMock, http: Client) -> None:
    """One client's, accepted ones only, everything."""
    mock.client("crm", client_secret="s3cret")
    ask(http)
    ask(http, "nonsense")
    ask(http)
    http.post("/token", data={"grant_type": "client_credentials", "client_id": "other"})
    http.get("/jwks")

    journal = mock.journal
    assert [exchange.number for exchange in journal.token_requests()] == [1, 2, 3, 4]
    assert [exchange.number for exchange in journal.token_requests("crm")] == [1, 2, 3]
    assert [exchange.number for exchange in journal.token_requests("crm", verdict="accepted")] == [1, 3]
    assert [exchange.number for exchange in journal.token_requests(verdict="refused")] == [2, 4]
    assert journal.token_requests("nobody") == []


def test_token_requests_at_a_refresh_endpoint_count() -> None:
    """Where an issuer has one."""
    mock = OAuthMock(issuer="http://localhost", paths={"refresh": "/reauthenticate"})
    client = mock.client("crm", client_secret="s3cret")
    form = {"grant_type": "refresh_token", "refresh_token": client.grant().refresh_token}
    Client(mock.wsgi).post("/reauthenticate", data=form, headers=_BASIC)

    assert [exchange.endpoint for exchange in mock.journal.token_requests("crm", verdict="accepted")] == ["refresh"]


def test_the_last_of_none_says_what_to_check(mock: OAuthMock) -> None:
    """Every message ends in the remedy."""
    with pytest.raises(NothingRecorded, match="check that the code under test was given its URLs") as caught:
        _ = mock.journal.last

    assert isinstance(caught.value, MockServerError)


def test_waiting_ends_when_the_exchange_comes(mock: OAuthMock, http: Client) -> None:
    """Code under test may ask from a thread of its own."""
    asker = threading.Thread(target=lambda: [http.get("/nothing"), http.get("/jwks")])
    asker.start()
    found = mock.journal.wait_for(2)
    jwks = mock.journal.wait_for(endpoint="jwks")
    asker.join()

    assert [exchange.endpoint for exchange in found] == ["unknown", "jwks"]
    assert [exchange.endpoint for exchange in jwks] == ["jwks"]


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [(None, "1 of 2 exchanges came within 0 s"), ("token", "0 of 2 exchanges at token came within 0 s")],
)
def test_waiting_in_vain_says_how_many_there_were(
    mock: OAuthMock, http: Client, endpoint: str | None, message: str
) -> None:
    """TimeoutError, and no endless test."""
    http.get("/jwks")

    with pytest.raises(TimeoutError, match=message):
        mock.journal.wait_for(2, endpoint=endpoint, timeout=0)


def test_whoever_listens_is_told_of_every_exchange(mock: OAuthMock, http: Client) -> None:
    """The command prints its lines this way."""
    heard: list[Exchange] = []
    mock.subscribe(heard.append)
    http.get("/jwks")

    assert heard == list(mock.journal)


def test_the_outcome_of_a_delivery_is_noted_afterwards(mock: OAuthMock, http: Client) -> None:
    """The HTTP server says whether the whole answer went out."""
    callbacks: list[object] = []
    for complete in (True, False):
        http.get("/jwks", environ_overrides={"serving.on_delivery": callbacks})
        callbacks[-1](complete)  # type: ignore[operator]

    assert [mock.journal.was_delivered(exchange) for exchange in mock.journal] == [True, False]


def test_a_request_that_a_reset_overtook_is_in_no_journal(mock: OAuthMock) -> None:
    """It ends in the state that it arrived in, which nobody reads any more."""
    before = mock.journal
    mock.client("crm", client_secret="s3cret")
    store, tokens = mock.context.store, mock.tokens
    put = store.put_if_alive

    def reset_meanwhile(family: str, records: object, **taken: bool) -> bool:
        mock.reset()
        return put(family, records, **taken)  # type: ignore[arg-type]

    mock.context.store = type("Store", (), {"put_if_alive": staticmethod(reset_meanwhile)})()
    response = Client(mock.wsgi).post("/token", data={"grant_type": "client_credentials"}, headers=_BASIC)

    assert response.status_code == 200
    assert len(mock.journal) == 0
    assert len(mock.tokens) == 0
    assert (len(before), len(tokens)) == (1, 1)
