"""`oauthmock.mount`: what answers at a mounted origin, how it speaks of itself, and when it ends."""

from __future__ import annotations

import functools
import http.client
import re
import socket
import typing

import httpx
import pytest
import requests

from mockserver import ConfigurationError
from mockserver import Mount
from mockserver import OAuthMock
from mockserver import ServerNotRunning
from mockserver import UnmountedHostError


def token_of(mount: Mount, *, base: str | None = None) -> str:
    client = mount.client()
    answer = requests.post(
        mount.token_url if base is None else f"{base}/token",
        data={"grant_type": "client_credentials"},
        auth=(client.client_id, client.client_secret),
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_discovery_names_the_real_origin(login: Mount) -> None:
    document = httpx.get("https://login.example.com/.well-known/openid-configuration").json()

    assert {name: value for name, value in document.items() if "://" in str(value)} == {
        "issuer": "https://login.example.com",
        "authorization_endpoint": "https://login.example.com/authorize",
        "token_endpoint": "https://login.example.com/token",
        "jwks_uri": "https://login.example.com/jwks",
        "pushed_authorization_request_endpoint": "https://login.example.com/par",
        "registration_endpoint": "https://login.example.com/register",
        "userinfo_endpoint": "https://login.example.com/userinfo",
        "backchannel_authentication_endpoint": "https://login.example.com/bc-authorize",
        "device_authorization_endpoint": "https://login.example.com/device_authorization",
        "end_session_endpoint": "https://login.example.com/end_session",
        "introspection_endpoint": "https://login.example.com/introspect",
        "revocation_endpoint": "https://login.example.com/revoke",
    }
    assert (login.origin, login.url, login.token_url) == (
        "https://login.example.com",
        "https://login.example.com",
        "https://login.example.com/token",
    )


@pytest.mark.parametrize(
    "base",
    [
        "https://login.example.com",
        "https://LOGIN.Example.COM",
        "https://login.example.com.",
        "https://login.example.com:443",
        "https://Login.Example.com.:443",
    ],
)
def test_hosts_are_compared_as_http_does(oauthmock: OAuthMock, login: Mount, base: str) -> None:
    token_of(login, base=base)

    assert oauthmock.journal.last.issuer == "https://login.example.com"
    assert httpx.get(f"{base}/.well-known/openid-configuration").json()["issuer"] == "https://login.example.com"


def test_an_api_takes_the_tokens_of_the_issuer_that_it_accepts_and_no_others(
    oauthmock: OAuthMock, login: Mount, graph: Mount
) -> None:
    users = graph.protect("/v1.0/users", json={"value": []})
    good, own = token_of(login), token_of(graph)

    assert users.url == "https://graph.example.com:8443/v1.0/users"
    assert requests.get(users.url, headers=bearer(good), timeout=10).json() == {"value": []}
    assert requests.get(users.url, headers=bearer(own), timeout=10).status_code == 401
    assert re.sub(r"\d+ char", "LENGTH char", oauthmock.journal.last.why) == (
        "tokens of https://login.example.com are taken here, and it never issued the token: it is not of a mock"
        " server's making (LENGTH characters)"
    )


def test_several_issuers_may_be_accepted(oauthmock: OAuthMock, login: Mount) -> None:
    other = oauthmock.mount("http://other.example.com", settings={"access_token_format": "opaque"})
    api = oauthmock.mount("https://api.example.com", accepts=[login, other, oauthmock])
    client = oauthmock.client()
    local = client.grant().access_token

    for token in (token_of(login), token_of(other), local):
        assert httpx.get(f"{api.api_url}/x", headers=bearer(token)).status_code == 200


def test_an_api_of_its_own_takes_its_own_tokens(oauthmock: OAuthMock) -> None:
    api = oauthmock.mount("https://api.example.com")

    assert httpx.get(f"{api.api_url}/x", headers=bearer(token_of(api))).status_code == 200


def test_a_person_logs_in_at_a_mounted_url(oauthmock: OAuthMock, login: Mount) -> None:
    login.user("alice")
    client = login.client(redirect_uris=["https://app.example.com/callback"])
    url = (
        f"{login.authorize_url}?response_type=code&client_id={client.client_id}&state=0123456789abcdef"
        "&redirect_uri=https://app.example.com/callback"
    )

    callback = oauthmock.approve(url, user="alice")

    assert callback.url.startswith("https://app.example.com/callback?code=")
    assert login.refuse(url, error="temporarily_unavailable").error == "temporarily_unavailable"
    assert httpx.get(url).status_code == 200
    assert oauthmock.journal.last.request.scheme == "https"


def test_mounts_are_apart_from_each_other_and_from_the_server(oauthmock: OAuthMock, login: Mount, graph: Mount) -> None:
    client = login.client()

    for elsewhere in (graph, oauthmock):
        answer = httpx.post(
            elsewhere.token_url,
            data={"grant_type": "client_credentials"},
            auth=(client.client_id, client.client_secret),
        )
        assert answer.json() == {"error": "invalid_client", "error_description": "Client authentication failed."}


def test_a_fault_at_one_mount_leaves_the_others_alone(login: Mount, graph: Mount) -> None:
    login.token_endpoint.fail(503, times=1)

    assert token_of(graph)
    assert requests.post(login.token_url, timeout=10).status_code == 503


def test_a_mount_ends_with_unmount_and_with_its_block_and_with_a_reset(oauthmock: OAuthMock) -> None:
    keep = oauthmock.mount("https://keep.example.com")
    first = oauthmock.mount("https://first.example.com")
    with oauthmock.mount("https://second.example.com") as second:
        assert httpx.get(second.jwks_url).status_code == 200
    first.unmount()
    first.unmount()

    for gone in (first, second):
        with pytest.raises(UnmountedHostError):
            httpx.get(gone.jwks_url)
    assert httpx.get(keep.jwks_url).status_code == 200
    assert list(first.tokens) == []
    oauthmock.reset()
    with pytest.raises(ConfigurationError) as raised:
        keep.client()
    assert str(raised.value) == (
        "https://keep.example.com was mounted before the last reset, and is no more; call"
        " mount('https://keep.example.com') again"
    )


def test_an_origin_can_be_mounted_again_and_begins_anew(oauthmock: OAuthMock, login: Mount) -> None:
    client = login.client("crm")
    login.unmount()

    again = oauthmock.mount("https://login.example.com")

    assert again.client("crm").client_secret != client.client_secret


def test_connections_that_are_kept_alive_die_with_the_mount(oauthmock: OAuthMock, login: Mount) -> None:
    with requests.Session() as session, httpx.Client() as client:
        for http in (session, client):
            assert http.get(login.jwks_url).status_code == 200
        login.unmount()
        other = oauthmock.mount("https://other.example.com")
        for http in (session, client):
            with pytest.raises(UnmountedHostError):
                http.get(login.jwks_url)
        again = oauthmock.mount("https://login.example.com")
        for http in (session, client):
            assert http.get(again.jwks_url).status_code == 200
            assert http.get(other.jwks_url).status_code == 200


def test_a_connection_from_before_the_mount_is_not_used_again(oauthmock: OAuthMock) -> None:
    """As when a module's session had talked to the real host in an earlier test."""
    with OAuthMock() as real, requests.Session() as session, httpx.Client() as client:
        port = int(real.token_url.rpartition(":")[2].partition("/")[0])
        parts = http.client.HTTPConnection("localhost", port)
        for get in (session.get, client.get, functools.partial(_get, parts)):
            assert get(f"http://localhost:{port}/jwks").status_code == 200

        mount = oauthmock.mount(f"http://localhost:{port}")

        for get in (session.get, client.get, functools.partial(_get, parts)):
            for _ in range(2):
                assert get(f"http://localhost:{port}/jwks").status_code == 200
        parts.close()
        assert len(real.journal) == 3
        assert [exchange.issuer for exchange in oauthmock.journal] == [mount.origin] * 6


class _Answer(typing.NamedTuple):
    status_code: int


def _get(connection: http.client.HTTPConnection, url: str) -> _Answer:
    connection.request("GET", url)
    answer = connection.getresponse()
    answer.read()
    return _Answer(answer.status)


def test_the_listener_answers_for_its_origin_alone(login: Mount) -> None:
    with socket.create_connection(_address(login)) as sock:
        sock.sendall(b"GET /jwks HTTP/1.1\r\nHost: other.example.com\r\nConnection: close\r\n\r\n")
        assert sock.makefile("rb").readline() == b"HTTP/1.1 421 Misdirected Request\r\n"


def _address(mount: Mount) -> tuple[str, int]:
    from mockserver.mounting.routes import ROUTES

    return next(route.address for route in ROUTES if str(route.origin) == mount.origin)


@pytest.mark.parametrize(
    ("origin", "message"),
    [
        ("login.example.com", "there is no scheme; write 'https://login.example.com'"),
        ("", "there is no scheme; write 'https://login.example.com'"),
        ("//login.example.com", "there is no scheme; write 'https://login.example.com'"),
        (
            "https://login.example.com/tenant",
            "an origin has no path, query or fragment; write 'https://login.example.com'",
        ),
        ("https://login.example.com/", "an origin has no path, query or fragment; write 'https://login.example.com'"),
        (
            "https://Login.example.com:443?",
            "an origin has no path, query or fragment; write 'https://login.example.com'",
        ),
        ("https://a:b@login.example.com", "an origin has no user or password; write 'https://login.example.com'"),
        ("ldap://login.example.com", "the scheme 'ldap' is not HTTP; write 'https://...' or 'http://...'"),
        (
            "https://login.example.com:https",
            "'login.example.com:https' is no host, or a host and a port; write it as in 'https://login.example.com:8443'",
        ),
        ("https://", "'' is no host, or a host and a port; write it as in 'https://login.example.com:8443'"),
        ("https://[::1", "'[::1' is no host, or a host and a port; write it as in 'https://login.example.com:8443'"),
        ("https://a b", "'a b' is no host, or a host and a port; write it as in 'https://login.example.com:8443'"),
    ],
)
def test_what_is_no_origin_is_told_what_to_write(oauthmock: OAuthMock, origin: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        oauthmock.mount(origin)

    assert str(raised.value) == f"mount({origin!r}): {message}"


@pytest.mark.parametrize("origin", ["https://login.example.com", "https://LOGIN.example.com.:443"])
def test_mounting_twice_is_refused_and_the_first_stays(login: Mount, oauthmock: OAuthMock, origin: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        oauthmock.mount(origin)

    assert str(raised.value) == (
        f"mount({origin!r}): https://login.example.com is mounted already; use what the first mount() returned, or"
        " unmount() it first"
    )
    assert token_of(login)


def test_two_schemes_on_one_port_are_refused(login: Mount, oauthmock: OAuthMock) -> None:
    with pytest.raises(ConfigurationError) as raised:
        oauthmock.mount("http://login.example.com:443")

    assert str(raised.value) == (
        "mount('http://login.example.com:443'): https://login.example.com is mounted already; use what the first"
        " mount() returned, or unmount() it first"
    )


def test_another_server_may_mount_other_origins_and_not_the_same(login: Mount) -> None:
    with OAuthMock() as second:
        other = second.mount("https://other.example.com")
        with pytest.raises(ConfigurationError, match="is mounted already"):
            second.mount("https://login.example.com")
        assert token_of(other)
        assert token_of(login)
    with pytest.raises(UnmountedHostError):
        httpx.get("https://other.example.com/jwks")
    assert token_of(login)


def test_a_wrong_profile_or_setting_is_told_and_mounts_nothing(oauthmock: OAuthMock) -> None:
    with pytest.raises(ConfigurationError, match=r"^mount\('https://a.example.com'\): profile = 'rfc6748': no such"):
        oauthmock.mount("https://a.example.com", profile="rfc6748")
    with pytest.raises(ConfigurationError, match=r"^mount\('https://a.example.com'\): unknown key 'consnt'"):
        oauthmock.mount("https://a.example.com", settings={"consnt": "page"})

    assert oauthmock.mount("https://a.example.com", settings={"access_token_lifetime": 60}).url


def test_a_server_that_is_not_running_mounts_nothing() -> None:
    with pytest.raises(ServerNotRunning):
        OAuthMock().mount("https://login.example.com")


def test_stopping_the_server_unmounts() -> None:
    with OAuthMock() as mock:
        mount = mock.mount("https://login.example.com")
        address = _address(mount)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)


@pytest.mark.oauthmock(access_token_lifetime=17)
def test_a_mount_has_the_servers_settings_unless_it_is_given_others(oauthmock: OAuthMock) -> None:
    plain = oauthmock.mount("https://a.example.com")
    other = oauthmock.mount("https://b.example.com", settings={"access_token_lifetime": 18})

    assert [plain.client().grant().expires_in, other.client().grant().expires_in] == [17, 18]


# -- providers ---------------------------------------------------------------------------------------------------------


def test_a_profile_says_what_is_where_below_the_real_origin(oauthmock: OAuthMock) -> None:
    entra = oauthmock.mount("https://login.microsoftonline.com", profile="entra", tenant="contoso")

    assert entra.token_url == "https://login.microsoftonline.com/contoso/oauth2/v2.0/token"
    document = httpx.get("https://login.microsoftonline.com/contoso/v2.0/.well-known/openid-configuration").json()
    assert (document["issuer"], document["token_endpoint"]) == (
        "https://login.microsoftonline.com/contoso/v2.0",
        entra.token_url,
    )


def test_the_origin_tells_a_variable(oauthmock: OAuthMock) -> None:
    shop = oauthmock.mount("https://acme.myshopify.com", profile="shopify")

    assert shop.token_url == "https://acme.myshopify.com/admin/oauth/access_token"


def test_a_provider_with_several_hosts_is_mounted_at_all_of_them(oauthmock: OAuthMock) -> None:
    google = oauthmock.mount("https://oauth2.googleapis.com", profile="google")

    assert (google.origin, google.token_url) == ("https://accounts.google.com", "https://oauth2.googleapis.com/token")
    document = httpx.get("https://accounts.google.com/.well-known/openid-configuration").json()
    assert httpx.get(document["jwks_uri"]).status_code == 200
    google.unmount()
    oauthmock.mount("https://example.com")
    for origin in ("https://accounts.google.com", "https://oauth2.googleapis.com"):
        with pytest.raises(UnmountedHostError):
            httpx.get(origin)


@pytest.mark.parametrize("graph_first", [True, False])
def test_an_api_shares_a_host_with_an_endpoint_of_its_provider(oauthmock: OAuthMock, graph_first: bool) -> None:
    """Entra's userinfo is at the host of Microsoft Graph."""
    if graph_first:
        graph = oauthmock.mount("https://graph.microsoft.com")
    entra = oauthmock.mount("https://login.microsoftonline.com", profile="entra", tenant="contoso")
    if not graph_first:
        graph = oauthmock.mount("https://graph.microsoft.com", accepts=entra)
    graph.protect("/v1.0/users", json={"value": []})
    token = entra.client().grant(scope="openid").access_token
    own = (graph if graph_first else entra).client().grant().access_token

    assert httpx.get("https://graph.microsoft.com/v1.0/users", headers=bearer(own)).json() == {"value": []}
    assert httpx.get("https://graph.microsoft.com/oidc/userinfo", headers=bearer(token)).status_code == 200


def test_a_missing_variable_and_a_strange_one_are_told(oauthmock: OAuthMock) -> None:
    with pytest.raises(ConfigurationError) as missing:
        oauthmock.mount("https://login.microsoftonline.com", profile="entra")
    with pytest.raises(ConfigurationError) as strange:
        oauthmock.mount("https://accounts.google.com", profile="google", tenant="contoso")

    assert str(missing.value) == (
        "mount('https://login.microsoftonline.com'): profile = 'entra': variable 'tenant' is missing; write"
        ' variables = { tenant = "..." }'
    )
    assert str(strange.value) == (
        "mount('https://accounts.google.com'): variables = {'tenant': 'contoso'}: no such variable 'tenant'; the"
        " profile has none; leave it out"
    )


def test_without_connecting_nobody_is_led_there_and_the_application_answers(oauthmock: OAuthMock) -> None:
    """For callers of the WSGI application, and for a proxy that knows the way."""
    before = http.client.HTTPSConnection.connect
    login = oauthmock.mount("https://login.example.com", connect=False)
    other = oauthmock.mount("https://other.example.com:8443", connect=False)
    client = login.client()
    with httpx.Client(transport=httpx.WSGITransport(app=oauthmock.wsgi)) as through:
        documents = [through.get(mount.openid_configuration_url).json() for mount in (login, other)]
        answer = through.post(
            login.token_url, data={"grant_type": "client_credentials"}, auth=(client.client_id, client.client_secret)
        )
        refused = through.get("https://evil.example.com/jwks")
        login.unmount()
        gone = through.get(login.jwks_url)

    assert http.client.HTTPSConnection.connect is before
    assert [document["issuer"] for document in documents] == [
        "https://login.example.com",
        "https://other.example.com:8443",
    ]
    assert answer.json()["token_type"] == "Bearer"
    assert (refused.status_code, gone.status_code) == (421, 421)


def test_without_connecting_the_server_need_not_run() -> None:
    mock = OAuthMock()
    login = mock.mount("https://login.example.com", connect=False)
    with httpx.Client(transport=httpx.WSGITransport(app=mock.wsgi)) as through:
        assert through.get(login.openid_configuration_url).json()["token_endpoint"] == login.token_url
    mock.reset()
    again = mock.mount("https://login.example.com", connect=False)

    assert again.client("crm").client_id == "crm"


def test_a_host_may_be_connected_after_it_was_not(oauthmock: OAuthMock) -> None:
    """And only one of both at a time."""
    with (
        oauthmock.mount("https://login.example.com", connect=False),
        pytest.raises(ConfigurationError, match=r"https://login\.example\.com is mounted already"),
    ):
        oauthmock.mount("https://login.example.com")
    login = oauthmock.mount("https://login.example.com")

    assert requests.get(login.jwks_url, timeout=10).status_code == 200
