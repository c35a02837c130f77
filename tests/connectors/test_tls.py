"""Rows 34 to 36: certificates of the client, of the server, and of two servers."""

from __future__ import annotations

import collections.abc as cabc
import contextlib
import pathlib
import ssl
import typing

import httpx
import pytest

from connectors.boomi import Boomi
from connectors.boomi import Connection
from connectors.errors import NotAuthorized
from connectors.tls import TlsSettings
from connectors.world import BODY
from connectors.world import World
from mockserver import Bearer
from mockserver import ClientCertificate
from mockserver import OAuthMock
from mockserver.server.handles import Protected


def test_row_34_client_certificate(world: World) -> None:
    """S1:166."""
    world.prove(globals())


@contextlib.contextmanager
def _asking(how: typing.Literal["off", "optional", "required"] = "required") -> cabc.Iterator[OAuthMock]:
    with OAuthMock(https=True, client_certificates=how) as server:
        yield server


def _call(orders: Protected, tls: TlsSettings) -> httpx.Response:
    """By a connection without other authentication."""
    with tls.client() as http:
        connection = Connection(authentication_type="none")
        return Boomi(connection, http=http, person=lambda _: None).call("PATCH", orders.url, BODY)


def _orders(server: OAuthMock, subject: str | None = None) -> Protected:
    return server.protect("/orders/7", guard=ClientCertificate(subject=subject), json={"id": 7})


def _shows(server: OAuthMock, tls: TlsSettings, *, subject: str | None = None) -> None:
    """It is good for the handshake and the guard, and in the journal."""
    orders = _orders(server, subject)
    assert _call(orders, tls).json() == {"id": 7}
    (exchange,) = orders.exchanges
    assert (exchange.certificate, exchange.guard, exchange.caller) == ("CN=crm", "client_certificate", "CN=crm")
    assert exchange.request.body == BODY


def good_one(world: World) -> None:
    with _asking() as server:
        crm = server.client_certificate("crm")
        _shows(server, TlsSettings(trusts=[server.ca_path], client_certificate=(crm.cert_path, crm.key_path)))


def where_it_is_optional(world: World) -> None:
    with _asking("optional") as server:
        crm = server.client_certificate("crm")
        _shows(server, TlsSettings(trusts=[server.ca_path], client_certificate=(crm.cert_path, crm.key_path)))


def the_one_that_the_api_asks_for(world: World) -> None:
    with _asking() as server:
        crm = server.client_certificate("crm")
        tls = TlsSettings(trusts=[server.ca_path], client_certificate=(crm.cert_path, crm.key_path))
        _shows(server, tls, subject="crm")


def _refused(server: OAuthMock, tls: TlsSettings, error: type[Exception] | tuple[type[Exception], ...]) -> None:
    """No request came of it; why is in the handshakes."""
    orders = _orders(server)
    with pytest.raises(error):
        _call(orders, tls)
    assert list(server.journal) == []


def none_in_tls_1_2(world: World) -> None:
    """The handshake itself fails."""
    with _asking() as server:
        tls = TlsSettings(trusts=[server.ca_path], highest=ssl.TLSVersion.TLSv1_2)
        _refused(server, tls, httpx.ConnectError)
        assert "peer did not return a certificate" in server.handshakes[0]


def none_in_tls_1_3(world: World) -> None:
    """RFC 8446 4.4.2: the client has finished when the server refuses it, which it sees when it reads."""
    with _asking() as server:
        tls = TlsSettings(trusts=[server.ca_path])
        _refused(server, tls, (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError))
        assert "peer did not return a certificate" in server.handshakes[0]


def none_where_it_is_optional(world: World) -> None:
    """The handshake succeeds, and the API refuses."""
    with _asking("optional") as server:
        orders = _orders(server)
        with pytest.raises(NotAuthorized):
            _call(orders, TlsSettings(trusts=[server.ca_path]))
        assert orders.exchanges[0].why == "the connection has no client certificate"


def one_that_is_refused(world: World) -> None:
    flaw: typing.Any = world.case.case.replace(" ", "_").replace("CA", "ca")
    with _asking() as server:
        crm = server.client_certificate("crm", flaw=flaw)
        tls = TlsSettings(trusts=[server.ca_path], client_certificate=(crm.cert_path, crm.key_path))
        _refused(server, tls, httpx.TransportError)
        assert len(server.handshakes) == 1


def revoked(world: World) -> None:
    with _asking() as server:
        crm = server.client_certificate("crm")
        tls = TlsSettings(trusts=[server.ca_path], client_certificate=(crm.cert_path, crm.key_path))
        crm.revoke()
        _refused(server, tls, httpx.TransportError)
        assert "certificate revoked" in server.handshakes[0]


def that_of_another_client(world: World) -> None:
    """A good certificate, and not the one that the API knows."""
    with _asking() as server:
        erp = server.client_certificate("erp")
        orders = _orders(server, "crm")
        with pytest.raises(NotAuthorized):
            _call(orders, TlsSettings(trusts=[server.ca_path], client_certificate=(erp.cert_path, erp.key_path)))
        assert orders.exchanges[0].why == "the certificate is that of 'CN=erp'; 'crm' is asked for"


def _under_a_password(server: OAuthMock, password: str) -> TlsSettings:
    crm = server.client_certificate("crm")
    shown = (crm.cert_path, crm.encrypted_key_path("changeit"))
    return TlsSettings(trusts=[server.ca_path], client_certificate=shown, password=password)


def key_under_a_password(world: World) -> None:
    with _asking() as server:
        _shows(server, _under_a_password(server, "changeit"))


def key_under_another_password(world: World) -> None:
    """Nothing goes out, not even a connection."""
    with _asking() as server:
        _refused(server, _under_a_password(server, "wrong-one"), ssl.SSLError)
        assert server.handshakes == ()


def chain_with_an_intermediate_ca(world: World) -> None:
    with _asking() as server:
        crm = server.client_certificate("crm", chain=True)
        _shows(server, TlsSettings(trusts=[server.ca_path], client_certificate=(crm.cert_path, crm.key_path)))


def pkcs_12(world: World) -> None:
    with _asking() as server:
        store = server.client_certificate("crm", chain=True).pkcs12_path("changeit")
        _shows(server, TlsSettings(trusts=[server.ca_path], key_store=store, password="changeit"))


# -- row 35 ------------------------------------------------------------------------------------------------------------


def test_row_35_private_trust(world: World, tmp_path: pathlib.Path) -> None:
    """S1:169-171."""
    world.folder = tmp_path
    world.prove(globals())


def _open(server: OAuthMock, tls: TlsSettings) -> httpx.Response:
    """With a token, of which nothing may be seen where the server is not trusted."""
    return _over(tls, server, server.protect("/orders/7", json={"id": 7}))


def _over(tls: TlsSettings, server: OAuthMock, orders: Protected) -> httpx.Response:
    client = server.client()
    connection = Connection(
        client_id=client.client_id, client_secret=client.client_secret, access_token_url=server.token_url
    )
    with tls.client() as http:
        return Boomi(connection, http=http, person=lambda _: None).call("PATCH", orders.url, BODY)


def imported(world: World) -> None:
    with OAuthMock(https=True) as server:
        assert _open(server, TlsSettings(trusts=[server.ca_path])).json() == {"id": 7}


def trusted_by_the_system(world: World) -> None:
    """Nothing has to be imported; SSL_CERT_FILE is what OpenSSL takes for the system's."""
    with OAuthMock(https=True) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", server.environment["SSL_CERT_FILE"])
        assert _open(server, TlsSettings()).json() == {"id": 7}


def _not_trusted(server: OAuthMock, tls: TlsSettings) -> None:
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        _open(server, tls)
    assert list(server.journal) == []


def not_imported(world: World) -> None:
    with OAuthMock(https=True) as server:
        _not_trusted(server, TlsSettings())


def server_that_must_not_be_trusted(world: World) -> None:
    flaw: typing.Any = world.case.case.replace(" ", "_")
    with OAuthMock(https=True, server_certificate=flaw) as server:
        _not_trusted(server, TlsSettings(trusts=[server.ca_path]))


def ca_rotated_between_two_calls(world: World) -> None:
    """What was imported is no good for the next server, until its CA is imported too."""
    with OAuthMock(https=True) as before:
        old = TlsSettings(trusts=[_kept(world, before, "old.pem")])
        assert _open(before, old).json() == {"id": 7}
    with OAuthMock(https=True) as after:
        _not_trusted(after, old)
        assert _open(after, TlsSettings(trusts=[after.ca_path])).json() == {"id": 7}


def old_and_new_ca_together(world: World) -> None:
    """As one does it while certificates are replaced: one import, two servers."""
    with OAuthMock(https=True) as before, OAuthMock(https=True) as after:
        both = TlsSettings(trusts=[before.ca_path, after.ca_path])
        for server in (before, after):
            assert _open(server, both).json() == {"id": 7}


def _kept(world: World, server: OAuthMock, name: str) -> pathlib.Path:
    """A copy of the CA's certificate, which the server's own end removes."""
    path = world.folder / name
    path.write_bytes(server.ca_path.read_bytes())
    return path


# -- row 36 ------------------------------------------------------------------------------------------------------------


def test_row_36_token_server_and_api_apart(world: World) -> None:
    """S1:30."""
    world.prove(globals())


@contextlib.contextmanager
def _apart(
    how: typing.Literal["off", "optional", "required"] = "off",
) -> cabc.Iterator[tuple[OAuthMock, OAuthMock, Protected]]:
    """A token server, an API that takes its tokens, and what is protected there."""
    with OAuthMock(https=True) as tokens, OAuthMock(https=True, client_certificates=how) as api:
        yield tokens, api, api.protect("/orders/7", guard=Bearer(accepts=[tokens]), json={"id": 7})


def both_are_trusted(world: World) -> None:
    with _apart() as (tokens, api, orders):
        assert _over(TlsSettings(trusts=[tokens.ca_path, api.ca_path]), tokens, orders).json() == {"id": 7}


def token_server_alone(world: World) -> None:
    """A token is fetched, and never sent."""
    with _apart() as (tokens, api, orders):
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            _over(TlsSettings(trusts=[tokens.ca_path]), tokens, orders)
        assert [exchange.status for exchange in tokens.journal] == [200]
        assert list(api.journal) == []


def api_alone(world: World) -> None:
    """The secret is never sent."""
    with _apart() as (tokens, api, orders):
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            _over(TlsSettings(trusts=[api.ca_path]), tokens, orders)
        assert [*tokens.journal, *api.journal] == []


def client_certificate_for_the_api_alone(world: World) -> None:
    """The token server asks for none, and sees none."""
    with _apart("required") as (tokens, api, orders):
        crm = api.client_certificate("crm")
        trusts, shown = [tokens.ca_path, api.ca_path], (crm.cert_path, crm.key_path)
        assert _over(TlsSettings(trusts=trusts, client_certificate=shown), tokens, orders).json() == {"id": 7}
        assert (tokens.journal.last.certificate, api.journal.last.certificate) == (None, "CN=crm")
