"""What a case of `rows.toml` meets: an issuer, a client, a person, a protected path, and a product's connector."""

from __future__ import annotations

import collections.abc as cabc
import pathlib
import socket
import typing

import httpx
import pytest
import time_machine

from connectors import errors
from connectors.answers import Came
from connectors.answers import Person
from connectors.aws import AWS_SECRET
from connectors.aws import AwsSettings
from connectors.boomi import Boomi
from connectors.boomi import Connection
from connectors.guards import guard_of
from connectors.patchworks import Authentication
from connectors.patchworks import Patchworks
from connectors.rows import Case
from connectors.sap import Adapter
from connectors.sap import Credential
from connectors.sap import Credentials
from connectors.sap import Custom
from mockserver import OAuthMock
from mockserver.errors import UnexpectedPage
from mockserver.journal import Exchange

__all__ = ["BODY", "World"]

Acts = cabc.Mapping[str, typing.Any]
Connector = Boomi | Patchworks | Adapter

BODY = b'{"state": "sent"}'


class World:
    """One case."""

    def __init__(self, case: Case, oauthmock: OAuthMock, http: httpx.Client, traveller: time_machine.Traveller) -> None:
        self.case = case
        self.oauthmock = oauthmock
        self.http = http
        self.issuer = oauthmock.issuer("acme", **case.issuer)
        self.issuer.user("alice", password="wonderland-of-alice")
        registered: dict[str, typing.Any] = {"client_id": "crm", "client_secret": "s3cret-of-crm", **case.client}
        self.client = self.issuer.client(**registered)
        self.orders = self.issuer.protect(
            "/orders/7",
            scope=case.protects,
            guard=guard_of(case.guard),
            challenge=case.challenge,
            json={"id": 7},
        )
        self.credentials = self.cache()
        self.person: Person = self.approves
        self.logged: pytest.LogCaptureFixture
        """Where a test looks for secrets."""
        self.folder: pathlib.Path
        self._traveller = traveller

    # -- the person ----------------------------------------------------------------------------------------------------

    def approves(self, url: str) -> Came | None:
        """Logs in and consents; shown an error page, there is nothing to do but close the window."""
        try:
            return self.issuer.approve(url, user="alice")
        except UnexpectedPage:
            return None

    def _asked(self, url: str) -> Came | None:
        """Whoever is the person by now."""
        return self.person(url)

    # -- the products --------------------------------------------------------------------------------------------------

    def connector(self, product: str | None = None, **form: typing.Any) -> Connector:
        """The product's connector with its form filled in: what works, what the case says, what is said here."""
        product = product or self.case.product or "boomi"
        made: Connector = getattr(self, product)(**{**self.case.form, **form})
        return made

    def boomi(self, **form: typing.Any) -> Boomi:
        form = {
            "grant_type": "client_credentials",
            **self._known(),
            "user_name": "alice",
            "password": "wonderland-of-alice",
            "authorization_token_url": self.issuer.authorize_url,
            "access_token_url": self.issuer.token_url,
            **form,
        }
        if form.get("authentication_type") == "aws":
            form["aws"] = AwsSettings(**{"secret_key": AWS_SECRET, **form.get("aws", {})})
        return Boomi(Connection(**form), http=self.http, person=self._asked)

    def patchworks(self, **form: typing.Any) -> Patchworks:
        base = self.oauthmock.url + "/{{account}}"
        form = {
            "flow": "client_credentials",
            **self._known(),
            "authorization_url": base + self.issuer.context.paths["authorize"],
            "access_token_url": base + self.issuer.context.paths["token"],
            "reauthenticate_url": base + self.issuer.context.refresh_path,
            "variables": {"account": "acme"},
            **form,
        }
        return Patchworks(Authentication(**form), http=self.http, person=self._asked)

    def sap(self, **form: typing.Any) -> Adapter:
        """An adapter; those of one world share the cache, and so a credential of the same name."""
        credential = self.credential(**form)
        self.credentials.deploy(credential)
        return Adapter(self.credentials, credential.name, http=self.http)

    def credential(self, **form: typing.Any) -> Credential:
        form = {"name": "crm", "token_service_url": self.issuer.token_url, **self._known(), **form}
        form["custom_parameters"] = [
            row if isinstance(row, Custom) else Custom(**row) for row in form.get("custom_parameters", ())
        ]
        return Credential(**form)

    def cache(self, **how: typing.Any) -> Credentials:
        return Credentials(http=self.http, **how)

    def _known(self) -> dict[str, str]:
        return {"client_id": self.client.client_id, "client_secret": self.client.client_secret}

    # -- what happens --------------------------------------------------------------------------------------------------

    def call(self, connector: Connector) -> httpx.Response:
        """What the product is there for: a PATCH with a body."""
        return connector.call("PATCH", self.orders.url, BODY)

    def works(self, connector: Connector) -> None:
        answer = self.call(connector)
        assert (answer.status_code, answer.json()) == (200, {"id": 7})
        assert bytes(self.orders.exchanges[-1].request.body) == BODY

    def fails(self, connector: Connector, error: str) -> errors.ConnectorError:
        """The error of exactly that name."""
        with pytest.raises(errors.ConnectorError) as caught:
            self.call(connector)
        assert type(caught.value).__name__ == error
        return caught.value

    def fails_to_fill_in(self, **form: typing.Any) -> None:
        """The form itself is refused, and nothing is sent."""
        with pytest.raises(errors.FormError):
            self.connector(**form)
        assert list(self.oauthmock.journal) == []

    def later(self, **by: float) -> None:
        """Time passes for both sides."""
        seconds = by.get("seconds", 0) + 60 * by.get("minutes", 0) + 3600 * by.get("hours", 0)
        self._traveller.shift(seconds)

    def post(
        self, content: bytes, content_type: str | None = "application/x-www-form-urlencoded", **headers: str
    ) -> httpx.Response:
        """A token request octet by octet, as a connector that is put together wrongly sends it."""
        kind = {} if content_type is None else {"Content-Type": content_type}
        return self.http.post(self.issuer.token_url, content=content, headers={**kind, **headers})

    def patch(self, *authorizations: str, url: str = "", **more: typing.Any) -> httpx.Response:
        """A request to the API, whose Authorization fields are these: as connectors that go wrong have them."""
        headers = [*more.pop("headers", ()), *(("Authorization", value) for value in authorizations)]
        return self.http.patch(url or self.orders.url, content=BODY, headers=headers, **more)

    @property
    def host(self) -> str:
        """As a Host field has it."""
        return self.oauthmock.url.removeprefix("http://")

    def in_octets(self, head: bytes, body: bytes = b"") -> bytes:
        """Everything that the server answers to these octets; `body` goes out when it says to go on."""
        told = b""
        host, _, port = self.host.partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(head)
            while octets := connection.recv(65536):
                told += octets
                if body and told.startswith(b"HTTP/1.1 100 "):
                    connection.sendall(body)
                    body = b""
        return told

    @property
    def asked_for_tokens(self) -> list[Exchange]:
        return self.oauthmock.journal.token_requests()

    def answered(self, status: int, error: str | None = None) -> Exchange:
        """The last answer of the authorization server was this."""
        exchange = (self.asked_for_tokens or self.oauthmock.journal.at("authorize"))[-1]
        assert (exchange.status, exchange.error) == (status, error), exchange.why
        assert (exchange.verdict == "refused") == (error is not None)
        return exchange

    def prove(self, acts: Acts) -> None:
        """Run the case: by the function of its name, or as the file has it."""
        if self.case.product is None:
            acts[self.case.function](self)
        elif self.case.raises:
            self._refuses()
        else:
            self.works(self.connector())
        self._compare()

    def _refuses(self) -> None:
        with pytest.raises(errors.ConnectorError) as caught:
            self.call(self.connector())
        assert type(caught.value).__name__ == self.case.raises
        if isinstance(caught.value, errors.FormError):
            assert list(self.oauthmock.journal) == []
        if isinstance(caught.value, errors.Refused):
            assert (caught.value.status, caught.value.error) == (self.case.status, self.case.error)

    def _compare(self) -> None:
        case = self.case
        if case.status is not None:
            self.answered(case.status, case.error)
        if case.requests is not None:
            assert len(self.asked_for_tokens) == case.requests
        for place, parameters in case.sent.items():
            for name, value in parameters.items():
                assert self.asked_for_tokens[-1].sent(name)[place] == (value,)
        self._compare_api()
        for name, value in case.asked.items():
            assert self.oauthmock.journal.at("authorize")[-1].sent(name)["query"] == (value,)

    def _compare_api(self) -> None:
        expected, exchanges = self.case.api, self.orders.exchanges
        if expected.statuses is not None:
            assert [exchange.status for exchange in exchanges] == expected.statuses
        for name in ("error", "guard", "caller", "preemptive"):
            if getattr(expected, name) is not None:
                assert getattr(exchanges[-1], name) == getattr(expected, name), exchanges[-1].why
        if expected.why:
            assert expected.why in exchanges[-1].why
